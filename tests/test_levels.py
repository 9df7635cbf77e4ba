"""The coarse picture tells what moves, what stands where, and whether there is anything at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from detection import levels
from detection.levels import FAR, GRID, STILL, change_around, largest_change, mean_change, structure, washed_out
from detection.values import Box

WHOLE = Box(0, 0, 1, 1)
CORNER = Box(0.0, 0.0, 0.25, 0.25)
ROOM = np.random.default_rng(1).integers(40, 200, GRID[::-1]).astype(float)


def coarse(cells: ArrayLike) -> bytes:
    whole: NDArray[np.float64] = np.asarray(cells) + np.zeros(GRID[::-1])
    return np.clip(whole, 0, 255).astype(np.uint8).tobytes()


def changed(box: Box, by: float) -> bytes:
    """The room with all cells of a box changed."""
    cells = ROOM.copy()
    cells[: round(box.h * GRID[1]), : round(box.w * GRID[0])] += by
    return coarse(cells)


def test_the_camera_adjusting_is_no_movement() -> None:
    assert largest_change(coarse(ROOM), coarse(ROOM * 0.8), WHOLE) < STILL
    assert largest_change(coarse(ROOM), coarse(ROOM * 1.2), WHOLE) < STILL


def test_one_cell_that_changes_is_a_movement_where_it_is() -> None:
    cells = ROOM.copy()
    cells[2, 3] += 20
    assert largest_change(coarse(ROOM), coarse(cells), CORNER) > STILL
    assert largest_change(coarse(ROOM), coarse(cells), Box(0.5, 0.5, 0.2, 0.2)) == 0


def test_a_plain_wall_in_place_of_a_plain_pullover_is_another_place() -> None:
    assert mean_change(coarse(40), coarse(180), WHOLE) == 140


def test_what_is_in_the_box_does_not_count_around_it() -> None:
    assert change_around(coarse(ROOM), changed(CORNER, 50), CORNER) == 0
    assert change_around(coarse(ROOM), coarse(ROOM + 30), CORNER) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("level", [0, 10, 255])
def test_black_and_white_tell_nothing_about_what_is_around(level: int) -> None:
    assert change_around(coarse(level), coarse(level), CORNER) == FAR


def test_a_face_that_fills_the_picture_leaves_nothing_around() -> None:
    assert change_around(coarse(ROOM), coarse(ROOM), WHOLE) == FAR


def test_a_slope_has_no_structure_and_a_room_has() -> None:
    slope = np.add.outer(np.linspace(0, 100, GRID[1]), np.linspace(0, 100, GRID[0]))
    assert structure(coarse(slope)) == 0
    assert structure(coarse(ROOM)) > 100


def test_the_share_of_white() -> None:
    cells = np.zeros(GRID[::-1])
    cells[:6] = 250
    assert washed_out(coarse(cells)) == 0.25


unit = st.floats(0, 1)
pictures = st.binary(min_size=GRID[0] * GRID[1], max_size=GRID[0] * GRID[1]) | st.integers(0, 255).map(coarse)


@given(st.binary(max_size=900) | pictures, pictures, st.builds(Box, unit, unit, unit, unit))
def test_any_bytes_and_boxes_have_an_answer(one: bytes, other: bytes, box: Box) -> None:
    for compare in (largest_change, mean_change, change_around):
        known = levels.measured(one)
        assert 0 <= compare(one, other, box) <= 255 * 256
        assert known or compare(one, other, box) == compare(other, one, box) == FAR
        assert compare(other, other, box) in (0, FAR)
    assert structure(other) >= 0
    assert 0 <= washed_out(other) <= 1
