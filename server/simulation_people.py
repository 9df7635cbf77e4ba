"""The simulator's people: a candidate with a clip for a camera, and a proctor with a watch. They know no library."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from server.simulation_clips import Clip
from server.simulation_report import Tally

UNACKNOWLEDGED = 2
"""Frames under way for one candidate, as the browser has it."""

ANSWER_WITHIN = 5.0
"""Seconds after which a frame without an answer is given up."""

GOLDEN = 0.618
"""Multiples of it spread evenly over an interval, however many candidates there are."""


class Line(Protocol):
    """A connection that may come and go."""

    @property
    def connected(self) -> bool:
        """Whether something can be sent now."""

    async def open(self, url: str, token: str) -> None:
        """Connect, or raise SimulationError."""

    async def close(self) -> None:
        """Hang up. May be called twice."""

    async def send(self, event: str, data: Any, answered: Callable[[Any], Any] | None = None) -> None:
        """Send an event, if there is a connection."""

    def hear(self, event: str, handler: Callable[[Any], Awaitable[None]]) -> None:
        """Call `handler` with what comes as this event."""


class Candidate:
    """Streams one clip, and sends its newest frame only, as the browser does."""

    def __init__(self, line: Line, clip: Clip, tally: Tally, *, number: int, of: int) -> None:
        self.line = line
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
        line.hear("warning", self._shown)
        line.hear("ended", self._ended)
        line.hear("disconnect", self._broken)

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
        if self._waiting is None or len(self._under_way) >= UNACKNOWLEDGED or not self.line.connected:
            return
        (captured_at, jpeg), self._waiting = self._waiting, None
        self._seq += 1
        self._under_way[self._seq] = time.perf_counter()
        self._tally.sent += 1
        frame = {"seq": self._seq, "captured_at": captured_at, "jpeg": jpeg}
        await self.line.send("frame", frame, partial(self._answered, self._seq))

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
        await self.line.send("shown", {"incident_id": warning["incident_id"], "at": _now()})

    async def _ended(self, _: Any) -> None:
        self.over = True

    async def finish(self) -> None:
        """Say that this candidate is done, so that no stream is missed."""
        await self.line.send("activity", {"kind": "finished", "at": _now()})


class Proctor:
    """Notes what the proctor is told, and when."""

    def __init__(self, line: Line, tally: Tally) -> None:
        self.line = line
        self._tally = tally
        self.detector = "unknown"
        """What judges, by the server's own word."""
        self._met: set[str] = set()
        line.hear("incident", self._incident)
        line.hear("snapshot", self._snapshot)

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


def _now() -> str:
    return datetime.now().astimezone().isoformat()


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
