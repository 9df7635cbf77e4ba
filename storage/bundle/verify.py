"""Looks whether a bundle is as it was signed, and whether all in it fits together. Needs nothing but the file.

The order: the zip's own bytes, the signature, every file's hash; then what the files say: each recording's chain,
statement and signature, each journal beside its frames, each incident's pictures. What a bundle says is believed only
as far as it has been checked, and nothing in it is unpacked, run or looked up.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO
from uuid import UUID

from storage.bundle import archive, seal
from storage.bundle.archive import ArchiveError, NoArchive
from storage.bundle.reading import MAX_TEXT, Files, Misfit, Say, readable
from storage.bundle.writer import (
    MANIFEST,
    MEETING,
    PARTICIPANTS,
    PARTS,
    README,
    REPORT,
    SIGNATURE,
    compaction_name,
    picture_name,
    segment_name,
    segments_name,
    table_name,
)
from storage.receipts import NoReceipt, Receipts, compacted
from storage.recordings import chain
from storage.recordings.chain import Added, Signed
from storage.recordings.local import added_by
from storage.recordings.segment import JOURNAL, VIDEO, read_frames, read_lines, read_pictures
from storage.records import Json


class NoBundle(Exception):
    """It is no bundle at all; the text says why."""


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
    """Files that were gone when the bundle was made, and nobody says why."""
    deleted_recordings: int = 0
    """Recordings that its receipts list as deleted. Where rows are left of them, these are what the receipts say."""
    deleted_pictures: int = 0
    """Photographs, likewise."""
    erased: int = 0
    """Receipts of deletions that left no rows."""
    deleted_at: tuple[str, ...] = ()
    """When, ISO 8601, by all receipts that are in it."""
    reencoded: int = 0
    """Frames that are no longer the original bytes, as a statement says that was checked."""


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
    files = Files(file, entries)
    statement, key, hashes = seal.check(files, say)
    return _Contents(files, hashes, key, say).check(statement)


@contextmanager
def _receipted(where: str) -> Iterator[None]:
    """What a receipt does not prove does not fit."""
    try:
        yield
    except NoReceipt as error:
        raise Misfit(f"{where}: {error}") from None


class _Contents:
    """Whether what the files say fits together."""

    def __init__(self, files: Files, hashes: dict[str, str], key: str, say: Say) -> None:
        self._files = files
        self._hashes = hashes
        self._keys = [key]
        self._say = say
        self._named = {README, MEETING, PARTICIPANTS, REPORT, PARTS}
        """Files that something in the bundle speaks of."""
        self._recordings = self._open = self._segments = self._frames = self._incidents = self._pictures = 0
        self._missing = self._reencoded = 0
        self._receipts = Receipts()

    def check(self, statement: Json) -> Verdict:
        """Look at all of it; `statement`: what was signed."""
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
            statement, self._all_keys(), len(self._hashes), statement["bytes"], self._recordings, self._open,
            self._segments, self._frames, self._incidents, self._pictures, self._missing,
            deleted_recordings=self._receipts.recordings, deleted_pictures=self._receipts.pictures,
            erased=self._receipts.erased, deleted_at=tuple(self._receipts.times), reencoded=self._reencoded,
        )  # fmt: skip

    def _all_keys(self) -> list[str]:
        return list(dict.fromkeys([*self._keys, *self._receipts.keys]))

    # --- what the files say -------------------------------------------------------------------------------

    def _candidates(self) -> list[str]:
        with readable(PARTICIPANTS):
            found = [str(UUID(row["id"])) for row in self._files.rows(PARTICIPANTS) if row["role"] == "candidate"]
        with readable(MEETING):
            if [len(list(self._files.rows(MEETING)))] != [1]:
                raise ValueError("not one row")
        return found

    def _check_candidate(self, candidate_id: str) -> None:
        self._check_receipts(candidate_id)
        pictures = self._check_incidents(candidate_id)
        for table in ("reviews", "activities"):
            for _ in self._files.rows(self._name(table_name(candidate_id, table))):
                pass
        name = self._name(table_name(candidate_id, "recordings"))
        for number, row in enumerate(self._files.rows(name), start=1):
            where = f"{name}: row {number}"
            with readable(where):
                self._say(f"recording {UUID(row['id'])}")
                self._check_recording(row, where, candidate_id, pictures)

    def _check_receipts(self, candidate_id: str) -> None:
        name = table_name(candidate_id, "receipts")
        if name not in self._hashes:
            return
        for number, row in enumerate(self._files.rows(self._name(name)), start=1):
            where = f"{name}: row {number}"
            with readable(where), _receipted(where):
                self._receipts.add(row, candidate_id)

    def _check_incidents(self, candidate_id: str) -> set[str]:
        """The hashes of the pictures of a candidate's incidents, which are those of the files."""
        name, found = self._name(table_name(candidate_id, "incidents")), set()
        for number, row in enumerate(self._files.rows(name), start=1):
            where = f"{name}: row {number}"
            with readable(where):
                self._incidents += 1
                for n, each in enumerate(row["evidence"]):
                    found.add(each["sha256"])
                    picture = picture_name(candidate_id, UUID(row["id"]), n)
                    if each.get("missing") is True:
                        self._missing += 1
                    elif "receipt" in each:
                        with _receipted(f"{where}: picture {n}"):
                            self._receipts.picture(each["receipt"], row["id"], each["sha256"])
                    elif self._hash_of(picture, where) != each["sha256"]:
                        raise Misfit(f"{picture}: is not the picture of which {where} has the hash")
                    else:
                        self._pictures += 1
        return found

    def _check_recording(self, row: Json, where: str, candidate_id: str, pictures: set[str]) -> None:
        self._recordings += 1
        if row.get("receipt_id") is not None:
            with _receipted(where):
                total = self._receipts.recording(row)
        else:
            total = self._check_segments(UUID(row["id"]), row)
        if row["statement"] is None:
            self._open += 1
        else:
            self._check_signed(row, where, candidate_id, total, pictures)

    def _check_segments(self, recording_id: UUID, row: Json) -> Json:
        """What the segments come to together."""
        name = self._name(segments_name(recording_id))
        self._named.add(f"recordings/{recording_id}/{PARTS}")
        tied = self._tied(recording_id, row)
        total = Json(segments=0, frames=0, bytes=0, not_recorded=0, head=chain.start(recording_id))
        for number, segment in enumerate(self._files.rows(name), start=1):
            place = f"{name}: row {number}"
            with readable(place):
                added = Added(**{field: segment[field] for field in Added.__dataclass_fields__})
                total["head"] = chain.link(total["head"], added)
                if segment["link"] != total["head"]:
                    raise Misfit(f"{place}: its link does not follow from the row and the link before it")
                self._check_segment(recording_id, added, segment, tied, place)
            total["segments"] += 1
            for field in ("frames", "bytes", "not_recorded"):
                total[field] += getattr(added, field)
        return total

    def _tied(self, recording_id: UUID, row: Json) -> dict[int, Json]:
        """What was re-encoded, by the segments' numbers, as it was signed."""
        name = compaction_name(recording_id)
        if name not in self._hashes:
            return {}
        found: dict[int, Json] = {}
        for number, each in enumerate(self._files.rows(self._name(name)), start=1):
            where = f"{name}: row {number}"
            with readable(where), _receipted(where):
                found |= compacted(each, str(recording_id), row["head"])
            if each["public_key"] not in self._keys:
                self._keys.append(each["public_key"])
        return found

    def _check_signed(self, row: Json, where: str, candidate_id: str, total: Json, pictures: set[str]) -> None:
        signed = Signed(row["statement"], row["signature"], row["public_key"])
        if not seal.is_genuine(signed):
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

    def _check_segment(
        self, recording_id: UUID, added: Added, segment: Json, tied: dict[int, Json], place: str
    ) -> None:
        self._segments += 1
        self._frames += added.frames
        if segment.get("missing") is True:
            self._missing += 1
            return
        name, kept, is_exact = segment_name(recording_id, added.number), added.sha256, segment.get("compacted") is None
        if not is_exact:
            kept = self._reencoded_as(added, segment, tied, place)
        for suffix, expected in ((VIDEO, kept), (JOURNAL, added.journal_sha256)):
            if self._hash_of(name + suffix, place) != expected:
                raise Misfit(f"{name + suffix}: is not what was recorded; {place} has another hash")
        video, text = self._files.read(name + VIDEO, archive.MAX_FILE), self._files.read(name + JOURNAL, MAX_TEXT)
        with readable(name):
            lines = read_lines(text, name + JOURNAL)
            frames = read_frames(video, lines, name) if is_exact else read_pictures(video, name)
            count = sum(1 for _ in frames)
            if replace(added_by(added.number, lines, video, text), sha256=added.sha256) != added:
                raise Misfit(f"{name + JOURNAL}: does not tell what {place} says")
            if count != added.frames:
                raise Misfit(f"{name + VIDEO}: has {count} frames, and {place} says {added.frames}")
            if lines[0].get("recording_id") != str(recording_id) or lines[0].get("number") != added.number:
                raise Misfit(f"{name + JOURNAL}: row 1 is another segment's")

    def _reencoded_as(self, added: Added, segment: Json, tied: dict[int, Json], place: str) -> str:
        """The hash of what took the place of a segment's frames."""
        tie = tied.get(added.number)
        if tie is None:
            raise Misfit(f"{place}: was re-encoded, and no signed statement says so")
        if (tie["sha256"], tie["frames"], tie["bytes"]) != (added.sha256, added.frames, added.bytes):
            raise Misfit(f"{place}: the signed statement about what was re-encoded is about another segment")
        if tie["compacted_sha256"] != segment["compacted"]["sha256"]:
            raise Misfit(f"{place}: is not what was re-encoded, as the signed statement says")
        self._reencoded += added.frames
        return str(tie["compacted_sha256"])

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
