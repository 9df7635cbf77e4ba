"""The namespace of the candidates: frames and activities in, warnings out."""

from typing import Any

from server import protocol
from server.broadcast import candidate_room, open_warnings
from server.channels import OK, Ack, Channel, Connection
from server.incidents import Incidents
from server.intake import Intake, parse
from server.meetings import Candidate
from server.metrics import Metrics
from server.monitor import Monitor
from server.protocol import Namespace
from server.tokens import Identity


class CandidateChannel(Channel):
    """Frames and activities in, warnings out."""

    def __init__(
        self, *, intake: Intake, incidents: Incidents, monitor: Monitor, metrics: Metrics, **common: Any
    ) -> None:
        super().__init__(Namespace.CANDIDATE, **common)
        self._intake = intake
        self._incidents = incidents
        self._monitor = monitor
        self._metrics = metrics
        self._handlers = {"frame": self._frame, "activity": self._activity, "shown": self._shown}

    async def enter(self, sid: str, identity: Identity) -> Connection:
        """Take a candidate in. The newest socket is the one that counts."""
        candidate = await self._lobby.candidate(identity)
        previous, candidate.connection = candidate.connection, sid
        if previous is not None:
            over = protocol.Ended(reason="This exam was opened in another window, and goes on there.")
            await self._broadcast.to_candidate("ended", over, previous)
            await self.hang_up(previous)
        return Connection(sid, identity, candidate.meeting, candidate)

    async def greet(self, connection: Connection) -> None:
        """How to stream, and the warnings that are open."""
        candidate = _candidate(connection)
        self._metrics.candidates.set(len(self.connections))
        await self.server.enter_room(connection.sid, candidate_room(candidate), self.namespace)
        self._monitor.expect(candidate)
        await self._broadcast.to_candidate("pace", candidate.meeting.settings.stream, connection.sid)
        for warning in open_warnings(candidate):
            await self._broadcast.to_candidate("warning", warning, connection.sid)
        await self._broadcast.candidate("updated", candidate)
        await self._incidents.note(candidate, "connected", {})

    async def leave(self, connection: Connection) -> None:
        """The socket is gone; whether the candidate is, the missing frames will tell."""
        self._metrics.candidates.set(len(self.connections))
        candidate = _candidate(connection)
        if candidate.connection == connection.sid:
            candidate.connection = None
            await self._broadcast.candidate("updated", candidate)
            await self._incidents.note(candidate, "disconnected", {})

    async def _frame(self, connection: Connection, data: Any) -> Ack:
        candidate = _candidate(connection)
        first = candidate.latest is None
        self._intake.frame(candidate, data)
        if first:
            await self._broadcast.candidate("updated", candidate)
        return OK

    async def _activity(self, connection: Connection, data: Any) -> Ack:
        await self._intake.activity(_candidate(connection), data)
        return OK

    async def _shown(self, connection: Connection, data: Any) -> Ack:
        await self._incidents.shown(_candidate(connection), parse(protocol.ShownMessage, data))
        return OK


def _candidate(connection: Connection) -> Candidate:
    assert connection.candidate is not None
    return connection.candidate
