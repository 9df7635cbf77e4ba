"""Video files and folders of pictures as the JPEG frames that a browser would send. No network.

Every source picture is encoded once, before anything is sent, however many candidates show it: the simulator is to
measure the server and not itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from server.footage import Picture, SourceError, encode, video

MAX_SECONDS = 60.0
"""What is kept of one source; longer ones are cut and looped."""

MAX_BYTES = 200 * 1024 * 1024
"""What all sources together may take up in memory."""

PICTURES = (".jpg", ".jpeg", ".png")
"""What is taken from a folder."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How frames are made."""

    fps: float
    """Frames a second."""
    width: int
    """Pixels; a narrower source is not enlarged."""
    quality: float
    """JPEG quality, 0 to 1."""
    hold: float | None = None
    """Seconds for which each picture of a folder is shown; None: one frame."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One source, ready to be sent in a loop."""

    name: str
    """Name of the file or folder."""
    frames: tuple[bytes, ...]
    """One JPEG for each frame interval, at least one; a picture that stands still is the same object."""
    cut: bool
    """The source is longer than what is kept."""


def load(paths: list[Path], shape: Shape) -> list[Clip]:
    """Read every source. Takes a while: not for the event loop.

    Raises:
        SourceError: one is not there, is no video or holds no picture.
    """
    return [_clip(path, shape, MAX_BYTES // len(paths)) for path in paths]


def _clip(path: Path, shape: Shape, budget: int) -> Clip:
    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder.")
    pictures = _folder(path, shape) if path.is_dir() else video(path, shape.fps)
    frames: list[bytes] = []
    source: Picture | None = None
    size = 0
    for picture in pictures:
        if len(frames) >= MAX_SECONDS * shape.fps or size > budget:
            return Clip(path.name, tuple(frames), cut=True)
        if picture is source:
            frames.append(frames[-1])
            continue
        source = picture
        frames.append(encode(picture, width=shape.width, quality=shape.quality))
        size += len(frames[-1])
    if not frames:
        raise SourceError(f"{path}: holds no picture.")
    return Clip(path.name, tuple(frames), cut=False)


def _folder(path: Path, shape: Shape) -> Iterator[Picture]:
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in PICTURES)
    if not files:
        raise SourceError(f"{path}: has no {', '.join(PICTURES)} in it.")
    repeats = max(1, round((shape.hold or 0) * shape.fps))
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise SourceError(f"{file}: cannot be read as a picture.")
        still = np.asarray(picture, dtype=np.uint8)
        for _ in range(repeats):
            yield still
