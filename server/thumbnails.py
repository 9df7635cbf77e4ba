"""Frames made small for a report."""

from typing import Final

import cv2

from detection.analyzer import decode
from detection.values import Observation

THUMBNAIL: Final = 280
"""Width in pixels of the pictures in a report."""
INK: Final = ((0, 0, 0), (80, 220, 255))
"""A box is drawn twice, so that it shows on every ground: wide and black, narrow and yellow."""


def thumbnail(jpeg: bytes, observation: Observation) -> bytes:
    """A frame made small, with a box around every face."""
    frame = decode(jpeg)
    height = round(frame.shape[0] * THUMBNAIL / frame.shape[1])
    small = cv2.resize(frame, (THUMBNAIL, height), interpolation=cv2.INTER_AREA)
    for face in observation.faces:
        corner = (round(face.box.x * THUMBNAIL), round(face.box.y * height))
        opposite = (round((face.box.x + face.box.w) * THUMBNAIL), round((face.box.y + face.box.h) * height))
        for colour, thickness in zip(INK, (4, 2), strict=True):
            cv2.rectangle(small, corner, opposite, colour, thickness)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()
