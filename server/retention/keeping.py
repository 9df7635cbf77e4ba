"""What is kept for how long, what is held, and what may be deleted. One thing at a time, in all processes together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from server.errors import Away, Conflict, Invalid, NotFound
from server.meetings import Meeting, moment
from server.metrics import Metrics
from server.protocol import Role
from server.recorder import Recorder
from server.retention.deleting import Deleter
from storage.database import Database
from storage.days import PARTS, Days
from storage.ledger import Ledger
from storage.objects import ObjectStoreError
from storage.records import DeletionRecord, Due, HoldRecord, ReceiptRecord, new_id
from storage.retention import Retention

logger = logging.getLogger(__name__)

LOCK: Final = "invigil-keeping"
"""Of all who delete, hold or re-encode: the server, and commands beside it."""
AT_ONCE: Final = 50
"""Candidates of whom something is deleted in one go; the rest waits for the next."""
STRAY: Final = timedelta(hours=1)
"""What was written so long ago, and belongs to nothing, is not on its way any more."""
SHOWN: Final = 1000
"""Candidates of whom it is shown what is due."""


class Rooms(Protocol):
    """Those who have meetings in memory."""

    def forget(self, meeting_id: UUID, candidate_id: UUID, parts: Collection[str], receipt_id: UUID) -> None:
        """Something of a candidate is gone."""


class Keeper:
    """Decides what is kept, and has the rest deleted."""

    def __init__(
        self,
        *,
        days: Days,
        database: Database,
        retention: Retention,
        ledger: Ledger,
        recorder: Recorder,
        deleter: Deleter,
        rooms: Rooms,
        metrics: Metrics,
        settled: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        """What it needs.

        Args:
            days: for meetings that have none of their own.
            database: rows.
            retention: those about keeping.
            ledger: says whether all is where it belongs.
            recorder: says what still grows.
            deleter: carries out what is decided here.
            rooms: who is told what is gone.
            metrics: counts deletions.
            settled: waits until the incidents found so far are kept.
            clock: seconds since the epoch.
        """
        self._days = days
        self._database = database
        self._retention = retention
        self._ledger = ledger
        self._recorder = recorder
        self._deleter = deleter
        self._rooms = rooms
        self._metrics = metrics
        self._settled = settled
        self._clock = clock
        self._turn = asyncio.Lock()

    # --- what is kept for how long ------------------------------------------------------------------------

    async def days(self, meeting_id: UUID) -> Days:
        """How long the parts of a meeting are kept."""
        return self._with(await self._retention.days(meeting_id))

    def _with(self, own: dict[str, Any]) -> Days:
        return Days(**{part: own.get(part, getattr(self._days, part)) for part in PARTS})

    async def hold(self, meeting_id: UUID) -> HoldRecord | None:
        """The hold that is in force."""
        return await self._retention.hold(meeting_id)

    async def holds(self, meeting_id: UUID) -> list[HoldRecord]:
        """Every time that a meeting was held, oldest first."""
        return await self._retention.holds(meeting_id)

    async def change(self, meeting_id: UUID, own: dict[str, int | None]) -> None:
        """Change the days of some parts of a meeting; None keeps for good.

        Raises:
            Invalid: something would be kept longer than what explains it.
        """
        both = {**await self._retention.days(meeting_id), **own}
        if fault := self._with(both).fault():
            raise Invalid(fault)
        await self._retention.keep_days(meeting_id, both)

    async def place_hold(self, meeting_id: UUID, reason: str, by: UUID | None) -> None:
        """From here on nothing of a meeting is deleted or re-encoded.

        What had begun before a crash is finished first: half of it would be neither kept nor receipted.
        """
        async with self._alone():
            for deletion in await self._retention.deletions():
                if deletion.meeting_id == meeting_id:
                    await self._carry_out(deletion)
            await self._retention.place_hold(meeting_id, reason, by, self._now())
        logger.info("[%s] held: nothing of it is deleted", meeting_id)

    async def lift_hold(self, meeting_id: UUID, by: UUID | None) -> None:
        """Let a meeting go again."""
        await self._retention.lift_hold(meeting_id, by, self._now())
        logger.info("[%s] no longer held", meeting_id)

    # --- what is deleted ----------------------------------------------------------------------------------

    async def due(self, meeting_id: UUID | None = None) -> list[Due]:
        """What is due, held or not; of one meeting all that there is."""
        return await self._retention.due(
            self._days, self._now(), limit=SHOWN, meeting_id=meeting_id, held=True, everyone=meeting_id is not None
        )

    async def delete_due(self) -> tuple[list[UUID], bool]:
        """Delete some of what is due: the receipts' ids, and whether there is more.

        Raises:
            Away: something still waits for its place; what is not there cannot be deleted.
            DatabaseError, ObjectStoreError: it could not go on.
        """
        await self._require_settled()
        done, failures = list[UUID](), list[ObjectStoreError]()
        for deletion in await self._retention.deletions():  # what a crash, or a store that was away, cut short
            await self._tried(partial(self._finish, deletion), done, failures)
        found = await self._retention.due(self._days, self._now(), limit=AT_ONCE + 1)
        for each in found[:AT_ONCE]:
            await self._tried(partial(self._delete_unheld, each), done, failures)
        await self._retention.forget_stray_reviews(self._now() - STRAY)
        if failures and not done:
            raise failures[-1]
        return done, len(found) > AT_ONCE

    async def _tried(
        self, work: Callable[[], Awaitable[UUID | None]], done: list[UUID], failures: list[ObjectStoreError]
    ) -> None:
        """One candidate whose files cannot be deleted keeps no other's from it."""
        try:
            async with self._alone():
                receipt_id = await work()
        except ObjectStoreError as error:
            logger.error("something that is due could not be deleted: %s", error)
            failures.append(error)
        else:
            done += [] if receipt_id is None else [receipt_id]

    async def _finish(self, deletion: DeletionRecord) -> UUID:
        await self._carry_out(deletion)
        return deletion.id

    async def _delete_unheld(self, due: Due) -> UUID | None:
        if await self._retention.hold(due.meeting_id) is not None:
            return None
        return await self._delete(due.meeting_id, due.candidate_id, *_by_rule(due))

    async def erase(self, meeting: Meeting, candidate_id: UUID) -> ReceiptRecord:
        """Delete all that is kept of a candidate, their name too. A second call gives the same receipt.

        Raises:
            NotFound: there is no such candidate.
            Conflict: their exam runs, their recording is not closed yet, or the meeting is held.
            Away: something still waits for its place.
            DatabaseError, ObjectStoreError: not all is gone; it is gone on with.
        """
        record = await self._database.participant(candidate_id)
        if record is None or record.meeting_id != meeting.id or record.role != Role.CANDIDATE:
            raise NotFound("There is no such candidate in this meeting.")
        if record.erased_at is None:
            await self._require_over(meeting, candidate_id)
            await self._require_settled()
            async with self._alone():
                if await self._retention.hold(meeting.id) is not None:
                    raise Conflict(
                        "This meeting is held: nothing of it may be deleted. Lift the hold first.", code="held"
                    )
                await self._delete(meeting.id, candidate_id, list(PARTS), None)
        return (await self._retention.receipts(meeting.id, candidate_id))[-1]

    async def receipts(self, meeting_id: UUID, candidate_id: UUID | None = None) -> list[ReceiptRecord]:
        """The receipts of a meeting or of one candidate, oldest first."""
        return await self._retention.receipts(meeting_id, candidate_id)

    async def _require_over(self, meeting: Meeting, candidate_id: UUID) -> None:
        candidate = meeting.candidates.get(candidate_id)
        if candidate is not None and not candidate.over:
            raise Conflict("This candidate's exam is still running. End it first.", code="running")
        growing = {each.local.opening.candidate_id for each in self._recorder.growing(meeting.id)}
        records = await self._retention.recordings_of(candidate_id)
        if candidate_id in growing or any(each.closed_at is None for each in records):
            raise Conflict("This candidate's recording is being closed. Try again in some seconds.", code="running")

    async def _require_settled(self) -> None:
        await self._settled()
        if not await self._ledger.settled():
            raise Away(
                "Something of it still waits for the database or the object store. Try again when they are back."
            )

    async def _delete(
        self, meeting_id: UUID, candidate_id: UUID, parts: list[str], rule: dict[str, Any] | None
    ) -> UUID:
        mine = DeletionRecord(new_id(), meeting_id, candidate_id, parts, rule, self._now())
        while True:
            await self._retention.begin_deletion(mine)
            # What had begun of this candidate before, and was cut short, comes first.
            [begun] = [each for each in await self._retention.deletions() if each.candidate_id == candidate_id]
            await self._carry_out(begun)
            if begun.id == mine.id:
                return mine.id

    async def _carry_out(self, deletion: DeletionRecord) -> None:
        await self._deleter.carry_out(deletion)
        self._metrics.deletions.inc()
        self._rooms.forget(deletion.meeting_id, deletion.candidate_id, deletion.parts, deletion.id)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self._turn, self._database.alone(LOCK):
            yield

    def _now(self) -> datetime:
        return moment(self._clock())


def _by_rule(due: Due) -> tuple[list[str], dict[str, Any]]:
    """Which parts go, and by which rule. With the incidents goes whatever is left."""
    parts = [part for part in PARTS if due.incidents or getattr(due, part)]
    days = {part: getattr(due, f"{part}_days") for part in parts}
    return parts, {"days": days, "ended_at": due.ended_at.isoformat()}
