"""What the measures of a view mean where no face is found. Pure.

A face that is found proves the view to be good enough, so that nobody is told of a dim but sufficient lamp.
"""

from enum import StrEnum
from typing import Final

from detection.values import Quality

FLAT_CONTRAST: Final = 0.10
"""A covered lens shows less contrast than this ..."""
FLAT_SHARPNESS: Final = 25.0
"""... and less sharpness. Measured: a finger 0.08 and 10, black tape 0.004 and 13 (its noise); the flattest of 116
pictures of people and rooms 0.09 and 95."""
BLURRED: Final = 25.0
"""Sharpness below which hardly an edge is left. The softest of those pictures has 95; blurred by 8 px of 480 they
have 6 to 15."""
DARK: Final = 0.12
"""Mean level below which a face may be hidden in the dark."""
BRIGHT: Final = 0.85
"""Mean level above which it may be washed out."""


class View(StrEnum):
    """Whether a face would have been seen, had one been there."""

    CLEAR = "clear"
    COVERED = "covered"
    DARK = "too dark"
    BRIGHT = "too bright"
    BLURRED = "blurred"


def judge(quality: Quality) -> View:
    """What the measures of a frame without a face mean."""
    if quality.contrast < FLAT_CONTRAST and quality.sharpness < FLAT_SHARPNESS:
        return View.COVERED
    if quality.brightness < DARK:
        return View.DARK
    if quality.brightness > BRIGHT:
        return View.BRIGHT
    return View.BLURRED if quality.sharpness < BLURRED else View.CLEAR
