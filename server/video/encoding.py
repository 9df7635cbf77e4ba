"""JPEG frames to one closed group of pictures. Blocking, and for working processes only: it decodes untrusted pixels.

Every frame keeps its own time beside what the encoder makes of it. The encoder itself is told that frames come evenly:
a gap in a stream is no reason to spend bits otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeAlias

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from detection.analyzer import UndecodableFrame, decode
from detection.faces import Frame
from detection.jpeg import JpegError
from server.video.mp4 import even

GREY: Final = 64
"""Level of the picture that is shown before the first frame."""
_Packet: TypeAlias = "Packet[VideoStream]"
"""In quotes: it is generic for the type checker only."""
_MPEG_RANGE: Final = 1
_BT601: Final = 6
"""In ISO/IEC 23091-2: primaries, transfer and matrix of what `_yuv` makes."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How frames are encoded."""

    codec: str
    """The encoder as FFmpeg calls it. It must not reorder frames."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The encoder's own, as FFmpeg has them."""


PLAYER: Final = Encoding(
    "libx264",
    MappingProxyType({"preset": "superfast", "crf": "26", "bf": "0", "g": "50", "sc_threshold": "0"}),
)
"""For watching; what is judged are the exact stills beside it. `veryfast` would be a fifth smaller and take half as
long again."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture as the encoder gave it."""

    at: int
    """The frame's own time, as it was given."""
    key: bool
    """It can be decoded without those before it."""
    data: bytes
    """H.264 as a byte stream with start codes, AV1 as a temporal unit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Pictures that need none outside."""

    config: bytes
    """What a decoder must know first, in the encoder's form: for H.264 its parameter sets with start codes."""
    pictures: tuple[Coded, ...]
    """In their order; empty when nothing could be decoded."""
    unreadable: int
    """Frames that are no picture; the one before them stays."""


def encode(
    frames: Iterable[tuple[int, bytes]], *, size: tuple[int, int], how: Encoding = PLAYER, lead: bool = False
) -> Piece:
    """Encode frames.

    Args:
        frames: times, in any whole unit, and JPEGs.
        size: of the video, both even; frames of another size are fitted into it, with black beside them.
        how: the encoder.
        lead: begin with a grey picture at time 0, unless a frame is there.

    Raises:
        av.FFmpegError: the encoder refused.
    """
    encoder = _encoder(size, how)
    times: list[int] = []
    packets: list[_Packet] = []
    unreadable = 0
    for at, jpeg in frames:
        try:
            frame = fitted(decode(jpeg), size)
        except (JpegError, UndecodableFrame):
            unreadable += 1
            continue
        if lead and not times and at > 0:
            times.append(0)
            packets += encoder.encode(_yuv(np.full((size[1], size[0], 3), GREY, dtype=np.uint8), 0))
        packets += encoder.encode(_yuv(frame, len(times)))
        times.append(at)
    if not times:
        return Piece(b"", (), unreadable)
    packets += encoder.encode(None)
    return Piece(bytes(encoder.extradata or b""), tuple(_coded(packets, times)), unreadable)


def fitted(frame: Frame, size: tuple[int, int]) -> Frame:
    """A frame in the middle of a picture of this size, as large as it goes there, black beside it."""
    height, width = frame.shape[:2]
    if (width, height) == size:
        return frame
    scale = min(size[0] / width, size[1] / height)
    if even((width, height)) != size:
        wanted = max(1, round(width * scale)), max(1, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        frame = np.asarray(cv2.resize(frame, wanted, interpolation=how), dtype=np.uint8)
        height, width = frame.shape[:2]
    canvas = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    canvas[top : top + height, left : left + width] = frame
    return canvas


def _encoder(size: tuple[int, int], how: Encoding) -> VideoCodecContext:
    encoder = av.CodecContext.create(how.codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base = Fraction(1, 5)
    encoder.framerate = Fraction(5)
    encoder.thread_count = 1  # its process is one of low priority, and no more than one core's load
    encoder.color_range = _MPEG_RANGE
    encoder.colorspace = encoder.color_primaries = encoder.color_trc = _BT601
    encoder.flags |= Flags.global_header
    encoder.options = dict(how.options)
    return encoder


def _yuv(frame: Frame, number: int) -> av.VideoFrame:
    planes = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    made = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    made.pts = number
    made.color_range = _MPEG_RANGE
    made.colorspace = made.color_primaries = made.color_trc = _BT601
    return made


def _coded(packets: list[_Packet], times: list[int]) -> Iterator[Coded]:
    for packet in packets:
        assert packet.pts is not None
        yield Coded(times[packet.pts], packet.is_keyframe, bytes(packet))
