"""The detection loop: workers pull the most overdue candidate, the rules judge, incidents are reported."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path

from detection import codec, rules
from detection.rules import Enrolled, Noticed, Sampled, StreamExpected, Tick
from detection.values import DetectorInfo, Kind
from server.incidents import Incidents
from server.meetings import Candidate, Sample
from server.metrics import Metrics
from server.recorder import Recorder
from server.sampling import Frame, Sampler, Slot
from server.tasks import cancel, every
from server.templates import Templates
from server.workers import Worker, WorkerLost

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""How often the rules are told the time."""

STANDSTILL = 1.0
"""Seconds by which that may be late. Later, the server itself stood still: it heard nobody, and nobody was silent."""

FAST_RESTARTS = 3
"""Workers replaced at once; after that many losses in a row there is a pause before each."""

RESTART_PAUSE = 2.0
"""Seconds of that pause: a detector that dies on every frame must not take the machine with it."""

LOSSES = 3
"""Workers that one candidate's frames cost in a row, while others' are judged, past which it is these frames: they are
no pictures to us, and are looked at ever more seldom."""

LONGEST_PAUSE = 60.0
"""Seconds between two looks at such frames, at most."""

FAULTS = 20
"""Samples in a row on which the detector failed, past which people are told that nobody is judged."""


class Monitor:
    """Owns the sampler, the workers and every candidate's rules."""

    def __init__(
        self,
        *,
        detector: str,
        models: Path,
        workers: int,
        incidents: Incidents,
        templates: Templates,
        recorder: Recorder,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._detector = detector
        self._models = models
        self._count = workers
        self._incidents = incidents
        self._templates = templates
        self._recorder = recorder
        self._metrics = metrics
        self._clock = clock
        self._sampler: Sampler[Candidate] = Sampler(clock)
        self._workers: dict[int, Worker] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._watched: dict[Candidate, None] = {}
        self._faults = 0
        self._judged_at = -inf
        self._ticked_at = clock()
        self._resumed_at = -inf
        self.info: DetectorInfo | None = None
        """The detector that judges; None while detection is off."""

    async def start(self) -> None:
        """Start every worker and wait until they are ready.

        Raises:
            DetectorFailed: the detector asked for cannot run.
            WorkerLost: a worker did not come up.
        """
        started = [Worker.start(self._detector, self._models) for _ in range(self._count)]
        self._workers = dict(enumerate(await asyncio.gather(*started)))
        if self._workers:
            self.info = self._recorder.detector = self._workers[0].info
        self._ticked_at = self._clock()
        loops = [self._work(index) for index in self._workers]
        self._tasks = [asyncio.create_task(each) for each in [*loops, every(TICK_SECONDS, self._tick)]]

    async def close(self) -> None:
        """Stop the loop and the workers. May be called twice."""
        await cancel(*self._tasks)
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))

    @property
    def name(self) -> str:
        """The detector's name, or `off`."""
        return "off" if self.info is None else self.info.name

    @property
    def notice_text(self) -> str | None:
        """What operators and proctors should know of the detector; None when it is the best one."""
        if self.info is None:
            return "Detection is off: nobody's camera is judged."
        if not self._workers:
            return "Detection is down for the moment: nobody's camera is judged until it is back."
        if self.failing:
            return (
                f"The detector ({self.info.name}) fails on the pictures it gets: nobody's camera is judged until it "
                "works again. The server's log says why."
            )
        if self.info.name == "hog":
            return (
                "The slower detector is at work, since the weights of the better one are not here. It counts right in "
                "97 of 100 ordinary pictures, and finds two people in 87 of 100 where they are far away; beside a near "
                "face it misses any that is narrower than a twelfth of the picture. It takes twenty times as long. "
                "It does not tell whether it is still the candidate, nor where they look. "
                "The operator can have the better one with `invigil models fetch`."
            )
        return None

    def judges(self, kind: Kind) -> bool:
        """Whether the detector can tell this kind at all: two of them need landmarks, which not every one gives."""
        return self.info is None or self.info.landmarks or kind not in (Kind.DIFFERENT_PERSON, Kind.LOOKING_AWAY)

    @property
    def compares_faces(self) -> bool:
        """Whether it can be told now if it is still the candidate."""
        return self.info is not None and self.judges(Kind.DIFFERENT_PERSON)

    @property
    def failing(self) -> bool:
        """The detector fails on whatever it gets."""
        return self._faults >= FAULTS

    @property
    def workers_alive(self) -> int:
        """Workers that can take a frame."""
        return sum(worker.alive for worker in self._workers.values())

    @property
    def pids(self) -> list[int]:
        """Their process ids."""
        return [worker.pid for worker in self._workers.values()]

    # --- what the candidates do ---------------------------------------------------------------------------

    def expect(self, candidate: Candidate) -> None:
        """From now on frames should come from this candidate."""
        if not candidate.over:
            self._watched[candidate] = None
            self._apply(candidate, StreamExpected(self._clock()))

    def enrol(self, candidate: Candidate, reference: bytes, *, photo: bool = False) -> None:
        """Who the candidate is, is known beforehand: from before a restart, or from a reference photo."""
        if not candidate.over and candidate.rules.different_person.enabled:
            self._apply(candidate, Enrolled(self._clock(), reference, photo=photo))

    async def examine(self, jpeg: bytes, *, describe: bool = False) -> codec.Observed | codec.Failed | None:
        """Look at a picture that is no frame of a stream, between two frames; None while no worker can."""
        alive = [worker for worker in self._workers.values() if worker.alive]
        if not alive:
            return None
        try:
            worker = min(alive, key=lambda worker: worker.busy)
            # Shielded: with its answer left in the pipe, a worker would be out of step, and taken for lost.
            return await asyncio.shield(worker.analyze(jpeg, describe=describe))
        except WorkerLost as error:
            # Its own loop replaces it when it next takes a frame.
            logger.error("a detection worker was lost by a picture: %s", error)
            return codec.Failed("The picture could not be analysed.")

    def offer(self, candidate: Candidate, frame: Frame) -> None:
        """Take the newest frame of a candidate, on the event loop, several hundred times a second: no work here."""
        if candidate.slot is None:
            settings = candidate.rules
            candidate.slot = self._sampler.add(
                candidate, interval=settings.sample_interval, floor=settings.max_interval
            )
            self.expect(candidate)
        if self._workers and self._sampler.offer(candidate.slot, frame):
            self._metrics.frames_dropped.inc()

    def notice(self, candidate: Candidate, kind: Kind, *, active: bool | None, detail: str) -> None:
        """Judge what a candidate's browser reported."""
        self._apply(candidate, Noticed(self._clock(), kind, active=active, detail=detail))

    def forget_activities(self, candidate: Candidate) -> None:
        """A new connection reports anew what lasts: a tab that crashed while hidden would stay hidden for ever."""
        for kind in rules.NOTICED_KINDS:
            twice = kind is Kind.SECOND_CONNECTION and (candidate.peers or 0) > 1  # seen elsewhere, and still so
            if kind in candidate.open and not twice:
                self.notice(candidate, kind, active=False, detail="")

    def finish(self, candidate: Candidate) -> None:
        """Frames are no longer expected; what is open is closed."""
        self._templates.forget([candidate.id])
        self._watched.pop(candidate, None)
        if candidate.slot is not None:
            self._sampler.remove(candidate.slot)
            candidate.slot = None
        self._apply(candidate, rules.Finished(self._clock()))
        self._recorder.close(candidate.id)

    # --- the loop -----------------------------------------------------------------------------------------

    async def _work(self, index: int) -> None:
        while True:
            slot, frame = await self._sampler.take()
            try:
                await self._look(index, slot, frame)
            except Exception:  # the task boundary: without this loop its worker would stand idle for ever
                logger.exception("[%s] a sample could not be judged", slot.owner.id)
                self._sampler.settle(slot, burst=False)

    async def _look(self, index: int, slot: Slot[Candidate], frame: Frame) -> None:
        sampled_at, worker = self._clock(), self._workers[index]
        describe = rules.wants_descriptor(slot.owner.state, slot.owner.rules, frame.received_at)
        try:
            answer = await worker.analyze(frame.jpeg, describe=describe)
        except WorkerLost as error:
            # A frame that kills workers must not do so at the rate of the stream.
            self._sampler.settle(slot, burst=False, pause=self._blame(slot.owner, frame))
            await self._replace(index, error)
            return
        self._judge(slot, frame, sampled_at, answer, worker.info, described=describe)

    def _judge(
        self,
        slot: Slot[Candidate],
        frame: Frame,
        sampled_at: float,
        answer: codec.Observed | codec.Failed,
        info: DetectorInfo,
        *,
        described: bool,
    ) -> None:
        candidate = slot.owner
        self._metrics.samples.inc()
        if isinstance(answer, codec.Failed):
            self._fail(candidate, frame, readable=answer.readable)
            self._recorder.failed(candidate, frame, sampled_at, readable=answer.readable)
            self._sampler.settle(slot, burst=False)
            return
        self._faults, self._judged_at = 0, self._clock()
        candidate.losses, candidate.losing_since = 0, None
        self._metrics.detection_seconds.observe((answer.decode_ms + answer.detect_ms) / 1000)
        candidate.unreadable_since = None
        known = candidate.state
        sample = Sample(frame, answer.observation, info, sampled_at, self._clock())
        candidate.keep(sample)
        self._recorder.sampled(candidate, sample, described=described)
        self._apply(candidate, Sampled(frame.received_at, frame.seq, answer.observation, answer.descriptor))
        if (reference := rules.newly_enrolled(known, candidate.state)) is not None:
            self._templates.keep(candidate.id, reference)
        self._sampler.settle(slot, burst=candidate.state.unsettled)

    def _fail(self, candidate: Candidate, frame: Frame, *, readable: bool) -> None:
        """Count a sample that shows nothing. It is no verdict on anyone."""
        self._metrics.samples_failed.inc()
        if readable:  # the detector failed, which is nobody's stream gone
            candidate.unreadable_since = None
            self._faults += 1
        else:  # our checks at the door let it pass, and it is no picture
            candidate.refused += 1
            candidate.unreadable_since = candidate.unreadable_since or frame.received_at

    def _blame(self, candidate: Candidate, frame: Frame) -> float:
        """Seconds until a candidate is looked at again whose frame cost a worker: 0, unless it was no accident."""
        candidate.losses += 1
        if candidate.losing_since is None:
            candidate.losing_since = self._clock()
        if candidate.losses < LOSSES:
            return 0.0
        pause = min(LONGEST_PAUSE, RESTART_PAUSE * 2.0 ** (candidate.losses - LOSSES))
        logger.error("[%s] looking at this candidate cost %d workers in a row", candidate.id, candidate.losses)
        # Where nobody else is judged either, it may be the detector: nobody is blamed for that.
        self._fail(candidate, frame, readable=self._judged_at < candidate.losing_since)
        return pause

    async def _replace(self, index: int, error: WorkerLost) -> None:
        del self._workers[index]
        losses = 0
        while index not in self._workers:
            losses += 1
            self._metrics.detector_restarts.inc()
            logger.error("detection worker %d was lost and is replaced: %s", index, error)
            if losses > FAST_RESTARTS:
                await asyncio.sleep(RESTART_PAUSE)
            try:
                # By its name, not by `auto`: an exam does not change its judge half-way.
                name = self.info.name if self.info else self._detector
                self._workers[index] = await Worker.start(name, self._models)
            except Exception as again:  # the task boundary: without its worker this loop would be of no use
                error = WorkerLost(repr(again))

    async def _tick(self) -> None:
        now = self._clock()
        if now - self._ticked_at > TICK_SECONDS + STANDSTILL:
            self._resumed_at = now
            logger.warning("the server stood still for %.1f s", now - self._ticked_at)
        self._ticked_at = now
        for candidate in list(self._watched):
            heard_at = candidate.last_picture_at()
            try:
                self._apply(candidate, Tick(now, None if heard_at is None else max(heard_at, self._resumed_at)))
            except Exception:
                logger.exception("[%s] the rules met a fault", candidate.id)
        self._metrics.stretch.set(max(self._stretches(), default=0.0))

    def _stretches(self) -> Iterable[float]:
        for candidate in self._watched:
            if candidate.slot is not None and candidate.slot.achieved is not None:
                yield candidate.slot.achieved / candidate.slot.interval

    def _apply(self, candidate: Candidate, event: rules.Event) -> None:
        self._recorder.told(candidate, event)
        candidate.state, changes = rules.step(candidate.state, candidate.rules, event)
        self._incidents.report(candidate, changes)
