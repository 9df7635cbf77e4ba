"""The served detection loop over frames that are there already: which of them are sampled, and what the rules say.

What `server.sampling` and `server.monitor` do with a clock and workers happens here in virtual time: nothing waits, a
look takes no time, and the same frames always give the same steps. Reads no clock and no file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Final, Protocol

from detection import rules
from detection.analyzer import Analysis, UndecodableFrame
from detection.faces import DetectorFault
from detection.jpeg import JpegError
from detection.rules import Change, Event, Finished, RuleSettings, Sampled, State, StreamExpected, Tick

TICK_SECONDS: Final = 1.0
"""How often the rules are told the time, as the server does."""


class Look(Protocol):
    """`Analyzer.analyze`."""

    def __call__(self, data: bytes, /, *, describe: bool) -> Analysis:
        """What is to be seen in a JPEG. Raises JpegError, UndecodableFrame or DetectorFault when nothing is."""
        ...


class Received(Protocol):
    """One frame as it was received."""

    @property
    def seq(self) -> int:
        """The candidate's own count, rising."""
        ...

    @property
    def received_at(self) -> float:
        """Seconds since the epoch, or since any other moment; never falling."""
        ...

    @property
    def jpeg(self) -> bytes:
        """The very bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the rules, and what came of it."""

    at: float
    """When it happened in virtual time. A sample may have been received up to a frame's interval before."""
    event: Event
    """What the rules were told."""
    changes: tuple[Change, ...]
    """What they said."""
    frame: Received | None = None
    """What was looked at, for a sample."""


def rerun(frames: Iterable[Received], look: Look, settings: RuleSettings) -> Iterator[Step]:
    """Every step of one candidate, from the first frame to the end of the exam with the last.

    One sample each `settings.sample_interval`, always of the newest frame, and every frame while the rules are
    unsettled. A frame that cannot be looked at is passed over, as the server does.
    """
    loop = _Loop(look, settings)
    for frame in frames:
        yield from loop.pass_time(frame.received_at)
        yield from loop.take(frame)
    yield from loop.finish()


class _Loop:
    """One candidate's slot and rules."""

    def __init__(self, look: Look, settings: RuleSettings) -> None:
        self._look = look
        self._settings = settings
        self._state = State()
        self._newest: Received | None = None
        self._last_at: float | None = None
        self._due_at = -inf
        self._tick_at = inf

    def pass_time(self, until: float) -> Iterator[Step]:
        """All that falls due before a moment."""
        while True:
            sample_at = self._due_at if self._newest is not None else inf
            if min(sample_at, self._tick_at) >= until:
                return
            if sample_at <= self._tick_at:
                yield from self._sample(sample_at)
            else:
                yield self._apply(self._tick_at, Tick(self._tick_at, self._last_at))
                self._tick_at += TICK_SECONDS

    def take(self, frame: Received) -> Iterator[Step]:
        """A frame arrives. It replaces one that was not sampled."""
        at = frame.received_at
        if self._last_at is None:
            yield self._apply(at, StreamExpected(at))
            self._tick_at = at + TICK_SECONDS
        self._newest, self._last_at = frame, at
        if self._due_at <= at:
            yield from self._sample(at)

    def finish(self) -> Iterator[Step]:
        """The exam ends with the last frame."""
        if self._last_at is not None:
            yield self._apply(self._last_at, Finished(self._last_at))

    def _sample(self, at: float) -> Iterator[Step]:
        frame, self._newest = self._newest, None
        assert frame is not None
        self._due_at = at + self._settings.sample_interval
        describe = rules.wants_descriptor(self._state, self._settings, frame.received_at)
        try:
            seen = self._look(frame.jpeg, describe=describe)
        except (JpegError, UndecodableFrame, DetectorFault):
            return
        yield self._apply(at, Sampled(frame.received_at, frame.seq, seen.observation, seen.descriptor), frame)
        if self._state.unsettled:
            self._due_at = at

    def _apply(self, at: float, event: Event, frame: Received | None = None) -> Step:
        self._state, changes = rules.step(self._state, self._settings, event)
        return Step(at, event, changes, frame)
