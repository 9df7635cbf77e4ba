"""The namespace of the proctors: everything about one meeting out, their decisions in."""

import asyncio
import logging
from typing import Any
from uuid import UUID

from server import protocol
from server.broadcast import Broadcast, candidate_room, proctors_room
from server.channels import OK, Ack, Channel, Connection
from server.checks import parse
from server.errors import Conflict, NotBuilt, TooMany
from server.meetings import moment
from server.protocol import Namespace
from server.services import Services
from server.tasks import cancel
from server.tokens import Identity
from server.views import meeting_view
from storage.records import new_id

logger = logging.getLogger(__name__)

MAX_PROCTORS = 50
"""Proctors and reviewers connected to one meeting."""

LAGGING = 8
"""Packets waiting for a proctor past which thumbnails are skipped: one newest picture is worth more than all those."""


class ProctorChannel(Channel):
    """Everything about one meeting out, a proctor's decisions in."""

    def __init__(self, broadcast: Broadcast, services: Services) -> None:
        super().__init__(Namespace.PROCTOR, broadcast, services)
        self._handlers = {
            "watch": self._watch,
            "review": self._review,
            "warn": self._warn,
            "end": self._end,
            "offer": self._offer,
        }

    async def enter(self, sid: str, identity: Identity, page: str | None) -> Connection:
        """Take a proctor or reviewer in."""
        meeting = await self._services.lobby.meeting(identity.meeting_id)
        if sum(each.meeting.id == meeting.id for each in self.connections.values()) >= MAX_PROCTORS:
            raise TooMany(f"{MAX_PROCTORS} proctors watch this meeting already. Close a console and try again.")
        return Connection(sid, identity, meeting)

    async def greet(self, connection: Connection) -> None:
        """All there is to draw the console."""
        self._services.metrics.proctors.set(len(self.connections))
        room = proctors_room(connection.meeting, connection.identity.role)
        await self.server.enter_room(connection.sid, room, self.namespace)
        await self._snapshot(connection)

    async def refresh(self) -> None:
        """Draw every console anew."""
        for connection in list(self.connections.values()):
            await self._snapshot(connection)

    async def _snapshot(self, connection: Connection) -> None:
        meeting, role = connection.meeting, connection.identity.role
        told = [live for live in meeting.incidents.values() if live.told]
        snapshot = protocol.Snapshot(
            meeting=meeting_view(meeting.record),
            candidates=[candidate.view() for candidate in meeting.candidates.values()],
            incidents=[self._services.views.incident(meeting, live) for live in reversed(told)],
            detector=self._services.monitor.name,
            notice=self._services.monitor.notice_text,
            room=self._services.attendance.room(meeting),
            at=moment(self._services.clock()),
        )
        await self._broadcast.to_proctor("snapshot", snapshot, role, connection.sid)

    async def leave(self, connection: Connection) -> None:
        """A console was closed."""
        self._services.metrics.proctors.set(len(self.connections))

    async def _watch(self, connection: Connection, data: Any) -> Ack:
        message = parse(protocol.WatchMessage, data)
        await cancel(connection.thumbnails)
        if message.candidate_ids and connection.sid in self.connections:
            connection.thumbnails = asyncio.create_task(self._show(connection, message))
        return OK

    async def _show(self, connection: Connection, watch: protocol.WatchMessage) -> None:
        sent: dict[UUID, int] = {}
        try:
            while True:
                for candidate_id in watch.candidate_ids:
                    await self._show_newest(connection, candidate_id, sent)
                    await asyncio.sleep(0)  # frames and alerts of others come first
                await asyncio.sleep(1 / watch.fps)
        except Exception:
            logger.exception("[%s] thumbnails could not be sent", connection.meeting.id)

    async def _show_newest(self, connection: Connection, candidate_id: UUID, sent: dict[UUID, int]) -> None:
        candidate = connection.meeting.candidates.get(candidate_id)
        frame = None if candidate is None else candidate.latest
        if frame is None or sent.get(candidate_id) == frame.seq:
            return
        if self.backlog(connection.sid) > LAGGING:
            self._services.metrics.thumbnails_skipped.inc()
            return
        sent[candidate_id] = frame.seq
        thumbnail = protocol.Thumbnail(
            candidate_id=candidate_id, seq=frame.seq, captured_at=frame.captured_at * 1000, jpeg=frame.jpeg
        )
        await self._broadcast.to_proctor("thumbnail", thumbnail, connection.identity.role, connection.sid)

    async def _review(self, connection: Connection, data: Any) -> Ack:
        message = parse(protocol.ReviewMessage, data)
        await self._services.incidents.review(connection.meeting, connection.identity, message)
        return OK

    async def _warn(self, connection: Connection, data: Any) -> Ack:
        message = parse(protocol.WarnMessage, data)
        candidate = connection.meeting.candidate(message.candidate_id)
        if candidate.over:
            raise Conflict("This candidate's exam is over; nobody would read it.")
        words = protocol.Message(id=new_id(), text=message.text, at=moment(self._services.clock()))
        proctor = str(connection.identity.participant_id)
        await self._services.incidents.note(candidate, "warned", {"text": message.text, "proctor_id": proctor})
        candidate.messages.append(words)
        await self._broadcast.to_candidate("message", words, candidate_room(candidate))
        return OK

    async def _end(self, connection: Connection, data: Any) -> Ack:
        message = parse(protocol.EndMessage, data)
        candidate = connection.meeting.candidate(message.candidate_id)
        await self._services.lobby.dismiss(candidate, message.reason, connection.identity.participant_id)
        return OK

    async def _offer(self, connection: Connection, data: Any) -> Ack:
        parse(protocol.OfferMessage, data)
        raise NotBuilt("Live video comes with a later version.")
