"""Rows of the network: where a face is and how its head is held. Pure.

A row is a score, the corners x1, y1, x2, y2 of a box and five landmarks (right eye, left eye, nose, right and left
corner of the mouth; right and left as the person has them), in pixels of some picture.
"""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detection.faces import Sight, boxes
from detection.values import Face

Floats = NDArray[np.float32]
"""One row (15 numbers), or any number of them."""
Matrix = NDArray[np.float64]
"""2 x 3: the way from the pixels of one picture to those of another."""

OVERLAP: Final = 0.3
"""Boxes that share more than this part of their union are one face."""
MAX_PERHAPS: Final = 5
"""Traces told of one frame."""
INSIDE: Final = 0.6
"""So are two of which the smaller lies in the larger by more than this part."""
OTHER_SIDE: Final = (1, 0, 2, 4, 3)
"""Where each landmark is found in a mirror: right and left change places."""


def size(row: Floats) -> float:
    """The side in pixels of a square as large as the box, at least 1."""
    return math.sqrt(max(1.0, float(row[3] - row[1]) * float(row[4] - row[2])))


def middle(row: Floats) -> tuple[float, float]:
    """The middle of the box."""
    return float(row[1] + row[3]) / 2, float(row[2] + row[4]) / 2


def roll(row: Floats) -> float:
    """Degrees by which the line of the eyes and the line from eyes to mouth are turned, clockwise positive."""
    eye, other, _, corner, end = row[5:].reshape(5, 2)
    across, down = other - eye, (corner + end - eye - other) / 2
    # The sum of both lines, the second turned back by a right angle: the longer one has the greater say.
    return math.degrees(math.atan2(float(across[1] - down[0]), float(across[0] + down[1])))


def same(one: Floats, other: Floats) -> bool:
    """Whether two boxes are one face."""
    across, down = np.minimum(one[3:5], other[3:5]) - np.maximum(one[1:3], other[1:3])
    if across <= 0 or down <= 0:
        return False
    shared, first, second = float(across * down), size(one) ** 2, size(other) ** 2
    return shared > OVERLAP * (first + second - shared) or shared > INSIDE * min(first, second)


def carry(rows: Floats, matrix: Matrix) -> Floats:
    """The rows in the pixels of another picture. Boxes stay level, keep their proportions and grow with the scale."""
    turn, shift = matrix[:, :2], matrix[:, 2]
    centre = (rows[:, 1:3] + rows[:, 3:5]) / 2 @ turn.T + shift
    half = (rows[:, 3:5] - rows[:, 1:3]) / 2 * math.sqrt(abs(np.linalg.det(turn)))
    points = (rows[:, 5:].reshape(-1, 5, 2) @ turn.T + shift).reshape(-1, 10)
    if np.linalg.det(turn) < 0:  # the other picture is a mirror of this one
        points = points.reshape(-1, 5, 2)[:, OTHER_SIDE].reshape(-1, 10)
    return np.concatenate((rows[:, :1], centre - half, centre + half, points), axis=1, dtype=np.float32)


def as_face(row: Floats, *, width: int, height: int) -> Face:
    """A row as a value in fractions of the frame, which has this size in pixels. What lies outside is clipped."""
    score, x1, y1, x2, y2, *points = row.tolist()
    return Face(
        box=boxes.box((x1, y1, x2, y2), width=width, height=height),
        score=round(score, boxes.DIGITS),
        landmarks=tuple(
            (boxes.fraction(x, width), boxes.fraction(y, height))
            for x, y in zip(points[::2], points[1::2], strict=True)
        ),
    )


def sight(faces: Iterable[Floats], traces: Iterable[Floats], *, width: int, height: int) -> Sight:
    """The faces of a frame and what else may be one. A trace of a face, or of a better trace, is left out."""
    known = sorted(faces, key=_worth)
    count = len(known)
    for trace in sorted(traces, key=_worth):
        if len(known) < count + MAX_PERHAPS and not any(same(trace, each) for each in known):
            known.append(trace)
    seen = tuple(as_face(row, width=width, height=height) for row in known)
    return Sight(seen[:count], seen[count:])


def _worth(row: Floats) -> float:
    """Sorts by score, the best first."""
    return -float(row[0])
