"""What the database knows of keeping and deleting: days, holds, deletions that have begun, receipts, compactions."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.database import Database
from storage.days import PARTS, Days
from storage.recordings.chain import Signed
from storage.records import (
    CompactionRecord,
    DeletionRecord,
    Due,
    HoldRecord,
    Json,
    ReceiptRecord,
    RecordingRecord,
    new_id,
)

ERASED: Final = "(erased)"
"""The name of whoever was erased."""


class Retention:
    """Every statement about keeping and deleting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- days and holds -----------------------------------------------------------------------------------

    async def days(self, meeting_id: UUID) -> Json:
        """What a meeting has in place of the server's days, by part."""
        found = await self._database.rows("retention", meeting_id=meeting_id)
        return dict(found[0]["days"]) if found else {}

    async def keep_days(self, meeting_id: UUID, days: Json) -> None:
        """Keep a meeting's own days, in place of those before."""
        await self._database.rows("keep_retention", meeting_id=meeting_id, days=json.dumps(days))

    async def holds(self, meeting_id: UUID) -> list[HoldRecord]:
        """Every time that a meeting was held, oldest first."""
        return await self._database.records(HoldRecord, "holds", meeting_id=meeting_id)

    async def hold(self, meeting_id: UUID) -> HoldRecord | None:
        """The hold that is in force."""
        found = await self._database.records(HoldRecord, "hold", meeting_id=meeting_id)
        return found[0] if found else None

    async def place_hold(self, meeting_id: UUID, reason: str, by: UUID | None, at: datetime) -> None:
        """Hold a meeting; one that is held stays as it is."""
        await self._database.rows("place_hold", id=new_id(), meeting_id=meeting_id, reason=reason, by=by, at=at)

    async def lift_hold(self, meeting_id: UUID, by: UUID | None, at: datetime) -> None:
        """Let a meeting go; that it was held stays on record."""
        await self._database.rows("lift_hold", meeting_id=meeting_id, by=by, at=at)

    # --- deleting -----------------------------------------------------------------------------------------

    async def due(
        self,
        days: Days,
        at: datetime,
        *,
        limit: int,
        meeting_id: UUID | None = None,
        held: bool = False,
        everyone: bool = False,
    ) -> list[Due]:
        """Candidates of meetings that are over, and what of them is kept no longer, longest over first.

        Args:
            days: for meetings that have none of their own.
            at: now.
            limit: most candidates.
            meeting_id: of this meeting only.
            held: also of meetings that are held, of which nothing is deleted.
            everyone: also those of whom nothing is due.
        """
        return await self._database.records(
            Due, "due", **asdict(days), at=at, limit=limit, meeting_id=meeting_id, held=held, all=everyone
        )

    async def deletions(self) -> list[DeletionRecord]:
        """What has begun to be deleted, oldest first."""
        return await self._database.records(DeletionRecord, "deletions")

    async def begin_deletion(self, deletion: DeletionRecord) -> None:
        """Keep that something begins to be deleted; not where something of this candidate is being already."""
        values = {**asdict(deletion), "parts": json.dumps(deletion.parts)}
        values["rule"] = None if deletion.rule is None else json.dumps(deletion.rule)
        await self._database.rows("begin_deletion", **values)

    async def recordings_of(self, candidate_id: UUID) -> list[RecordingRecord]:
        """The recordings of a candidate, oldest first."""
        return await self._database.records(RecordingRecord, "recordings_of", candidate_id=candidate_id)

    async def verdicts_of(self, candidate_id: UUID) -> dict[str | None, int]:
        """How many of a candidate's incidents were last said to be what; None: nobody said anything."""
        rows = await self._database.rows("verdicts_of", candidate_id=candidate_id)
        return {row["verdict"]: row["count"] for row in rows}

    async def said_of(self, candidate_id: UUID) -> tuple[int, int]:
        """How many reviews and activities there are of a candidate."""
        [row] = await self._database.rows("said_of", candidate_id=candidate_id)
        return row["reviews"], row["activities"]

    async def finish_deletion(self, deletion: DeletionRecord, signed: Signed, at: datetime) -> None:
        """Delete the rows, once the files are gone, and keep the receipt."""
        await self._database.rows(
            "finish_deletion",
            id=deletion.id,
            meeting_id=deletion.meeting_id,
            candidate_id=deletion.candidate_id,
            at=at,
            name=ERASED,
            **{part: part in deletion.parts for part in PARTS},
            **asdict(signed),
        )

    async def forget_stray_reviews(self, before: datetime) -> None:
        """Delete reviews, written before, of incidents that are not there any more. For a spool that is empty."""
        await self._database.rows("forget_stray_reviews", before=before)

    async def receipts(self, meeting_id: UUID, candidate_id: UUID | None = None) -> list[ReceiptRecord]:
        """The receipts of a meeting or of one candidate, oldest first."""
        return await self._database.records(ReceiptRecord, "receipts", meeting_id=meeting_id, candidate_id=candidate_id)

    # --- compacting ---------------------------------------------------------------------------------------

    async def cold(self, before: datetime, meeting_id: UUID | None = None) -> list[RecordingRecord]:
        """Closed recordings of meetings that ended before, are not held and not being deleted."""
        return await self._database.records(RecordingRecord, "cold", before=before, meeting_id=meeting_id)

    async def compact(self, recording_id: UUID, compacted: dict[int, Json], signed: Signed, at: datetime) -> None:
        """Keep what took the place of some segments' files, by their numbers, and the statement about all of them."""
        rows = json.dumps([{"number": number, "compacted": each} for number, each in compacted.items()])
        await self._database.rows("compact", recording_id=recording_id, rows=rows, at=at, **asdict(signed))

    async def compacted_all(self, recording_id: UUID, at: datetime) -> None:
        """Keep that nothing is left in a recording that could be re-encoded."""
        await self._database.rows("compacted_all", recording_id=recording_id, at=at)

    async def compaction(self, recording_id: UUID) -> CompactionRecord | None:
        """The statement about what was compacted of a recording."""
        found = await self._database.records(CompactionRecord, "compaction", recording_id=recording_id)
        return found[0] if found else None
