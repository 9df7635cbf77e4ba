"""Video files as pictures at the pace of a stream, and pictures as the JPEG frames that a browser sends. No network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

ROUNDING = 1e-6
"""Seconds by which two times may differ that are the same: 169 x 0.2 is not 33.8."""


class SourceError(Exception):
    """A source that cannot be shown; the text says which and why."""


def video(path: Path, fps: float) -> Iterator[Picture]:
    """The picture on screen at each frame interval, by the timestamps; the same object while it stands still.

    Raises:
        SourceError: the file is no video, or breaks off.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise SourceError(f"{path}: has no video in it.")
            container.streams.video[0].thread_type = "AUTO"
            yield from _by_timestamps(container.decode(video=0), 1 / fps)
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
        if newest is not None and count * interval < at - ROUNDING:
            picture = _upright(newest)
            while count * interval < at - ROUNDING:
                yield picture
                count += 1
        newest = frame
    if newest is not None and count * interval <= at + ROUNDING:
        yield _upright(newest)


def _upright(frame: Any) -> Picture:
    """The pixels as a player shows them: telephones film sideways and say so beside the picture."""
    pixels: Picture = frame.to_ndarray(format="bgr24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


def encode(picture: Picture, *, width: int, quality: float) -> bytes:
    """The picture as JPEG of at most this width, as a browser makes it: a narrower one is not enlarged.

    `quality` is 0 to 1.
    """
    height, wide = picture.shape[:2]
    scale = min(1.0, width / wide)
    if scale < 1:
        size = (width, max(1, round(height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(quality * 100)])[1].tobytes()
