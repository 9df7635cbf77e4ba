"""Whether a face is seen well enough to be told from another. Pure; needs the landmarks of YuNet.

Measured at 320 to 1100 px, JPEG quality 60: distances of one person's faces from the mean of five clear ones of the
same person (13 people, 10,700 faces: as they came, far away, dark, blurred, tilted, lit from above), and from the means
of others. The largest distance of the same person says how far such a view may carry a descriptor:

    view                               same: median, 98 %, largest    others: 1 %, median
    clear                              0.29   0.48   0.65             0.66   0.81
    small, from the front              0.41   0.56   0.64             0.63   0.78
    turned, near                       0.37   0.63   0.68             0.58   0.76
    turned and small, or near profile  0.54   0.71   0.76             0.58   0.73

The last row is no ground to tell people apart by.
"""

from math import hypot
from typing import Final

from detection.values import Face

LEAST_EYES: Final = 20.0
"""Pixels between the eyes from which a frontal face is clear."""
LEAST_SIZE: Final = 10.0
"""Pixels between the eyes, or from them to the mouth, below which a descriptor says nothing ..."""
LEAST_TURNED: Final = 16.0
"""... and below which one of a turned face says nothing."""
TURNED: Final = 0.3
"""How far the nose may lie from the middle between the eyes, in parts of their distance; beyond, a face is turned."""
PROFILE: Final = 0.8
"""Likewise; beyond, it is near profile."""
NARROW: Final = 0.7
"""Distance of the eyes in parts of that from them to the mouth, about 1 from the front; below, a face is turned."""
NARROWEST: Final = 0.45
"""Likewise; below, it is near profile."""
SMALL_SLACK: Final = 0.06
"""How much farther a small face may lie from its own reference than a clear one ..."""
TURNED_SLACK: Final = 0.10
"""... and a turned one."""


def slack(face: Face, *, width: int, height: int) -> float | None:
    """How much farther such a view may carry a descriptor from its own reference; None: nobody can be told by it.

    Args:
        face: as the detector found it. Nobody can be told without landmarks; HOG gives none.
        width: of the frame from which the chip is cut, in pixels.
        height: likewise.
    """
    if len(face.landmarks) != 5:
        return None
    right, left, nose, *mouth = ((x * width, y * height) for x, y in face.landmarks)
    across = left[0] - right[0], left[1] - right[1]
    eyes = hypot(*across)
    down = hypot(*(sum(point[n] for point in mouth) / 2 - (right[n] + left[n]) / 2 for n in (0, 1)))
    size = max(eyes, down)
    if size < LEAST_SIZE or eyes < NARROWEST * down:
        return None
    along = ((nose[0] - right[0]) * across[0] + (nose[1] - right[1]) * across[1]) / eyes**2
    aside = abs(along - 0.5)
    if aside > TURNED or eyes < NARROW * down:
        return TURNED_SLACK if size >= LEAST_TURNED and aside <= PROFILE else None
    return 0.0 if eyes >= LEAST_EYES else SMALL_SLACK


def is_clear(face: Face, *, width: int, height: int) -> bool:
    """Whether a face is near and frontal enough to be a reference. Arguments as of `slack`."""
    return slack(face, width=width, height=height) == 0.0
