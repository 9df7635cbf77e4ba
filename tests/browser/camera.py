"""A made video as Chromium's fake camera: Motion JPEG, which Chromium plays at 30 frames a second."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from detection.faces import Frame
from tests import faces

FPS = 30
"""Chromium's own rate for a Motion JPEG file."""

SIZE = (480, 360)
VARIANTS = 10
"""Frames of a scene that differ, so that the picture moves as a living one does."""

Scene = tuple[str, float]
"""`one`, `two` or `none`, and for how many seconds."""


def make(path: Path, scenes: Sequence[Scene]) -> Path:
    """Write the scenes to `path`, one after the other. Chromium begins again at the end."""
    pictures = {name: _variants(name) for name in dict(scenes)}
    with path.open("wb") as file:
        for name, seconds in scenes:
            for n in range(int(seconds * FPS)):
                file.write(pictures[name][n // 3 % VARIANTS])
    return path


def _variants(name: str) -> list[bytes]:
    source = {"one": faces.one_face, "two": faces.two_faces, "none": faces.no_face}[name](*SIZE)
    picture = cv2.imdecode(np.frombuffer(source, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return [faces.encode(_shifted(np.asarray(picture, np.uint8), n), quality=75) for n in range(VARIANTS)]


def _shifted(picture: Frame, n: int) -> Frame:
    """The picture a few pixels aside, as a person who breathes."""
    dx, dy = 3 * np.sin(2 * np.pi * n / VARIANTS), 2 * np.cos(2 * np.pi * n / VARIANTS)
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return np.asarray(cv2.warpAffine(picture, move, SIZE, borderMode=cv2.BORDER_REFLECT), np.uint8)
