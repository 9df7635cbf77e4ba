"""Deletes what is kept of one candidate, or a part of it, and leaves a receipt.

First it is kept that this begins; then the files go, then in one transaction the rows, and the receipt is there. A
crash in between changes nothing: the rows are still there, by which everything is found again and deleted again.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from server.meetings import moment
from server.protocol import iso
from storage.database import Database
from storage.days import EVIDENCE, INCIDENTS, STREAM
from storage.ledger import Ledger
from storage.objects import ObjectStore
from storage.receipts import Gone, receipt
from storage.recordings.chain import SigningKey
from storage.records import DeletionRecord, IncidentRecord
from storage.retention import Retention

logger = logging.getLogger(__name__)

PAGE: Final = 500
"""Incidents that are asked for at once."""


class Deleter:
    """Carries out deletions. Whether one may be is decided before."""

    def __init__(
        self,
        *,
        database: Database,
        retention: Retention,
        ledger: Ledger,
        store: ObjectStore,
        forget_video: Callable[[UUID], Awaitable[None]],
        key: SigningKey,
        clock: Callable[[], float],
    ) -> None:
        """`store`: where recordings are kept; `forget_video` deletes what was made of one to be looked at."""
        self._database = database
        self._retention = retention
        self._ledger = ledger
        self._store = store
        self._forget_video = forget_video
        self._key = key
        self._clock = clock

    async def carry_out(self, deletion: DeletionRecord) -> None:
        """Delete all of it. May be repeated after a failure.

        Raises:
            DatabaseError, ObjectStoreError: not all is gone; it is to be tried again.
        """
        gone = await self._found(deletion)
        if STREAM in deletion.parts:
            for recording, _ in gone.recordings:
                await self._store.delete_below(f"{deletion.meeting_id}/{recording.id}")
                await self._forget_video(recording.id)
        if EVIDENCE in deletion.parts:
            keys = [each["key"] for incident in gone.incidents for each in incident.evidence if "key" in each]
            photo = await self._reference_photo(deletion.candidate_id)
            gone.reference_photo = photo is not None
            await self._ledger.delete_pictures([*keys, *([] if photo is None else [photo])])
        if INCIDENTS in deletion.parts:
            ids = {str(deletion.candidate_id), *(str(each.id) for each in gone.incidents)}
            await self._ledger.forget_rejected(frozenset(ids))
        at = moment(self._clock())
        signed = self._key.sign(receipt(deletion, gone, deleted_at=iso(at)))
        await self._retention.finish_deletion(deletion, signed, at)
        for recording, _ in gone.recordings if STREAM in deletion.parts else []:
            await self._forget_video(recording.id)  # one that somebody had made meanwhile
        logger.info(
            "[%s/%s] %s deleted, receipt %s",
            deletion.meeting_id,
            deletion.candidate_id,
            " and ".join(deletion.parts),
            deletion.id,
        )

    async def _found(self, deletion: DeletionRecord) -> Gone:
        candidate_id = deletion.candidate_id
        records = [each for each in await self._retention.recordings_of(candidate_id) if each.receipt_id is None]
        known = await self._database.recorded([each.id for each in records])
        reviews, activities = await self._retention.said_of(candidate_id)
        return Gone(
            recordings=[(each, known.get(each.id)) for each in records],
            incidents=await self._incidents(deletion.meeting_id, candidate_id),
            verdicts=await self._retention.verdicts_of(candidate_id),
            reviews=reviews,
            activities=activities,
        )

    async def _incidents(self, meeting_id: UUID, candidate_id: UUID) -> list[IncidentRecord]:
        found: list[IncidentRecord] = []
        while True:
            before = found[-1].id if found else None
            page = await self._database.incidents(meeting_id, candidate_id=candidate_id, before=before, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found[::-1]

    async def _reference_photo(self, candidate_id: UUID) -> str | None:
        record = await self._database.participant(candidate_id)
        return None if record is None else record.reference_photo
