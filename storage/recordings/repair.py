"""Mends a pair of files that a crash or a full disk cut short. Blocking: call it from a thread.

What only one of the two files has is cut, and the journal says how much that was. What both have is kept to the byte.
May itself be killed at any moment and done again: the mended files replace the old ones when they are complete.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from storage.recordings.segment import JOURNAL, VIDEO, SegmentWriter, gap, read_frames, read_lines
from storage.records import Json

PART = "-part"
"""Behind the name of a pair that is being mended."""


def repair(path: Path, *, began_at: float, size: Callable[[bytes], tuple[int, int]]) -> bool:
    """Make a pair whole. False: there was nothing in it, and it is gone.

    Args:
        path: of the pair, without its suffixes.
        began_at: when the recording began, seconds since the epoch.
        size: width and height of a JPEG.

    Raises:
        OSError: the disk would not take it; the old files are untouched.
    """
    part = path.with_name(path.name + PART)
    remove(part)
    lines = read_lines(_read(path.with_suffix(JOURNAL)), path.name, grows=True)
    if len(lines) <= 1:  # the first only says which segment it is
        remove(path)
        return False
    writer = SegmentWriter(part, began_at=began_at, size=size)
    try:
        _copy(writer, lines, _read(path.with_suffix(VIDEO)))
        writer.close()
    except OSError:
        with suppress(OSError):
            writer.close()
        remove(part)
        raise
    for suffix in (VIDEO, JOURNAL):
        part.with_suffix(suffix).replace(path.with_suffix(suffix))
    return True


def remove(path: Path) -> None:
    """Remove a pair; what is not there is no matter. The journal last: as long as it is there the pair is found."""
    for suffix in (VIDEO, JOURNAL):
        path.with_suffix(suffix).unlink(missing_ok=True)


def _copy(writer: SegmentWriter, lines: list[Json], video: bytes) -> None:
    frames = read_frames(video, lines, writer.path.name, grows=True)
    cut: list[Json] = []
    for line in lines:
        if line.get("type") != "frame":
            writer.note(line)
        elif (frame := next(frames, None)) is not None:
            writer.add(frame)
        else:
            cut.append(line)
    if cut:
        writer.note(gap("cut", cut[0]["received_at"], cut[-1]["received_at"], frames=len(cut)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
