"""Finished segments on their way: into the chain, the object store and the index; closed recordings are signed.

A segment's files stay on this machine until the store has them and the ledger has kept its row. What cannot be done
just now is tried again, in order, for as long as it takes; a restart begins where this one ended.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

from detection import jpeg
from server.journal import digest
from server.meetings import moment
from server.metrics import Metrics
from server.protocol import iso
from server.tasks import cancel
from storage.database import Database, DatabaseError
from storage.ledger import Ledger
from storage.objects import ObjectStore, ObjectStoreError
from storage.recordings.chain import SigningKey
from storage.recordings.local import LocalRecording
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError
from storage.records import RecordingRecord, SegmentRecord
from storage.spool import SpoolFull

logger = logging.getLogger(__name__)

HANDS: Final = 4
"""Recordings that are worked on at the same time."""
RETRY_SECONDS: Final = 2.0
"""Pause before what failed is tried again."""
STORE_TIMEOUT: Final = 30.0
"""Seconds for one segment; a store that takes longer is treated as away."""
CLOSE_SECONDS: Final = 2.0
"""For what is under way when the server stops. The rest waits for the next start."""

Job = Callable[[], Awaitable[None]]


class NotYet(Exception):
    """Something else must be kept before this."""


class Archive:
    """Owns the work on each recording's finished parts, one after the other."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        ledger: Ledger,
        database: Database,
        key: SigningKey,
        settled: Callable[[], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        """`settled` waits until the incidents found so far are kept: their pictures belong into the statement."""
        self._store = store
        self._ledger = ledger
        self._database = database
        self._key = key
        self._settled = settled
        self._metrics = metrics
        self._jobs: dict[UUID, deque[Job]] = {}
        self._ready: asyncio.Queue[UUID] = asyncio.Queue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing: set[UUID] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(HANDS)]

    async def close(self) -> None:
        """Do what can be done at once, and stop. May be called twice."""
        if not self._failing:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._idle.wait()
        await cancel(*self._tasks)

    # --- what there is to do ------------------------------------------------------------------------------

    def opened(self, local: LocalRecording) -> None:
        """A recording has begun, or goes on after a restart."""
        self._push(local, partial(self._keep_opening, local))

    def segment(self, local: LocalRecording, number: int, *, whole: bool, cut: Callable[[int], None]) -> None:
        """A segment is finished; not `whole`, it must be repaired, and `cut` is told how many frames that took."""
        self._metrics.recording_segments_waiting.inc()
        self._push(local, partial(self._keep_segment, local, number, whole=whole, cut=cut))

    def closed(self, local: LocalRecording, at: float) -> None:
        """A recording is at its end; `at`: seconds since the epoch."""
        self._push(local, partial(self._sign, local, at))

    def _push(self, local: LocalRecording, job: Job) -> None:
        recording_id = local.opening.recording_id
        if recording_id in self._jobs:
            self._jobs[recording_id].append(job)
            return
        self._jobs[recording_id] = deque([job])
        self._ready.put_nowait(recording_id)
        self._idle.clear()

    async def _work(self) -> None:
        while True:
            recording_id = await self._ready.get()
            if await self._done(recording_id, self._jobs[recording_id]):
                del self._jobs[recording_id]
                self._failing.discard(recording_id)
                if not self._jobs:
                    self._idle.set()
            else:
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._ready.put_nowait, recording_id)

    async def _done(self, recording_id: UUID, jobs: deque[Job]) -> bool:
        """Whether all jobs were done; what failed, and what is behind it, stays."""
        while jobs:
            try:
                await jobs[0]()
            except NotYet:
                return False
            except (DatabaseError, ObjectStoreError, SegmentError, SpoolFull, OSError, TimeoutError) as error:
                self._tell_once(recording_id, error)
                return False
            except Exception as error:  # the task boundary: no fault of one recording may end the others' way
                self._tell_once(recording_id, error, unforeseen=True)
                return False
            jobs.popleft()
        return True

    def _tell_once(self, recording_id: UUID, error: Exception, *, unforeseen: bool = False) -> None:
        """It is tried again and again, and told once."""
        if recording_id not in self._failing:
            logger.error("[%s] part of a recording waits on this machine: %r", recording_id, error, exc_info=unforeseen)
        self._failing.add(recording_id)

    # --- how it is done -----------------------------------------------------------------------------------

    async def _keep_opening(self, local: LocalRecording) -> None:
        await self._ledger.keep([_record(local)], {})

    async def _keep_segment(
        self, local: LocalRecording, number: int, *, whole: bool, cut: Callable[[int], None]
    ) -> None:
        row = await asyncio.to_thread(_sealed, local, number, whole=whole)
        if row is not None:
            key, path = row.key, local.path(number)
            files = {key + suffix: path.with_suffix(suffix) for suffix in (VIDEO, JOURNAL)}
            async with asyncio.timeout(STORE_TIMEOUT):
                await self._store.put_files(files)
            await self._ledger.keep([row], {})
            await asyncio.to_thread(local.forget, number)
            self._metrics.recording_segments.inc()
            if lost := sum(line["frames"] for line in row.gaps if line["cause"] == "cut"):
                cut(lost)
        self._metrics.recording_segments_waiting.dec()

    async def _sign(self, local: LocalRecording, at: float) -> None:
        await self._settled()
        if self._ledger.away or await self._ledger.waiting():
            raise NotYet  # pictures of incidents that are still in the spool would be missing
        opening, progress = local.opening, local.progress
        evidence = await self._database.evidence_of(opening.candidate_id)
        signed = self._key.sign(
            {
                "format": 1,
                "recording_id": str(opening.recording_id),
                "meeting_id": str(opening.meeting_id),
                "candidate_id": str(opening.candidate_id),
                "began_at": iso(moment(opening.began_at)),
                "closed_at": iso(moment(at)),
                "segments": progress.segments,
                "frames": progress.frames,
                "bytes": progress.bytes,
                "not_recorded": progress.not_recorded,
                "head": progress.head,
                "evidence": [{name: str(value) for name, value in each.items()} for each in evidence],
            }
        )
        record = _record(
            local,
            closed_at=moment(at),
            statement=signed.statement,
            signature=signed.signature,
            public_key=signed.public_key,
        )
        await self._ledger.keep([record], {})
        await asyncio.to_thread(local.remove)
        logger.info("[%s/%s] recording closed and signed", opening.meeting_id, opening.recording_id)


def key_of(local: LocalRecording, number: int) -> str:
    """The key of a segment in the object store, without suffix."""
    return f"{local.opening.meeting_id}/{local.opening.recording_id}/{number:06d}"


def _record(local: LocalRecording, **closed: object) -> RecordingRecord:
    opening = local.opening
    return RecordingRecord(
        id=opening.recording_id,
        meeting_id=opening.meeting_id,
        candidate_id=opening.candidate_id,
        began_at=moment(opening.began_at),
        head=local.progress.head,
        **closed,  # type: ignore[arg-type]
    )


def _sealed(local: LocalRecording, number: int, *, whole: bool) -> SegmentRecord | None:
    """Seal a segment; its row for the index, or None when nothing is left of it. Blocking."""
    sealed = local.seal(number, whole=whole, size=jpeg.dimensions)
    if sealed is None:
        return None
    brief, added = digest(sealed.lines), sealed.added
    return SegmentRecord(
        recording_id=local.opening.recording_id,
        number=added.number,
        key=key_of(local, number),
        began_at=moment(brief.began_at),
        ended_at=moment(brief.ended_at),
        first_seq=added.first_seq,
        last_seq=added.last_seq,
        frames=added.frames,
        bytes=added.bytes,
        not_recorded=added.not_recorded,
        sha256=added.sha256,
        journal_sha256=added.journal_sha256,
        link=sealed.link,
        gaps=brief.gaps,
        samples=brief.samples,
    )
