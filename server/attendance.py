"""Who is in the video meetings at Dyte and RealtimeKit: webhooks tell at once, a list every minute puts them right.

A candidate who is there is expected to stream to us, by the same rule as one who has our page open (`StreamExpected`);
one who is there twice is a `second_connection`. That the host ended the video meeting ends no exam: it is told to the
proctors, who decide.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from detection.values import Kind
from server import protocol
from server.errors import NotFound, ProviderFailed
from server.meetings import Candidate, Meeting, moment
from server.monitor import Monitor
from server.peers import RoomPeers
from server.protocol import Provider
from server.providers import Peer, Providers
from server.room_events import EventKind, RoomEvent
from server.rooms import Rooms
from server.tasks import cancel, every, guarded
from storage.database import Database, DatabaseError

logger = logging.getLogger(__name__)

MAX_EVENTS: Final = 1000
"""Events that wait to be taken up; what comes then is refused, and the service sends it again."""

POLL_SECONDS: Final = 60.0
"""From one list of a meeting to the next."""

ROUND_SECONDS: Final = 2.0
"""How often it is looked at whose list is due."""

MOST_POLLS: Final = 10
"""Lists in one round, those due for longest first: with that, 300 meetings are listed a minute."""

MAX_STRANGERS: Final = 50
"""That are shown."""

HOST_ENDED: Final = (
    "The host ended the video meeting. The exam goes on, and so does its proctoring, until it is ended here."
)


class Lobby(Protocol):
    """Where the meetings are."""

    def meetings(self) -> Iterator[Meeting]:
        """Those that go on."""

    async def meeting(self, meeting_id: UUID | None) -> Meeting:
        """One of them."""


class Teller(Protocol):
    """Tells the proctors. The sockets are behind it."""

    async def candidate(self, event: str, candidate: Candidate) -> None:
        """How a candidate stands now."""

    async def room(self, meeting: Meeting, room: protocol.Room) -> None:
        """How the video meeting stands now."""


@dataclass(slots=True, eq=False)
class Watched:
    """What is known of one video meeting."""

    meeting: Meeting
    peers: RoomPeers = field(default_factory=RoomPeers)
    staff: set[UUID] = field(default_factory=set)
    """Proctors and reviewers who were seen there."""
    strangers: list[Peer] = field(default_factory=list)
    polled_at: float = 0.0
    listed: bool = False
    """Whether all who are there were listed once: since then, who is not known to be there is not there."""
    host_ended: bool = False
    told: protocol.Room | None = None
    """What the proctors were told last."""
    settling: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while it is told what follows: an event and a list at once must not tell it by turns."""


class Attendance:
    """Owns what is known of who is where."""

    def __init__(
        self,
        *,
        lobby: Lobby,
        rooms: Rooms,
        providers: Providers,
        monitor: Monitor,
        teller: Teller,
        database: Database,
        clock: Callable[[], float],
    ) -> None:
        self._lobby = lobby
        self._rooms = rooms
        self._providers = providers
        self._monitor = monitor
        self._teller = teller
        self._database = database
        self._clock = clock
        self._watched: dict[UUID, Watched] = {}
        self._events: asyncio.Queue[RoomEvent] = asyncio.Queue(MAX_EVENTS)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to look."""
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(every(ROUND_SECONDS, self._look)),
            asyncio.create_task(every(ROUND_SECONDS, self._tell)),  # apart: a list may take long, and that is news
        ]

    async def close(self) -> None:
        """Stop. May be called twice."""
        await cancel(*self._tasks)

    def room(self, meeting: Meeting) -> protocol.Room | None:
        """The video meeting as the console shows it; None where the room is our own."""
        if meeting.record.provider == Provider.BUILTIN:
            return None
        return self._view(self._watched.get(meeting.id) or Watched(meeting))

    @property
    def full(self) -> bool:
        """Whether no more events can be taken just now."""
        return self._events.full()

    def offer(self, event: RoomEvent) -> None:
        """Take an event of a webhook that was checked. Returns at once.

        Raises:
            asyncio.QueueFull: `full`.
        """
        self._events.put_nowait(event)

    # --- what is heard ------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            event = await self._events.get()
            await guarded(partial(self._take, event))

    async def _take(self, event: RoomEvent) -> None:
        try:
            meeting_id = await self._database.meeting_in_room(event.provider, event.room)
            if meeting_id is None:  # of another server with this account, or over
                return
            meeting = await self._lobby.meeting(meeting_id)
        except (DatabaseError, NotFound) as error:
            logger.warning("an event of a video meeting is passed over: %s", error)
            return
        watched, now = self._watch(meeting), self._clock()
        match event.kind:
            case EventKind.JOINED if event.peer is not None:
                watched.host_ended = False
                watched.peers.joined(event.peer, event.session, now)
            case EventKind.LEFT if event.peer is not None:
                watched.peers.left(event.peer, event.session, now)
            case EventKind.STARTED:
                watched.host_ended = False
            case EventKind.ENDED:
                watched.peers.ended(event.session, now)
                watched.host_ended = event.by_host and not watched.peers.live()
        await self._settle(watched)

    # --- what is asked ------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """List who is where, of those meetings whose turn it is."""
        held = {
            meeting.id: meeting for meeting in self._lobby.meetings() if meeting.record.provider != Provider.BUILTIN
        }
        for meeting_id in [each for each in self._watched if each not in held]:
            del self._watched[meeting_id]
        for meeting in held.values():
            self._watch(meeting)
        due = [each for each in self._watched.values() if self._clock() - each.polled_at >= POLL_SECONDS]
        for watched in sorted(due, key=lambda each: each.polled_at)[:MOST_POLLS]:
            await guarded(partial(self._poll, watched))

    async def _tell(self) -> None:
        for watched in list(self._watched.values()):
            await guarded(partial(self._tell_room, watched))

    async def _poll(self, watched: Watched) -> None:
        asked_at = watched.polled_at = self._clock()
        record = watched.meeting.record
        room = await self._database.room(record.id)
        provider = dict(self._providers).get(Provider(record.provider))
        if room is None or provider is None:
            return
        try:
            present = await provider.present(room)
        except ProviderFailed as error:
            logger.info("[%s] who is in the video cannot be told: %s", record.id, error)
            return
        watched.peers.listed(present, asked_at)
        watched.listed = watched.listed or present.complete
        await self._settle(watched)

    def _watch(self, meeting: Meeting) -> Watched:
        if meeting.id not in self._watched:
            self._watched[meeting.id] = Watched(meeting)
        return self._watched[meeting.id]

    # --- what follows from it -----------------------------------------------------------------------------

    async def _settle(self, watched: Watched) -> None:
        """Tell the rules and the proctors what has changed."""
        async with watched.settling:
            await self._settle_alone(watched)
        await self._tell_room(watched)

    async def _settle_alone(self, watched: Watched) -> None:
        counted: dict[UUID, int] = {}
        strangers = []
        for peer in watched.peers.live():
            person = await self._known(watched, peer)
            if person is None:
                strangers.append(peer)
            else:
                counted[person] = counted.get(person, 0) + 1
        watched.strangers = sorted(strangers, key=lambda peer: (peer.joined_at or 0.0, peer.id))
        for candidate in list(watched.meeting.candidates.values()):
            peers = counted.get(candidate.id, 0)
            if peers or watched.listed or candidate.peers is not None:
                await self._count(candidate, peers)

    async def _known(self, watched: Watched, peer: Peer) -> UUID | None:
        """The participant of ours who has this connection."""
        try:
            person = UUID(peer.participant)
        except ValueError:
            return None
        if person in watched.meeting.candidates or person in watched.staff:
            return person
        try:
            record = await self._database.participant(person)
        except DatabaseError:
            return person  # nobody is called a stranger because we cannot look them up
        if record is None or record.meeting_id != watched.meeting.id:
            return None
        watched.staff.add(person)
        return person

    async def _count(self, candidate: Candidate, peers: int) -> None:
        before, candidate.peers = candidate.peers, peers
        if peers == before:
            return
        if peers and not before:
            self._monitor.expect(candidate)
        if candidate.record.ended_at is not None and peers:
            await self._rooms.again(candidate.id)
        if not candidate.over and (peers > 1) != ((before or 0) > 1):
            words = f"in the video meeting {peers} times" if peers > 1 else ""
            self._monitor.notice(candidate, Kind.SECOND_CONNECTION, active=peers > 1, detail=words)
        if before is None or bool(peers) != bool(before):
            await self._teller.candidate("updated", candidate)

    async def _tell_room(self, watched: Watched) -> None:
        view = self._view(watched)
        told, watched.told = watched.told or protocol.Room(provider=view.provider, reachable=True), view
        if view != told:
            await self._teller.room(watched.meeting, view)

    def _view(self, watched: Watched) -> protocol.Room:
        provider = Provider(watched.meeting.record.provider)
        service = dict(self._providers).get(provider)
        away_since = None if service is None else service.away_since
        notice = HOST_ENDED if watched.host_ended else None
        if service is None:
            notice = f"This server is not set up for {provider} any more: nobody can be let into the video meeting."
        elif away_since is not None:
            at = moment(away_since).strftime("%H:%M UTC")
            notice = f"{provider} cannot be reached since {at}: the video may be missing. Proctoring goes on."
        return protocol.Room(
            provider=provider,
            reachable=service is not None and away_since is None,
            notice=notice,
            strangers=[_stranger(each) for each in watched.strangers[:MAX_STRANGERS]],
        )


def _stranger(peer: Peer) -> protocol.Stranger:
    since = None if peer.joined_at is None else moment(peer.joined_at)
    return protocol.Stranger(peer_id=peer.id, name=peer.name, since=since)
