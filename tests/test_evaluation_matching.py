"""Which incidents labels ask for, and which of those raised are the ones."""

from pathlib import Path
from typing import Any

import pytest

from detection.values import Kind
from server.evaluation.dataset import Clip, Segment
from server.evaluation.matching import Verdict, expected, judge
from server.evaluation.results import ClipResult, Moment, Raised

MULTIPLE, NOBODY, OTHER = Kind.MULTIPLE_FACES, Kind.NO_FACE, Kind.DIFFERENT_PERSON


def segment(start: float, end: float, faces: int | None = 1, **changed: Any) -> Segment:
    given: dict[str, Any] = {"most": faces, "ambiguous": False, "identity": "", "signals": None, "note": ""}
    return Segment(start=start, end=end, faces=faces, **{**given, **changed})


def clip(*segments: Segment) -> Clip:
    return Clip("v.mp4", Path("v.mp4"), segments)


def raised(kind: Kind, opened_at: float, closed_at: float | None = None) -> Raised:
    return Raised(kind, opened_at, opened_at + 2 if closed_at is None else closed_at, "rule", None)


def result(*segments: Segment, incidents: list[Raised] | None = None, counts: list[int] | None = None) -> ClipResult:
    moments = tuple(Moment(second + 0.4, count) for second, count in enumerate(counts or []))
    return ClipResult(clip(*segments), "way", segments[-1].end, moments, tuple(incidents or []), 0, {})


def asked(*segments: Segment) -> list[tuple[Kind, float, float]]:
    found = expected(clip(*segments), segments[-1].end)
    return [(each.kind, each.start, each.end) for each in found if each.must]


def verdict(*segments: Segment, incidents: list[Raised]) -> Verdict:
    return judge(result(*segments, incidents=incidents))


# --- what labels ask for ----------------------------------------------------------------------------------


def test_one_person_asks_for_nothing() -> None:
    assert asked(segment(0, 60)) == []


def test_faces_and_identity_ask_for_their_kinds() -> None:
    stretches = asked(
        segment(0, 20, identity="ada"), segment(20, 30, 0), segment(30, 40, 2), segment(40, 50, identity="bob"),
        segment(50, 60, identity="ada"),
    )  # fmt: skip
    assert stretches == [(NOBODY, 20, 30), (MULTIPLE, 30, 40), (OTHER, 40, 50)]


def test_stretches_of_one_kind_that_touch_are_one() -> None:
    assert asked(segment(0, 10, 2), segment(10, 20, 3), segment(20, 30)) == [(MULTIPLE, 0, 20)]


def test_a_blank_identity_is_never_a_different_person() -> None:
    assert asked(segment(0, 20, identity="ada"), segment(20, 40)) == []
    late = [raised(OTHER, 30)]
    assert verdict(segment(0, 20, identity="ada"), segment(20, 40), incidents=late).false == ()


def test_one_stretch_of_one_face_is_one_person_even_without_a_name() -> None:
    assert len(verdict(segment(0, 20), segment(20, 30, 0), incidents=[raised(OTHER, 10)]).false) == 1


@pytest.mark.parametrize(
    "doubtful", [segment(10, 20, 2, ambiguous=True), segment(10, 20, 1, most=2), segment(10, 11.5, 2)]
)
def test_what_is_doubtful_or_short_may_be_raised_and_need_not(doubtful: Segment) -> None:
    rest = segment(doubtful.end, 40)
    assert asked(segment(0, 10), doubtful, rest) == []
    assert verdict(segment(0, 10), doubtful, rest, incidents=[raised(MULTIPLE, 11)]).false == ()
    assert len(verdict(segment(0, 10), doubtful, rest, incidents=[raised(MULTIPLE, 5)]).false) == 1


def test_signals_alone_say_what_is_to_be_raised() -> None:
    covered = segment(10, 20, 0, signals=frozenset({Kind.CAMERA_BLOCKED}))
    assert asked(segment(0, 10), covered) == [(Kind.CAMERA_BLOCKED, 10, 20)]
    # That nobody can be seen behind the hand is no mistake either.
    assert verdict(segment(0, 10), covered, incidents=[raised(NOBODY, 12)]).false == ()
    assert len(verdict(segment(0, 10), covered, incidents=[raised(Kind.CAMERA_FROZEN, 12)]).false) == 1


def test_what_may_be_raised_besides_need_not_be() -> None:
    both = segment(10, 20, None, signals=frozenset({NOBODY}), may=frozenset({Kind.UNCLEAR_VIEW}))
    assert asked(both) == [(NOBODY, 10, 20)]
    assert verdict(both, incidents=[raised(NOBODY, 12), raised(Kind.UNCLEAR_VIEW, 15)]).false == ()
    assert len(verdict(both, incidents=[raised(Kind.CAMERA_FROZEN, 15)]).false) == 1
    dismissed = segment(0, 10, None, signals=frozenset(), may=frozenset({NOBODY}))
    assert verdict(dismissed, incidents=[raised(NOBODY, 5)]).false == ()
    assert len(verdict(dismissed, incidents=[raised(MULTIPLE, 5)]).false) == 1


def test_a_dismissed_incident_is_a_stretch_in_which_nothing_may_be_raised() -> None:
    dismissed = segment(0, 10, None, signals=frozenset())
    assert len(verdict(dismissed, incidents=[raised(MULTIPLE, 5)]).false) == 1


def test_what_is_wrong_with_an_empty_view_is_not_labelled() -> None:
    assert verdict(segment(0, 10), segment(10, 20, 0), incidents=[raised(Kind.UNCLEAR_VIEW, 15)]).false == ()
    assert len(verdict(segment(0, 10), segment(10, 20, 0), incidents=[raised(Kind.UNCLEAR_VIEW, 5)]).false) == 1


def test_what_is_not_labelled_at_all_asks_for_nothing_and_refuses_nothing_named_elsewhere() -> None:
    found = verdict(segment(0, 10), segment(50, 60, 2), incidents=[raised(MULTIPLE, 50.4)])
    assert found.clean_seconds == 10
    assert found.matched[0].once


# --- what was raised --------------------------------------------------------------------------------------

AWAY = (segment(0, 10), segment(10, 20, 0), segment(20, 60))


@pytest.mark.parametrize(
    ("opened_at", "own"), [(9.5, False), (9.8, True), (11, True), (20, True), (21.9, True), (22.1, False)]
)
def test_an_incident_is_a_stretchs_own_when_it_opens_within_it_or_shortly_after(opened_at: float, own: bool) -> None:
    found = verdict(*AWAY, incidents=[raised(NOBODY, opened_at)])
    assert found.matched[0].found is own
    assert len(found.false) == (not own)


def test_the_time_to_alert_counts_from_the_beginning_of_the_stretch() -> None:
    (matched,) = verdict(*AWAY, incidents=[raised(NOBODY, 11.4, 21.5)]).matched
    assert matched.after == pytest.approx(1.4)
    assert matched.over == pytest.approx(1.5)


def test_another_kind_is_not_the_one() -> None:
    found = verdict(*AWAY, incidents=[raised(MULTIPLE, 12)])
    assert not found.matched[0].found
    assert len(found.false) == 1


def test_two_incidents_of_one_stretch_are_one_too_many() -> None:
    (matched,) = verdict(*AWAY, incidents=[raised(NOBODY, 11, 13), raised(NOBODY, 15, 17)]).matched
    assert matched.found
    assert not matched.once


def test_an_incident_that_goes_on_into_the_next_stretch_is_that_ones_too() -> None:
    segments = (segment(0, 10, 2), segment(10, 12), segment(12, 20, 2))
    first, second = verdict(*segments, incidents=[raised(MULTIPLE, 0.4, 22)]).matched
    assert first.once
    assert second.once
    assert second.after is None


def test_false_incidents_count_against_clean_time_only_when_they_open_in_it() -> None:
    found = verdict(*AWAY, incidents=[raised(MULTIPLE, 5), raised(MULTIPLE, 15)])
    assert (len(found.false), found.false_in_clean, found.clean_seconds) == (2, 1, 50)


def test_a_clip_shorter_than_its_labels_ends_with_the_clip() -> None:
    short = ClipResult(clip(segment(0, 10), segment(10, 99, 2)), "way", 15.0, (), (raised(MULTIPLE, 10.4),), 0, {})
    found = judge(short)
    assert found.matched[0].stretch.end == 15
    assert found.clean_seconds == 10
