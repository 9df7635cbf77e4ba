"""A frame made smaller, turned, or cut out around a face, and the way back to its pixels. Pure."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from detection.faces import Frame
from detection.faces.rows import Floats, Matrix, middle, size

DARK: Final = 70.0
"""Mean level, of 255, below which a close-up is lifted."""
LIFTED: Final = 110.0
"""The level it is lifted to."""
MOST_LIFT: Final = 4.0
"""A stronger lift would show nothing but noise."""


@dataclass(frozen=True, slots=True)
class Views:
    """One frame at its two sizes."""

    full: Frame
    """As it came."""
    small: Frame
    """For a quick pass."""
    scale: float
    """Longest side of the full frame over that of the small one, at least 1."""


@dataclass(frozen=True, slots=True)
class CloseUp:
    """How a face is cut out."""

    side: int
    """Side in pixels of the square."""
    face: float
    """Side in pixels of the face in its middle."""
    mirrored: bool = False
    """Whether right and left change places."""


def views(frame: Frame, side: int) -> Views:
    """The frame, and the same with its longest side at most `side` pixels."""
    # Averaging is five times as slow as interpolating unless the scale is one half.
    half = max(frame.shape[:2]) == 2 * side
    small = shrink(frame, side, method=cv2.INTER_AREA if half else cv2.INTER_LINEAR)
    return Views(frame, small, max(frame.shape[:2]) / max(small.shape[:2]))


def shrink(frame: Frame, side: int, *, method: int = cv2.INTER_AREA) -> Frame:
    """The frame with its longest side at most `side`, proportions kept."""
    height, width = frame.shape[:2]
    scale = side / max(width, height)
    if scale >= 1:
        return frame
    if method == cv2.INTER_AREA and 1 / scale in (4.0, 8.0):  # by halves: the same means, in a third of the time
        return shrink(shrink(frame, 2 * side), side)
    wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, wanted, interpolation=method), dtype=np.uint8)


def rotate(frame: Frame, angle: float, *, side: int) -> tuple[Frame, Matrix]:
    """A square with the frame turned counter-clockwise about its middle, and the way there.

    The longest side of the frame becomes `side`; corners that stick out are cut off, what is bare stays black.
    """
    height, width = frame.shape[:2]
    matrix = np.asarray(
        cv2.getRotationMatrix2D((width / 2, height / 2), angle, side / max(height, width)), dtype=np.float64
    )
    matrix[:, 2] += ((side - width) / 2, (side - height) / 2)
    return np.asarray(cv2.warpAffine(frame, matrix, (side, side)), dtype=np.uint8), matrix


def cut(views: Views, form: CloseUp, *, row: Floats, roll: float) -> tuple[Frame, Matrix]:
    """The face of a row of the full frame, turned upright and lifted when dark, and the way there from that frame.

    `roll` is the degrees, clockwise, that are taken back.
    """
    scale = form.face / size(row)
    x, y = middle(row)
    matrix = np.asarray(cv2.getRotationMatrix2D((x, y), roll, scale), dtype=np.float64)
    matrix[:, 2] += (form.side / 2 - x, form.side / 2 - y)
    if form.mirrored:
        matrix[0] = (-matrix[0, 0], -matrix[0, 1], form.side - matrix[0, 2])
    # A large face comes from the small frame: sampling the full one with gaps would add noise.
    source, step = (views.small, views.scale) if scale * views.scale <= 1 else (views.full, 1.0)
    picture = cv2.warpAffine(source, matrix * (step, step, 1.0), (form.side, form.side))
    return lift(np.asarray(picture, dtype=np.uint8)), matrix


def lift(picture: Frame) -> Frame:
    """The picture, made brighter when it is dark."""
    level = sum(cv2.mean(picture)[:3]) / 3
    if level >= DARK:
        return picture
    gain = min(MOST_LIFT, LIFTED / max(level, 1.0))
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), dtype=np.uint8)


def invert(matrix: Matrix) -> Matrix:
    """The way back."""
    return np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)
