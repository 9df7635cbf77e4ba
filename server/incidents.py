"""From a finding of the rules to an incident that everybody sees: commit or spool, then emit."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from detection import words
from detection.rules import Change, ChangeType, Episode
from detection.values import Box, DetectorInfo
from server import protocol
from server.errors import Away, NotFound
from server.meetings import Candidate, LiveIncident, Meeting, Sample, moment
from server.metrics import Metrics
from server.tokens import Identity
from storage.database import Database, DatabaseAway
from storage.ledger import Ledger
from storage.records import ActivityRecord, IncidentRecord, Json, ReviewRecord, Row, new_id
from storage.spool import SpoolFull

logger = logging.getLogger(__name__)

MAX_EVIDENCE = 6
"""Photographs an incident keeps: those that confirmed it, and one for each time it grew worse."""

RETRY_SECONDS = 1.0
"""Pause before what could neither be committed nor spooled is tried again."""

DRAIN_SECONDS = 1.0
"""How often the spool is looked at."""

IncidentView = Callable[[Meeting, LiveIncident], protocol.Incident]
"""Makes of an incident what the wire shows."""

EventType = ChangeType | Literal["reviewed"]


class Announcer(Protocol):
    """Tells people. The sockets are behind it."""

    async def incident(self, event: EventType, meeting: Meeting, view: protocol.Incident) -> None:
        """Tell the meeting's proctors."""

    async def warning(self, candidate: Candidate, view: protocol.Incident) -> None:
        """Raise the candidate's banner."""

    async def warning_cleared(self, candidate: Candidate, view: protocol.Incident) -> None:
        """Take the candidate's banner down."""


@dataclass(slots=True)
class _Pending:
    """One event on its way: what must be kept before it is told."""

    event: EventType
    meeting: Meeting
    candidate: Candidate | None
    incident: LiveIncident
    rows: list[Row]
    pictures: dict[str, bytes] = field(default_factory=dict)
    received_at: float | None = None
    kept: asyncio.Event = field(default_factory=asyncio.Event)


class Incidents:
    """Owns every change of an incident. One task keeps and tells them, in the order in which they came."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        database: Database,
        view: IncidentView,
        announcer: Announcer,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._view = view
        self._announcer = announcer
        self._metrics = metrics
        self._clock = clock
        # Bounded by what can be open: the rules hold one episode of each kind a candidate, and say only what changed.
        self._pending: list[_Pending] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to keep, tell and drain."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._drain())]

    async def close(self) -> None:
        """Keep and tell what is pending, then stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what happens -------------------------------------------------------------------------------------

    def report(self, candidate: Candidate, changes: tuple[Change, ...], detector: DetectorInfo | None) -> None:
        """Take what the rules found. Returns at once; the order of calls is the order of events."""
        for change in changes:
            if change.type is ChangeType.OPENED:
                self._open(candidate, change.episode, detector)
            else:
                self._change(candidate, change)

    def _open(self, candidate: Candidate, episode: Episode, detector: DetectorInfo | None) -> None:
        shots = [sample for sample in candidate.samples if sample.frame.seq in episode.seqs][-3:]
        confirming = shots[-1] if shots else None
        incident_id = new_id()
        record = IncidentRecord(
            id=incident_id,
            meeting_id=candidate.record.meeting_id,
            candidate_id=candidate.id,
            kind=episode.kind,
            severity=episode.severity,
            state="open",
            opened_at=moment(episode.opened_at),
            updated_at=moment(episode.updated_at),
            closed_at=None,
            text=words.for_proctor(episode),
            why=_why(episode, detector if shots else None, candidate.meeting.rules_sha256),
            trace=_trace(confirming, self._clock()),
        )
        candidate.open[episode.kind] = incident_id
        self._metrics.incidents.labels(episode.kind).inc()
        logger.info("[%s/%s] %s opened", record.meeting_id, candidate.id, episode.kind)
        received_at = confirming.frame.received_at if confirming else None
        self._queue(ChangeType.OPENED, candidate, LiveIncident(record), shots, received_at)

    def _change(self, candidate: Candidate, change: Change) -> None:
        episode = change.episode
        live = candidate.meeting.incidents.get(candidate.open.get(episode.kind, new_id()))
        if live is None:
            return
        closed = change.type is ChangeType.CLOSED
        if closed:
            del candidate.open[episode.kind]
            logger.info("[%s/%s] %s closed", candidate.meeting.id, candidate.id, episode.kind)
        end = episode.closed_at if closed else None
        why = {**live.record.why, "samples": episode.samples, "rule": episode.rule}
        record = replace(
            live.record,
            severity=episode.severity,
            state="closed" if closed else "open",
            updated_at=moment(episode.updated_at),
            closed_at=None if end is None else moment(end),
            text=words.for_proctor(episode),
            why=why,
            version=live.record.version + 1,
        )
        shots = [] if closed or not episode.seqs else list(candidate.samples)[-1:]
        self._queue(change.type, candidate, replace(live, record=record), shots)

    def _queue(
        self,
        event: EventType,
        candidate: Candidate,
        live: LiveIncident,
        shots: list[Sample],
        received_at: float | None = None,
    ) -> None:
        pictures: dict[str, bytes] = {}
        evidence = list(live.record.evidence)
        for sample in shots[: MAX_EVIDENCE - len(evidence)]:
            key = f"{live.record.meeting_id}/{live.record.id}/{len(evidence)}.jpg"
            pictures[key] = sample.frame.jpeg
            evidence.append(_evidence(key, sample))
        live = replace(live, record=replace(live.record, evidence=evidence))
        candidate.meeting.remember(live)
        self._push(_Pending(event, candidate.meeting, candidate, live, [live.record], pictures, received_at))

    async def shown(self, candidate: Candidate, message: protocol.ShownMessage) -> None:
        """Note once when the banner stood on the candidate's screen.

        Raises:
            NotFound: no such incident of this candidate.
        """
        live = candidate.meeting.incidents.get(message.incident_id)
        if live is None or live.record.candidate_id != candidate.id:
            raise NotFound("There is no such incident.")
        if live.record.trace.get("shown_at") is None:
            trace = {**live.record.trace, "shown_at": protocol.iso(message.at)}
            record = replace(live.record, trace=trace, version=live.record.version + 1)
            live = replace(live, record=record)
            candidate.meeting.remember(live)
            self._push(_Pending(ChangeType.UPDATED, candidate.meeting, None, live, [record]))

    async def review(self, meeting: Meeting, reviewer: Identity, message: protocol.ReviewMessage) -> None:
        """Take a person's word on an incident; it is kept when this returns.

        Raises:
            NotFound: no such incident in this meeting.
            Away: it is not in memory, and the database cannot be had.
        """
        live = meeting.incidents.get(message.incident_id)
        if live is None:
            live = await self._load(meeting, message)
        review = ReviewRecord(
            new_id(),
            message.incident_id,
            reviewer.participant_id,
            message.verdict,
            message.note,
            moment(self._clock()),
        )
        live = replace(live, review=review)
        if live.record.id in meeting.incidents:
            meeting.remember(live)
        pending = _Pending("reviewed", meeting, None, live, [review])
        self._push(pending)
        await pending.kept.wait()

    async def _load(self, meeting: Meeting, message: protocol.ReviewMessage) -> LiveIncident:
        try:
            record = await self._database.incident(message.incident_id)
        except DatabaseAway:
            raise Away("The database is away; an older incident cannot be reviewed just now.") from None
        if record is None or record.meeting_id != meeting.id:
            raise NotFound("There is no such incident in this meeting.")
        return LiveIncident(record, told=True)

    async def note(self, candidate: Candidate, kind: str, detail: Json) -> None:
        """Keep what a browser reported or a proctor did; it is kept when this returns."""
        at = moment(self._clock())
        row = ActivityRecord(new_id(), candidate.meeting.id, candidate.id, kind, at, detail)
        await self._ledger.keep([row], {})

    # --- keep, then tell ----------------------------------------------------------------------------------

    def _push(self, pending: _Pending) -> None:
        self._pending.append(pending)
        self._idle.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._pending = self._pending, []
            await self._keep(batch)
            for pending in batch:
                pending.kept.set()
                await self._tell(pending)
            if not self._pending:
                self._idle.set()

    async def _keep(self, batch: list[_Pending]) -> None:
        """Everything that has gathered in one commit: under load, commits grow larger and not more."""
        newest = {row.id: row for pending in batch for row in pending.rows}
        pictures = {key: data for pending in batch for key, data in pending.pictures.items()}
        while True:
            try:
                await self._ledger.keep(list(newest.values()), pictures)
                return
            except SpoolFull as error:
                logger.critical("incidents can neither be committed nor spooled, and wait: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self, pending: _Pending) -> None:
        now = self._clock()
        if pending.event is ChangeType.OPENED:
            # Kept with the next version; a crash before that loses this one time and nothing else.
            pending.incident.record.trace["emitted_at"] = protocol.iso(moment(now))
        newest = pending.meeting.incidents.get(pending.incident.record.id)
        if newest is not None:
            newest.told = True
        view = self._view(pending.meeting, pending.incident)
        await _quietly(self._announcer.incident(pending.event, pending.meeting, view))
        if pending.candidate is not None and pending.event is ChangeType.OPENED:
            await _quietly(self._announcer.warning(pending.candidate, view))
        if pending.candidate is not None and pending.event is ChangeType.CLOSED:
            await _quietly(self._announcer.warning_cleared(pending.candidate, view))
        if pending.received_at is not None:
            self._metrics.alert_seconds.observe(now - pending.received_at)

    async def _drain(self) -> None:
        while True:
            await asyncio.sleep(DRAIN_SECONDS)
            await _quietly(self._ledger.drain())


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """Run one step of a loop that must outlive any fault in it."""
    try:
        await work
    except Exception:
        logger.exception("an incident could not be told or drained; the next one is tried")


def _boxes(boxes: tuple[Box, ...]) -> list[list[float]]:
    return [[round(value, 4) for value in (box.x, box.y, box.w, box.h)] for box in boxes]


def _why(episode: Episode, detector: DetectorInfo | None, settings_sha256: str) -> Json:
    return {
        "rule": episode.rule,
        "samples": episode.samples,
        "threshold": episode.threshold if episode.threshold is not None else (detector and detector.threshold),
        "score": episode.score,
        "boxes": _boxes(episode.boxes),
        "detector": detector and detector.name,
        "model_sha256": detector and detector.model_sha256,
        "settings_sha256": settings_sha256,
    }


def _trace(sample: Sample | None, opened_at: float) -> Json:
    trace = {"opened_at": protocol.iso(moment(opened_at))}
    if sample is not None:
        stages = {
            "captured_at": sample.frame.captured_at,
            "received_at": sample.frame.received_at,
            "sampled_at": sample.sampled_at,
            "observed_at": sample.observed_at,
        }
        trace |= {name: protocol.iso(moment(at)) for name, at in stages.items()}
    return trace


def _evidence(key: str, sample: Sample) -> Json:
    return {
        "key": key,
        "sha256": hashlib.sha256(sample.frame.jpeg).hexdigest(),
        "captured_at": protocol.iso(moment(sample.frame.captured_at)),
        "seq": sample.frame.seq,
        "boxes": _boxes(tuple(face.box for face in sample.observation.faces)),
    }
