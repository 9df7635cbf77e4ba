"""The Socket.IO server and what its two namespaces have in common. The only file that imports socketio."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import socketio
from aiohttp import web

from server import protocol
from server.access import may_send, roles_in
from server.broadcast import Broadcast
from server.errors import Away, Invalid, InvigilError, NotAllowed
from server.logs import leash
from server.meetings import Candidate, Meeting
from server.metrics import Metrics
from server.protocol import Namespace
from server.services import Services
from server.tasks import cancel, every
from server.tokens import Identity
from storage.database import DatabaseAway

logger = logging.getLogger(__name__)
wire_logger = logging.getLogger("server.wire")
leash("engineio.server", "socketio.server", wire_logger.name)

Ack = dict[str, Any]
Handler = Callable[[Any, Any], Awaitable[Ack]]
OK: Ack = {"ok": True}

LOST = 1000
"""Packets waiting for anyone past which they are disconnected: they come back to a fresh snapshot."""

REAP_SECONDS = 1.0
"""How often that is looked at."""

STRANGER_SECONDS = 20.0
"""Seconds for which a connection may stay without coming into a namespace: who has no token has no business here."""

GREETING_TRIES, GREETING_PAUSE = 500, 0.01
"""How often, and after how many seconds each, a new connection is asked whether it stands."""


@dataclass(slots=True, eq=False)
class Connection:
    """One socket in one namespace."""

    sid: str
    identity: Identity
    meeting: Meeting
    candidate: Candidate | None = None
    page: str | None = None
    """The browser tab, by an id of its own: a reload keeps it, another window has another."""
    greeting: asyncio.Task[None] | None = None
    """Says the first words, once the client has been told that it is connected."""
    thumbnails: asyncio.Task[None] | None = None
    """Sends a watching proctor the newest frames."""

    async def stop(self) -> None:
        """End its tasks. May be called twice."""
        await cancel(self.greeting, self.thumbnails)


def _refusal(error: InvigilError) -> Exception:
    refusal: Exception = socketio.exceptions.ConnectionRefusedError(
        error.code, {"code": error.code, "text": error.text}
    )
    return refusal


class Channel(socketio.AsyncNamespace):  # type: ignore[misc] # the library has no types
    """What both namespaces have in common: the door, and one way in for every event."""

    def __init__(self, namespace: Namespace, broadcast: Broadcast, services: Services) -> None:
        super().__init__(namespace)
        self._roles = roles_in(namespace)
        self._broadcast = broadcast
        self._services = services
        self._handlers: dict[str, Handler] = {}
        self.connections: dict[str, Connection] = {}

    async def trigger_event(self, event: Any, sid: str, *args: Any) -> Any:
        """Where the library brings everything.

        A client may emit an event *named* `connect` or `disconnect`, and the library calls us just as for the real
        ones. The real ones come for a socket that we do not know yet, and for one that the library has let go.
        """
        if event == "connect" and sid not in self.connections:
            await self._connect(sid, args[1] if len(args) > 1 else None)
            return None
        if event == "disconnect" and not self.server.manager.is_connected(sid, self.namespace):
            await self._disconnect(sid)
            return None
        return await self._receive(event, sid, args)

    async def _connect(self, sid: str, auth: Any) -> None:
        try:
            auth = auth if isinstance(auth, dict) else {}
            identity = self._services.tokens.identify(auth.get("token"))
            if identity.role not in self._roles:
                raise NotAllowed("This link is not for this page. Open the link you were given.")
            page = auth.get("page")
            connection = await self.enter(sid, identity, page if isinstance(page, str) else None)
        except InvigilError as error:
            raise _refusal(error) from None
        except DatabaseAway:
            raise _refusal(Away("The database is away just now; we try again.")) from None
        except Exception:
            logger.exception("a connection could not be taken in")
            raise _refusal(InvigilError("Something went wrong on our side; it has been noted.")) from None
        self.connections[sid] = connection
        connection.greeting = asyncio.create_task(self._greet(connection))
        logger.info("[%s/%s] %s connected", identity.meeting_id, identity.participant_id, identity.role)

    async def _greet(self, connection: Connection) -> None:
        sid = connection.sid
        # An event sent before the client is told that it is connected would overtake that.
        for _ in range(GREETING_TRIES):
            if self.server.manager.is_connected(sid, self.namespace):
                break
            await asyncio.sleep(GREETING_PAUSE)
        else:
            # It vanished on the doorstep, and the library does not tell us of those.
            await self._disconnect(sid)
            return
        try:
            await self.greet(connection)
        except Exception:
            logger.exception("[%s] a connection could not be greeted and is closed", connection.identity.participant_id)
            await self.hang_up(sid)

    async def _disconnect(self, sid: str) -> None:
        connection = self.connections.pop(sid, None)
        if connection is not None:
            await connection.stop()
            await self.leave(connection)
            identity = connection.identity
            logger.info("[%s/%s] %s disconnected", identity.meeting_id, identity.participant_id, identity.role)

    async def _receive(self, event: Any, sid: str, args: tuple[Any, ...]) -> Ack:
        connection = self.connections.get(sid)
        try:
            if not isinstance(event, str) or event not in protocol.INBOUND:
                raise Invalid("There is no such event.", code="unknown_event")
            if connection is None or not may_send(connection.identity.role, event):
                raise NotAllowed("This event is not yours to send.")
            if len(args) != 1:
                raise Invalid("An event carries exactly one object.")
            return await self._handlers[event](connection, args[0])
        except InvigilError as error:
            return error.body()
        except DatabaseAway:
            return Away("The database is away just now; try again.").body()
        except Exception:
            logger.exception("an event could not be handled")
            return InvigilError("Something went wrong on our side; it has been noted.").body()

    def wire_of(self, sid: str) -> str | None:
        """The Engine.IO connection below a connection of this namespace."""
        found: str | None = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        return found

    def backlog(self, sid: str) -> int:
        """Packets that wait for a connection."""
        socket = self.server.eio.sockets.get(self.wire_of(sid))
        return 0 if socket is None else int(socket.queue.qsize())

    async def hang_up(self, sid: str) -> None:
        """Disconnect one socket. What was sent to it before still goes out."""
        await self.server.disconnect(sid, self.namespace)

    # --- what the namespaces differ in ---

    async def enter(self, sid: str, identity: Identity, page: str | None) -> Connection:
        """Take somebody in, or raise why not. `page`: the browser tab's own id, where it says one."""
        raise NotImplementedError

    async def greet(self, connection: Connection) -> None:
        """The first words."""
        raise NotImplementedError

    async def leave(self, connection: Connection) -> None:
        """Somebody is gone."""
        raise NotImplementedError

    async def refresh(self) -> None:
        """Something changed that concerns everybody here."""


class _Server(socketio.AsyncServer):  # type: ignore[misc] # the library has no types
    """The library's server, which hangs up on whoever does not speak the protocol.

    By itself it would log a traceback and go on listening. Handlers of ours raise nothing, so whatever is raised here
    is about the packet.
    """

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        # The library would gather as many attachments as a packet promises, in memory. We know events with one, and
        # no acknowledgements with any.
        if isinstance(data, str) and (data[:1] == "6" or (data[:1] == "5" and data[:3] != "51-")):
            wire_logger.warning("a packet with attachments that nobody asked for: its sender is disconnected")
            await self.drop(eio_sid)
            return
        try:
            await super()._handle_eio_message(eio_sid, data)
        except Exception as error:
            wire_logger.warning("a packet that is no Socket.IO (%s): its sender is disconnected", type(error).__name__)
            await self.drop(eio_sid)

    async def drop(self, eio_sid: str) -> None:
        """Close a connection. `eio.disconnect` would wait until all was sent: for ever, where nobody reads any more."""
        socket = self.eio.sockets.pop(eio_sid, None)
        if socket is not None:
            await socket.close(wait=False, reason=self.reason.SERVER_DISCONNECT)


def _may_connect(origins: frozenset[str], origin: str | None, environ: dict[str, Any]) -> bool:
    """Whether a page of this origin may open a socket: our own may always, others when they are named.

    Our own is told by the host alone: behind a TLS proxy we are asked by http for pages of https.
    """
    host = environ.get("HTTP_HOST")
    return origin is not None and (origin in origins or (bool(host) and origin.partition("://")[2] == host))


class Channels:
    """The Socket.IO server with its namespaces, and the ways in which the server hangs up."""

    def __init__(self, origins: list[str], metrics: Metrics) -> None:
        self._server = _Server(
            async_mode="aiohttp",
            cors_allowed_origins=partial(_may_connect, frozenset(origins)),
            # In the order of arrival; so a handler must be quick, and long work goes elsewhere.
            async_handlers=False,
            max_http_buffer_size=protocol.MAX_MESSAGE_BYTES,
            http_compression=False,  # JPEG does not shrink
            ping_interval=10,
            ping_timeout=10,
        )
        self.broadcast = Broadcast(self._server)
        self._metrics = metrics
        self._channels: list[Channel] = []
        self._reaper: asyncio.Task[None] | None = None
        self._notice: Callable[[], str | None] = lambda: None
        self._told_notice: str | None = None
        self._strangers: dict[str, float] = {}
        """Connections that are in no namespace, and since when."""

    def attach(self, app: web.Application) -> None:
        """Serve the sockets under /socket.io."""
        self._server.attach(app)

    def open(self, *channels: Channel, notice: Callable[[], str | None]) -> None:
        """Let people in. `notice`: what proctors should know of the detector; they are told when it changes."""
        self._notice, self._told_notice = notice, notice()
        self._channels = list(channels)
        for channel in channels:
            self._server.register_namespace(channel)
        self._reaper = asyncio.create_task(every(REAP_SECONDS, self._reap))

    async def close(self) -> None:
        """Hang up on everybody, then stop.

        In this order: left to the library, `disconnect` handlers run after the database is closed, or not at all.
        """
        await cancel(self._reaper)
        everybody = [channel.hang_up(sid) for channel in self._channels for sid in list(channel.connections)]
        await asyncio.gather(*everybody, return_exceptions=True)
        await self._server.shutdown()

    async def candidate(self, event: str, candidate: Candidate) -> None:
        """Tell the proctors that a candidate joined, left or changed."""
        await self.broadcast.candidate(event, candidate)

    async def ended(self, candidate: Candidate, reason: str) -> None:
        """Tell a candidate that their exam is over, and hang up."""
        await self._end([c for c in self._connections() if c.candidate is candidate], protocol.Ended(reason=reason))

    async def meeting_ended(self, meeting: Meeting, reason: str) -> None:
        """Tell the proctors that the meeting is over. They may go on to review it."""
        await self.broadcast.to_proctors("ended", protocol.Ended(reason=reason), meeting)

    async def _end(self, connections: list[Connection], message: protocol.Ended) -> None:
        for connection in connections:
            await self.broadcast.to_candidate("ended", message, connection.sid)
            await self._server.disconnect(connection.sid, Namespace.CANDIDATE)

    def _connections(self) -> list[Connection]:
        return [each for channel in self._channels for each in channel.connections.values()]

    async def _reap(self) -> None:
        await self._reap_strangers()
        if (notice := self._notice()) != self._told_notice:
            self._told_notice = notice
            for channel in self._channels:
                await channel.refresh()
        for channel in self._channels:
            for sid in [sid for sid in channel.connections if channel.backlog(sid) > LOST]:
                logger.warning("a connection could not keep up and is closed")
                self._metrics.connections_dropped.inc()
                await channel.hang_up(sid)

    async def _reap_strangers(self) -> None:
        now = asyncio.get_running_loop().time()
        known = {channel.wire_of(sid) for channel in self._channels for sid in channel.connections}
        self._strangers = {
            each: self._strangers.get(each, now) for each in self._server.eio.sockets if each not in known
        }
        for eio_sid in [each for each, since in self._strangers.items() if now - since > STRANGER_SECONDS]:
            await self._server.drop(eio_sid)
