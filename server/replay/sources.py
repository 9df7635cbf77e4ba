"""Recordings to replay, read one segment at a time. Blocking."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.replay.rows import Kept
from storage.recordings import chain
from storage.recordings.compacted import HEAD, is_exact, shown_frames
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_lines
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
    video: Path | None = None
    """Of the file with the frames, where it is another than the one beside the journal."""
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

    @property
    def is_exact(self) -> bool:
        """Whether it has the very frames that were received; else they were re-encoded."""
        try:
            return is_exact(self._bytes(VIDEO, most=HEAD))
        except (SegmentError, OSError):  # that it is missing is told where it is read
            return True

    def frames(self, lines: list[Json]) -> dict[int, bytes]:
        """The JPEG of each frame by its number, in their order. Raises one of `DAMAGED`. Untrusted pixels."""
        video = self._read(VIDEO, self.sha256)
        return {each.seq: each.jpeg for each in shown_frames(video, lines, self.name, grows=self.grows)}

    def _read(self, suffix: str, sha256: str) -> bytes:
        data = self._bytes(suffix)
        if sha256 and chain.sha256(data) != sha256:
            raise SegmentError(f"{self.name}{suffix} is not what was recorded: its hash is another.")
        return data

    def _bytes(self, suffix: str, most: int = -1) -> bytes:
        if self.packed is None:
            path = self.video if self.video is not None and suffix == VIDEO else self.path.with_suffix(suffix)
            with path.open("rb") as file:
                return file.read(most)
        piece = self.packed[suffix == JOURNAL]
        if piece is None:
            raise SegmentError(f"{self.name}{suffix} is not in the bundle.")
        at, size = piece
        with self.path.open("rb") as file:
            file.seek(at)
            return file.read(size if most < 0 else min(size, most))


@dataclass(frozen=True, slots=True)
class Recording:
    """One candidate's whole stream."""

    name: str
    """Its id, or the folder's name where no journal can be read."""
    segments: tuple[Segment, ...]
    """In their order."""
    kept: Kept | None = None
    """The incidents that were kept beside it; None: they are not here."""
