"""One segment: frames in a Matroska file, and a journal beside it. Blocking: call it from a thread.

What was added is in the kernel's hands after the next `flush`, all but the newest frame: Matroska's muxer lets go of
a frame when the next one comes. A crash of the process loses no more; one of the machine loses what the kernel had
not written yet.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Stream

from storage.recordings.batches import BatchedFile
from storage.records import Json

TIME_BASE: Final = Fraction(1, 1000)
"""Packets count milliseconds since the recording began."""
VIDEO: Final = ".mkv"
JOURNAL: Final = ".jsonl"

_encoder: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False)


class SegmentError(Exception):
    """A segment that cannot be read; the text says which and why."""


class Received(Protocol):
    """A frame as it was received."""

    @property
    def seq(self) -> int:
        """The candidate's own count."""

    @property
    def captured_at(self) -> float:
        """Seconds since the epoch by the candidate's clock."""

    @property
    def received_at(self) -> float:
        """Seconds since the epoch by ours."""

    @property
    def jpeg(self) -> bytes:
        """The very bytes."""


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """A frame out of a recording."""

    seq: int
    """The candidate's own count."""
    captured_at: float
    """Seconds since the epoch by the candidate's clock."""
    received_at: float
    """Seconds since the epoch by ours."""
    jpeg: bytes
    """The very bytes."""


class SegmentWriter:
    """A pair of files that grows."""

    def __init__(self, path: Path, *, began_at: float, size: Callable[[bytes], tuple[int, int]]) -> None:
        """Make the files; `path` is without suffix.

        Args:
            path: of the pair, without its suffixes.
            began_at: when the recording began, seconds since the epoch: the zero of the packets' times.
            size: width and height of a JPEG. That of the first frame stands in the file's head; later ones may
                differ, since every packet is a whole picture.

        Raises:
            OSError: they are there already, or cannot be made.
        """
        self.path = path
        self.lost_frames = 0
        """Frames of which the journal could not be told: they are not in the segment."""
        self.lost_lines = 0
        """Other lines that it did not take."""
        self._began_at = began_at
        self._size = size
        self._last = -1
        self._new_frames = 0
        self._new_lines = 0
        self._muxer: tuple[OutputContainer, Stream] | None = None
        self._journal = BatchedFile(path.with_suffix(JOURNAL))
        try:
            self._video = BatchedFile(path.with_suffix(VIDEO))
        except OSError:
            self._journal.close()
            path.with_suffix(JOURNAL).unlink()
            raise

    def add(self, frame: Received) -> None:
        """Append a frame.

        Raises:
            OSError: the disk would not take it. The segment is at its end: `close` it, and `repair` it.
        """
        container, stream = self._muxer or self._open(frame)
        packet = av.Packet(frame.jpeg)
        # Matroska wants rising times; frames of one network packet may arrive in the same millisecond.
        self._last = max(self._last + 1, round((frame.received_at - self._began_at) * 1000))
        packet.pts = packet.dts = self._last
        packet.time_base, packet.stream, packet.is_keyframe = TIME_BASE, stream, True
        try:
            container.mux(packet)
        except FFmpegError as error:
            raise OSError(f"{self.path.name}: a frame could not be written: {error}") from error
        self._new_frames += 1
        self.note(
            {
                "type": "frame",
                "seq": frame.seq,
                "captured_at": frame.captured_at,
                "received_at": frame.received_at,
                "bytes": len(frame.jpeg),
            }
        )

    def _open(self, frame: Received) -> tuple[OutputContainer, Stream]:
        # A cluster for every frame, and no buffer of FFmpeg's behind it: what is muxed is out when the next one comes.
        options = {"cluster_time_limit": "1", "flush_packets": "1"}
        container = av.open(self._video, "w", format="matroska", options=options)
        width, height = self._size(frame.jpeg)
        stream = container.add_mux_stream("mjpeg", width=width, height=height, time_base=TIME_BASE)
        self._muxer = container, stream
        return self._muxer

    def note(self, line: Json) -> None:
        """Append a line to the journal; `flush` writes it."""
        self._journal.write(encode(line))
        self._new_lines += 1

    def flush(self) -> None:
        """Hand all that was added to the kernel.

        Raises:
            OSError: the disk would not take it. The segment is at its end: `close` it, and `repair` it.
        """
        frames, self._new_frames = self._new_frames, 0
        lines, self._new_lines = self._new_lines, 0
        try:
            self._video.flush()
            self._journal.flush()
        except OSError:
            self.lost_frames += frames
            self.lost_lines += lines - frames
            raise

    def close(self) -> None:
        """Finish both files. May be called twice.

        Raises:
            OSError: the disk would not take the end; `repair` can mend what is there.
        """
        if self._video.closed:
            return
        try:
            try:
                self.flush()
            finally:
                if self._muxer is not None:
                    self._muxer[0].close()
            self._video.flush()
        except FFmpegError as error:
            raise OSError(f"{self.path.name} could not be finished: {error}") from error
        finally:
            self._video.close()
            self._journal.close()


class _Forward:
    """Bytes that can only be read on."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._data.read(size)


def encode(line: Json) -> bytes:
    """One line of a journal, in the only form in which it is written."""
    return _encoder.encode(line).encode() + b"\n"


def gap(cause: str, began_at: float, ended_at: float, *, frames: int = 0, lines: int = 0) -> Json:
    """The line about an interval in which something is missing.

    Args:
        cause: `stream` (none came), `queue` (the disk was too slow), `disk` (it refused), `restart` (the server was
            down) or `cut` (a crash took the end of a file).
        began_at: from when, seconds since the epoch.
        ended_at: until when.
        frames: frames that were received and are missing.
        lines: other lines that are missing: from here on the journal does not tell all that the rules were told.
    """
    return {
        "type": "gap", "cause": cause, "began_at": began_at, "ended_at": ended_at, "frames": frames, "lines": lines
    }  # fmt: skip


def read_lines(data: bytes, name: str, *, grows: bool = False) -> list[Json]:
    """The lines of a journal.

    Args:
        data: the journal.
        name: what to call it in an error.
        grows: it may not be finished: the first line that cannot be read is where it ends.

    Raises:
        SegmentError: a line is none.
    """
    lines: list[Json] = []
    for number, text in enumerate(data.splitlines(keepends=True), start=1):
        try:
            line: Any = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not text.endswith(b"\n"):
            if grows:
                break
            raise SegmentError(f"{name}: line {number} is no JSON object.")
        lines.append(line)
    return lines


def read_pictures(data: bytes, name: str, *, grows: bool = False) -> Iterator[bytes]:
    """The frames of a Matroska file in their order.

    Args:
        data: the file.
        name: what to call it in an error.
        grows: it may not be finished: what cannot be read is where it ends.

    Raises:
        SegmentError: it is no such file.
    """
    if not data:
        return
    # Read from front to back: a damaged end, where the index is, then spoils nothing before it.
    source = _Forward(data) if grows else io.BytesIO(data)
    try:
        with av.open(source, format="matroska") as container:
            assert isinstance(container, InputContainer)
            for packet in container.demux(video=0):
                if packet.size:
                    yield bytes(packet)
    except (FFmpegError, IndexError) as error:
        if not grows:
            raise SegmentError(f"{name} cannot be read as a recording: {error}") from error


def read_frames(video: bytes, lines: Iterable[Json], name: str, *, grows: bool = False) -> Iterator[KeptFrame]:
    """The frames of a pair.

    Args:
        video: the Matroska file.
        lines: the journal beside it.
        name: what to call the pair in an error.
        grows: the pair may not be finished: what only one of the two has is left out.

    Raises:
        SegmentError: one of the two is damaged, or they do not belong together.
    """
    described = [line for line in lines if line.get("type") == "frame"]
    pictures = read_pictures(video, name, grows=grows)
    for line in described:
        jpeg = next(pictures, b"")
        if len(jpeg) != line["bytes"]:
            if grows:
                return
            raise SegmentError(f"{name}: frame {line['seq']} has {len(jpeg)} bytes instead of {line['bytes']}.")
        yield KeptFrame(line["seq"], line["captured_at"], line["received_at"], jpeg)
    if not grows and next(pictures, None) is not None:
        raise SegmentError(f"{name}: there are more frames than lines about them.")
