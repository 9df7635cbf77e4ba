"""`invigil simulate`: candidates without people. Sends clips through the real sockets and measures what comes back.

Beside `server.channels` the only file that imports socketio, here as a client.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp
import socketio

from server.protocol import Namespace, Pace
from server.simulation_clips import Clip
from server.simulation_meeting import Room, SimulationError
from server.simulation_report import Report, Tally

UNACKNOWLEDGED = 2
"""Frames under way for one candidate, as the browser has it."""

ANSWER_WITHIN = 5.0
"""Seconds after which a frame without an answer is given up."""

CONNECT_WITHIN = 15.0
"""Seconds for one socket."""

JOINING = 8
"""Candidates who join at the same time."""

SETTLE_WITHIN = 2.0
"""Seconds at the end for answers that are under way, and for the last incidents."""

PROGRESS_EVERY = 5.0
"""Seconds between two lines of progress."""

GOLDEN = 0.618
"""Multiples of it spread evenly over an interval, however many candidates there are."""

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


class Candidate:
    """Streams one clip, and sends its newest frame only, as the browser does."""

    def __init__(self, socket: Socket, clip: Clip, tally: Tally, *, number: int, of: int) -> None:
        self.socket = socket
        self._clip = clip
        self._tally = tally
        # Nobody starts where another does, nor in the same instant.
        self._first = len(clip.frames) * number // of
        self._phase = (number * GOLDEN) % 1.0
        self._seq = 0
        self._under_way: dict[int, float] = {}
        self._waiting: tuple[float, bytes] | None = None
        self.over = False
        """The server ended this candidate's exam."""
        socket.hear("warning", self._shown)
        socket.hear("ended", self._ended)
        socket.hear("disconnect", self._broken)

    @property
    def idle(self) -> bool:
        """Everything sent is answered."""
        return not self._under_way

    async def stream(self, fps: float) -> None:
        """Send frames until cancelled or ended."""
        clock = asyncio.get_running_loop().time
        begin, number = clock() + self._phase / fps, 0
        while not self.over:
            await asyncio.sleep(begin + number / fps - clock())
            late = clock() - begin - number / fps
            self._tally.lateness.add(late)
            if missed := int(late * fps):
                self._tally.skipped += missed
                number += missed
            await self._give(self._clip.frames[(self._first + number) % len(self._clip.frames)])
            number += 1

    async def _give(self, jpeg: bytes) -> None:
        """Take a frame from the camera. What is not under way yet, a newer one replaces."""
        self._tally.captured += 1
        self._give_up_old()
        self._tally.dropped += self._waiting is not None
        self._waiting = (time.time() * 1000, jpeg)
        await self._pump()

    async def _pump(self) -> None:
        if self._waiting is None or len(self._under_way) >= UNACKNOWLEDGED or not self.socket.connected:
            return
        (captured_at, jpeg), self._waiting = self._waiting, None
        self._seq += 1
        self._under_way[self._seq] = time.perf_counter()
        self._tally.sent += 1
        frame = {"seq": self._seq, "captured_at": captured_at, "jpeg": jpeg}
        await self.socket.send("frame", frame, partial(self._answered, self._seq))

    async def _answered(self, seq: int, answer: Any) -> None:
        sent_at = self._under_way.pop(seq, None)
        if sent_at is None:
            return  # given up already, and counted as lost
        self._tally.answer.add(time.perf_counter() - sent_at)
        if answer.get("ok"):
            self._tally.acknowledged += 1
        else:
            self._tally.refused[answer["error"]["code"]] += 1
        await self._pump()

    def _give_up_old(self) -> None:
        before = time.perf_counter() - ANSWER_WITHIN
        for seq in [seq for seq, sent_at in self._under_way.items() if sent_at < before]:
            del self._under_way[seq]
            self._tally.lost += 1

    async def _broken(self, _: Any) -> None:
        """The connection is gone, and with it the answers."""
        self._tally.lost += len(self._under_way)
        self._under_way.clear()

    async def _shown(self, warning: Any) -> None:
        await self.socket.send("shown", {"incident_id": warning["incident_id"], "at": _now()})

    async def _ended(self, _: Any) -> None:
        self.over = True

    async def finish(self) -> None:
        """Say that this candidate is done, so that no stream is missed."""
        await self.socket.send("activity", {"kind": "finished", "at": _now()})


class Proctor:
    """Notes what the proctor is told, and when."""

    def __init__(self, socket: Socket, tally: Tally) -> None:
        self.socket = socket
        self._tally = tally
        self.detector = "unknown"
        """What judges, by the server's own word."""
        self._met: set[str] = set()
        socket.hear("incident", self._incident)
        socket.hear("snapshot", self._snapshot)

    async def _incident(self, event: Any) -> None:
        arrived_at = time.time()
        incident = event["incident"]
        if event["type"] == "opened" and incident["id"] not in self._met:
            self._met.add(incident["id"])
            self._tally.opened[incident["kind"]] += 1
            times = {name: _seconds(at) for name, at in incident["trace"].items() if at is not None}
            self._tally.stage(times, arrived_at)
        if event["type"] == "closed" and incident["id"] in self._met:
            self._met.discard(incident["id"])
            self._tally.closed[incident["kind"]] += 1

    async def _snapshot(self, snapshot: Any) -> None:
        self.detector = snapshot["detector"]


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
            await proctor.socket.open(room.url, room.proctor_token)
            await _join(room, crowd, stop)
            say(f"{len(crowd)} candidates have joined meeting {room.meeting_id}.")
            seconds = await _stream(plan, crowd, tally, stop, say)
        finally:
            await _leave(plan, room, crowd, tally, say)
            await proctor.socket.close()
    return Report(room.meeting_id, len(crowd), seconds, proctor.detector, tally)


async def _join(room: Room, crowd: list[Candidate], stop: asyncio.Event) -> None:
    joining = asyncio.Semaphore(JOINING)

    async def one(number: int, candidate: Candidate) -> None:
        async with joining:
            if stop.is_set():
                return
            token = await room.join(f"Candidate {number:03}")
            await candidate.socket.open(room.url, token)

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
    await asyncio.gather(*(candidate.socket.close() for candidate in crowd))


async def _until(done: Callable[[], bool]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_WITHIN):
            while not done():  # noqa: ASYNC110 - what it waits for is counted in several places, and once a run
                await asyncio.sleep(0.02)


def _now() -> str:
    return datetime.now().astimezone().isoformat()


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
