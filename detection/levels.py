"""The coarse picture: mean grey levels of a grid, by which two samples are compared. Pure.

It answers what a face detector cannot: whether anything moves, whether a place looks as it did, and whether there is
anything to be seen at all. Each cell averages a hundred pixels or more, so that the noise of a camera (up to a
deviation of 8 levels was tried) and of JPEG changes it by a level or two.
"""

from math import ceil, floor, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detection.values import Box

GRID: Final = (32, 24)
"""Columns and rows; row by row, one byte a cell, 0 (black) to 255."""
STILL: Final = 3.0
"""Levels within which a cell counts as unchanged."""
FAR: Final = 255.0
"""The answer where there is nothing to compare."""
BLACK: Final = 16
"""Cells up to this level look the same in the dark and behind a covered lens."""
WHITE: Final = 245
"""Cells from this level are washed out."""
NOISE: Final = 3.0
"""What a camera's noise (a deviation of 10 levels at 480 px) adds to the structure."""
WHOLE: Final = Box(0.0, 0.0, 1.0, 1.0)
"""All of the picture."""
LEAST_AROUND: Final = 40
"""So many cells around a box are needed to speak for the picture."""

Cells = NDArray[np.float32]


def largest_change(one: bytes, other: bytes, box: Box) -> float:
    """The largest change of a cell that the box touches, in levels; `FAR` without levels.

    What makes all its cells brighter or darker in proportion is taken away: a camera that adjusts is no movement.
    """
    if not (measured(one) and measured(other)):
        return FAR
    touched = _touched(box)
    before, after = _cells(one)[touched], _cells(other)[touched]
    # Their means, times their number; one is added so that black over black is no division by zero.
    light = (_sum(before) + before.size) / (_sum(after) + after.size)
    return float(np.maximum.reduce(np.abs(after * light - before), axis=None))


def mean_change(one: bytes, other: bytes, box: Box) -> float:
    """The mean change of the cells that the box touches, in levels, with the light: `FAR` without levels.

    A dark pullover and the plain wall behind it differ in nothing but the light.
    """
    if not (measured(one) and measured(other)):
        return FAR
    touched = _touched(box)
    changes = np.abs(_cells(other)[touched] - _cells(one)[touched])
    return _sum(changes) / int(changes.size)


def change_around(one: bytes, other: bytes, box: Box) -> float:
    """The median change of the cells outside of a box, in levels; `FAR` where too few of them can tell."""
    if not (measured(one) and measured(other)):
        return FAR
    before, after = _cells(one), _cells(other)
    telling = (np.maximum(before, after) > BLACK) & (np.minimum(before, after) < WHITE)
    telling[_touched(box)] = False
    if int(telling.sum()) < LEAST_AROUND:
        return FAR
    return float(np.median(np.abs(after - before)[telling]))


def structure(levels: bytes) -> float:
    """How much neighbouring cells differ beyond an even slope, in levels: the deviation of the Laplacian, less noise.

    A wall or a finger before the lens has hardly any, however uneven the light.
    """
    cells = _cells(levels)
    middle = cells[1:-1, 1:-1]
    around = cells[:-2, 1:-1] + cells[2:, 1:-1] + cells[1:-1, :-2] + cells[1:-1, 2:]
    return sqrt(max(0.0, float((4 * middle - around).var()) - NOISE**2))


def washed_out(levels: bytes) -> float:
    """The share of the cells that are white, 0 to 1."""
    return float((_cells(levels) >= WHITE).mean())


def measured(levels: bytes) -> bool:
    """Whether these are levels at all."""
    return len(levels) == GRID[0] * GRID[1]


def _cells(levels: bytes) -> Cells:
    columns, rows = GRID
    return np.frombuffer(levels, dtype=np.uint8).reshape(rows, columns).astype(np.float32)


def _sum(cells: Cells) -> float:
    """Of all cells; numpy's own `mean` takes three times as long over so few, and this runs for every sample."""
    return float(np.add.reduce(cells, axis=None))


def _touched(box: Box) -> tuple[slice, slice]:
    """The rows and columns that a box touches, at least one of each."""
    return _span(box.y, box.h, GRID[1]), _span(box.x, box.w, GRID[0])


def _span(start: float, length: float, cells: int) -> slice:
    first = min(floor(start * cells), cells - 1)
    return slice(first, max(ceil((start + length) * cells), first + 1))
