"""Looks whether a bundle is as it was signed, and whether all in it fits together. Needs nothing but the file.

The order: the zip's own bytes, the signature, every file's hash; then what the files say: each recording's chain,
statement and signature, each journal beside its frames, each incident's pictures. What a bundle says is believed only
as far as it has been checked, and nothing in it is unpacked, run or looked up.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final
from uuid import UUID

from storage.bundle import archive
from storage.bundle.archive import ArchiveError, Entry, NoArchive
from storage.bundle.writer import (
    FORMAT,
    MANIFEST,
    MEETING,
    PARTICIPANTS,
    PARTS,
    README,
    REPORT,
    SIGNATURE,
    parts_name,
    picture_name,
    rows,
    segment_name,
    segments_name,
    table_name,
)
from storage.recordings import chain
from storage.recordings.chain import Added, Signed
from storage.recordings.local import added_by
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_frames, read_lines
from storage.records import Json

CHUNK: Final = 1 << 20
MAX_STATEMENT: Final = 1 << 16
"""Bytes of `signature.json`."""
MAX_LINE: Final = 4 << 20
"""Bytes of a row."""
MAX_TEXT: Final = 256 << 20
"""Bytes of a file of rows, or of a journal."""

Say = Callable[[str], None]


class NoBundle(Exception):
    """It is no bundle at all; the text says why."""


class Misfit(Exception):
    """Something is not as it was signed, or does not fit; the text says what comes first, and where."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle holds in which everything fits."""

    statement: Json
    """What was signed."""
    keys: list[str]
    """The keys that signed it and what is in it, hexadecimal."""
    files: int
    bytes: int
    recordings: int
    open: int
    """Recordings that were not closed when the bundle was made, and so are not signed themselves."""
    segments: int
    frames: int
    incidents: int
    pictures: int
    missing: int
    """Files that were gone when the bundle was made."""


def verify(file: IO[bytes], say: Say = lambda _: None) -> Verdict:
    """Look at a whole bundle.

    Args:
        file: can be read anywhere.
        say: is told how far it is.

    Raises:
        NoBundle, Misfit: why it does not pass.
        OSError: it cannot be read.
    """
    try:
        entries = archive.check(file)
    except NoArchive as error:
        raise NoBundle(str(error)) from None
    except ArchiveError as error:
        raise Misfit(f"the zip: {error}") from None
    if [each.name for each in entries[-2:]] != [MANIFEST, SIGNATURE] or entries[0].name != README:
        raise NoBundle("it is a zip without a bundle's files")
    return _Verification(file, entries, say).run()


class _Verification:
    def __init__(self, file: IO[bytes], entries: list[Entry], say: Say) -> None:
        self._file = file
        self._say = say
        self._entries = {each.name: each for each in entries}
        self._hashes: dict[str, str] = {}
        self._other_crc: list[str] = []
        self._named = {README, MEETING, PARTICIPANTS, REPORT, PARTS}
        """Files that something in the bundle speaks of."""
        self._keys: list[str] = []
        self._recordings = self._open = self._segments = self._frames = self._incidents = self._pictures = 0
        self._missing = 0

    def run(self) -> Verdict:
        statement = self._statement()
        self._say("every file's hash")
        self._hash()
        self._check_manifest(statement)
        for candidate_id in self._candidates():
            self._check_candidate(candidate_id)
        for name in self._hashes:
            if name not in self._named:
                raise Misfit(f"{name}: nothing in the bundle speaks of this file")
        if statement["missing"] != self._missing:
            raise Misfit(f"{SIGNATURE}: says that {statement['missing']} files are missing, and {self._missing} are")
        if statement["complete"] and self._open:
            raise Misfit(f"{SIGNATURE}: says that all is closed, and a recording is not")
        return Verdict(
            statement, self._keys, len(self._hashes), statement["bytes"], self._recordings, self._open, self._segments,
            self._frames, self._incidents, self._pictures, self._missing,
        )  # fmt: skip

    # --- the signature, and the hashes under it ------------------------------------------------------------

    def _statement(self) -> Json:
        data = self._read(SIGNATURE, MAX_STATEMENT)
        with _readable(SIGNATURE):
            signed = Signed(**json.loads(data))
            if not _is_as_we_write(signed) or rows([_asdict(signed)]) != data:
                raise Misfit(f"{SIGNATURE}: is not as it was written")
        if zlib.crc32(data) != self._entries[SIGNATURE].crc or not chain.is_genuine(signed):
            raise Misfit(f"{SIGNATURE}: the signature is not that of the key over the statement")
        self._keys.append(signed.public_key)
        with _readable(SIGNATURE):
            statement: Json = json.loads(signed.statement)
            if statement["format"] != FORMAT:
                raise Misfit(f"{SIGNATURE}: the format {statement['format']!r:.100} is not known to this version")
            for name in ("files", "bytes", "missing", "complete"):
                if not isinstance(statement[name], int):
                    raise TypeError(name)
        return statement

    def _hash(self) -> None:
        done = 0
        for number, each in enumerate(self._entries.values(), start=1):
            found, crc, left = hashlib.sha256(), 0, each.size
            self._file.seek(each.at)
            while left:
                part = self._file.read(min(left, CHUNK))
                if not part:
                    raise Misfit(f"{each.name}: is cut")
                found.update(part)
                crc, left = zlib.crc32(part, crc), left - len(part)
            self._hashes[each.name] = found.hexdigest()
            if crc != each.crc:
                self._other_crc.append(each.name)
            if each.end // (256 * CHUNK) > done:
                done = each.end // (256 * CHUNK)
                self._say(f"  {number} of {len(self._entries)} files, {each.end / 1e9:.1f} GB")

    def _check_manifest(self, statement: Json) -> None:
        manifest_hash = self._hashes.pop(MANIFEST)
        self._hashes.pop(SIGNATURE)
        if manifest_hash != statement["manifest_sha256"]:
            raise Misfit(self._manifest_place())
        listed = 0
        for line, (name, found) in zip(self._lines(MANIFEST), self._hashes.items(), strict=False):
            listed += 1
            if line != self._row(name, found):
                raise Misfit(self._place(name, line))
        if listed != len(self._hashes) or listed != statement["files"]:
            raise Misfit(f"{MANIFEST}: does not list the files that are there")
        if sum(self._entries[name].size for name in self._hashes) != statement["bytes"]:
            raise Misfit(f"{SIGNATURE}: says {statement['bytes']} bytes, and there are others")
        for name in self._other_crc:
            raise Misfit(f"the zip: the CRC-32 of {name} is not that of its bytes")

    def _row(self, name: str, found: str) -> bytes:
        return rows([{"path": name, "bytes": self._entries[name].size, "sha256": found}])

    def _manifest_place(self) -> str:
        """Which row of the manifest is not as it was signed: the first that does not fit the files."""
        at = self._entries[MANIFEST].at
        pairs = zip(self._lines(MANIFEST), self._hashes.items(), strict=False)
        for number, (line, (name, found)) in enumerate(pairs, start=1):
            if line != self._row(name, found):
                return f"{MANIFEST}: changed in row {number} (bytes {at} to {at + len(line) - 1} of the bundle)"
            at += len(line)
        return f"{MANIFEST}: is not the one that was signed"

    def _place(self, name: str, line: bytes) -> str:
        """Where a file is not as the manifest has it."""
        each = self._entries[name]
        general = f"{name}: is not as it was signed (bytes {each.at} to {each.end - 1} of the bundle)"
        with _readable(MANIFEST):
            if json.loads(line)["path"] != name or json.loads(line)["bytes"] != each.size:
                return f"{name}: this file is not in its place in the manifest, or has another size"
        try:
            parts = next(row["parts"] for row in self._rows(parts_name(name)) if row["path"] == name)
            start = 0
            data = self._read(name, archive.MAX_FILE)
            for number, (end, crc) in enumerate(parts, start=1):
                if zlib.crc32(data[start:end]) != crc:
                    return f"{name}: changed in {self._part(name, number, start, end)}"
                start = end
        except (Misfit, LookupError, StopIteration, TypeError, ValueError):
            pass  # the list was changed as well
        return general

    def _part(self, name: str, number: int, start: int, end: int) -> str:
        where = f"bytes {start} to {end - 1}"
        if name.endswith(JOURNAL):
            return f"row {number} ({where})"
        if name.endswith(VIDEO):
            return f"frame {number} or what stands before it ({where})"
        return where

    # --- what the files say -------------------------------------------------------------------------------

    def _candidates(self) -> list[str]:
        with _readable(PARTICIPANTS):
            found = [str(UUID(row["id"])) for row in self._rows(PARTICIPANTS) if row["role"] == "candidate"]
        with _readable(MEETING):
            if [len(list(self._rows(MEETING)))] != [1]:
                raise ValueError("not one row")
        return found

    def _check_candidate(self, candidate_id: str) -> None:
        pictures = self._check_incidents(candidate_id)
        for table in ("reviews", "activities"):
            for _ in self._rows(self._name(table_name(candidate_id, table))):
                pass
        name = self._name(table_name(candidate_id, "recordings"))
        for number, row in enumerate(self._rows(name), start=1):
            where = f"{name}: row {number}"
            with _readable(where):
                self._say(f"recording {UUID(row['id'])}")
                self._check_recording(row, where, candidate_id, pictures)

    def _check_incidents(self, candidate_id: str) -> set[str]:
        """The hashes of the pictures of a candidate's incidents, which are those of the files."""
        name, found = self._name(table_name(candidate_id, "incidents")), set()
        for number, row in enumerate(self._rows(name), start=1):
            where = f"{name}: row {number}"
            with _readable(where):
                self._incidents += 1
                for n, each in enumerate(row["evidence"]):
                    found.add(each["sha256"])
                    picture = picture_name(candidate_id, UUID(row["id"]), n)
                    if each.get("missing") is True:
                        self._missing += 1
                    elif self._hash_of(picture, where) != each["sha256"]:
                        raise Misfit(f"{picture}: is not the picture of which {where} has the hash")
                    else:
                        self._pictures += 1
        return found

    def _check_recording(self, row: Json, where: str, candidate_id: str, pictures: set[str]) -> None:
        recording_id = UUID(row["id"])
        name = self._name(segments_name(recording_id))
        self._named.add(f"recordings/{recording_id}/{PARTS}")
        total = Json(segments=0, frames=0, bytes=0, not_recorded=0, head=chain.start(recording_id))
        for number, segment in enumerate(self._rows(name), start=1):
            place = f"{name}: row {number}"
            with _readable(place):
                added = Added(**{field: segment[field] for field in Added.__dataclass_fields__})
                total["head"] = chain.link(total["head"], added)
                if segment["link"] != total["head"]:
                    raise Misfit(f"{place}: its link does not follow from the row and the link before it")
                self._check_segment(recording_id, added, segment.get("missing") is True, place)
            total["segments"] += 1
            for field in ("frames", "bytes", "not_recorded"):
                total[field] += getattr(added, field)
        self._recordings += 1
        if row["statement"] is None:
            self._open += 1
        else:
            self._check_signed(row, where, candidate_id, total, pictures)

    def _check_signed(self, row: Json, where: str, candidate_id: str, total: Json, pictures: set[str]) -> None:
        signed = Signed(row["statement"], row["signature"], row["public_key"])
        if not _is_as_we_write(signed) or not chain.is_genuine(signed):
            raise Misfit(f"{where}: the signature is not that of the key over the statement")
        if signed.public_key not in self._keys:
            self._keys.append(signed.public_key)
        statement = json.loads(signed.statement)
        expected = {"recording_id": row["id"], "candidate_id": candidate_id, **total}
        for field, value in expected.items():
            if statement[field] != value:
                raise Misfit(f"{where}: {field} in the signed statement is not that of the segments")
        for each in statement["evidence"]:
            if each["sha256"] not in pictures:
                raise Misfit(f"{where}: the signed statement names a picture that no incident has")

    def _check_segment(self, recording_id: UUID, added: Added, missing: bool, place: str) -> None:
        self._segments += 1
        self._frames += added.frames
        if missing:
            self._missing += 1
            return
        name = segment_name(recording_id, added.number)
        for suffix, expected in ((VIDEO, added.sha256), (JOURNAL, added.journal_sha256)):
            if self._hash_of(name + suffix, place) != expected:
                raise Misfit(f"{name + suffix}: is not what was recorded; {place} has another hash")
        video, text = self._read(name + VIDEO, archive.MAX_FILE), self._read(name + JOURNAL, MAX_TEXT)
        with _readable(name):
            lines = read_lines(text, name + JOURNAL)
            for _ in read_frames(video, lines, name):
                pass
            if added_by(added.number, lines, video, text) != added:
                raise Misfit(f"{name + JOURNAL}: does not tell what {place} says")
            if lines[0].get("recording_id") != str(recording_id) or lines[0].get("number") != added.number:
                raise Misfit(f"{name + JOURNAL}: row 1 is another segment's")

    # --- reading ------------------------------------------------------------------------------------------

    def _name(self, name: str) -> str:
        """A file that must be there."""
        if name not in self._hashes:
            raise Misfit(f"{name}: is not in the bundle")
        self._named.add(name)
        return name

    def _hash_of(self, name: str, place: str) -> str:
        if name not in self._hashes:
            raise Misfit(f"{place}: {name} is not in the bundle")
        self._named.add(name)
        return self._hashes[name]

    def _read(self, name: str, limit: int) -> bytes:
        each = self._entries[name]
        if each.size > limit:
            raise Misfit(f"{name}: has {each.size} bytes; at most {limit} can be looked at")
        self._file.seek(each.at)
        return self._file.read(each.size)

    def _lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, one in memory at a time."""
        each = self._entries[name]
        if name != MANIFEST and each.size > MAX_TEXT:
            raise Misfit(f"{name}: has {each.size} bytes; at most {MAX_TEXT} can be looked at")
        at = each.at
        while at < each.end:
            self._file.seek(at)  # others read in between
            line = self._file.readline(min(MAX_LINE, each.end - at))
            if not line or (len(line) == MAX_LINE and not line.endswith(b"\n")):
                raise Misfit(f"{name}: has a row of more than {MAX_LINE} bytes")
            at += len(line)
            yield line

    def _rows(self, name: str) -> Iterator[Json]:
        for number, line in enumerate(self._lines(name), start=1):
            with _readable(f"{name}: row {number}"):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise TypeError("no object")
            yield row


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Whatever a bundle holds in place of what should be there is a misfit, and no fault of ours."""
    try:
        yield
    except SegmentError as error:
        raise Misfit(str(error)) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Misfit(f"{where}: cannot be read ({type(error).__name__})") from None


def _is_as_we_write(signed: Signed) -> bool:
    """Whether the hexadecimal is in small letters: `A` would pass for `a`."""
    return all(bytes.fromhex(text).hex() == text for text in (signed.signature, signed.public_key))


def _asdict(signed: Signed) -> dict[str, Any]:
    return {"statement": signed.statement, "signature": signed.signature, "public_key": signed.public_key}
