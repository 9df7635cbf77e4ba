"""Frame streams for tests of recordings: real JPEGs of many sizes, and the files of a segment that holds them."""

import shutil
from functools import cache
from pathlib import Path
from uuid import UUID

from detection import jpeg
from storage.recordings.local import Opening
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame, SegmentWriter, read_frames, read_lines
from storage.records import Json, new_id

from . import faces

AT = 1_767_323_045.678
"""When recordings of tests begin."""


@cache
def picture(n: int) -> bytes:
    """One of many pictures: every one has other bytes, and they are small and large in turn."""
    side = 40 + 40 * (n % 7)
    return faces.encode(faces.resize(faces.portrait(), 4 * side // 3 // 2 * 2, side), quality=20 + n % 60)


def frames(count: int, *, first: int = 1, at: float = AT, fps: float = 5.0) -> list[KeptFrame]:
    """So many frames in their order."""
    return [
        KeptFrame(first + n, at + n / fps - 0.05, at + n / fps, picture(first + n)) for n in range(count)
    ]  # fmt: skip


def opening() -> Opening:
    """A recording of somebody."""
    return Opening(new_id(), new_id(), new_id(), AT)


def head(recording_id: UUID, number: int = 0) -> Json:
    """The first line of a journal."""
    return {"type": "segment", "recording_id": str(recording_id), "number": number}


def begun(path: Path, kept: list[KeptFrame]) -> SegmentWriter:
    """A pair that is still open, with these frames and a line behind each."""
    writer = SegmentWriter(path, began_at=AT, size=jpeg.dimensions)
    writer.note(head(new_id()))
    for frame in kept:
        writer.add(frame)
        writer.note({"type": "event", "event": "tick", "at": frame.received_at, "last_frame_at": frame.received_at})
    writer.flush()
    return writer


def killed(path: Path, kept: list[KeptFrame]) -> None:
    """A pair as it lies there when the process is killed."""
    grows = path.with_name("grows")
    writer = begun(grows, kept)
    for suffix in (VIDEO, JOURNAL):
        shutil.copy(grows.with_suffix(suffix), path.with_suffix(suffix))
    writer.close()
    for suffix in (VIDEO, JOURNAL):
        grows.with_suffix(suffix).unlink()


def read(path: Path, *, grows: bool = False) -> tuple[list[KeptFrame], list[Json]]:
    """The frames and the lines of a pair."""
    lines = read_lines(path.with_suffix(JOURNAL).read_bytes(), path.name, grows=grows)
    return list(read_frames(path.with_suffix(VIDEO).read_bytes(), lines, path.name, grows=grows)), lines


def cut(path: Path, suffix: str, size: int) -> None:
    """Leave the first bytes of one file of a pair, or with a negative size all but the last."""
    file = path.with_suffix(suffix)
    data = file.read_bytes()
    file.write_bytes(data[:size])
