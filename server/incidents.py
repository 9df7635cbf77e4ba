"""From a finding of the rules to an incident that everybody sees: commit or spool, then emit."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from detection.rules import Change, ChangeType, Episode
from server import findings, protocol
from server.errors import Away, NotFound
from server.meetings import Candidate, LiveIncident, Meeting, Sample, moment
from server.metrics import Metrics
from server.tasks import cancel, every, guarded
from server.tokens import Identity
from storage.database import Database, DatabaseAway
from storage.ledger import Ledger
from storage.records import ActivityRecord, DeliveryRecord, IncidentRecord, Json, ReviewRecord, new_id
from storage.spool import SpoolFull

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Pause before what could neither be committed nor spooled is tried again."""

DRAIN_SECONDS = 1.0
"""How often the spool is looked at."""

IncidentView = Callable[[Meeting, LiveIncident], protocol.Incident]
"""Makes of an incident what the wire shows."""

Outgoing = Callable[["EventType", IncidentRecord, ReviewRecord | None], list[DeliveryRecord]]
"""Makes the rows by which other services are told of an incident, to be kept with it."""

MAX_PENDING = 5000
"""Events that wait while the database is away and the spool is full as well, which an operator is told of loudly."""

Kept = IncidentRecord | ReviewRecord | DeliveryRecord

EventType = ChangeType | Literal["reviewed"]


class Announcer(Protocol):
    """Tells people. The sockets are behind it."""

    async def incident(self, event: EventType, meeting: Meeting, view: protocol.Incident) -> None:
        """Tell the meeting's proctors."""

    async def candidate(self, event: str, candidate: Candidate) -> None:
        """Tell the meeting's proctors how the candidate stands now."""

    async def warning(self, candidate: Candidate, view: protocol.Incident) -> None:
        """Raise the candidate's banner."""

    async def warning_cleared(self, candidate: Candidate, view: protocol.Incident, at: datetime) -> None:
        """Take the candidate's banner down."""


@dataclass(slots=True)
class _Pending:
    """One event on its way: what must be kept before it is told."""

    event: EventType
    meeting: Meeting
    candidate: Candidate | None
    incident: LiveIncident
    rows: list[Kept]
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
        outgoing: Outgoing,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._view = view
        self._announcer = announcer
        self._outgoing = outgoing
        self._metrics = metrics
        self._clock = clock
        self._pending: list[_Pending] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to keep, tell and drain."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(every(DRAIN_SECONDS, self._ledger.drain))]

    async def close(self) -> None:
        """Keep and tell what is pending, then stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await self._idle.wait()
        await cancel(*self._tasks)

    async def settled(self) -> None:
        """Wait until all that was reported so far is kept and told."""
        await self._idle.wait()

    # --- what happens -------------------------------------------------------------------------------------

    def report(self, candidate: Candidate, changes: tuple[Change, ...]) -> None:
        """Take what the rules found. Returns at once; the order of calls is the order of events."""
        for change in changes:
            match change.type:
                case ChangeType.OPENED:
                    self._open(candidate, change.episode)
                case ChangeType.RAISED | ChangeType.CLEARED:
                    self._banner(candidate, change)
                case _:
                    self._change(candidate, change)

    def _open(self, candidate: Candidate, episode: Episode) -> None:
        shots = findings.confirming(candidate, episode)
        record = findings.opened(candidate, episode, shots, self._clock())
        candidate.open[episode.kind] = record.id
        self._metrics.incidents.labels(episode.kind).inc()
        logger.info("[%s/%s] %s opened", record.meeting_id, candidate.id, episode.kind)
        received_at = shots[-1].frame.received_at if shots else None
        self._queue(ChangeType.OPENED, candidate, LiveIncident(record), shots, received_at)

    def _change(self, candidate: Candidate, change: Change) -> None:
        kind, closed = change.episode.kind, change.type is ChangeType.CLOSED
        live = candidate.meeting.incidents.get(candidate.open.get(kind, candidate.id))
        if live is None:
            return
        if closed:
            del candidate.open[kind]
            logger.info("[%s/%s] %s closed", candidate.meeting.id, candidate.id, kind)
        worse = [] if closed else findings.confirming(candidate, change.episode)[-1:]
        live = replace(live, record=findings.changed(live.record, change))
        self._queue(change.type, candidate, live, worse)
        if closed and kind in candidate.banners:
            candidate.banners.remove(kind)
            self._push(_Pending(ChangeType.CLEARED, candidate.meeting, candidate, live, []))

    def _banner(self, candidate: Candidate, change: Change) -> None:
        """The candidate's banner of an open incident goes up or down; the incident itself stays as it is."""
        kind = change.episode.kind
        live = candidate.meeting.incidents.get(candidate.open.get(kind, candidate.id))
        if live is None:
            return
        if change.type is ChangeType.RAISED:
            candidate.banners.add(kind)
        else:
            candidate.banners.discard(kind)
        # Behind what was queued before it: no banner of what is not kept yet.
        self._push(_Pending(change.type, candidate.meeting, candidate, live, []))

    def _queue(
        self,
        event: EventType,
        candidate: Candidate,
        live: LiveIncident,
        shots: list[Sample],
        received_at: float | None = None,
    ) -> None:
        record, pictures = findings.with_evidence(live.record, shots)
        live = replace(live, record=record)
        candidate.meeting.remember(live)
        rows: list[Kept] = [record, *self._outgoing(event, record, live.review)]
        self._push(_Pending(event, candidate.meeting, candidate, live, rows, pictures, received_at))

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

    async def review(self, meeting: Meeting, reviewer: Identity, message: protocol.ReviewMessage) -> LiveIncident:
        """Take a person's word on an incident; it is kept when this returns the incident with it.

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
        if self._is_full:
            raise Away("The storage is away and there is no room left; try again later.")
        live = replace(live, review=review)
        if live.record.id in meeting.incidents:
            meeting.remember(live)
        rows: list[Kept] = [review, *self._outgoing("reviewed", live.record, review)]
        pending = _Pending("reviewed", meeting, None, live, rows)
        self._push(pending)
        await pending.kept.wait()
        return live

    async def _load(self, meeting: Meeting, message: protocol.ReviewMessage) -> LiveIncident:
        try:
            record = await self._database.incident(message.incident_id)
        except DatabaseAway:
            raise Away("The database is away; an older incident cannot be reviewed just now.") from None
        if record is None or record.meeting_id != meeting.id:
            raise NotFound("There is no such incident in this meeting.")
        return LiveIncident(record, told=True)

    async def note(self, candidate: Candidate, kind: str, detail: Json) -> None:
        """Keep what a browser reported or a proctor did; it is kept when this returns.

        Raises:
            Away: it could neither be committed nor spooled.
        """
        at = moment(self._clock())
        row = ActivityRecord(new_id(), candidate.meeting.id, candidate.id, kind, at, detail)
        try:
            await self._ledger.keep([row], {})
        except SpoolFull as error:
            logger.critical("%s", error)
            raise Away("The storage is away just now; try again.") from None

    # --- keep, then tell ----------------------------------------------------------------------------------

    @property
    def _is_full(self) -> bool:
        return len(self._pending) >= MAX_PENDING

    def _push(self, pending: _Pending) -> None:
        """Put an event into the line. Without room it is lost, and counted."""
        if self._is_full:
            self._metrics.incidents_lost.inc()
            logger.critical("an incident could not be kept anywhere and is lost: there is no room left for it")
            return
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
                await guarded(partial(self._tell, pending))
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
            except Exception as error:  # whatever it is: what cannot be kept waits, and is not forgotten
                logger.critical("incidents can neither be committed nor spooled, and wait: %r", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self, pending: _Pending) -> None:
        now, view = self._clock(), self._view(pending.meeting, pending.incident)
        candidate = pending.candidate
        if candidate is not None and pending.event is ChangeType.RAISED:
            await guarded(partial(self._announcer.warning, candidate, view))
            return
        if candidate is not None and pending.event is ChangeType.CLEARED:
            await guarded(partial(self._announcer.warning_cleared, candidate, view, moment(now)))
            return
        if pending.event is ChangeType.OPENED:
            # Kept with the next version; a crash before that loses this one time and nothing else.
            pending.incident.record.trace["emitted_at"] = protocol.iso(moment(now))
            view = self._view(pending.meeting, pending.incident)
        newest = pending.meeting.incidents.get(pending.incident.record.id)
        if newest is not None:
            newest.told = True
        await guarded(partial(self._announcer.incident, pending.event, pending.meeting, view))
        if candidate is not None and pending.event in (ChangeType.OPENED, ChangeType.CLOSED):
            await guarded(partial(self._announcer.candidate, "updated", candidate))
        if pending.received_at is not None:
            self._metrics.alert_seconds.observe(now - pending.received_at)
