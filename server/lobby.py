"""The meetings that are going on, and the way into them. Everything that changes who is where goes through here."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from server.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound, TooMany
from server.incidents import Incidents
from server.meetings import Candidate, LiveIncident, Meeting, moment
from server.monitor import Monitor
from server.protocol import Provider, Role
from server.recorder import Recorder
from server.rooms import Rooms
from server.settings import MeetingSettings, Settings
from server.tasks import guarded
from server.templates import Templates
from server.tokens import Identity
from server.webhooks import Webhooks
from storage.database import Database
from storage.records import Json, MeetingRecord, ParticipantRecord, new_id

logger = logging.getLogger(__name__)

OVER_KEPT = 20
"""Meetings that are over and still in memory."""

RESUME_WITHIN = timedelta(hours=12)
"""A candidate who was connected this long ago and never finished is expected back after a restart."""


class Presence(Protocol):
    """Tells people who came and went. The sockets are behind it."""

    async def candidate(self, event: str, candidate: Candidate) -> None:
        """Tell the proctors."""

    async def ended(self, candidate: Candidate, reason: str) -> None:
        """Tell the candidate that it is over, and hang up."""

    async def meeting_ended(self, meeting: Meeting, reason: str) -> None:
        """Tell the proctors that it is over; they may go on to review it."""


class Lobby:
    """Every live meeting by id; loaded from the database when somebody asks for it."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        incidents: Incidents,
        monitor: Monitor,
        templates: Templates,
        recorder: Recorder,
        presence: Presence,
        rooms: Rooms,
        webhooks: Webhooks,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._database = database
        self._incidents = incidents
        self._monitor = monitor
        self._templates = templates
        self._recorder = recorder
        self._presence = presence
        self._rooms = rooms
        self._webhooks = webhooks
        self._clock = clock
        self._live: dict[UUID, Meeting] = {}
        self._over: OrderedDict[UUID, Meeting] = OrderedDict()
        self._loading = asyncio.Lock()

    def candidates(self) -> Iterator[Candidate]:
        """Everyone in a live meeting."""
        for meeting in self._live.values():
            yield from meeting.candidates.values()

    def meetings(self) -> Iterator[Meeting]:
        """Those that go on and that somebody asked for."""
        yield from list(self._live.values())

    async def resume(self) -> None:
        """After a restart: close what a crash left open, and expect everyone back who was there."""
        if orphans := await self._database.close_orphans():
            logger.warning("%d incidents were open when the server last stopped and are closed now", len(orphans))
            await self._webhooks.closed(orphans)
        await self._templates.sweep()
        since = moment(self._clock()) - RESUME_WITHIN
        for meeting_id, candidate_id in await self._database.interrupted_candidates(since):
            with suppress(NotFound):
                meeting = await self.meeting(meeting_id)
                self._monitor.expect(meeting.candidate(candidate_id))

    # --- meetings -----------------------------------------------------------------------------------------

    async def create(self, title: str, provider: Provider, overrides: dict[str, Any]) -> Meeting:
        """Make a meeting.

        Raises:
            Invalid: the settings or the provider are none this server knows.
            ProviderFailed: the service that is to hold it cannot make its room.
            NoSpace: the disk has no room for its recordings.
        """
        settings = self._settings.for_meeting(overrides)
        self._recorder.require_room(settings.stream)
        record = MeetingRecord(new_id(), title, provider, secrets.token_urlsafe(12), overrides, moment(self._clock()))
        room = await self._rooms.create(record)
        try:
            await self._database.insert_meeting(record, room)
        except BaseException:
            if room is not None:
                await self._rooms.abandon(record, room)
            raise
        meeting = self._live[record.id] = Meeting(record, settings)
        await self.add(meeting, "Proctor", Role.PROCTOR)
        logger.info("[%s] meeting created", record.id)
        return meeting

    async def first_proctor(self, meeting: Meeting) -> ParticipantRecord:
        """The proctor who was made with the meeting: whoever the operator gives the proctor link to."""
        found = await self._database.participants(meeting.id, Role.PROCTOR)
        if found:
            return found[0]
        # The database went away between the meeting and its proctor.
        proctor = ParticipantRecord(new_id(), meeting.id, "Proctor", Role.PROCTOR, moment(self._clock()))
        await self._database.insert_participant(proctor)
        return proctor

    async def meeting(self, meeting_id: UUID | None) -> Meeting:
        """A meeting, over or not.

        Raises:
            NotFound: there is none.
        """
        if meeting_id is None:
            raise NotFound("There is no such meeting.")
        found = self._live.get(meeting_id) or self._over.get(meeting_id)
        if found is None:
            async with self._loading:
                found = self._live.get(meeting_id) or self._over.get(meeting_id) or await self._load(meeting_id)
        return found

    def recent_incident(self, incident_id: UUID) -> LiveIncident | None:
        """An incident that is still in memory."""
        meetings = [*self._live.values(), *self._over.values()]
        return next((meeting.incidents[incident_id] for meeting in meetings if incident_id in meeting.incidents), None)

    async def _load(self, meeting_id: UUID) -> Meeting:
        record = await self._database.meeting(meeting_id)
        if record is None:
            raise NotFound("There is no such meeting.")
        meeting = Meeting(record, self._settings_of(record))
        finished = await self._database.finished_candidates(meeting_id)
        for participant in await self._database.participants(meeting_id, Role.CANDIDATE):
            if participant.erased_at is not None:
                meeting.erased.add(participant.id)
                continue
            candidate = self._add_known(meeting, participant)
            candidate.finished = participant.id in finished
            if (last_seq := self._recorder.last_seq(participant.id)) is not None:
                candidate.last_seq = last_seq
        incidents = await self._database.incidents(meeting_id, limit=200)
        reviews = await self._database.latest_reviews([each.id for each in incidents])
        for incident in reversed(incidents):
            meeting.remember(LiveIncident(incident, reviews.get(incident.id), told=True))
        if meeting.ended:
            self._remember(meeting)
            return meeting
        # Else whoever sits there after a restart would be enrolled as the candidate.
        for candidate_id, template in (await self._templates.kept(meeting_id)).items():
            self._monitor.enrol(meeting.candidate(candidate_id), template)
        self._live[meeting_id] = meeting
        return meeting

    def _add_known(self, meeting: Meeting, participant: ParticipantRecord) -> Candidate:
        try:
            return meeting.add(participant)
        except Invalid as error:
            # They were agreed once, under other defaults. An exam is not locked out for that, and all see them gone.
            logger.error("[%s/%s] accommodations are not in force: %s", meeting.id, participant.id, error.text)
            return meeting.add(replace(participant, accommodations={}))

    def _settings_of(self, record: MeetingRecord) -> MeetingSettings:
        try:
            return self._settings.for_meeting(record.settings)
        except Invalid as error:
            # It was accepted once, under other settings of the server. An exam is not locked out for that.
            logger.error("[%s] the server's own settings are in force: %s", record.id, error.text)
            return self._settings.for_meeting({})

    async def end(self, meeting_id: UUID) -> Meeting:
        """End a meeting for everyone. A second call changes nothing.

        Raises:
            NotFound: there is none.
        """
        meeting = await self.meeting(meeting_id)
        if meeting.ended:
            return meeting
        record = await self._database.end_meeting(meeting_id, moment(self._clock()))
        if record is None:
            raise NotFound("There is no such meeting.")
        # From here on nothing may stop it: nobody must be watched, or go on as if watched, after the end.
        meeting.record = record
        self._live.pop(meeting_id, None)
        self._remember(meeting)
        candidates = list(meeting.candidates.values())
        for candidate in candidates:
            self._monitor.finish(candidate)
        for candidate in candidates:
            await guarded(partial(self._presence.ended, candidate, "The meeting has ended."))
        await guarded(partial(self._presence.meeting_ended, meeting, "The meeting has ended."))
        await guarded(partial(self._webhooks.meeting_ended, record))
        self._rooms.settle()
        logger.info("[%s] meeting ended", meeting_id)
        return meeting

    def _remember(self, meeting: Meeting) -> None:
        """Keep one that is over for those who still look at it, and let the oldest go."""
        self._over[meeting.id] = meeting
        while len(self._over) > OVER_KEPT:
            self._over.popitem(last=False)

    # --- people -------------------------------------------------------------------------------------------

    async def join(self, meeting_id: UUID, name: str, code: str) -> tuple[Meeting, ParticipantRecord]:
        """Let somebody with the candidate link in.

        Raises:
            NotAllowed: the code is not this meeting's. An unknown meeting says the same: ids are not to be tried out.
            Conflict: the meeting is over.
            TooMany: the meeting is full.
        """
        try:
            meeting = await self.meeting(meeting_id)
        except NotFound:
            raise NotAllowed("This link is not valid. Ask for a new one.") from None
        if not secrets.compare_digest(code.encode(), meeting.record.join_code.encode()):
            raise NotAllowed("This link is not valid. Ask for a new one.")
        if not meeting.joins.take(self._clock()):
            raise TooMany("Too many people join at once. Try again in a few seconds.")
        return meeting, await self.add(meeting, name, Role.CANDIDATE)

    async def add(
        self,
        meeting: Meeting,
        name: str,
        role: Role,
        reference_photo: str | None = None,
        *,
        accommodations: Json | None = None,
    ) -> ParticipantRecord:
        """Add a participant. Their seat in the video, where there is one, is another matter: it may have to wait.

        Raises:
            Conflict: the meeting is over, for anybody but reviewers: their work begins then.
            Invalid: the accommodations are none that this meeting can give.
            TooMany: the meeting is full.
        """
        if role is not Role.REVIEWER:
            meeting.require_open()
        if role is Role.CANDIDATE and len(meeting.candidates) >= self._settings.max_candidates:
            raise TooMany(f"The meeting is full: it takes {self._settings.max_candidates} candidates.")
        at = moment(self._clock())
        record = ParticipantRecord(
            new_id(), meeting.id, name.strip(), role, at, reference_photo, accommodations=accommodations or {}
        )
        if role is not Role.CANDIDATE:
            await self._database.insert_participant(record)
            return record
        candidate = meeting.add(record)  # before anything is awaited: a place that is counted cannot be taken twice
        try:
            await self._database.insert_participant(record)
        except BaseException:
            del meeting.candidates[record.id]
            raise
        await self._presence.candidate("joined", candidate)
        return record

    async def staff(self, identity: Identity) -> tuple[Meeting, ParticipantRecord]:
        """The proctor or reviewer that a token belongs to, and their meeting.

        Raises:
            NotFound: one of both is gone.
        """
        meeting = await self.meeting(identity.meeting_id)
        record = None if identity.participant_id is None else await self._database.participant(identity.participant_id)
        if record is None or record.meeting_id != meeting.id:
            raise NotFound("There is no such participant in this meeting.")
        return meeting, record

    async def candidate(self, identity: Identity) -> Candidate:
        """The candidate that a token belongs to.

        Raises:
            NotFound: the meeting or the candidate is gone.
            NotAuthenticated: they were erased.
            Conflict: the exam is over for them.
        """
        candidate = await self.known(identity)
        if candidate.over:
            raise Conflict("This exam is over.")
        return candidate

    async def known(self, identity: Identity) -> Candidate:
        """The candidate that a token belongs to, whose exam may be over.

        Raises:
            NotFound: the meeting or the candidate is gone.
            NotAuthenticated: they were erased.
        """
        meeting = await self.meeting(identity.meeting_id)
        if identity.participant_id in meeting.erased:
            raise NotAuthenticated("This link is dead: all that was kept of whoever had it was deleted.")
        return meeting.candidate(identity.participant_id)

    def forget(self, meeting_id: UUID, candidate_id: UUID, parts: Collection[str], receipt_id: UUID) -> None:
        """Something of a candidate was deleted."""
        meeting = self._live.get(meeting_id) or self._over.get(meeting_id)
        if meeting is not None:
            meeting.forget(candidate_id, parts, receipt_id)

    async def accommodate(self, candidate: Candidate, accommodations: Json, by: UUID | None) -> None:
        """Agree on accommodations with a candidate, in place of those before. In force when this returns.

        Raises:
            Invalid: they are none that this meeting can give.
            Conflict: the exam is over for them.
        """
        if candidate.over:
            raise Conflict("This candidate's exam is over.")
        candidate.meeting.rules_for(accommodations)
        await self._database.accommodate(candidate.id, accommodations)
        candidate.accommodate(accommodations)
        proctor = None if by is None else str(by)
        await self._incidents.note(candidate, "accommodated", {"accommodations": accommodations, "proctor_id": proctor})
        await self._presence.candidate("updated", candidate)

    async def finish(self, candidate: Candidate) -> None:
        """The candidate says that they are done. It is kept first: after a restart nobody may be missed for it.

        Raises:
            Away: it could not be kept; the candidate tries again.
        """
        await self._incidents.note(candidate, "finished", {})
        candidate.finished = True
        self._monitor.finish(candidate)
        await self._presence.candidate("left", candidate)

    async def dismiss(self, candidate: Candidate, reason: str, proctor_id: UUID | None) -> None:
        """A proctor ends one candidate's exam. A second call changes nothing."""
        if candidate.record.ended_at is None:
            at = moment(self._clock())
            await self._database.end_participant(candidate.id, at)
            candidate.record = replace(candidate.record, ended_at=at)
            self._monitor.finish(candidate)
            await self._incidents.note(candidate, "ended", {"reason": reason, "proctor_id": str(proctor_id)})
            self._rooms.settle()
            await self._presence.ended(candidate, reason)
            await self._presence.candidate("left", candidate)
