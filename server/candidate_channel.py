"""The namespace of the candidates: frames and activities in, warnings out."""

from contextlib import suppress
from typing import Any

from detection.values import Kind
from server import protocol
from server.broadcast import Broadcast, candidate_room, open_warnings
from server.channels import OK, Ack, Channel, Connection
from server.checks import parse
from server.errors import Away
from server.meetings import Candidate
from server.protocol import Namespace
from server.services import Services
from server.tokens import Identity

SECOND_WITHIN = 3.0
"""Seconds since the last frame within which the window before still counts as open."""


class CandidateChannel(Channel):
    """Frames and activities in, warnings out."""

    def __init__(self, broadcast: Broadcast, services: Services) -> None:
        super().__init__(Namespace.CANDIDATE, broadcast, services)
        self._handlers = {"frame": self._frame, "activity": self._activity, "shown": self._shown}

    async def enter(self, sid: str, identity: Identity, page: str | None) -> Connection:
        """Take a candidate in. The newest socket is the one that counts."""
        candidate = await self._services.lobby.candidate(identity)
        previous, candidate.connection = candidate.connection, sid
        if previous is not None:
            self._look_for_second(candidate, self.connections.get(previous), page)
            await self._replace(previous)
        return Connection(sid, identity, candidate.meeting, candidate, page)

    def _look_for_second(self, candidate: Candidate, previous: Connection | None, page: str | None) -> None:
        """Two windows at once are noted; a reload and a new network are the same window and are not."""
        other = previous is not None and previous.page is not None and page is not None and previous.page != page
        last = candidate.latest.received_at if candidate.latest else 0.0
        if other and self._services.clock() - last < SECOND_WITHIN:
            self._services.monitor.notice(candidate, Kind.SECOND_CONNECTION, active=None, detail="")

    async def _replace(self, sid: str) -> None:
        over = protocol.Ended(reason="This exam was opened in another window, and goes on there.", code="replaced")
        await self._broadcast.to_candidate("ended", over, sid)
        await self.hang_up(sid)

    async def greet(self, connection: Connection) -> None:
        """How to stream, and the warnings that are open."""
        candidate = _candidate(connection)
        self._services.metrics.candidates.set(len(self.connections))
        if candidate.connection != connection.sid:  # a newer one came while this one was still on the doorstep
            await self._replace(connection.sid)
            return
        await self.server.enter_room(connection.sid, candidate_room(candidate), self.namespace)
        self._services.monitor.expect(candidate)
        self._services.monitor.forget_activities(candidate)
        await self._broadcast.to_candidate("pace", self._services.pacing.of(candidate), connection.sid)
        for warning in open_warnings(candidate):
            await self._broadcast.to_candidate("warning", warning, connection.sid)
        for message in list(candidate.messages):  # they have ids: who has seen one knows it again
            await self._broadcast.to_candidate("message", message, connection.sid)
        await self._broadcast.candidate("updated", candidate)
        with suppress(Away):  # the exam goes on without this line of its record
            await self._services.incidents.note(candidate, "connected", {})

    async def leave(self, connection: Connection) -> None:
        """The socket is gone; whether the candidate is, the missing frames will tell."""
        self._services.metrics.candidates.set(len(self.connections))
        candidate = _candidate(connection)
        if candidate.connection == connection.sid:
            candidate.connection = None
            await self._broadcast.candidate("updated", candidate)
            with suppress(Away):
                await self._services.incidents.note(candidate, "disconnected", {})

    async def _frame(self, connection: Connection, data: Any) -> Ack:
        candidate = _candidate(connection)
        first = candidate.latest is None
        self._services.intake.frame(candidate, data)
        if first:
            await self._broadcast.candidate("updated", candidate)
        return OK

    async def _activity(self, connection: Connection, data: Any) -> Ack:
        await self._services.intake.activity(_candidate(connection), data)
        return OK

    async def _shown(self, connection: Connection, data: Any) -> Ack:
        await self._services.incidents.shown(_candidate(connection), parse(protocol.ShownMessage, data))
        return OK


def _candidate(connection: Connection) -> Candidate:
    assert connection.candidate is not None
    return connection.candidate
