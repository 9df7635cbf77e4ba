"""Asks the candidates for fewer frames while the event loop cannot keep up, and for all of them again afterwards."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from server.meetings import Candidate
from server.metrics import Metrics
from server.protocol import Pace
from server.tasks import cancel

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the lag of the event loop is measured."""

HIGH_LAG, LOW_LAG = 0.15, 0.03
"""Seconds of lag over which the pace is lowered, and under which it is raised again."""

LOWEST = 0.2
"""Least share of the asked frames: at 5 a second, one; two faces are then still confirmed within 3 seconds."""

CALM_LOOKS = 10
"""Looks without lag before each step back up: lowering is a matter of a second, raising of patience."""


def next_share(share: float, lag: float, calm: int) -> tuple[float, int]:
    """The share of frames to ask for, and how many looks have been calm, after one more look. Pure."""
    if lag > HIGH_LAG:
        return max(LOWEST, share / 2), 0
    if lag < LOW_LAG and share < 1:
        return (min(1.0, share * 1.5), 0) if calm + 1 >= CALM_LOOKS else (share, calm + 1)
    return share, 0


class PaceSender(Protocol):
    """Tells candidates how to stream. The sockets are behind it."""

    async def pace(self, candidate: Candidate, pace: Pace) -> None:
        """Tell one candidate."""


class Pacing:
    """Owns the share of the asked frame rate that the server can bear."""

    def __init__(self, *, candidates: Callable[[], Iterable[Candidate]], sender: PaceSender, metrics: Metrics) -> None:
        self._candidates = candidates
        self._sender = sender
        self._metrics = metrics
        self._share = 1.0
        self._task: asyncio.Task[None] | None = None
        metrics.pace_share.set(1.0)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. May be called twice."""
        await cancel(self._task)

    def of(self, candidate: Candidate) -> Pace:
        """How a candidate should stream now."""
        asked = candidate.meeting.settings.stream
        return asked.model_copy(update={"fps": round(asked.fps * self._share, 3)})

    async def _run(self) -> None:
        clock, calm, last = asyncio.get_running_loop().time, 0, 0.0
        while True:
            before = clock()
            await asyncio.sleep(LOOK_SECONDS)
            lag = clock() - before - LOOK_SECONDS
            # The smaller of two: a single hiccup of the machine is no overload.
            share, calm = next_share(self._share, min(lag, last), calm)
            last = lag
            if share != self._share:
                level = logging.WARNING if share < self._share else logging.INFO
                logger.log(level, "the event loop lags %.2f s: candidates send %.0f %% of frames", lag, share * 100)
                self._share = share
                self._metrics.pace_share.set(share)
                await self._tell()

    async def _tell(self) -> None:
        for candidate in list(self._candidates()):
            try:
                await self._sender.pace(candidate, self.of(candidate))
            except Exception:
                logger.exception("a candidate could not be told the pace")
