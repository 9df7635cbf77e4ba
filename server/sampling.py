"""Which candidate to look at next. One newest-frame slot a candidate, pulled by the workers.

No queue of frames anywhere: a queue in front of a detector that falls behind grows, and every alert with it.
A newer frame replaces one that was not sampled; overload then stretches the intervals and nothing else.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

BURST_WEIGHT = 4.0
"""A candidate under suspicion is served as if it had waited this many times longer."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as received; never re-encoded."""

    seq: int
    """The candidate's own count, strictly increasing."""
    captured_at: float
    """Seconds since the epoch by the candidate's clock, which may be wrong."""
    received_at: float
    """Seconds since the epoch by ours."""
    jpeg: bytes
    """The very bytes that arrived."""


Owner = TypeVar("Owner")


@dataclass(slots=True, eq=False)
class Slot(Generic[Owner]):
    """The newest frame of one candidate, and when it is due to be looked at."""

    owner: Owner
    """Whose frames these are."""
    interval: float
    """Seconds between samples when nothing is wrong."""
    floor: float
    """Seconds after which a candidate comes first, whatever the others' weight."""
    frame: Frame | None = None
    """The newest frame that was not sampled."""
    due_at: float = 0.0
    """When the next sample is due."""
    sampled_at: float | None = None
    """When the last sample was taken."""
    burst: bool = False
    """Sample every frame, until the rules have made up their mind."""
    busy: bool = False
    """A sample of this candidate is with a worker: they are judged one after the other, in order."""
    dropped: int = 0
    """Frames replaced before they were sampled. Most are: the stream is faster than the interval."""
    achieved: float | None = field(default=None)
    """Seconds between the last two samples; over `interval` by much, the server is overloaded."""

    def overdue(self, now: float) -> float:
        """How urgent this slot is: lateness in intervals, weighted. Negative while it is not due."""
        late = now - self.due_at
        if late < 0:
            return late
        if self.sampled_at is not None and now - self.sampled_at > self.floor:
            return 1e6 + late
        return (1.0 + late / self.interval) * (BURST_WEIGHT if self.burst else 1.0)


Heap = list[tuple[float, int, Slot[Owner]]]
"""By due time, then in the order in which they came: slots have no order of their own."""


class Sampler(Generic[Owner]):
    """The slots of every candidate on this server. Not thread-safe: one event loop owns it.

    Those that wait with a frame are kept in heaps by due time, one heap for each pair of interval and floor, bursts
    apart: within one the earliest due is always the most overdue, so a worker looks at the first of each only. Going
    through all slots took 0.18 µs each: 40 µs a sample with 200 candidates, 190 with 1000; now it is 4 with either.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots: set[Slot[Owner]] = set()
        self._waiting: dict[tuple[float, float, bool], Heap[Owner]] = {}
        self._entries = count()
        self._wake = asyncio.Event()

    def add(self, owner: Owner, *, interval: float, floor: float) -> Slot[Owner]:
        """A slot for a new candidate."""
        slot = Slot(owner, interval=interval, floor=floor)
        self._slots.add(slot)
        return slot

    def remove(self, slot: Slot[Owner]) -> None:
        """Forget a candidate. May be called twice."""
        self._slots.discard(slot)

    def offer(self, slot: Slot[Owner], frame: Frame) -> bool:
        """Put the newest frame into its slot. True: an unsampled one was replaced."""
        replaced = slot.frame is not None
        slot.dropped += replaced
        slot.frame = frame
        if not slot.busy and not replaced:
            self._enter(slot)
        if not slot.busy and slot.due_at <= frame.received_at:
            self._wake.set()
        return replaced

    def settle(self, slot: Slot[Owner], *, burst: bool, pause: float = 0.0) -> None:
        """A sample has been judged: the next is due at once (burst), or an interval after it was taken.

        Args:
            slot: whose.
            burst: sample every frame from here on.
            pause: seconds from now in which no other is taken, whatever else holds.
        """
        if not slot.busy:
            return  # settled already; a slot that waits must not change its place
        slot.busy = False
        slot.burst = burst
        taken = slot.sampled_at if slot.sampled_at is not None else self._clock()
        slot.due_at = max(taken if burst else taken + slot.interval, self._clock() + pause if pause else 0.0)
        if slot.frame is not None:
            self._enter(slot)
            if slot.due_at <= self._clock():
                self._wake.set()

    async def take(self) -> tuple[Slot[Owner], Frame]:
        """Wait for the most overdue candidate and take its newest frame."""
        while True:
            now = self._clock()
            heap = max(self._heaps(), key=lambda heap: heap[0][-1].overdue(now), default=None)
            best = None if heap is None else heap[0][-1]
            if heap is not None and best is not None and best.due_at <= now and best.frame is not None:
                heappop(heap)
                return best, self._claim(best, best.frame, now)
            await self._sleep(None if best is None else best.due_at - now)

    def _enter(self, slot: Slot[Owner]) -> None:
        heap = self._waiting.setdefault((slot.interval, slot.floor, slot.burst), [])
        heappush(heap, (slot.due_at, next(self._entries), slot))

    def _heaps(self) -> list[Heap[Owner]]:
        """Those with somebody in them, and at their head somebody who is still here."""
        for key, heap in list(self._waiting.items()):
            while heap and heap[0][-1] not in self._slots:
                heappop(heap)
            if not heap:
                del self._waiting[key]
        return list(self._waiting.values())

    def _claim(self, slot: Slot[Owner], frame: Frame, now: float) -> Frame:
        slot.frame = None
        slot.busy = True
        slot.achieved = None if slot.sampled_at is None else now - slot.sampled_at
        slot.sampled_at = now
        return frame

    async def _sleep(self, seconds: float | None) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
