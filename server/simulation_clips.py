"""Video files and folders of pictures as the JPEG frames that a browser would send. No network.

Every source picture is encoded once, before anything is sent, however many candidates show it: the simulator is to
measure the server and not itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

MAX_SECONDS = 60.0
"""What is kept of one source; longer ones are cut and looped."""

MAX_BYTES = 200 * 1024 * 1024
"""What all sources together may take up in memory."""

PICTURES = (".jpg", ".jpeg", ".png")
"""What is taken from a folder."""

Picture = NDArray[np.uint8]


class SourceError(Exception):
    """A source that cannot be shown; the text says which and why."""


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
    pictures = _folder(path, shape) if path.is_dir() else _video(path, shape)
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
        frames.append(_encode(picture, shape))
        size += len(frames[-1])
    if not frames:
        raise SourceError(f"{path}: holds no picture.")
    return Clip(path.name, tuple(frames), cut=False)


def _video(path: Path, shape: Shape) -> Iterator[Picture]:
    """The picture on screen at each frame interval, by the timestamps."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise SourceError(f"{path}: has no video in it.")
            container.streams.video[0].thread_type = "AUTO"
            yield from _by_timestamps(container.decode(video=0), 1 / shape.fps)
    except (FFmpegError, OSError) as error:
        raise SourceError(f"{path}: cannot be read as a video: {error}") from error


def _by_timestamps(decoded: Iterator[Any], interval: float) -> Iterator[Picture]:
    newest: Any = None
    start = at = 0.0
    count = 0
    for number, frame in enumerate(decoded):
        # Some files have frames without a time: they come one interval after the other.
        time = number * interval if frame.time is None else frame.time
        start = time if number == 0 else start
        at = time - start
        if newest is not None and count * interval < at:
            picture = _upright(newest)
            while count * interval < at:
                yield picture
                count += 1
        newest = frame
    if newest is not None and count * interval <= at:
        yield _upright(newest)


def _upright(frame: Any) -> Picture:
    """The pixels as a player shows them: telephones film sideways and say so beside the picture."""
    pixels: Picture = frame.to_ndarray(format="bgr24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


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


def _encode(picture: Picture, shape: Shape) -> bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, shape.width / width)
    if scale < 1:
        size = (shape.width, max(1, round(height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(shape.quality * 100)])[1].tobytes()
