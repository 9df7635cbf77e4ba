"""Segments that were re-encoded: pictures of AV1 in place of the JPEGs, in a Matroska file of the same times.

The journal beside it stays what it is, and so does the hash of the JPEGs' file in the chain; a signed statement ties
the one to the other. What comes out are JPEGs again, made from the video: no longer the bytes that were received.
Decoding is for working processes only.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import BytesIO
from typing import Final

import av
import cv2
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from numpy.typing import NDArray

from storage.recordings.segment import TIME_BASE, KeptFrame, SegmentError, read_frames
from storage.records import Json

SUFFIX: Final = ".av1.mkv"
"""Behind the key of a segment."""
QUALITY: Final = 92
"""Of the JPEGs that are made from the video: what is lost here is a tenth of what the video lost."""
SIZE: Final = "INVIGIL_SIZE"
"""The file's tag with width and height: the codec wants even ones."""
_EXACT: Final = b"V_MJPEG"
HEAD: Final = 4096
"""Bytes in which a Matroska file says what its pictures are."""

Picture = NDArray[np.uint8]
"""Height, width and three colours: blue, green, red."""


def is_exact(video: bytes) -> bool:
    """Whether a segment's file, or its beginning, has the very JPEGs that were received. An empty one has no other."""
    return not video or _EXACT in video[:HEAD]


def write(pictures: Iterable[tuple[int, Picture]], *, codec: str, options: dict[str, str]) -> bytes:
    """The Matroska file of pictures of one size.

    Args:
        pictures: the milliseconds since the recording began, which rise, and the picture.
        codec: the encoder, as FFmpeg calls it; it must give one packet for each picture.
        options: the encoder's own.

    Raises:
        SegmentError: the encoder refused.
    """
    file = BytesIO()
    times: list[int] = []
    try:
        with av.open(file, "w", format="matroska") as container:
            stream: VideoStream | None = None
            for at, picture in pictures:
                stream = stream or _stream(container, picture, codec, options)
                for packet in stream.encode(_frame(picture, len(times))):
                    _mux(container, packet, [*times, at])
                times.append(at)
            for packet in [] if stream is None else stream.encode(None):
                _mux(container, packet, times)
    except (FFmpegError, ValueError) as error:
        raise SegmentError(f"it could not be re-encoded: {error}") from error
    return file.getvalue()


def _stream(container: OutputContainer, picture: Picture, codec: str, options: dict[str, str]) -> VideoStream:
    height, width = picture.shape[:2]
    container.metadata[SIZE] = f"{width}x{height}"
    stream = container.add_stream(codec, rate=5, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = width + width % 2, height + height % 2, "yuv420p"
    # To the encoder frames come evenly: a gap in a stream is no reason to spend bits otherwise.
    stream.codec_context.time_base = Fraction(1, 5)
    stream.thread_count = 1
    return stream


def _frame(picture: Picture, number: int) -> av.VideoFrame:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.asarray(
            cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), dtype=np.uint8
        )
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = number
    return frame


def _mux(container: OutputContainer, packet: "av.Packet[VideoStream]", times: list[int]) -> None:
    if packet.pts is None or packet.pts != packet.dts:
        raise ValueError("the encoder reorders pictures")
    packet.pts = packet.dts = times[packet.pts]
    packet.time_base = TIME_BASE
    container.mux(packet)


def pictures(video: bytes, name: str) -> Iterator[bytes]:
    """The pictures of a re-encoded segment as JPEGs, in their order.

    Raises:
        SegmentError: it cannot be read.
    """
    try:
        with av.open(BytesIO(video), format="matroska") as container:
            assert isinstance(container, InputContainer)
            container.streams.video[0].thread_count = 1
            width, height = map(int, container.metadata[SIZE].split("x"))
            for frame in container.decode(video=0):
                planes = frame.to_ndarray(format="yuv420p")
                picture = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)[:height, :width]
                yield cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    except (FFmpegError, IndexError, KeyError, ValueError, cv2.error) as error:
        raise SegmentError(f"{name} cannot be read as a re-encoded recording: {error}") from error


def shown_frames(video: bytes, lines: Iterable[Json], name: str, *, grows: bool = False) -> Iterator[KeptFrame]:
    """The frames of a pair: the very bytes, or, where it was re-encoded, JPEGs made from the video.

    Args:
        video: the Matroska file.
        lines: the journal beside it.
        name: what to call the pair in an error.
        grows: the pair may not be finished.

    Raises:
        SegmentError: one of the two is damaged, or they do not belong together.
    """
    if is_exact(video):
        yield from read_frames(video, lines, name, grows=grows)
        return
    described = [line for line in lines if line.get("type") == "frame"]
    found = pictures(video, name)
    for line in described:
        jpeg = next(found, None)
        if jpeg is None:
            raise SegmentError(f"{name}: frame {line['seq']} is missing.")
        yield KeptFrame(line["seq"], line["captured_at"], line["received_at"], jpeg)
    if next(found, None) is not None:
        raise SegmentError(f"{name}: there are more frames than lines about them.")
