"""Pictures of faces stop counting; living people never do, and pictures stay known when something passes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.levels import GRID
from detection.rules import stills
from detection.rules.stills import BENEFIT, MOST, Gallery
from detection.values import Box, Face, Observation

from .faces import observation

AFTER = 20.0
CANDIDATE, POSTER = Box(0.3, 0.3, 0.3, 0.4), Box(0.75, 0.1, 0.15, 0.2)
FAR_POSTER = Box(0.75, 0.1, 0.045, 0.06)
ROOM = np.random.default_rng(1).integers(60, 190, GRID[::-1]).astype(float)
Moment = tuple[float, Observation]


def rows_and_columns(box: Box) -> tuple[slice, slice]:
    columns, rows = GRID
    return (
        slice(int(box.y * rows), int((box.y + box.h) * rows)),
        slice(int(box.x * columns), int((box.x + box.w) * columns)),
    )


def sample(*boxes: Box, moving: Sequence[tuple[Box, int]] = (), light: float = 1.0) -> Observation:
    """Faces in these boxes; what moves looks different with every number."""
    cells = ROOM.copy()
    for box, number in moving:
        place = rows_and_columns(box)
        cells[place] = np.random.default_rng(number).integers(60, 190, cells[place].shape)
    levels = np.clip(cells * light, 0, 255).astype(np.uint8).tobytes()
    return replace(observation(0), faces=tuple(Face(box, 0.9) for box in boxes), levels=levels)


def beside_a_candidate(*boxes: Box, start: float = 0.0, seconds: float, first: int = 0) -> Iterator[Moment]:
    """A candidate who moves with every sample, and faces that do not."""
    for n in range(round(seconds)):
        yield start + n, sample(CANDIDATE, *boxes, moving=[(CANDIDATE, first + n)])


def follow(moments: Iterable[Moment], gallery: Gallery | None = None) -> tuple[Gallery, list[tuple[int, int]]]:
    """What is remembered at the end; of every sample how many count and how many are people."""
    gallery = gallery or Gallery()
    told = []
    for at, seen in moments:
        gallery, standing = stills.follow(gallery, seen, at, picture_after=AFTER)
        counted = stills.counted(gallery, seen.faces, standing, at)
        told.append((len(counted), len(stills.people(seen.faces, standing))))
    return gallery, told


def test_a_poster_that_was_there_from_the_first_sample_on_never_counts() -> None:
    _, told = follow(beside_a_candidate(POSTER, seconds=30))
    assert [counted for counted, _ in told] == [0] + [1] * 29
    assert [people for _, people in told] == [2] * 20 + [1] * 10


def test_a_picture_that_is_hung_up_later_counts_until_it_is_known_to_be_one() -> None:
    hung = [(float(n), sample(CANDIDATE, POSTER, moving=[(CANDIDATE, n), (POSTER, 99)])) for n in range(5, 35)]
    _, told = follow([*beside_a_candidate(seconds=5), *hung])
    assert [counted for counted, _ in told] == [0] + [1] * 4 + [2] * 20 + [1] * 10


def test_a_small_face_is_watched_for_longer() -> None:
    _, told = follow(beside_a_candidate(FAR_POSTER, seconds=60))
    people = [people for _, people in told]
    assert people.index(1) == pytest.approx(AFTER * 3 / (FAR_POSTER.w * GRID[0]), abs=1)


def test_two_people_from_the_first_sample_on_count_with_the_second() -> None:
    moments = [(float(n), sample(CANDIDATE, POSTER, moving=[(CANDIDATE, n), (POSTER, 50 + n)])) for n in range(5)]
    assert [counted for counted, _ in follow(moments)[1]] == [0, 2, 2, 2, 2]


def test_two_who_do_not_move_count_all_the_same_after_a_second() -> None:
    moments = [(n / 5, sample(CANDIDATE, POSTER)) for n in range(10)]
    counted = [counted for counted, _ in follow(moments)[1]]
    assert counted == [0] * round(BENEFIT * 5) + [2] * 5


def test_a_helper_who_moves_once_counts_from_then_on() -> None:
    moments = [
        (float(n), sample(CANDIDATE, POSTER, moving=[(CANDIDATE, n), (POSTER, 80 if n < 4 else 81)])) for n in range(15)
    ]
    assert [counted for counted, _ in follow(moments)[1]] == [0] + [1] * 3 + [2] * 11


def test_somebody_alone_is_never_a_picture_however_still() -> None:
    gallery = Gallery()
    for n in range(100):
        gallery, standing = stills.follow(gallery, sample(CANDIDATE), float(n), picture_after=AFTER)
        assert not standing[0].picture
        assert stills.unmoved_for(standing, float(n)) == n


def test_a_poster_is_known_even_when_the_candidate_left_before() -> None:
    alone = [(float(n), sample(POSTER)) for n in range(5, 30)]
    _, told = follow([*beside_a_candidate(POSTER, seconds=5), *alone])
    assert [people for _, people in told][5:] == [1] * 15 + [0] * 10


def test_a_candidate_who_holds_a_picture_to_the_camera_is_no_poster() -> None:
    held = [(float(n), sample(CANDIDATE, moving=[(CANDIDATE, 999)])) for n in range(10, 60)]
    _, told = follow([*beside_a_candidate(seconds=10), *held])
    assert {people for _, people in told} == {1}


def test_who_passes_in_front_of_a_picture_counts_and_the_picture_stays_known() -> None:
    gallery, _ = follow(beside_a_candidate(POSTER, seconds=25))
    passing = [(25.0 + n, sample(CANDIDATE, POSTER, moving=[(CANDIDATE, 30 + n), (POSTER, 60 + n)])) for n in range(10)]
    gallery, told = follow(passing, gallery)
    assert {counted for counted, _ in told} == {2}
    assert {
        counted for counted, _ in follow(beside_a_candidate(POSTER, start=35, seconds=5, first=40), gallery)[1]
    } == {1}


def test_a_camera_that_adjusts_does_not_wake_a_picture() -> None:
    gallery, _ = follow(beside_a_candidate(POSTER, seconds=25))
    moments = [
        (25.0 + n, sample(CANDIDATE, POSTER, moving=[(CANDIDATE, 30 + n)], light=1 - 0.01 * n)) for n in range(20)
    ]
    assert {counted for counted, _ in follow(moments, gallery)[1]} == {1}


def lit(by: float, seen: Observation) -> Observation:
    """The same with light that falls on one side of everything."""
    cells = np.frombuffer(seen.levels, dtype=np.uint8).reshape(GRID[::-1]) + by * (np.arange(GRID[0]) % 2)
    return replace(seen, levels=np.clip(cells, 0, 255).astype(np.uint8).tobytes())


def test_a_lamp_that_is_lit_does_not_wake_a_picture() -> None:
    gallery, _ = follow(beside_a_candidate(POSTER, seconds=45))
    moments = [(at, lit(20, seen)) for at, seen in beside_a_candidate(POSTER, start=45, seconds=40, first=45)]
    assert {counted for counted, _ in follow(moments, gallery)[1]} == {1}


def test_what_looks_nearly_like_the_picture_and_goes_on_changing_lives() -> None:
    gallery, _ = follow(beside_a_candidate(POSTER, seconds=45))
    moments = [
        (at, lit(10 + 10 * (n % 2), seen))
        for n, (at, seen) in enumerate(beside_a_candidate(POSTER, start=45, seconds=60, first=45))
    ]
    assert [counted for counted, _ in follow(moments, gallery)[1]] == [1] + [2] * 59


def test_pictures_survive_a_gap_and_how_long_others_were_still_does_not() -> None:
    gallery, _ = follow(beside_a_candidate(POSTER, seconds=25))
    gallery = stills.emptied(gallery)
    assert [still.box for still in gallery.known] == [POSTER]
    _, told = follow(beside_a_candidate(POSTER, start=60, seconds=3, first=60), gallery)
    assert [people for _, people in told] == [1, 1, 1]


def test_without_levels_everybody_counts() -> None:
    moments = [(float(n), observation(2)) for n in range(60)]
    assert set(follow(moments)[1]) == {(2, 2)}


@pytest.mark.parametrize(
    ("other", "share"),
    [(CANDIDATE, 1.0), (POSTER, 0.0), (Box(0.3, 0.3, 0.3, 0.2), 0.5), (Box(0.3, 0.3, 0.0, 0.0), 0.0)],
)
def test_overlap_is_the_share_of_the_union(other: Box, share: float) -> None:
    assert stills.overlap(CANDIDATE, other) == pytest.approx(share)


unit = st.floats(0, 1)
boxes = st.builds(Box, unit, unit, unit, unit)


@st.composite
def moments(draw: st.DrawFn) -> list[Moment]:
    places = draw(st.lists(boxes, min_size=1, max_size=12))
    at, found = 0.0, []
    for _ in range(draw(st.integers(0, 30))):
        at += draw(st.sampled_from([0.0, 0.2, 1.0, 30.0]))
        number = draw(st.integers(0, 2))
        seen = sample(*draw(st.lists(st.sampled_from(places), max_size=12)), moving=[(Box(0, 0, 0.5, 1), number)])
        found.append((at, draw(st.sampled_from([seen, seen, seen, replace(seen, levels=b"")]))))
    return found


@given(moments())
@settings(deadline=None)
def test_little_is_remembered_and_people_are_faces(events: list[Moment]) -> None:
    gallery = Gallery()
    for at, seen in events:
        gallery, standing = stills.follow(gallery, seen, at, picture_after=AFTER)
        people = stills.people(seen.faces, standing)
        counted = stills.counted(gallery, seen.faces, standing, at)
        assert len(standing) == len(seen.faces)
        assert set(counted) <= set(people) <= set(seen.faces)
        assert len(gallery.known) <= MOST
        assert 0 <= stills.unmoved_for(standing, at) <= at


@given(moments())
@settings(deadline=None)
def test_nothing_is_a_picture_before_its_time(events: list[Moment]) -> None:
    gallery = Gallery()
    for at, seen in events:
        gallery, standing = stills.follow(gallery, seen, at, picture_after=AFTER)
        assert at >= AFTER or not any(still.picture for still in standing)


@given(moments())
@settings(deadline=None)
def test_the_same_samples_give_the_same_answers(events: list[Moment]) -> None:
    assert follow(events) == follow(events)
