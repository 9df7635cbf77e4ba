"""A recording's folder on this machine: the segment that grows, those on their way to the store, and the chain.

Blocking: call it from a thread. `opening.json` says whose recording it is, `chain.jsonl` has a line for each sealed
segment. Both stay until the recording is closed and signed, so that a restart goes on where a crash ended.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from storage.recordings import chain
from storage.recordings.chain import Added
from storage.recordings.repair import PART, repair
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, encode, read_lines
from storage.records import Json

OPENING: Final = "opening.json"
CHAIN: Final = "chain.jsonl"


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a recording when this folder begins."""

    recording_id: UUID
    """Its own id."""
    meeting_id: UUID
    """The meeting."""
    candidate_id: UUID
    """Whose frames they are."""
    began_at: float
    """When it began, seconds since the epoch: the zero of its packets' times."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recording has come, in its sealed segments."""

    head: str
    """The last link of the chain."""
    number: int = 0
    """The number of the next segment."""
    segments: int = 0
    """Sealed segments: a number may be missing where the disk took nothing at all."""
    frames: int = 0
    """Frames in them."""
    bytes: int = 0
    """Bytes of those frames."""
    not_recorded: int = 0
    """Frames that were received and are missing."""
    last_seq: int | None = None
    """The newest frame's number."""

    def after(self, added: Added, link: str) -> "Progress":
        """With one more segment."""
        return Progress(
            link,
            added.number + 1,
            self.segments + 1,
            self.frames + added.frames,
            self.bytes + added.bytes,
            self.not_recorded + added.not_recorded,
            self.last_seq if added.last_seq is None else added.last_seq,
        )


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that is complete, on the disk, and in the chain."""

    added: Added
    """What it added to the chain."""
    link: str
    """The chain's link behind it."""
    lines: list[Json]
    """Its journal."""


class LocalRecording:
    """One recording's folder. Sealing is for one thread at a time."""

    def __init__(self, folder: Path, opening: Opening, before: Progress | None = None) -> None:
        """`before`: how far it came elsewhere, when this machine has lost what it knew of it."""
        self.folder = folder / str(opening.recording_id)
        self.opening = opening
        self.progress = before or Progress(chain.start(opening.recording_id))
        self._chained = 0

    @classmethod
    def load(cls, folder: Path) -> "LocalRecording":
        """What a server before us left in `folder`.

        Raises:
            OSError, ValueError, KeyError, TypeError: it is no recording's.
        """
        data: Json = json.loads((folder / OPENING).read_text(encoding="ascii"))
        ids = [UUID(data[name]) for name in ("recording_id", "meeting_id", "candidate_id")]
        opening = Opening(ids[0], ids[1], ids[2], float(data["began_at"]))
        found = cls(folder.parent, opening, Progress(**data["before"]))
        for added, link in found.sealed():
            found.progress = found.progress.after(added, link)
            found._chained += len(encode(_chain_line(added, link)))
        return found

    def make(self) -> None:
        """Make the folder, unless it is there."""
        if (self.folder / OPENING).exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        values: Json = {**asdict(self.opening), "before": asdict(self.progress)}
        part = self.folder / f"{OPENING}.part"
        with part.open("w", encoding="ascii") as file:
            json.dump(values, file, default=str)
            _sync(file)
        part.rename(self.folder / OPENING)

    def path(self, number: int) -> Path:
        """Of a pair, without suffix."""
        return self.folder / f"{number:06d}"

    def numbers(self) -> list[int]:
        """The segments whose files are here, in order."""
        return [int(path.name) for path in pairs(self.folder)]

    def sealed(self) -> Iterator[tuple[Added, str]]:
        """What the sealed segments added, and their links."""
        path = self.folder / CHAIN
        data = path.read_bytes() if path.exists() else b""
        for line in read_lines(data, CHAIN, grows=True):
            link = line.pop("link")
            yield Added(**line), link

    def seal(self, number: int, *, whole: bool, size: Callable[[bytes], tuple[int, int]]) -> Sealed | None:
        """Bring a segment to the disk and into the chain; None when nothing is left of it. May be repeated.

        Args:
            number: of the segment; those before it are sealed.
            whole: its files were finished as they should be; otherwise they are repaired.
            size: width and height of a JPEG.

        Raises:
            OSError: the disk would not take it.
            SegmentError: its journal cannot be read.
        """
        path = self.path(number)
        if number < self.progress.number:
            added, link = next(each for each in self.sealed() if each[0].number == number)
            return Sealed(added, link, read_lines(path.with_suffix(JOURNAL).read_bytes(), path.name))
        if not whole and not repair(path, began_at=self.opening.began_at, size=size):
            return None
        video, journal = (_settled(path.with_suffix(suffix)) for suffix in (VIDEO, JOURNAL))
        lines = read_lines(journal, path.name)
        if not lines:
            raise SegmentError(f"{path.name}: the journal is empty.")
        added = added_by(number, lines, video, journal)
        link = chain.link(self.progress.head, added)
        self._append(_chain_line(added, link))
        self.progress = self.progress.after(added, link)
        return Sealed(added, link, lines)

    def _append(self, line: Json) -> None:
        with (self.folder / CHAIN).open("ab") as file:
            file.truncate(self._chained)  # half a line that a crash or a full disk left
            data = encode(line)
            file.write(data)
            _sync(file)
        self._chained += len(data)

    def forget(self, number: int) -> None:
        """Remove a pair: it is kept elsewhere."""
        for suffix in (JOURNAL, VIDEO):  # the journal first: without it nobody takes the other for a segment
            self.path(number).with_suffix(suffix).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder: the recording is closed, and all of it is kept elsewhere."""
        shutil.rmtree(self.folder)


def pairs(folder: Path) -> list[Path]:
    """The segments in a recording's folder, in order, without suffix."""
    names = {path.stem for path in folder.glob("*" + JOURNAL)} - {Path(CHAIN).stem}
    return [folder / name for name in sorted(names) if not name.endswith(PART)]


def _chain_line(added: Added, link: str) -> Json:
    return {**asdict(added), "link": link}


def added_by(number: int, lines: list[Json], video: bytes, journal: bytes) -> Added:
    """What a pair adds to the chain."""
    frames = [line for line in lines if line["type"] == "frame"]
    return Added(
        number=number,
        frames=len(frames),
        bytes=sum(line["bytes"] for line in frames),
        not_recorded=sum(line["frames"] for line in lines if line["type"] == "gap"),
        first_seq=frames[0]["seq"] if frames else None,
        last_seq=frames[-1]["seq"] if frames else None,
        sha256=chain.sha256(video),
        journal_sha256=chain.sha256(journal),
    )


def _settled(path: Path) -> bytes:
    """The bytes of a file, once the disk has them."""
    with path.open("rb") as file:
        os.fdatasync(file.fileno())
        return file.read()


def _sync(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
