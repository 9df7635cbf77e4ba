"""Recordings to replay: found in folders, and read one segment at a time. Blocking."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storage.recordings import chain
from storage.recordings.compacted import HEAD, SUFFIX, is_exact, shown_frames
from storage.recordings.local import OPENING, pairs
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_lines
from storage.records import Json

DAMAGED: Final = (SegmentError, OSError, KeyError, TypeError, ValueError)
"""What a segment raises that is not as it was written."""


class SourceError(Exception):
    """There is nothing to replay; the text says why."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A pair of files."""

    path: Path
    """Without suffix."""
    number: int
    """Its place in the recording, from 0."""
    sha256: str = ""
    """Of the video as the index has it; empty: not known."""
    journal_sha256: str = ""
    """Of the journal, likewise."""
    grows: bool = False
    """It may not be finished."""
    video: Path | None = None
    """Of the file with the frames, where it is another than the one beside the journal."""

    @property
    def is_exact(self) -> bool:
        """Whether it has the very frames that were received; else they were re-encoded."""
        try:
            with self._video.open("rb") as file:
                return is_exact(file.read(HEAD))
        except OSError:  # that it is missing is told where it is read
            return True

    @property
    def _video(self) -> Path:
        return self.video or self.path.with_suffix(VIDEO)

    def lines(self) -> list[Json]:
        """The journal. Raises one of `DAMAGED`."""
        data = self._read(self.path.with_suffix(JOURNAL), self.journal_sha256)
        lines = read_lines(data, self.path.name, grows=self.grows)
        if not lines:
            raise SegmentError(f"{self.path.name}: the journal is empty.")
        return lines

    def frames(self, lines: list[Json]) -> dict[int, bytes]:
        """The JPEG of each frame by its number, in their order. Raises one of `DAMAGED`. Untrusted pixels."""
        video = self._read(self._video, self.sha256)
        return {each.seq: each.jpeg for each in shown_frames(video, lines, self.path.name, grows=self.grows)}

    def _read(self, path: Path, sha256: str) -> bytes:
        data = path.read_bytes()
        if sha256 and chain.sha256(data) != sha256:
            raise SegmentError(f"{path.name} is not what was recorded: its hash is another.")
        return data


@dataclass(frozen=True, slots=True)
class Recording:
    """One candidate's whole stream."""

    name: str
    """Its id, or the folder's name where no journal can be read."""
    segments: tuple[Segment, ...]
    """In their order."""


def find(paths: list[Path]) -> list[Recording]:
    """The recordings in these folders and below them, each once.

    Raises:
        SourceError: there are none in one of them.
    """
    found: dict[Path, Recording] = {}
    for path in paths:
        folders = list(_folders(path))
        if not folders:
            raise SourceError(f"{path}: there is no recording in it (a folder of 000000{VIDEO}, 000000{JOURNAL} ...).")
        found |= {folder.resolve(): _recording(folder) for folder in folders}
    return list(found.values())


def _folders(path: Path) -> Iterator[Path]:
    for folder in [path, *sorted(each for each in path.rglob("*") if each.is_dir())]:
        if any(each.name.isdigit() for each in pairs(folder)):
            yield folder


def _recording(folder: Path) -> Recording:
    paths = [each for each in pairs(folder) if each.name.isdigit()]
    grows = (folder / OPENING).exists()
    segments = tuple(
        Segment(each, int(each.name), grows=grows and each is paths[-1], video=_reencoded(each)) for each in paths
    )
    return Recording(_name(segments) or folder.resolve().name, segments)


def _reencoded(path: Path) -> Path | None:
    """The file with the frames of a segment that was re-encoded, as a data folder has it."""
    found = path.with_name(path.name + SUFFIX)
    return found if found.exists() and not path.with_suffix(VIDEO).exists() else None


def _name(segments: tuple[Segment, ...]) -> str | None:
    """What the first journal that can be read says."""
    for segment in segments:
        try:
            return str(segment.lines()[0]["recording_id"])
        except DAMAGED:
            continue
    return None
