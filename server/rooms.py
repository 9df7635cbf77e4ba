"""What is done in the rooms of other services, off everybody else's way: seats given, people sent out, rooms closed.

A service that is slow or away costs a candidate the video, never the exam: they wait for `PATIENCE` seconds at most, at
most `MAX_ADMISSIONS` seats are asked for at once, and what was ended here is tried again there, also after a restart.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from server.errors import Invalid, ProviderAway, ProviderFailed, ProviderRefused, TooMany
from server.meetings import Allowance, moment
from server.metrics import Metrics
from server.protocol import Provider
from server.providers import MeetingProvider, Providers
from server.tasks import cancel, guarded
from storage.database import Database, DatabaseError
from storage.records import MeetingRecord, OpenRoom, OpenSeat, ParticipantRecord

logger = logging.getLogger(__name__)
Value = TypeVar("Value")

PATIENCE: Final = 5.0
"""Seconds for which somebody who joins waits for their seat. It is asked for all the same, and is theirs next time."""

MAX_ADMISSIONS: Final = 300
"""Seats that are asked for at once, or wait for their turn."""

UNDER_WAY: Final = 12
"""Of those, under way at once: more would only keep the database from the exams."""

ROUND_SECONDS: Final = 5.0
"""How often it is looked at what is still to be ended elsewhere, if nothing is ended here meanwhile."""

AT_ONCE: Final = 4
"""Things that are ended elsewhere at once: half of what the client may do, so that others are let in meanwhile."""

MOST_TRIES: Final = 60
"""Tries to end something elsewhere; with the pauses between, about nine hours."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds before the second of them; doubled before each one after, up to the longest."""

REMEMBERED: Final = 5000
"""People of whom it is known how often they asked for a token, and meetings whose room is known."""

NO_VIDEO: Final = (
    "The video meeting cannot be had just now. The exam and its proctoring go on without it; try again in a moment."
)


class Rooms:
    """Owns every call to another service that is about a meeting of ours."""

    def __init__(
        self, *, providers: Providers, database: Database, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self._providers = providers
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._admissions: dict[UUID, asyncio.Task[str | None]] = {}
        self._turns = asyncio.Semaphore(UNDER_WAY)
        self._asked: OrderedDict[UUID, Allowance] = OrderedDict()
        self._known: OrderedDict[UUID, str] = OrderedDict()
        """The rooms of meetings, which never change."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to end elsewhere what was ended here, also before this start."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. What is not done by then is done after the next start."""
        await cancel(self._task)
        for task in list(self._admissions.values()):
            task.cancel()
        await asyncio.gather(*self._admissions.values(), return_exceptions=True)

    # --- coming in ----------------------------------------------------------------------------------------

    async def create(self, meeting: MeetingRecord) -> str | None:
        """Make the room of a new meeting; its id, or None where no other service holds it.

        Raises:
            Invalid: this server is not set up for that service.
            ProviderFailed: it cannot be made.
        """
        return await self._providers.get(Provider(meeting.provider)).create(meeting)

    async def abandon(self, meeting: MeetingRecord, room: str) -> None:
        """Close a room whose meeting could not be kept, so that none is left of which nobody knows."""
        with suppress(ProviderFailed):
            await self._providers.get(Provider(meeting.provider)).end(room)

    async def admit(self, meeting: MeetingRecord, participant: ParticipantRecord, *, first: bool = False) -> str | None:
        """The token with which a participant comes into the video; None where there is none to be had.

        Args:
            first: they were added just now, and cannot have a seat yet.

        Raises:
            ProviderFailed: none can be had just now. The text is for the participant.
            TooMany: they ask too often.
        """
        if meeting.provider == Provider.BUILTIN:
            return None
        self._allow(participant.id)
        task = self._admissions.get(participant.id)
        if task is None:
            if len(self._admissions) >= MAX_ADMISSIONS:
                self._metrics.admissions_refused.inc()
                raise ProviderAway(NO_VIDEO)
            task = self._admissions[participant.id] = asyncio.create_task(
                self._admit(meeting, participant, first=first)
            )
            task.add_done_callback(partial(self._admitted, participant.id))
        try:
            async with asyncio.timeout(PATIENCE):
                # Shielded: a seat that comes late is kept, and asking again makes no second one.
                return await asyncio.shield(task)
        except TimeoutError:
            raise ProviderAway(NO_VIDEO) from None
        except (ProviderFailed, Invalid, DatabaseError) as error:
            logger.warning("[%s/%s] no seat in the video: %s", meeting.id, participant.id, error)
            raise (ProviderRefused if isinstance(error, ProviderRefused) else ProviderAway)(NO_VIDEO) from None

    async def _admit(self, meeting: MeetingRecord, participant: ParticipantRecord, *, first: bool) -> str | None:
        provider = self._providers.get(Provider(meeting.provider))
        async with self._turns:
            room = await self._room(meeting)
            known = None if first else await self._database.seat(participant.id)
            if known is not None:
                try:
                    return await provider.refresh(room, known)
                except ProviderRefused as refusal:
                    if refusal.there != 404:
                        raise
            seat = await provider.admit(room, participant)
            if seat is None:
                return None
            await self._database.keep_seat(participant.id, seat.id)
            return seat.token

    async def _room(self, meeting: MeetingRecord) -> str:
        room = self._known.get(meeting.id) or await self._database.room(meeting.id)
        if room is None:
            raise ProviderRefused("this meeting has no room there")
        _remember(self._known, meeting.id, room)
        return room

    def _admitted(self, participant_id: UUID, task: asyncio.Task[str | None]) -> None:
        del self._admissions[participant_id]
        if not task.cancelled():
            task.exception()  # told to whoever waited; if nobody does any more, it is no news

    def _allow(self, participant_id: UUID) -> None:
        allowance = self._asked.get(participant_id) or Allowance(rate=0.1, burst=5)
        _remember(self._asked, participant_id, allowance)
        if not allowance.take(self._clock()):
            raise TooMany("The video was asked for too often. Try again in some seconds.")

    # --- going out ----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Something was ended here that is to be ended elsewhere, too. Returns at once."""
        self._wake.set()

    async def again(self, participant_id: UUID) -> None:
        """Somebody who was sent out is back: send them out once more."""
        await self._database.reopen_seat(participant_id)
        self.settle()

    async def _run(self) -> None:
        while True:
            await guarded(self._settle)
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def _settle(self) -> None:
        """End what is due."""
        at = moment(self._clock())
        try:
            rooms = await self._database.rooms_to_close(at, most=MOST_TRIES, limit=AT_ONCE)
            seats = await self._database.seats_to_close(at, most=MOST_TRIES, limit=AT_ONCE)
        except DatabaseError as error:
            logger.warning("what is to be ended in the video cannot be looked up: %s", error)
            return
        work = [partial(self._close_room, each) for each in rooms] + [partial(self._close_seat, each) for each in seats]
        for start in range(0, len(work), AT_ONCE):
            await asyncio.gather(*(guarded(each) for each in work[start : start + AT_ONCE]))
        if AT_ONCE in (len(rooms), len(seats)):
            self.settle()

    async def _close_room(self, due: OpenRoom) -> None:
        if await self._tried(due, due.meeting_id, lambda provider: provider.end(due.room)):
            await self._database.room_closed(due.meeting_id, moment(self._clock()))
        else:
            await self._database.room_not_closed(due.meeting_id, moment(self._clock()) + _pause(due.tries))

    async def _close_seat(self, due: OpenSeat) -> None:
        if await self._tried(
            due, due.participant_id, lambda provider: provider.kick(due.room, due.participant_id, due.seat)
        ):
            await self._database.seat_closed(due.participant_id, moment(self._clock()))
        else:
            await self._database.seat_not_closed(due.participant_id, moment(self._clock()) + _pause(due.tries))

    async def _tried(
        self, due: OpenRoom | OpenSeat, ours: UUID, end: Callable[[MeetingProvider], Awaitable[None]]
    ) -> bool:
        """Whether it is done; else it was logged."""
        try:
            await end(self._providers.get(Provider(due.provider)))
        except (ProviderFailed, Invalid) as error:  # or the service's credentials were taken out of the settings
            last = due.tries + 1 >= MOST_TRIES
            words = "is given up: do it in the service's own console" if last else "is tried again"
            level = logging.ERROR if last else logging.WARNING
            logger.log(level, "[%s] ending this in the video failed and %s: %s", ours, words, error)
            return False
        logger.info("[%s] ended in the video", ours)
        return True


def _remember(known: OrderedDict[UUID, Value], key: UUID, value: Value) -> None:
    """Keep a value; the ones that were not needed for longest go."""
    known[key] = value
    known.move_to_end(key)
    while len(known) > REMEMBERED:
        known.popitem(last=False)


def _pause(tries: int) -> timedelta:
    """Before the next try."""
    return timedelta(seconds=min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10)))
