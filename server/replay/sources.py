"""Recordings to replay, read one segment at a time. Blocking."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.replay.rows import Kept
from storage.recordings import chain
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_frames, read_lines
from storage.records import Json

DAMAGED: Final = (SegmentError, OSError, KeyError, TypeError, ValueError)
"""What a segment raises that is not as it was written."""


Piece = tuple[int, int]
"""Where bytes of a file begin, and how many they are."""


class SourceError(Exception):
    """There is nothing to replay; the text says why."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A pair of files."""

    path: Path
    """Without suffix; of a bundle, its zip."""
    number: int
    """Its place in the recording, from 0."""
    sha256: str = ""
    """Of the video as the index has it; empty: not known."""
    journal_sha256: str = ""
    """Of the journal, likewise."""
    grows: bool = False
    """It may not be finished."""
    packed: tuple[Piece | None, Piece | None] | None = None
    """In a bundle: where in the zip the video and the journal are, None for one that is not there."""

    @property
    def name(self) -> str:
        """What to call it in an error."""
        return f"{self.number:06d}"

    def lines(self) -> list[Json]:
        """The journal. Raises one of `DAMAGED`."""
        data = self._read(JOURNAL, self.journal_sha256)
        lines = read_lines(data, self.name, grows=self.grows)
        if not lines:
            raise SegmentError(f"{self.name}: the journal is empty.")
        return lines

    def frames(self, lines: list[Json]) -> dict[int, bytes]:
        """The JPEG of each frame by its number, in their order. Raises one of `DAMAGED`."""
        video = self._read(VIDEO, self.sha256)
        return {each.seq: each.jpeg for each in read_frames(video, lines, self.name, grows=self.grows)}

    def _read(self, suffix: str, sha256: str) -> bytes:
        data = self.path.with_suffix(suffix).read_bytes() if self.packed is None else self._unpacked(suffix)
        if sha256 and chain.sha256(data) != sha256:
            raise SegmentError(f"{self.name}{suffix} is not what was recorded: its hash is another.")
        return data

    def _unpacked(self, suffix: str) -> bytes:
        piece = None if self.packed is None else self.packed[suffix == JOURNAL]
        if piece is None:
            raise SegmentError(f"{self.name}{suffix} is not in the bundle.")
        at, size = piece
        with self.path.open("rb") as file:
            file.seek(at)
            return file.read(size)


@dataclass(frozen=True, slots=True)
class Recording:
    """One candidate's whole stream."""

    name: str
    """Its id, or the folder's name where no journal can be read."""
    segments: tuple[Segment, ...]
    """In their order."""
    kept: Kept | None = None
    """The incidents that were kept beside it; None: they are not here."""
