"""Fills a bundle, file by file: what `add` returns is sent on, and one file at a time is in memory. Pure.

At the end come `manifest.jsonl`, which has every file's SHA-256, and `signature.json`: a statement about the manifest
and the server's signature under it (Ed25519). Beside them `parts.jsonl` has a CRC-32 for every part of a file (a
frame, a line, or 4 KB), by which one can tell where in a file something changed; that something changed, the hashes
tell.
"""

import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from storage.bundle.archive import Entry, ending, entry, header, listing
from storage.recordings.chain import SigningKey, canonical, sha256
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_pictures
from storage.records import Json

FORMAT: Final = "invigil-bundle-1"
README: Final = "README.txt"
MEETING: Final = "meeting.jsonl"
PARTICIPANTS: Final = "participants.jsonl"
REPORT: Final = "report.html"
PARTS: Final = "parts.jsonl"
MANIFEST: Final = "manifest.jsonl"
SIGNATURE: Final = "signature.json"
TABLES: Final = ("incidents", "reviews", "activities", "recordings", "receipts")
"""Of each candidate, a file of rows each; older bundles have no receipts."""
BLOCK: Final = 4096
"""Bytes of a part, where a file has no better ones."""
GATHER: Final = 1 << 20
"""Bytes of the directory that are handed on at once."""


def rows(values: list[Json]) -> bytes:
    """Rows as a file has them."""
    return b"".join(canonical(each).encode() + b"\n" for each in values)


def table_name(candidate_id: object, table: str) -> str:
    """Where the rows of a candidate are."""
    return f"candidates/{candidate_id}/{table}.jsonl"


def picture_name(candidate_id: object, incident_id: object, number: int) -> str:
    """Where a photograph of an incident is."""
    return f"candidates/{candidate_id}/evidence/{incident_id}-{number:03d}.jpg"


def segments_name(recording_id: object) -> str:
    """Where the rows of a recording's segments are."""
    return f"recordings/{recording_id}/segments.jsonl"


def compaction_name(recording_id: object) -> str:
    """Where the statement about a recording's segments that were re-encoded is, when there are any."""
    return f"recordings/{recording_id}/compaction.jsonl"


def segment_name(recording_id: object, number: int) -> str:
    """Where a segment's two files are, without suffix."""
    return f"recordings/{recording_id}/{number:06d}"


def parts_name(name: str) -> str:
    """Where the parts of a file are listed: those of a recording's files beside them."""
    folder, _, rest = name.rpartition("/")
    return f"{folder}/{PARTS}" if folder.startswith("recordings/") and rest != PARTS else PARTS


class BundleWriter:
    """One bundle that grows."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._offset = 0
        self._manifest: list[bytes] = []
        self._parts: list[Json] = []
        self._bytes = 0

    def add(self, name: str, data: bytes) -> list[bytes]:
        """A file; what comes next of the bundle.

        Raises:
            ValueError: such a file cannot be in a bundle.
        """
        self._manifest.append(rows([{"path": name, "bytes": len(data), "sha256": sha256(data)}]))
        self._bytes += len(data)
        self._parts.append({"path": name, "parts": _summed(data, ends(name, data))})
        return self._append(name, data)

    def add_parts(self, folder: str = "") -> list[bytes]:
        """The list of the parts of all files since the last such list; `folder` with a slash at its end."""
        listed, self._parts = rows(self._parts), []
        found = self.add(folder + PARTS, listed)
        if not folder:
            self._parts = []
        return found

    def finish(self, key: SigningKey, **said: object) -> Iterator[bytes]:
        """Manifest, signature and directory; what is `said` of the bundle stands in the signed statement."""
        yield from self.add_parts()
        manifest = b"".join(self._manifest)
        statement = {
            "format": FORMAT,
            "files": len(self._manifest),
            "bytes": self._bytes,
            "manifest_sha256": sha256(manifest),
            **said,
        }
        yield from self._append(MANIFEST, manifest)
        yield from self._append(SIGNATURE, rows([asdict(key.sign(statement))]))
        offset, size = self._offset, 0
        for start in range(0, len(self._entries), GATHER // 256):
            part = b"".join(map(listing, self._entries[start : start + GATHER // 256]))
            size += len(part)
            yield part
        yield ending(len(self._entries), size, offset)

    def _append(self, name: str, data: bytes) -> list[bytes]:
        found = entry(name, data, self._offset)
        self._entries.append(found)
        self._offset = found.end
        return [header(found), data]


def ends(name: str, data: bytes) -> list[int]:
    """Where the parts of a file end: its frames, its lines, or blocks."""
    if name.endswith(JOURNAL):
        return _cumulated(data.splitlines(keepends=True))
    if name.endswith(VIDEO):
        found = _frame_ends(name, data)
        if found:
            return found
    return [*range(BLOCK, len(data), BLOCK), len(data)] if data else []


def _cumulated(lines: list[bytes]) -> list[int]:
    found, at = [], 0
    for line in lines:
        at += len(line)
        found.append(at)
    return found


def _frame_ends(name: str, data: bytes) -> list[int]:
    """The n-th part ends with the n-th frame, the last one with the file."""
    found, at = [], 0
    try:
        for picture in read_pictures(data, name):
            at = data.index(picture, at) + len(picture)
            found.append(at)
    except (SegmentError, ValueError):  # it was damaged before it came here
        return []
    return [*found, len(data)] if at < len(data) else found


def _summed(data: bytes, until: list[int]) -> list[list[int]]:
    view, at, found = memoryview(data), 0, []
    for end in until:
        found.append([end, zlib.crc32(view[at:end])])
        at = end
    return found
