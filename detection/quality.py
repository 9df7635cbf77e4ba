"""What the measures of a view mean where no face is found. Pure.

A face that is found proves the view to be good enough, so that nobody is told of a dim but sufficient lamp. The limits
stand where faces begin to be missed: 213 pictures with faces were made darker, brighter, hazier and softer step by
step, with noise, at 480 px.
"""

from enum import StrEnum
from typing import Final

from detection import levels
from detection.values import Observation

DARK: Final = 0.06
"""Mean level below which a face may be hidden in the dark. Of the faces 0.96 were found at 0.06 to 0.08, 0.91 at 0.04
to 0.05, 0.79 below, a half at 0.02."""
BRIGHT: Final = 0.85
"""Mean level above which a face may be washed out (found: a half), ..."""
WASHED_OUT: Final = 0.3
"""... and share of white cells. Together they explain 0.89 of the faces lost to too much light; of 86 unspoilt pictures
without a face 4 have a white ground like that."""
BLANK: Final = 0.01
"""Contrast below which there is nothing to be seen: tape 0.001 to 0.007, whatever its noise."""
FLAT: Final = 9.0
"""Structure of the levels below which the lens is covered. Fingers, palms, paper and bare walls have 0 to 5, with a
leak of light 8; the flattest of 299 pictures of people and things has 12."""
BLURRED: Final = 35.0
"""Sharpness below which hardly an edge is left: faces are found at 0.95 from there on, 0.85 below, 0.7 below 10. The
softest webcam clip has 85."""
DIM: Final = 0.4
"""Mean level below which differences between levels fade with the light, while faces are found all the same."""


class View(StrEnum):
    """Whether a face would have been seen, had one been there."""

    CLEAR = "clear"
    COVERED = "covered"
    DARK = "too dark"
    BRIGHT = "too bright"
    BLURRED = "blurred"


def judge(seen: Observation) -> View:
    """What the measures of a frame without a face mean.

    A bare wall, to which the camera was turned from the beginning, is no better than a covered lens. Where the
    candidate sat before one, the caller knows better.
    """
    measures, known = seen.quality, levels.measured(seen.levels)
    if measures.brightness > BRIGHT or (known and levels.washed_out(seen.levels) >= WASHED_OUT):
        return View.BRIGHT
    if measures.contrast < BLANK:
        return View.COVERED
    # In the dark little is left of any picture: first what may be hidden, then what is hidden.
    if measures.brightness < DARK:
        return View.DARK
    if known and structure(seen) < FLAT:
        return View.COVERED
    return View.BLURRED if measures.sharpness < BLURRED * light(seen) ** 2 else View.CLEAR


def structure(seen: Observation) -> float:
    """The structure of the levels, as it would be in ordinary light: held against `FLAT`."""
    return levels.structure(seen.levels) / light(seen) if levels.measured(seen.levels) and light(seen) > 0 else 0.0


def light(seen: Observation) -> float:
    """What is left of a difference between levels in this light, 0 to 1; 1 in a room of ordinary brightness."""
    return min(1.0, seen.quality.brightness / DIM)
