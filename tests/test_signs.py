"""What a sample shows, given the samples before: nobody, or cannot tell; a frozen camera; a head turned away."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.levels import GRID
from detection.pose import SAMPLES
from detection.rules import RuleSettings, Sampled, signs
from detection.rules.signs import BACK, MOST_GLANCES, Scene, Signs
from detection.values import Box, Face, Kind, Observation, Quality

RULES = RuleSettings()
Cells = NDArray[np.float64]
COLUMNS, ROWS = GRID
HEAD, BODY = np.s_[6:14, 12:20], np.s_[14:24, 8:24]
FACE = Face(Box(12 / 32, 6 / 24, 8 / 32, 8 / 24), 0.9)
ORDINARY, DIM = Quality(0.5, 0.2, 500.0), Quality(0.12, 0.05, 40.0)
FLAT = Quality(0.3, 0.04, 3.0)


def random(seed: int, low: int, high: int) -> Cells:
    return np.random.default_rng(seed).integers(low, high, (ROWS, COLUMNS)).astype(np.float64)


EMPTY = random(1, 120, 200)
WALL = np.tile(np.linspace(150, 160, COLUMNS), (ROWS, 1))
FINGER = np.tile(np.linspace(60, 80, COLUMNS), (ROWS, 1))


def seated(room: Cells, head: int = 2) -> Cells:
    """Somebody in a dark pullover before the room; another number is another turn of the head."""
    cells = room.copy()
    cells[BODY] = random(3, 30, 60)[BODY]
    cells[HEAD] = random(head, 100, 220)[HEAD]
    return cells


def seen(
    cells: Cells, *faces: Face, quality: Quality = ORDINARY, perhaps: tuple[Face, ...] = (), light: float = 1.0
) -> Observation:
    levels = np.clip(cells * light, 0, 255).astype(np.uint8).tobytes()
    return Observation(faces, quality, width=320, height=240, perhaps=perhaps, levels=levels)


def read(*observations: Observation, every: float = 1.0) -> tuple[Scene, Signs]:
    """The last scene and its signs, after samples so many seconds apart."""
    scene = Scene()
    for n, each in enumerate(observations):
        scene, signs_ = signs.read(scene, RULES, Sampled(100 + n * every, n, each))
    return scene, signs_


def shown(*observations: Observation, every: float = 1.0) -> set[Kind]:
    return {kind for kind, sign in read(*observations, every=every)[1].items() if sign.shown}


# --- nobody, or cannot tell ------------------------------------------------------------------------------


def test_a_candidate_who_sits_there_shows_nothing() -> None:
    assert shown(*(seen(seated(EMPTY, head), FACE) for head in range(4, 9))) == set()


@pytest.mark.parametrize(("quality", "light"), [(ORDINARY, 1.0), (DIM, 0.25)])
def test_a_candidate_who_leaves_an_ordinary_or_a_dim_room_is_gone(quality: Quality, light: float) -> None:
    there = seen(seated(EMPTY), FACE, quality=quality, light=light)
    assert shown(there, seen(EMPTY, quality=quality, light=light)) == {Kind.NO_FACE}


def test_a_candidate_who_leaves_a_bare_wall_is_gone_and_covers_nothing() -> None:
    assert shown(seen(seated(WALL), FACE), seen(WALL, quality=FLAT)) == {Kind.NO_FACE}


def test_a_plain_pullover_before_a_plain_wall_is_not_the_wall() -> None:
    there = np.where(seated(WALL) == WALL, WALL, 40.0)
    assert shown(seen(there, FACE), seen(WALL, quality=FLAT)) == {Kind.NO_FACE}


def test_a_finger_on_the_lens_is_blocked_and_nobody_is_gone() -> None:
    assert shown(seen(seated(WALL), FACE), seen(FINGER, quality=FLAT)) == {Kind.CAMERA_BLOCKED}


def test_what_is_blocked_has_a_figure_for_it() -> None:
    sign = read(seen(FINGER, quality=FLAT))[1][Kind.CAMERA_BLOCKED]
    assert 0 <= (sign.score or 0) < (sign.threshold or 0)


def test_a_head_turned_out_of_view_is_unclear_while_the_body_stays() -> None:
    assert shown(seen(seated(EMPTY), FACE), seen(seated(EMPTY, head=4))) == {Kind.UNCLEAR_VIEW}


def test_a_trace_where_the_face_was_is_unclear_and_one_elsewhere_is_not() -> None:
    near = replace(FACE, score=0.4, box=Box(15 / 32, 7 / 24, 8 / 32, 8 / 24))
    far = replace(near, box=Box(0, 0, 8 / 32, 8 / 24))
    large = replace(near, box=Box(0, 0, 1, 1))
    assert shown(seen(seated(EMPTY), FACE), seen(EMPTY, perhaps=(near,))) == {Kind.UNCLEAR_VIEW}
    for trace in (far, large, replace(near, score=0.2)):
        assert shown(seen(seated(EMPTY), FACE), seen(EMPTY, perhaps=(trace,))) == {Kind.NO_FACE}


@pytest.mark.parametrize("measures", [Quality(0.03, 0.05, 300.0), Quality(0.9, 0.2, 300.0), Quality(0.5, 0.2, 5.0)])
def test_too_dark_too_bright_and_blurred_are_unclear(measures: Quality) -> None:
    spoilt = seen(random(7, 20, 240), quality=measures)
    assert shown(spoilt) == shown(seen(seated(EMPTY), FACE), spoilt) == {Kind.UNCLEAR_VIEW}


def test_an_empty_room_from_the_first_sample_on_is_empty() -> None:
    assert shown(seen(EMPTY)) == {Kind.NO_FACE}


def test_nobody_in_between_settles_no_doubt() -> None:
    assert read(seen(seated(EMPTY), FACE), seen(EMPTY))[1][Kind.UNCLEAR_VIEW].shown is None
    assert read(seen(seated(EMPTY), FACE))[1][Kind.UNCLEAR_VIEW].shown is False


# --- frozen ----------------------------------------------------------------------------------------------


def test_the_very_same_picture_again_is_frozen() -> None:
    assert shown(seen(seated(EMPTY), FACE), seen(seated(EMPTY), FACE)) == {Kind.CAMERA_FROZEN}


@pytest.mark.parametrize(
    "same",
    [
        seen(np.zeros((ROWS, COLUMNS)), quality=Quality(0.0, 0.0, 0.0)),
        seen(np.full((ROWS, COLUMNS), 255.0), quality=Quality(1.0, 0.0, 0.0)),
        replace(seen(EMPTY), levels=b""),
    ],
    ids=["black", "white", "not measured"],
)
def test_where_nothing_is_to_be_seen_nothing_is_frozen(same: Observation) -> None:
    assert read(same, same)[1][Kind.CAMERA_FROZEN].shown is None


def noisy(cells: Cells, n: int) -> Cells:
    return cells + np.random.default_rng(n).integers(0, 2, cells.shape)


def test_a_photograph_held_to_the_camera_is_frozen_in_spite_of_the_noise() -> None:
    held = [seen(noisy(seated(EMPTY), n), FACE) for n in range(31)]
    assert shown(*held[:30]) == set()
    assert shown(*held) == {Kind.CAMERA_FROZEN}


def test_a_photograph_that_moves_lives_for_all_we_can_tell() -> None:
    moved = [
        seen(np.roll(seated(EMPTY), n % 3, axis=1), replace(FACE, box=replace(FACE.box, x=(12 + n % 3) / 32)))
        for n in range(60)
    ]
    assert shown(*moved) == set()


def test_an_empty_chair_with_a_poster_is_nobody_once_the_poster_is_known() -> None:
    poster = Face(Box(0, 0, 6 / 32, 6 / 24), 0.8)
    both = [seen(noisy(seated(EMPTY, head=10 + n), n), FACE, poster) for n in range(25)]
    assert shown(*both) == set()
    assert shown(*both, seen(noisy(EMPTY, 99), poster)) == {Kind.NO_FACE}


# --- looking away ----------------------------------------------------------------------------------------


def looking(aside: float) -> Observation:
    """A head turned by so many parts of the width of its eyes."""
    points = ((0.42, 0.35), (0.58, 0.35), (0.5 + aside * 0.16, 0.45), (0.44, 0.55), (0.56, 0.55))
    return replace(seen(EMPTY, replace(FACE, landmarks=points)), levels=b"")


AHEAD, ASIDE, EDGE = looking(0.0), looking(0.45), looking(0.22)


def test_a_head_turned_from_its_own_centre_looks_away() -> None:
    _, told = read(*[AHEAD] * SAMPLES, ASIDE)
    sign = told[Kind.LOOKING_AWAY]
    assert sign.shown
    assert (sign.score or 0) > RULES.looking_away.sideways == sign.threshold
    assert "to the side" in sign.what


def test_who_always_sits_aside_looks_ahead_there() -> None:
    assert read(*[ASIDE] * 30)[1][Kind.LOOKING_AWAY].shown is False
    assert read(*[ASIDE] * 30, AHEAD)[1][Kind.LOOKING_AWAY].shown


@pytest.mark.parametrize("cannot_tell", [looking(0.0).faces * 2, (FACE,), (replace(AHEAD.faces[0], landmarks=()),), ()])
def test_of_several_of_none_and_without_landmarks_nothing_is_told(cannot_tell: tuple[Face, ...]) -> None:
    _, told = read(*[AHEAD] * SAMPLES, replace(AHEAD, faces=cannot_tell))
    assert told[Kind.LOOKING_AWAY].shown is None


def glances(*observations: Observation) -> int:
    return len(read(*[AHEAD] * SAMPLES, *observations)[0].glances)


def test_a_head_that_trembles_at_the_limit_glances_once() -> None:
    sign = read(*[AHEAD] * SAMPLES, EDGE)[1][Kind.LOOKING_AWAY]
    assert BACK * RULES.looking_away.sideways < (sign.score or 0) < RULES.looking_away.sideways
    assert glances(*[ASIDE, EDGE] * 5) == 1
    assert glances(*[ASIDE, AHEAD] * 5) == 5


def test_many_glances_count_as_looking_away_also_in_between() -> None:
    _, told = read(*[AHEAD] * SAMPLES, *[ASIDE, AHEAD] * RULES.looking_away.glances)
    assert told[Kind.LOOKING_AWAY].shown
    assert told[Kind.LOOKING_AWAY].what == f"{RULES.looking_away.glances} glances away within 120 s"


def test_glances_are_forgotten_after_their_time_and_never_many() -> None:
    assert glances(*[ASIDE, AHEAD], *[AHEAD] * 120) == 0
    long = RuleSettings.from_overrides({"looking_away": {"glances": 1000, "within": 3600}})
    scene = Scene()
    for n, each in enumerate([AHEAD] * SAMPLES + [ASIDE, AHEAD] * (MOST_GLANCES + 10)):
        scene, _ = signs.read(scene, long, Sampled(n * 1.0, n, each))
    assert len(scene.glances) == MOST_GLANCES
