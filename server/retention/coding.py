"""Re-encodes a segment, and decodes what was re-encoded. Blocking, and for working processes only: untrusted pixels.

Measured on the clips of nine webcams at 5 frames a second, 480 px and quality 0.6, cut into segments of ten seconds.
How much smaller, on the whole and in the worst clip, CPU of a frame, and what is left of it; every sample had as many
faces as before, at the same places (IoU above 0.97):

    encoder                  still light     noise of a camera   CPU a frame   SSIM
    x264 medium, CRF 30      6.7 (5.0)       4.4 (2.8)            8 to 13 ms    0.976, 0.936
    x264 veryfast, CRF 31    7.4 (5.0)       4.6 (3.1)            3 to 5 ms     0.971, 0.930
    SVT-AV1 10, CRF 35       11.8 (6.6)      14.9 (6.7)           4 to 5 ms     0.973, 0.924
    SVT-AV1 8, CRF 35        11.7 (6.9)      15.7 (7.1)           9 to 10 ms    0.977, 0.927

Noise is what H.264 spends its bits on, and what an incident never was about.
"""

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from detection.analyzer import UndecodableFrame, decode
from detection.jpeg import JpegError
from storage.recordings import chain
from storage.recordings.compacted import Picture, pictures, shown_frames, write
from storage.recordings.segment import SegmentError, read_frames, read_lines

CODEC: Final = "libsvtav1"
OPTIONS: Final = {"preset": "8", "crf": "35", "g": "-1", "svtav1-params": "lp=1"}
LEAST_GAIN: Final = 1.5
"""What becomes hardly smaller stays as it is."""
LEAST_PSNR: Final = 24.0
"""Decibels. A frame that is less like its original was spoilt by a fault, not by the encoding."""


@dataclass(frozen=True, slots=True)
class Reencoded:
    """A segment's frames, smaller."""

    video: bytes
    """The Matroska file."""
    sha256: str
    """Of it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A segment that stays as it is."""

    why: str
    """In words."""


def reencode(video: bytes, journal: bytes, hashes: tuple[str, str], name: str) -> Reencoded | Left:
    """Re-encode a segment.

    Args:
        video: its Matroska file.
        journal: its journal.
        hashes: of both, as the chain has them.
        name: what to call it.
    """
    if (chain.sha256(video), chain.sha256(journal)) != hashes:
        return Left("it is not what was recorded: its hash is another")
    try:
        frames = list(read_frames(video, read_lines(journal, name), name))
        decoded = [decode(each.jpeg) for each in frames]
    except (SegmentError, JpegError, UndecodableFrame, KeyError, TypeError, ValueError) as error:
        return Left(str(error) if isinstance(error, SegmentError) else "a frame of it is no picture")
    if any(one.shape != other.shape for one, other in pairwise(decoded)):
        return Left("its frames have several sizes")
    began = frames[0].received_at
    os.environ["SVT_LOG"] = "1"  # else the encoder tells of itself for every segment
    times = _rising([round((each.received_at - began) * 1000) for each in frames])
    try:
        found = write(zip(times, decoded, strict=True), codec=CODEC, options=OPTIONS)
        if len(found) * LEAST_GAIN > len(video):
            return Left("it would hardly become smaller")
        again = [decode(each) for each in pictures(found, name)]
    except (SegmentError, JpegError, UndecodableFrame) as error:
        return Left(str(error))
    if len(again) != len(decoded) or min(map(_psnr, decoded, again)) < LEAST_PSNR:
        return Left("what was re-encoded is not like it")
    return Reencoded(found, chain.sha256(found))


def stills(video: bytes, journal: bytes, name: str) -> dict[int, bytes]:
    """The frames of a segment by their numbers, as JPEGs made from the video.

    Raises:
        SegmentError: it cannot be read.
    """
    return {each.seq: each.jpeg for each in shown_frames(video, read_lines(journal, name), name)}


def _rising(times: list[int]) -> list[int]:
    last, found = -1, []
    for each in times:
        last = max(last + 1, each)
        found.append(last)
    return found


def _psnr(one: Picture, other: Picture) -> float:
    if one.shape != other.shape:
        return 0.0
    return float(cv2.PSNR(one, np.ascontiguousarray(other)))
