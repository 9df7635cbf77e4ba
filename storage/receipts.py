"""What is stated and signed when something is deleted, or re-encoded; and how much of it can be believed. Pure.

A receipt names what is gone by ids and hashes, never by names: whoever has a copy of it can tell that it was this, and
nobody can tell from the receipt what was in it. It is signed with the same key as recordings.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from storage.bundle.seal import is_genuine
from storage.recordings.chain import Signed, sha256
from storage.records import DeletionRecord, IncidentRecord, Json, Recorded, RecordingRecord

RECEIPT: Final = "invigil-receipt-1"
COMPACTION: Final = "invigil-compaction-1"
REENCODED: Final = ("number", "sha256", "compacted_sha256", "frames", "bytes", "compacted_bytes")
"""What a compaction's statement has of each segment."""


class NoReceipt(Exception):
    """It proves nothing; the text says why."""


@dataclass(slots=True)
class Gone:
    """What a deletion finds, before it is gone."""

    recordings: list[tuple[RecordingRecord, Recorded | None]] = field(default_factory=list)
    """Of which the segments go."""
    incidents: list[IncidentRecord] = field(default_factory=list)
    """All of the candidate."""
    reference_photo: bool = False
    verdicts: Mapping[str | None, int] = field(default_factory=dict)
    reviews: int = 0
    activities: int = 0


def receipt(deletion: DeletionRecord, gone: Gone, *, deleted_at: str) -> Json:
    """The statement of a receipt. `deleted_at`: as the wire writes times."""
    parts = set(deletion.parts)
    statement: Json = {
        "format": RECEIPT,
        "receipt_id": str(deletion.id),
        "meeting_id": str(deletion.meeting_id),
        "candidate_id": str(deletion.candidate_id),
        "deleted": sorted(parts),
        "deleted_at": deleted_at,
        "rule": deletion.rule,
        "asked_by": "operator" if deletion.rule is None else None,
        # Whatever goes: how much was flagged, and how much of that nobody had looked at.
        "incidents": {
            "count": len(gone.incidents),
            "unreviewed": gone.verdicts.get(None, 0),
            "confirmed": gone.verdicts.get("confirmed", 0),
            "dismissed": gone.verdicts.get("dismissed", 0),
        },
    }
    if "stream" in parts:
        statement["recordings"] = [_recording(record, known) for record, known in gone.recordings]
    if "evidence" in parts:
        statement["evidence"] = [
            {"incident_id": str(incident.id), "sha256": each["sha256"]}
            for incident in gone.incidents
            for each in incident.evidence
            if "key" in each
        ]
        statement["reference_photo"] = gone.reference_photo
    if "incidents" in parts:
        statement |= {"reviews": gone.reviews, "activities": gone.activities, "name": True}
    return statement


def _recording(record: RecordingRecord, known: Recorded | None) -> Json:
    return {
        "recording_id": str(record.id),
        "head": record.head,
        "statement_sha256": None if record.statement is None else sha256(record.statement.encode()),
        "segments": 0 if known is None else known.segments,
        "frames": 0 if known is None else known.frames,
        "bytes": 0 if known is None else known.bytes,
    }


def compaction(recording: RecordingRecord, segments: Iterable[Json], *, made_at: str) -> Json:
    """The statement that ties the hashes of what is there to those that the chain has.

    Args:
        recording: whose they are.
        segments: of each that was re-encoded, `REENCODED`.
        made_at: as the wire writes times.
    """
    return {
        "format": COMPACTION,
        "recording_id": str(recording.id),
        "head": recording.head,
        "made_at": made_at,
        "segments": [{name: each[name] for name in REENCODED} for each in segments],
    }


class Receipts:
    """Receipts that were looked at: what they say can be believed as far as their key can."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        """The keys that signed them, hexadecimal."""
        self.times: list[str] = []
        """When what they are about was deleted."""
        self.recordings = self.pictures = self.erased = 0
        """Recordings and photographs that they list, and receipts of all that was kept of somebody."""
        self._recordings: dict[str, Json] = {}
        self._evidence: Counter[tuple[str, str, str]] = Counter()

    def add(self, row: Json, candidate_id: str) -> None:
        """Look at one.

        Raises:
            NoReceipt: it is none of this candidate's.
            LookupError, TypeError, ValueError: it is none at all.
        """
        signed = Signed(row["statement"], row["signature"], row["public_key"])
        if not is_genuine(signed):
            raise NoReceipt("the signature is not that of the key over the statement")
        statement = json.loads(signed.statement)
        if statement["format"] != RECEIPT or statement["candidate_id"] != candidate_id:
            raise NoReceipt("it is no receipt of this candidate's")
        if statement["receipt_id"] != row["id"]:
            raise NoReceipt("the row and the statement have different ids")
        if signed.public_key not in self.keys:
            self.keys.append(signed.public_key)
        self.times.append(str(statement["deleted_at"]))
        self.erased += "incidents" in statement["deleted"]
        for each in statement.get("recordings", []):
            self.recordings += 1
            self._recordings[each["recording_id"]] = {**each, "receipt_id": row["id"]}
        for each in statement.get("evidence", []):
            self.pictures += 1
            self._evidence[row["id"], each["incident_id"], each["sha256"]] += 1

    def recording(self, row: Json) -> Json:
        """What the recording of this row came to, as the receipt of its deletion says.

        Raises:
            NoReceipt: none does, or it is about another recording.
        """
        found = self._recordings.get(row["id"])
        if found is None or found["receipt_id"] != row["receipt_id"]:
            raise NoReceipt("no receipt says that it was deleted")
        stated = None if row["statement"] is None else sha256(row["statement"].encode())
        if (found["head"], found["statement_sha256"]) != (row["head"], stated):
            raise NoReceipt("the receipt is about a recording with another head or statement")
        return {name: found[name] for name in ("segments", "frames", "bytes", "head")}

    def picture(self, receipt_id: str, incident_id: str, sha256: str) -> None:
        """Raises NoReceipt unless that receipt says that this picture was deleted."""
        if not self._evidence[receipt_id, incident_id, sha256]:
            raise NoReceipt("no receipt says that it was deleted")


def compacted(row: Json, recording_id: str, head: object) -> dict[int, Json]:
    """What a compaction's row ties to what, by the segments' numbers.

    Raises:
        NoReceipt: it is not signed, or about something else.
        LookupError, TypeError, ValueError: it is none at all.
    """
    signed = Signed(row["statement"], row["signature"], row["public_key"])
    if not is_genuine(signed):
        raise NoReceipt("the signature is not that of the key over the statement")
    statement = json.loads(signed.statement)
    if (statement["format"], statement["recording_id"], statement["head"]) != (COMPACTION, recording_id, head):
        raise NoReceipt("it is about another recording")
    return {each["number"]: {name: each[name] for name in REENCODED} for each in statement["segments"]}
