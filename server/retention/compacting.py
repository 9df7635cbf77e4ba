"""Makes cold recordings smaller: segments that no incident touches are re-encoded, of meetings that are long over.

At every moment all frames are there: the smaller file is put beside the old one, then in one transaction the index
names it and a signed statement ties its hash to the old one; when a recording is through, the old files are deleted.
What a crash leaves behind is cleared away by the next run. Journals stay to the byte; flagged stretches and held
meetings are not touched.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from server.command_words import counted
from server.meetings import moment
from server.protocol import iso
from server.retention.coding import Left, Reencoded, reencode
from server.retention.crew import Crew, Lost
from server.retention.keeping import LOCK
from storage.database import Database
from storage.objects import ObjectStore
from storage.receipts import compaction
from storage.recordings.chain import SigningKey
from storage.recordings.compacted import SUFFIX
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import Json, RecordingRecord, SegmentRecord
from storage.retention import Retention

logger = logging.getLogger(__name__)

MARGIN: Final = timedelta(seconds=120)
"""Before and behind an incident nothing is re-encoded: the slowest rule looks so far back."""
BATCH: Final = 30
"""Segments after which it is kept what was done."""
PAGE: Final = 500
"""Incidents that are asked for at once."""


@dataclass(slots=True)
class Total:
    """What came of it."""

    recordings: int = 0
    """Looked at."""
    segments: int = 0
    """Re-encoded."""
    frames: int = 0
    """In them."""
    before: int = 0
    """Bytes of their frames as they were."""
    after: int = 0
    """Bytes of the files in their place."""
    flagged: int = 0
    """Segments that an incident touches."""
    left: int = 0
    """Segments that could not be re-encoded, or not for a gain."""


class Compactor:
    """Re-encodes recordings, one after the other."""

    def __init__(
        self,
        *,
        database: Database,
        retention: Retention,
        store: ObjectStore,
        key: SigningKey,
        clock: Callable[[], float],
        processes: int,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`store`: where recordings are kept; `say` is told how far it is."""
        self._database = database
        self._retention = retention
        self._store = store
        self._key = key
        self._clock = clock
        self._processes = processes
        self._say = say

    async def run(self, *, days: float, meeting_id: UUID | None = None) -> Total:
        """Re-encode what is cold: of meetings that ended so many days ago.

        Raises:
            DatabaseError, ObjectStoreError: it could not go on; what was done is done.
        """
        total, crew = Total(), Crew(self._processes)
        try:
            cold = await self._retention.cold(moment(self._clock() - days * 86400), meeting_id)
            for number, recording in enumerate(cold, start=1):
                await self._recording(crew, recording, total)
                total.recordings += 1
                self._say(
                    f"{number} of {counted(len(cold), 'recording')}: {counted(total.segments, 'segment')} re-encoded, "
                    f"{total.before / 1e6:.1f} MB are {total.after / 1e6:.1f} MB now"
                )
        finally:
            await crew.close()
        return total

    async def _recording(self, crew: Crew, recording: RecordingRecord, total: Total) -> None:
        segments = await self._database.segments(recording.id)
        spans = await self._flagged(recording)
        wanted = []
        for each in segments:
            if each.compacted is not None or not each.frames:
                continue
            if any(each.began_at <= end and each.ended_at >= begin for begin, end in spans):
                total.flagged += 1
            else:
                wanted.append(each)
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            found = await self._batch(crew, batch, total)
            if not await self._keep(recording, batch, found, total):
                return
            self._say(f"  {recording.id}: {min(at + BATCH, len(wanted))} of {counted(len(wanted), 'segment')}")
        await self._finish(recording)

    async def _flagged(self, recording: RecordingRecord) -> list[tuple[datetime, datetime]]:
        """When something was held against the candidate, with the margin on both sides."""
        found: list[tuple[datetime, datetime]] = []
        before = None
        while True:
            page = await self._database.incidents(
                recording.meeting_id, candidate_id=recording.candidate_id, before=before, limit=PAGE
            )
            found += [(each.opened_at - MARGIN, (each.closed_at or each.updated_at) + MARGIN) for each in page]
            if len(page) < PAGE:
                return found
            before = page[-1].id

    async def _batch(self, crew: Crew, batch: list[SegmentRecord], total: Total) -> dict[int, Reencoded]:
        waiting, found = iter(batch), dict[int, Reencoded]()

        async def hand() -> None:
            for each in waiting:
                done = await self._one(crew, each)
                if isinstance(done, Reencoded):
                    found[each.number] = done
                else:
                    total.left += 1
                    self._say(f"  {each.key} stays as it is: {done.why}")

        await asyncio.gather(*(hand() for _ in range(self._processes)))  # so many files in memory, and no more
        return found

    async def _one(self, crew: Crew, segment: SegmentRecord) -> Reencoded | Left:
        video, journal = await asyncio.gather(*(self._store.get(segment.key + suffix) for suffix in (VIDEO, JOURNAL)))
        if video is None or journal is None:
            return Left("it is gone")
        try:
            return await crew.run(reencode, video, journal, (segment.sha256, segment.journal_sha256), segment.key)
        except Lost as error:
            return Left(str(error))

    async def _keep(
        self, recording: RecordingRecord, batch: list[SegmentRecord], found: dict[int, Reencoded], total: Total
    ) -> bool:
        """Put it in the place of what was. False: it may not be any more."""
        done = [(each, found[each.number]) for each in batch if each.number in found]
        if not done:
            return True
        async with self._database.alone(LOCK):
            if not await self._may(recording):
                self._say(f"  {recording.id} is held or was deleted meanwhile, and is left")
                return False
            # Another run may have been here in between; what it stated must stay what is there.
            fresh = {each.number for each in await self._database.segments(recording.id) if each.compacted is None}
            done = [(segment, made) for segment, made in done if segment.number in fresh]
            if not done:
                return True
            for segment, made in done:
                await self._store.put(segment.key + SUFFIX, made.video)
            rows = {
                segment.number: Json(key=segment.key + SUFFIX, sha256=made.sha256, bytes=len(made.video))
                for segment, made in done
            }
            tied = {each["number"]: each for each in await self._stated(recording.id)}
            tied |= {segment.number: _tie(segment, made) for segment, made in done}
            at = moment(self._clock())
            statement = compaction(recording, [tied[number] for number in sorted(tied)], made_at=iso(at))
            await self._retention.compact(recording.id, rows, self._key.sign(statement), at)
        for segment, made in done:
            total.segments += 1
            total.frames += segment.frames
            total.before += segment.bytes
            total.after += len(made.video)
        return True

    async def _may(self, recording: RecordingRecord) -> bool:
        newest = await self._database.recording(recording.id)
        gone = newest is None or newest.receipt_id is not None
        deleting = any(each.candidate_id == recording.candidate_id for each in await self._retention.deletions())
        return not gone and not deleting and await self._retention.hold(recording.meeting_id) is None

    async def _stated(self, recording_id: UUID) -> list[Json]:
        record = await self._retention.compaction(recording_id)
        return [] if record is None else list(json.loads(record.statement)["segments"])

    async def _finish(self, recording: RecordingRecord) -> None:
        """Delete the old files, and what crashes left; then the recording is not looked at again.

        Not file by file: whoever reads from the index may still be about to read one.
        """
        async with self._database.alone(LOCK):
            if not await self._may(recording):
                return
            segments = await self._database.segments(recording.id)
            old = {each.key + VIDEO for each in segments if each.compacted is not None}
            stray = {each.key + SUFFIX for each in segments if each.compacted is None}
            there = await self._store.below(f"{recording.meeting_id}/{recording.id}")
            await self._store.delete([key for key in there if key in old | stray])
            await self._retention.compacted_all(recording.id, moment(self._clock()))


def _tie(segment: SegmentRecord, made: Reencoded) -> Json:
    return {
        "number": segment.number,
        "sha256": segment.sha256,
        "compacted_sha256": made.sha256,
        "frames": segment.frames,
        "bytes": segment.bytes,
        "compacted_bytes": len(made.video),
    }
