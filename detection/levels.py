"""The coarse picture: mean grey levels of a grid, by which two samples are compared. Pure.

It answers what a face detector cannot: whether anything moves. Each cell averages some hundred pixels, so that the
noise of a camera and of JPEG stays below two levels, while a living face changes some cell of its own by more than
`STILL` within three seconds (the longest of 500 seconds of webcam clips, one still a second).
"""

from math import ceil, floor
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
WHOLE: Final = Box(0.0, 0.0, 1.0, 1.0)
"""All of the frame."""


def largest_change(one: bytes, other: bytes, box: Box = WHOLE) -> float:
    """The largest change of a cell that the box touches, in levels; `FAR` without levels.

    What all its cells have in common is taken away: the light going up or down is no movement.
    """
    changes = _changes(one, other, box)
    return FAR if changes is None else float(np.abs(changes).max())


def mean_change(one: bytes, other: bytes, box: Box = WHOLE) -> float:
    """The mean change of the cells that the box touches, likewise: how much of a place is another than it was."""
    changes = _changes(one, other, box)
    return FAR if changes is None else float(np.abs(changes).mean())


def _changes(one: bytes, other: bytes, box: Box) -> NDArray[np.float32] | None:
    columns, rows = GRID
    if len(one) != columns * rows or len(other) != columns * rows:
        return None
    left, top = floor(box.x * columns), floor(box.y * rows)
    right, bottom = ceil((box.x + box.w) * columns), ceil((box.y + box.h) * rows)
    # Of an empty box at the right or lower edge no cell would be left.
    left, top = min(left, columns - 1), min(top, rows - 1)
    cells = np.s_[top : max(bottom, top + 1), left : max(right, left + 1)]
    before, after = (np.frombuffer(each, dtype=np.uint8).reshape(rows, columns)[cells] for each in (one, other))
    changes = after.astype(np.float32) - before
    return np.asarray(changes - np.median(changes), dtype=np.float32)
