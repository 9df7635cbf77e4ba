"""Whether a face is seen well enough to be told from another. Pure; needs the landmarks of YuNet."""

from math import hypot
from typing import Final

from detection.values import Face

LEAST_EYES: Final = 20.0
"""Pixels between the eyes below which a descriptor says too little."""
MOST_TURNED: Final = 0.3
"""How far the nose may lie from the middle between the eyes, in parts of their distance; beyond is near profile."""


def is_clear(face: Face, *, width: int, height: int) -> bool:
    """Whether a face is near and frontal enough to be told from another; never without landmarks (HOG has none).

    Args:
        face: as the detector found it.
        width: of the frame from which the chip is cut, in pixels.
        height: likewise.
    """
    if len(face.landmarks) < 3:
        return False
    (x, y), left, nose = ((point[0] * width, point[1] * height) for point in face.landmarks[:3])
    across = left[0] - x, left[1] - y
    eyes = hypot(*across)
    if eyes < LEAST_EYES:
        return False
    along = ((nose[0] - x) * across[0] + (nose[1] - y) * across[1]) / eyes**2
    return abs(along - 0.5) <= MOST_TURNED
