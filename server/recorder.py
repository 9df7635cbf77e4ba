"""Every received frame into its candidate's recording, and beside it what was sampled and what the rules were told.

The shell on the event loop: what it does there is an append to the writer's queue. Whatever the disk does, detection
goes on; what is missing in a recording is counted.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from detection import jpeg
from detection.rules import Event, Finished, Sampled, Tick
from detection.rules.settings import RuleSettings
from detection.values import DetectorInfo
from server import journal
from server.archive import Archive
from server.errors import NoSpace
from server.leftovers import Left, left_elsewhere, left_in
from server.meetings import Candidate, Sample
from server.metrics import Metrics
from server.protocol import Pace
from server.sampling import Frame
from server.space import Space
from server.tasks import cancel, every
from storage.database import Database
from storage.recordings.local import LocalRecording, Opening
from storage.recordings.segment import gap
from storage.recordings.writer import Finished as FinishedSegment
from storage.recordings.writer import OpenRecording, RecordingWriter
from storage.records import new_id

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""How often rates and room on the disk are measured."""
STREAMING_SECONDS: Final = 60.0
"""A recording whose newest frame is older has no rate."""


@dataclass(slots=True, eq=False)
class Live:
    """A recording that grows."""

    local: LocalRecording
    """Its folder."""
    handle: OpenRecording
    """Its place with the writer."""
    candidate: Candidate | None
    """Whose it is; None when it is only taken up to be closed."""
    frames: int = 0
    """Frames so far."""
    bytes: int = 0
    """Bytes of them."""
    not_recorded: int = 0
    """Frames that were received and are missing."""
    newest_at: float | None = None
    """When the newest frame came, seconds since the epoch."""
    rules: RuleSettings | None = None
    """The settings that its journal knows to be in force."""
    rate: float = 0.0
    """Bytes a second."""
    counted: int = 0
    """`bytes` when the rate was last measured."""


class Recorder:
    """Owns every open recording."""

    def __init__(
        self,
        *,
        enabled: bool,
        folder: Path,
        archive: Archive,
        database: Database,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._enabled = enabled
        self._folder = folder
        self._archive = archive
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._space = Space(folder)
        self._live: dict[UUID, Live] = {}
        self._left: dict[UUID, Left] = {}
        self._by_recording: dict[UUID, Live] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = RecordingWriter(
            size=jpeg.dimensions,
            clock=clock,
            finished=partial(self._on_loop, self._segment_finished),
            closed=partial(self._on_loop, self._recording_closed),
            failed=partial(self._on_loop, self._missed),
        )
        self._task: asyncio.Task[None] | None = None
        self.detector: DetectorInfo | None = None
        """The detector that judges, for the journals; set when it is up."""

    # --- lifetime -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find what a server before us left open, finish what lay open of it, and be ready for more."""
        self._loop = asyncio.get_running_loop()
        self._archive.start()
        await self._find_left()
        self._writer.start()
        for candidate_id in await self._database.candidates_done(list(self._left)):
            self.close(candidate_id)
        await self._look()
        self._task = asyncio.create_task(every(LOOK_SECONDS, self._look))

    async def close_all(self) -> None:
        """Finish every open segment and stop; the recordings go on with the next start. May be called twice."""
        await cancel(self._task)
        await asyncio.to_thread(self._writer.stop)
        await self._archive.close()

    async def _find_left(self) -> None:
        for left in await asyncio.to_thread(left_in, self._folder):
            self._left[left.local.opening.candidate_id] = left
            self._archive.opened(left.local)
            for number in left.numbers:
                self._finish_left(left.local, number)
        here = {left.local.opening.recording_id for left in self._left.values()}
        records = [each for each in await self._database.open_recordings() if each.id not in here]
        known = await self._database.recorded([each.id for each in records])
        for each in records:  # this machine lost what it knew: the index has how far they came
            self._left[each.candidate_id] = left_elsewhere(self._folder, each, known.get(each.id))

    def _finish_left(self, local: LocalRecording, number: int) -> None:
        self._archive.segment(local, number, whole=False, cut=partial(self._cut, local.opening.recording_id))

    # --- what comes in, on the event loop -----------------------------------------------------------------

    def frame(self, candidate: Candidate, frame: Frame) -> None:
        """Record a frame, several hundred times a second: no work here."""
        if not self._enabled:
            return
        live = self._live.get(candidate.id) or self._begin(candidate)
        self._metrics.recording_frames.inc()
        if self._writer.add(live.handle, frame):
            live.frames += 1
            live.bytes += len(frame.jpeg)
            live.newest_at = frame.received_at
        else:
            self._count_missed(live, 1)

    def told(self, candidate: Candidate, event: Event) -> None:
        """Note what the rules are told. A sample has its own way in."""
        if not self._enabled or isinstance(event, Sampled):
            return
        live = self._live.get(candidate.id)
        if live is None:
            if candidate.over or isinstance(event, Tick | Finished):
                return
            live = self._begin(candidate)
        self._note_settings(live, candidate)
        self._writer.note(live.handle, partial(journal.told, event))

    def sampled(self, candidate: Candidate, sample: Sample, *, described: bool) -> None:
        """Note what was seen in a frame, just before the rules are told. `described`: a descriptor was asked for."""
        live = self._live.get(candidate.id)
        if live is not None:
            self._note_settings(live, candidate)
            self._writer.note(live.handle, partial(journal.sampled, sample, described=described))

    def failed(self, candidate: Candidate, frame: Frame, sampled_at: float, *, readable: bool) -> None:
        """Note that a frame was looked at in vain."""
        live = self._live.get(candidate.id)
        if live is not None:
            self._writer.note(
                live.handle, partial(journal.failed, frame.seq, frame.received_at, sampled_at, readable=readable)
            )

    def close(self, candidate_id: UUID) -> None:
        """No frames are expected any more: the recording is finished, and then signed. May be called twice."""
        live = self._live.pop(candidate_id, None)
        if live is None and (left := self._left.pop(candidate_id, None)) is not None:
            live = self._take_up(left, None)
        if live is not None:
            self._writer.close(live.handle)

    def _begin(self, candidate: Candidate) -> Live:
        """A recording for a candidate, or the one that lay open."""
        left, now = self._left.pop(candidate.id, None), self._clock()
        if left is None:
            local = LocalRecording(self._folder, Opening(new_id(), candidate.record.meeting_id, candidate.id, now))
            self._archive.opened(local)
            left = Left(local, [])
        live = self._live[candidate.id] = self._take_up(left, candidate)
        live.rules = candidate.rules
        self._writer.note(live.handle, partial(journal.begun, candidate.rules, self.detector))
        if left.newest_at is not None:
            self._writer.note(live.handle, partial(gap, "restart", left.newest_at, now))
        return live

    def _take_up(self, left: Left, candidate: Candidate | None) -> Live:
        live = Live(
            left.local,
            self._writer.open(left.local, number=left.next_number),
            candidate,
            left.frames,
            left.bytes,
            left.local.progress.not_recorded,
            left.newest_at,
            counted=left.bytes,
        )
        if candidate is not None:
            candidate.not_recorded = live.not_recorded
        self._by_recording[left.local.opening.recording_id] = live
        return live

    def _note_settings(self, live: Live, candidate: Candidate) -> None:
        if live.rules is not candidate.rules:
            live.rules = candidate.rules
            self._writer.note(live.handle, partial(journal.changed, candidate.rules))

    # --- what the writer says, back on the event loop -----------------------------------------------------

    def _on_loop(self, heard: Callable[..., object], *said: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(heard, *said)

    def _segment_finished(self, finished: FinishedSegment) -> None:
        live = self._by_recording[finished.recording_id]
        self._archive.segment(
            live.local, finished.number, whole=finished.whole, cut=partial(self._cut, finished.recording_id)
        )

    def _recording_closed(self, recording_id: UUID) -> None:
        live = self._by_recording.pop(recording_id)
        self._archive.closed(live.local, self._clock())

    def _missed(self, recording_id: UUID, count: int) -> None:
        """Frames that were queued, and that the disk did not take."""
        live = self._by_recording[recording_id]
        live.frames -= count
        self._count_missed(live, count)

    def _cut(self, recording_id: UUID, count: int) -> None:
        """Frames whose end a crash or a full disk took."""
        live = self._by_recording.get(recording_id)
        if live is not None:
            live.frames -= count
            self._count_missed(live, count)
        else:
            self._metrics.recording_frames_dropped.inc(count)

    def _count_missed(self, live: Live, count: int) -> None:
        self._metrics.recording_frames_dropped.inc(count)
        live.not_recorded += count
        if live.candidate is not None:
            live.candidate.not_recorded = live.not_recorded

    # --- what others want to know -------------------------------------------------------------------------

    def last_seq(self, candidate_id: UUID) -> int | None:
        """The newest frame's number in a recording that was left open: those that follow must be above it."""
        left = self._left.get(candidate_id)
        return None if left is None else left.last_seq

    def live(self, recording_id: UUID) -> Live | None:
        """A recording that grows."""
        return self._by_recording.get(recording_id)

    def growing(self, meeting_id: UUID) -> list[Live]:
        """The recordings of a meeting that grow."""
        return [live for live in self._by_recording.values() if live.local.opening.meeting_id == meeting_id]

    def require_room(self, asked: Pace) -> None:
        """Check that another meeting can be recorded.

        Raises:
            NoSpace: the disk has too little room for it beside what runs.
        """
        if not self._enabled:
            return
        try:
            self._space.require([live.rate for live in self._live.values() if live.rate > 0], asked)
        except NoSpace:
            self._metrics.meetings_refused.inc()
            raise

    async def _look(self) -> None:
        """Measure rates and room."""
        now = self._clock()
        for live in self._live.values():
            streaming = live.newest_at is not None and now - live.newest_at < STREAMING_SECONDS
            newest = (live.bytes - live.counted) / LOOK_SECONDS
            live.rate = (newest if live.rate == 0 else 0.7 * live.rate + 0.3 * newest) if streaming else 0.0
            live.counted = live.bytes
        self._metrics.recordings_open.set(len(self._live))
        self._metrics.recording_bytes_per_second.set(sum(live.rate for live in self._live.values()))
        await asyncio.to_thread(self._space.look)
        self._metrics.disk_free_bytes.set(self._space.free or 0)
