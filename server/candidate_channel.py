"""The namespace of the candidates: frames and activities in, warnings out."""

from contextlib import suppress
from typing import Any

from server import protocol
from server.broadcast import Broadcast, candidate_room, open_warnings
from server.channels import OK, Ack, Channel, Connection
from server.errors import Away
from server.intake import parse
from server.meetings import Candidate
from server.protocol import Namespace
from server.services import Services
from server.tokens import Identity


class CandidateChannel(Channel):
    """Frames and activities in, warnings out."""

    def __init__(self, broadcast: Broadcast, services: Services) -> None:
        super().__init__(Namespace.CANDIDATE, broadcast, services)
        self._handlers = {"frame": self._frame, "activity": self._activity, "shown": self._shown}

    async def enter(self, sid: str, identity: Identity) -> Connection:
        """Take a candidate in. The newest socket is the one that counts."""
        candidate = await self._services.lobby.candidate(identity)
        previous, candidate.connection = candidate.connection, sid
        if previous is not None:
            await self._replace(previous)
        return Connection(sid, identity, candidate.meeting, candidate)

    async def _replace(self, sid: str) -> None:
        over = protocol.Ended(reason="This exam was opened in another window, and goes on there.")
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
