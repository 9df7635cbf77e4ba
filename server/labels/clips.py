"""The frames of a recording between two moments as a clip: the very JPEG bytes, in Matroska. Decodes none. Blocking."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from detection import jpeg
from server.replay.sources import DAMAGED, Recording, Segment
from storage.recordings.segment import KeptFrame

TIME_BASE: Final = Fraction(1, 1000)
"""Packets count milliseconds since the clip began."""
CUT_SECONDS: Final = 0.2
"""Between the last frame before a cut and the first one behind it."""


@dataclass(slots=True)
class Index:
    """Where a recording's frames are in time."""

    received_at: dict[int, float] = field(default_factory=dict)
    """When each frame was received, seconds since the epoch, by its number."""
    segments: list[tuple[Segment, float, float]] = field(default_factory=list)
    """The segments that can be read, from their first to their last frame."""
    damaged: int = 0
    """Segments that cannot be read."""


def index(recording: Recording) -> Index:
    """Read the journals of a recording. What was re-encoded is left out: labels are for what was judged."""
    found = Index()
    for segment in recording.segments:
        if not segment.is_exact:
            continue
        try:
            times = {line["seq"]: line["received_at"] for line in segment.lines() if line["type"] == "frame"}
        except DAMAGED:
            found.damaged += 1
            continue
        if times:
            found.received_at |= times
            found.segments.append((segment, min(times.values()), max(times.values())))
    return found


def frames(index: Index, began_at: float, ended_at: float) -> Iterator[KeptFrame]:
    """The frames between two moments. Raises one of `DAMAGED` where a segment cannot be read."""
    for segment, first, last in index.segments:
        if last < began_at or first > ended_at:
            continue
        pictures = segment.frames(segment.lines())
        for seq, data in pictures.items():
            at = index.received_at[seq]
            if began_at <= at <= ended_at:
                yield KeptFrame(seq, at, at, data)


def write(path: Path, spans: Iterable[Iterable[KeptFrame]]) -> list[float] | None:
    """Make a clip of several stretches of frames, one right after the other.

    Returns: when the clip began, by the clock of each stretch, seconds since the epoch; None where one of them has no
    frame, and then there is no clip.
    """
    zeros: list[float] = []
    last = -1
    with av.open(str(path), "w", format="matroska") as container:
        stream = None
        for span in spans:
            zero = None
            for frame in span:
                if zero is None:
                    zero = frame.received_at - (0.0 if last < 0 else last / 1000 + CUT_SECONDS)
                if stream is None:
                    width, height = jpeg.dimensions(frame.jpeg)
                    stream = container.add_mux_stream("mjpeg", width=width, height=height, time_base=TIME_BASE)
                # Matroska wants rising times; frames of one network packet may arrive in the same millisecond.
                last = max(last + 1, round((frame.received_at - zero) * 1000))
                packet = av.Packet(frame.jpeg)
                packet.pts = packet.dts = last
                packet.time_base, packet.stream, packet.is_keyframe = TIME_BASE, stream, True
                container.mux(packet)
            if zero is None:
                break
            zeros.append(zero)
        else:
            return zeros
    path.unlink(missing_ok=True)
    return None
