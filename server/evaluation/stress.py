"""The ways in which a view is bad, put upon the frame of a candidate's camera. Pure, and the same in every run."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.faces import Frame

AS_IS: Final = "as is"
"""The condition that spoils nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which a view is bad."""

    text: str
    """What it is, in a table."""
    spoil: Callable[[Frame, np.random.Generator], Frame]
    """What it does to a frame at the stream's width, before the browser encodes it."""
    quality: float | None = None
    """JPEG quality, 0 to 1; None: the stream's own."""


def _keep(frame: Frame, _: np.random.Generator) -> Frame:
    return frame


def _dark_noisy(frame: Frame, chance: np.random.Generator) -> Frame:
    """A lamp behind the screen: the camera turns up its gain."""
    light = (frame / np.float32(255)) ** 1.8 * 0.45 * 255
    return _bytes(light + chance.normal(0, 5, frame.shape))


def _very_dark(frame: Frame, _: np.random.Generator) -> Frame:
    return _bytes((frame / np.float32(255)) ** 3 * 255)


def _motion_blur(frame: Frame, _: np.random.Generator) -> Frame:
    return np.asarray(cv2.blur(frame, (9, 1), borderType=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _tilted(degrees: float) -> Callable[[Frame, np.random.Generator], Frame]:
    """Turned about the middle, to the left or to the right; corners are cut off, what is bare is black."""

    def tilt(frame: Frame, chance: np.random.Generator) -> Frame:
        height, width = frame.shape[:2]
        angle = degrees if chance.random() < 0.5 else -degrees
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        return np.asarray(cv2.warpAffine(frame, matrix, (width, height)), dtype=np.uint8)

    return tilt


def _far(frame: Frame, _: np.random.Generator) -> Frame:
    """At 0.45 of the size, in the middle of a room without edges: the frame's own borders, drawn out and blurred.

    Black around it would be darker than any room, and a frame of lines that helps one detector more than another.
    """
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (round(width * 0.45), round(height * 0.45)), interpolation=cv2.INTER_AREA)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    bottom, right = height - small.shape[0] - top, width - small.shape[1] - left
    room = cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_REPLICATE)
    room = cv2.GaussianBlur(room, (0, 0), width / 40)
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.asarray(room, dtype=np.uint8)


def _light_from_above(frame: Frame, _: np.random.Generator) -> Frame:
    gain = np.linspace(1.6, 0.25, frame.shape[0], dtype=np.float32)
    return _bytes(frame * gain[:, np.newaxis, np.newaxis])


def _bytes(light: NDArray[np.floating]) -> Frame:
    return np.asarray(np.clip(np.rint(light), 0, 255), dtype=np.uint8)


CONDITIONS: Final[Mapping[str, Condition]] = {
    AS_IS: Condition("as is", _keep),
    "dark": Condition("dark (gamma 1.8, x 0.45), noisy", _dark_noisy),
    "very dark": Condition("very dark (gamma 3)", _very_dark),
    "motion": Condition("motion blur, 9 px across", _motion_blur),
    "tilt 30": Condition("tilted 30°", _tilted(30)),
    "tilt 45": Condition("tilted 45°", _tilted(45)),
    "far": Condition("far: scaled to 0.45", _far),
    "from above": Condition("light from above (x 1.6 to 0.25)", _light_from_above),
    "jpeg 20": Condition("JPEG quality 20", _keep, quality=0.2),
}
"""By the name that results have."""


def spoilt(frame: Frame, condition: str, *, name: str) -> Frame:
    """The frame under a condition. `name` is the picture's: chance is drawn from it, and so the same every time."""
    chance = np.random.default_rng(zlib.crc32(f"{name}\0{condition}".encode()))
    return CONDITIONS[condition].spoil(frame, chance)


def webcam(picture: Frame, width: int) -> Frame:
    """The picture as a camera of this width would show it: whole, in the middle of 4:3, enlarged when it is small.

    What is bare is black. Of the ways tried (cropped, stretched, without borders, never enlarged) this comes nearest
    to published figures of the same pictures, and it has the size of a real frame.
    """
    height = width * 3 // 4
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inside = cv2.resize(picture, size, interpolation=method)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    bottom, right = height - size[1] - top, width - size[0] - left
    return np.asarray(cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT), dtype=np.uint8)
