"""`invigil simulate`: candidates without people. Sends clips through the real sockets and measures what comes back.

Beside `server.channels` the only file that imports socketio, here as a client.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import socketio

from server.protocol import Namespace, Pace
from server.simulation_clips import Clip
from server.simulation_meeting import Room, SimulationError
from server.simulation_people import Candidate, Proctor
from server.simulation_report import Report, Tally

CONNECT_WITHIN = 15.0
"""Seconds for one socket."""

JOINING = 8
"""Candidates who join at the same time."""

SETTLE_WITHIN = 2.0
"""Seconds at the end for answers that are under way, and for the last incidents."""

PROGRESS_EVERY = 5.0
"""Seconds between two lines of progress."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    url: str
    """The server."""
    operator_token: str
    candidates: int
    """How many."""
    pace: Pace
    """How each streams; the meeting asks its candidates for the same."""
    title: str
    """Of the meeting."""
    seconds: float | None = None
    """For how long; None: until it is stopped."""
    keep: bool = False
    """Leave the meeting open."""


class Socket:
    """One connection that comes back by itself, as a browser's does."""

    def __init__(self, namespace: Namespace, tally: Tally, http: aiohttp.ClientSession) -> None:
        self._namespace = namespace
        self._tally = tally
        self._connects = 0
        self._client = socketio.AsyncClient(http_session=http, handle_sigint=False, reconnection_delay=0.5)
        self._client.on("connect", self._connected, namespace=namespace)

    @property
    def connected(self) -> bool:
        """Whether something can be sent now."""
        return self._namespace in self._client.namespaces

    async def open(self, url: str, token: str) -> None:
        """Connect.

        Raises:
            SimulationError: it was refused or did not succeed.
        """
        try:
            await self._client.connect(
                url, auth={"token": token}, namespaces=[self._namespace], transports=["websocket"],
                wait_timeout=CONNECT_WITHIN,
            )  # fmt: skip
        except socketio.exceptions.ConnectionError as error:
            raise SimulationError(f"A socket to {url} could not be had: {error}") from None

    async def close(self) -> None:
        """Hang up, or stop trying to come back. May be called twice."""
        await self._client.shutdown()

    async def send(self, event: str, data: Any, answered: Callable[[Any], Any] | None = None) -> None:
        """Send an event, if there is a connection."""
        with suppress(socketio.exceptions.SocketIOError):
            await self._client.emit(event, data, namespace=self._namespace, callback=answered)

    def hear(self, event: str, handler: Callable[[Any], Awaitable[None]]) -> None:
        """Call `handler` with what comes as this event."""
        self._client.on(event, handler, namespace=self._namespace)

    async def _connected(self) -> None:
        self._connects += 1
        self._tally.reconnections += self._connects > 1


async def simulate(plan: Plan, clips: list[Clip], stop: asyncio.Event, say: Say) -> Report:
    """Run until the time is over or `stop` is set, then report what was so far.

    Raises:
        SimulationError: it could not begin.
    """
    tally = Tally()
    # Without a limit: every candidate holds a connection.
    connector = aiohttp.TCPConnector(limit=0)
    # In a thread: it reads the certificates.
    room = await asyncio.to_thread(Room, plan.url, plan.operator_token)
    async with room, aiohttp.ClientSession(connector=connector) as http:
        await room.create(plan.title, plan.pace)
        proctor = Proctor(Socket(Namespace.PROCTOR, tally, http), tally)
        crowd = [
            Candidate(
                Socket(Namespace.CANDIDATE, tally, http), clips[n % len(clips)], tally, number=n, of=plan.candidates
            )
            for n in range(plan.candidates)
        ]  # fmt: skip
        try:
            await proctor.line.open(room.url, room.proctor_token)
            await _join(room, crowd, stop)
            say(f"{len(crowd)} candidates have joined meeting {room.meeting_id}.")
            seconds = await _stream(plan, crowd, tally, stop, say)
        finally:
            await _leave(plan, room, crowd, tally, say)
            await proctor.line.close()
    return Report(room.meeting_id, len(crowd), seconds, proctor.detector, tally)


async def _join(room: Room, crowd: list[Candidate], stop: asyncio.Event) -> None:
    joining = asyncio.Semaphore(JOINING)

    async def one(number: int, candidate: Candidate) -> None:
        async with joining:
            if stop.is_set():
                return
            token = await room.join(f"Candidate {number:03}")
            await candidate.line.open(room.url, token)

    try:
        async with asyncio.TaskGroup() as group:
            for number, candidate in enumerate(crowd, start=1):
                group.create_task(one(number, candidate))
    except* SimulationError as errors:
        raise errors.exceptions[0] from None


async def _stream(plan: Plan, crowd: list[Candidate], tally: Tally, stop: asyncio.Event, say: Say) -> float:
    """Send until the end; returns for how long."""
    began = time.perf_counter()
    streams = [asyncio.create_task(candidate.stream(plan.pace.fps)) for candidate in crowd]
    while not stop.is_set() and any(not each.done() for each in streams):
        passed = time.perf_counter() - began
        left = PROGRESS_EVERY if plan.seconds is None else min(PROGRESS_EVERY, plan.seconds - passed)
        if left <= 0:
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await stop.wait()
        say(tally.line(time.perf_counter() - began))
    seconds = time.perf_counter() - began
    for each in streams:
        each.cancel()
    for outcome in await asyncio.gather(*streams, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
    await _until(lambda: all(candidate.idle for candidate in crowd))
    return seconds


async def _leave(plan: Plan, room: Room, crowd: list[Candidate], tally: Tally, say: Say) -> None:
    """End the meeting, while the proctor still hears what closes, and hang up."""
    if plan.keep:
        await asyncio.gather(*(candidate.finish() for candidate in crowd))
    elif room.meeting_id:
        try:
            await room.end()
        except SimulationError as error:
            say(f"The meeting could not be ended: {error}")
    await _until(lambda: tally.closed.total() >= tally.opened.total())
    await asyncio.gather(*(candidate.line.close() for candidate in crowd))


async def _until(done: Callable[[], bool]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_WITHIN):
            while not done():  # noqa: ASYNC110 - what it waits for is counted in several places, and once a run
                await asyncio.sleep(0.02)
