"""The served detection loop over frames that are there already: which of them are sampled, and what the rules say.

What `server.sampling` and `server.monitor` do with a clock and workers happens here in virtual time: nothing waits, a
look takes no time, and the same frames always give the same steps. Reads no clock and no file.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Final, Protocol

from detection import rules
from detection.analyzer import Analysis, UndecodableFrame
from detection.faces import DetectorFault
from detection.jpeg import JpegError
from detection.rules import (
    Change,
    Enrolled,
    Event,
    Finished,
    Noticed,
    RuleSettings,
    Sampled,
    State,
    StreamExpected,
    Tick,
)

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
class Begun:
    """The server was started anew: the rules begin again, and know nobody but by what was kept of the face."""

    settings: RuleSettings
    """What is in force."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Other settings are in force from here on."""

    settings: RuleSettings
    """Which."""


Happened = Received | Begun | InForce | StreamExpected | Noticed | Finished
"""What comes from outside: frames, and what is no matter of frames."""


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


def rerun(happened: Iterable[Happened], look: Look, settings: RuleSettings) -> Iterator[Step]:
    """Every step of one candidate, from the first frame to the end of the exam with the last.

    One sample each `settings.sample_interval`, always of the newest frame, and every frame while the rules are
    unsettled. A frame that cannot be looked at is passed over, as the server does.

    Args:
        happened: the frames, and beside them what else there was, in the order of time.
        look: what is to be seen in a JPEG.
        settings: what is in force at the beginning.
    """
    loop = Loop(look, settings)
    for each in happened:
        yield from loop.on(each)
    yield from loop.finish()


class Loop:
    """One candidate's slot and rules."""

    def __init__(self, look: Look, settings: RuleSettings) -> None:
        self._look = look
        self._settings = settings
        self._state = State()
        self._reference: bytes | None = None
        self._over = False
        self._newest: Received | None = None
        self._last_at: float | None = None
        self._due_at = -inf
        self._tick_at = inf

    def looking_by(self, look: Look) -> "Loop":
        """Another one that stands where this one does. Neither changes the other."""
        other = copy.copy(self)
        other._look = look
        return other

    def on(self, happened: Happened) -> Iterator[Step]:
        """Something happens, after all that fell due before it."""
        match happened:
            case Begun():
                self._begin(happened.settings)
            case InForce():
                self._settings = happened.settings
            case StreamExpected() | Noticed() | Finished():
                yield from self._pass_time(happened.at)
                yield from self._tell(happened)
            case _:
                yield from self._pass_time(happened.received_at)
                yield from self._take(happened)

    def finish(self) -> Iterator[Step]:
        """The exam ends with the last frame, unless it has ended."""
        if self._last_at is not None and not self._over:
            yield self._apply(self._last_at, Finished(self._last_at))

    def _begin(self, settings: RuleSettings) -> None:
        self._settings, self._state, self._over = settings, State(), False
        self._newest = self._last_at = None
        self._due_at, self._tick_at = -inf, inf

    def _pass_time(self, until: float) -> Iterator[Step]:
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

    def _tell(self, event: StreamExpected | Noticed | Finished) -> Iterator[Step]:
        if isinstance(event, StreamExpected):
            yield from self._expect(event.at)
            return
        if isinstance(event, Finished):
            self._over, self._newest, self._tick_at = True, None, inf
        yield self._apply(event.at, event)

    def _expect(self, at: float) -> Iterator[Step]:
        yield self._apply(at, StreamExpected(at))
        self._over = False
        if self._tick_at == inf:
            self._tick_at = at + TICK_SECONDS
            known = rules.knows_candidate(self._state) or not self._settings.different_person.enabled
            if self._reference is not None and not known:
                yield self._apply(at, Enrolled(at, self._reference))

    def _take(self, frame: Received) -> Iterator[Step]:
        """A frame arrives. It replaces one that was not sampled."""
        if self._over:
            return
        at = frame.received_at
        if self._tick_at == inf:
            yield from self._expect(at)
        self._newest, self._last_at = frame, at
        if self._due_at <= at:
            yield from self._sample(at)

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
        before = self._state
        self._state, changes = rules.step(before, self._settings, event)
        self._reference = rules.newly_enrolled(before, self._state) or self._reference
        return Step(at, event, changes, frame)
