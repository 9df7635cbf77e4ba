"""Rectangles of pixels to boxes in fractions of the frame. Pure."""

from detection.values import Box

DIGITS = 4
"""A ten-thousandth of the frame is a tenth of a pixel: more would only lengthen the messages."""


def fraction(value: float, whole: int) -> float:
    """A pixel coordinate as a fraction of the frame, held inside it."""
    return round(min(1.0, max(0.0, float(value) / whole)), DIGITS)


def box(xyxy: tuple[float, float, float, float], *, width: int, height: int) -> Box:
    """The rectangle clipped to the frame. A part outside is cut off, not moved inside."""
    left, top = fraction(xyxy[0], width), fraction(xyxy[1], height)
    right, bottom = fraction(xyxy[2], width), fraction(xyxy[3], height)
    return Box(
        x=left,
        y=top,
        w=round(max(0.0, right - left), DIGITS),
        h=round(max(0.0, bottom - top), DIGITS),
    )
