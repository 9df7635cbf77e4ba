"""Recordings in a bundle, as `GET /api/meetings/{id}/bundle` gives it or unpacked, with the incidents beside them.

Whether a bundle is genuine is for `invigil verify` to tell. Here a segment is only held against the hash beside it, and
what is in no bundle's form is refused. Nothing is unpacked. Blocking.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from server.replay.rows import Kept, Row, row, seconds
from server.replay.sources import Piece, Recording, Segment, SourceError
from storage.bundle import archive
from storage.bundle.archive import ArchiveError
from storage.bundle.reading import MAX_TEXT, Files, Misfit
from storage.bundle.writer import MANIFEST, PARTICIPANTS, segment_name, segments_name, table_name
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_lines
from storage.records import Json

_FAULTS: Final = (Misfit, SegmentError, OSError, KeyError, TypeError, ValueError)
"""What reading something raises that is no bundle."""


class Bundle(Protocol):
    """Where its files are."""

    def rows(self, name: str) -> list[Json]:
        """A file of rows. Raises one of `_FAULTS`."""
        ...

    def segment(self, recording_id: UUID, listed: Json) -> Segment:
        """A segment, by its row."""
        ...


class _Unpacked:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, name: str) -> list[Json]:
        path = self._folder / name
        if path.stat().st_size > MAX_TEXT:
            raise ValueError("it has too many bytes")
        return read_lines(path.read_bytes(), name)

    def segment(self, recording_id: UUID, listed: Json) -> Segment:
        number = int(listed["number"])
        path = self._folder / segment_name(recording_id, number)
        return Segment(path, number, _video_sha256(listed), str(listed["journal_sha256"]))


class _Packed:
    def __init__(self, path: Path, files: Files) -> None:
        self._path = path
        self._files = files

    def rows(self, name: str) -> list[Json]:
        return list(self._files.rows(name))

    def segment(self, recording_id: UUID, listed: Json) -> Segment:
        number = int(listed["number"])
        name = segment_name(recording_id, number)
        packed = self._piece(name + VIDEO), self._piece(name + JOURNAL)
        return Segment(self._path, number, _video_sha256(listed), str(listed["journal_sha256"]), packed=packed)

    def _piece(self, name: str) -> Piece | None:
        entry = self._files.entries.get(name)
        return None if entry is None else (entry.at, entry.size)


def _video_sha256(listed: Json) -> str:
    """Of the file with the frames as it is in the bundle: a re-encoded one is not the one in the chain."""
    return str(listed.get("compacted", listed)["sha256"])


def opened(path: Path) -> list[Recording] | None:
    """The recordings of a bundle; None: it is none.

    Raises:
        SourceError: it cannot be read as one.
    """
    if path.is_dir():
        return list(_recordings(path, _Unpacked(path))) if (path / MANIFEST).is_file() else None
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            files = Files(file, archive.check(file))
            return list(_recordings(path, _Packed(path, files)))
    except (ArchiveError, OSError) as error:
        raise SourceError(f"{path}: cannot be read as a bundle: {error}. See invigil verify.") from None


def _recordings(path: Path, bundle: Bundle) -> Iterator[Recording]:
    try:
        for each in bundle.rows(PARTICIPANTS):
            if each["role"] == "candidate":
                yield from _of_candidate(UUID(each["id"]), bundle)
    except _FAULTS as error:
        raise SourceError(f"{path}: cannot be read as a bundle: {error!r}. See invigil verify.") from None


def _of_candidate(candidate_id: UUID, bundle: Bundle) -> Iterator[Recording]:
    incidents = tuple(row(each) for each in bundle.rows(table_name(candidate_id, "incidents")))
    for each in bundle.rows(table_name(candidate_id, "recordings")):
        recording_id = UUID(each["id"])
        segments = [bundle.segment(recording_id, listed) for listed in bundle.rows(segments_name(recording_id))]
        if segments:
            yield Recording(str(recording_id), tuple(segments), _kept(each, incidents))


def _kept(recording: Json, incidents: tuple[Row, ...]) -> Kept | None:
    """None for one that still grew: how far it is in the bundle, no row says."""
    if recording["closed_at"] is None:
        return None
    return Kept(incidents, seconds(recording["began_at"]), seconds(recording["closed_at"]))
