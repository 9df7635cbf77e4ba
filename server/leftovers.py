"""What a server before us left of recordings: on this machine, and what the index knows where that was lost."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from storage.recordings.local import LocalRecording, Opening, Progress
from storage.recordings.segment import JOURNAL, read_lines
from storage.records import Json, Recorded, RecordingRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Left:
    """A recording that a server before us left open."""

    local: LocalRecording
    """Its folder."""
    numbers: list[int]
    """The segments whose files are here."""
    frames: int = 0
    """Frames so far."""
    bytes: int = 0
    """Bytes of them."""
    last_seq: int | None = None
    """The newest frame's number."""
    newest_at: float | None = None
    """When it came; None where only the index knows of it."""

    @property
    def next_number(self) -> int:
        """Of the segment with which it goes on."""
        return max([self.local.progress.number, *(number + 1 for number in self.numbers)])


def left_in(folder: Path) -> list[Left]:
    """What a server before us left in its folder. Blocking."""
    found = []
    for each in sorted(folder.iterdir()):
        try:
            local = LocalRecording.load(each)
        except FileNotFoundError:  # killed while it was made: nothing was ever in it
            shutil.rmtree(each, ignore_errors=True)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.error("%s is no recording that can be gone on with, and is left alone: %r", each, error)
        else:
            found.append(_left(local))
    return found


def _left(local: LocalRecording) -> Left:
    progress, numbers = local.progress, local.numbers()
    fresh = [number for number in numbers if number >= progress.number]
    lines = [line for number in fresh for line in _lines(local.path(number))]
    frames = [line for line in lines if line.get("type") == "frame"]
    seqs = [line["seq"] for line in frames]
    times = [line["received_at"] for line in frames]
    return Left(
        local,
        numbers,
        progress.frames + len(frames),
        progress.bytes + sum(line["bytes"] for line in frames),
        max(seqs, default=progress.last_seq),
        max(times, default=local.opening.began_at),
    )


def left_elsewhere(folder: Path, record: RecordingRecord, known: Recorded | None) -> Left:
    """What the index has of a recording that this machine knows nothing of."""
    opening = Opening(record.id, record.meeting_id, record.candidate_id, record.began_at.timestamp())
    if known is None:
        return Left(LocalRecording(folder, opening), [])
    progress = Progress(
        known.head, known.number, known.segments, known.frames, known.bytes, known.not_recorded, known.last_seq
    )
    local = LocalRecording(folder, opening, progress)
    return Left(local, [], known.frames, known.bytes, known.last_seq, known.ended_at.timestamp())


def _lines(path: Path) -> list[Json]:
    return read_lines(path.with_suffix(JOURNAL).read_bytes(), path.name, grows=True)
