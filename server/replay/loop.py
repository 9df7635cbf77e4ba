"""A recording decided anew, with other settings or another detector: the served loop in virtual time over every frame.

Which frame is sampled hangs on what the one before showed, so the loop cannot be split. Instead it is let run ahead on
a guess, that all stays as it was last seen, and what it asks for is looked at by all processes meanwhile. A wrong guess
costs time and changes nothing. How far it runs ahead grows while the guesses are right, and shrinks with every wrong
one; few looks are under way at once, so that one that could not be guessed does not wait behind those in vain.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from copy import copy
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, Final

from detection.analyzer import Analysis, UndecodableFrame
from detection.rerun import Begun, Happened, InForce, Loop
from detection.rules import Finished, Noticed, RuleSettings, Sampled, StreamExpected
from detection.values import Observation
from server import journal
from server.replay import work
from server.replay.difference import Collector, Incident
from server.replay.exact import JournalError, Looked
from server.replay.running import Crew, Progress, Results
from server.replay.sources import DAMAGED, Recording, Segment
from storage.records import Json

LEAST: Final = 2
"""Looks for each process by which the guess runs ahead at least ..."""
MOST: Final = 8
"""... and at most."""
TOGETHER: Final = 3
"""Looks that a process is given at once, at most."""


@dataclass(frozen=True, slots=True)
class Light:
    """A frame without its bytes: in place of them its number."""

    seq: int
    received_at: float

    @property
    def jpeg(self) -> bytes:
        """What the loop hands to its look."""
        return str(self.seq).encode()


@dataclass(slots=True)
class Again:
    """What came of it."""

    incidents: tuple[Incident, ...] = ()
    """As they would be decided."""
    samples: int = 0
    """How many frames were looked at."""
    began_at: float = 0.0
    """When the first frame came, seconds since the epoch."""
    ended_at: float = 0.0
    """When the last one did."""
    settings: RuleSettings | None = None
    """What was in force last."""


def again(
    crew: Crew, recording: Recording, overrides: Mapping[str, Any], where: dict[int, Segment], progress: Progress | None
) -> Again:
    """Decide one recording anew.

    Args:
        crew: who looks.
        recording: at what.
        overrides: settings over those that were in force.
        where: is filled with the segment of every frame.
        progress: is told of every segment.

    Raises:
        JournalError: its journal cannot be used.
        SettingsError: the settings cannot be.
    """
    found, collector = Again(), Collector()
    ahead = _Ahead(crew, where, _segments(recording, overrides, where, progress))
    loop = Loop(ahead.look, RuleSettings())
    for each in ahead.happened(loop):
        steps = loop.finish() if each is None else loop.on(each)
        for step in steps:
            found.samples += isinstance(step.event, Sampled)
            for change in step.changes:
                collector.add(change)
        match each:
            case Light():
                found.began_at, found.ended_at = found.began_at or each.received_at, each.received_at
            case Begun() | InForce():
                found.settings = each.settings
    if found.settings is None:
        raise JournalError(f"{recording.name}: no journal says which settings were in force: nothing can be replayed.")
    found.incidents = collector.incidents
    return found


def _segments(
    recording: Recording, overrides: Mapping[str, Any], where: dict[int, Segment], progress: Progress | None
) -> Iterator[list[Happened]]:
    for segment in recording.segments:
        if progress is not None:
            progress.add(1)
        try:
            lines = segment.lines()
        except DAMAGED:
            continue  # told by the replay of what was live
        where |= {line["seq"]: segment for line in lines if line["type"] == "frame"}
        yield [each for line in lines if (each := _happened(line, overrides)) is not None]


def _happened(line: Json, overrides: Mapping[str, Any]) -> Happened | None:
    match line["type"]:
        case "frame":
            return Light(line["seq"], line["received_at"])
        case "begun":
            return Begun(RuleSettings.from_overrides(line["settings"]).overridden(overrides))
        case "settings":
            return InForce(RuleSettings.from_overrides(line["settings"]).overridden(overrides))
        case "event":
            event = journal.event_of(line)
            return event if isinstance(event, StreamExpected | Noticed | Finished) else None
    return None


@dataclass(slots=True)
class _Asked:
    """A frame that the guess asked for, and that is still to come."""

    seq: int
    describe: bool
    """Whether its face is described."""
    seen: Observation | None = None
    """What is known to be in it: then the face alone is left to describe."""
    future: Future[Results] | None = None
    """The look; None: not begun."""

    @property
    def result(self) -> Looked | None:
        """What came of it; None: it is not done, or the frame cannot be read."""
        results = self.future.result() if self.future is not None and self.future.done() else None
        return results.get(self.seq) if isinstance(results, dict) else None


class _Ahead:
    """Looks, and has looked already where the guess was right."""

    def __init__(self, crew: Crew, where: Mapping[int, Segment], segments: Iterator[list[Happened]]) -> None:
        self._crew = crew
        self._where = where
        self._segments = segments
        self._coming: deque[Happened] = deque()
        """What is still to happen, as far as it was read."""
        self._passed = 0
        """How much of that the guess is through with."""
        self._here: tuple[Loop, Happened] | None = None
        """What happens now, and the loop before it, from where a guess can begin."""
        self._guess: Loop | None = None
        self._reach = LEAST * crew.processes
        """Looks by which the guess runs ahead."""
        self._queue: deque[_Asked] = deque()
        """What is not yet begun, the first first."""
        self._flying: set[Future[Results]] = set()
        self._asked: dict[int, _Asked] = {}
        """All that was asked for and is still to come, by the frame's number."""
        self._seq = -1
        """The newest frame that was looked at."""
        self._last: Looked | None = None

    def happened(self, loop: Loop) -> Iterator[Happened | None]:
        """What happens to the loop, None at the end."""
        while self._read():
            each = self._coming.popleft()
            self._here = copy(loop), each
            self._passed -= 1
            if self._passed < 0:
                self._passed, self._guess = 0, None
            yield each
        yield None

    def _read(self, count: int = 1) -> bool:
        """Have so much of what is to come; False: there is no more."""
        while len(self._coming) < count:
            more = next(self._segments, None)
            if more is None:
                return False
            self._coming += more
        return True

    def look(self, data: bytes, /, *, describe: bool) -> Analysis:
        """What is to be seen in a frame, by its number."""
        seq = int(data)
        asked = self._asked.get(seq)
        if asked is None or (describe and not asked.describe):
            self._begin_anew(seq, describe=describe)
        else:
            self._reach = min(MOST * self._crew.processes, self._reach + 1)
        self._run_ahead()
        found = self._result(self._asked[seq])
        for old in [each for each in self._asked if each <= seq]:
            del self._asked[old]
        while self._queue and self._queue[0].seq <= seq:
            self._queue.popleft()
        self._seq = seq
        if found is None or found.observation is None:
            raise UndecodableFrame("the frame cannot be looked at")
        descriptor = found.descriptor if describe else None
        self._last = Looked(found.observation, descriptor or (self._last.descriptor if self._last else None))
        return Analysis(found.observation, descriptor)

    def _begin_anew(self, seq: int, *, describe: bool) -> None:
        """The guess was wrong: look at this one first, and guess again from here."""
        self._reach = max(LEAST * self._crew.processes, self._reach // 2)
        for old in self._queue:
            self._asked.pop(old.seq, None)
        self._queue.clear()
        self._ask(seq, describe=describe)
        if self._reach and self._last is not None and self._here is not None:
            loop, now = self._here
            self._guess, self._passed = loop.looking_by(self._guessed), 0
            for _ in self._guess.on(now):
                pass

    def _run_ahead(self) -> None:
        """Let the guess run on until it is far enough ahead, and have begun what can be."""
        while self._guess is not None and len(self._asked) < self._reach and self._read(self._passed + 1):
            for _ in self._guess.on(self._coming[self._passed]):
                pass
            self._passed += 1
        self._submit()

    def _guessed(self, data: bytes, /, *, describe: bool) -> Analysis:
        seq, last = int(data), self._last
        assert last is not None
        assert last.observation is not None
        asked = self._asked.get(seq)
        if seq > self._seq and (asked is None or (describe and not asked.describe)):
            self._ask(seq, describe=describe)
        found = None if asked is None else asked.result
        if found is None or found.observation is None:
            return Analysis(last.observation, last.descriptor if describe else None)
        return Analysis(found.observation, (found.descriptor or last.descriptor) if describe else None)

    def _ask(self, seq: int, *, describe: bool) -> None:
        before = self._asked.get(seq)
        known = None if before is None else before.result
        asked = self._asked[seq] = _Asked(seq, describe, None if known is None else known.observation)
        self._queue.append(asked)

    def _submit(self) -> None:
        """Give every process something to do, and one of them the next."""
        self._flying = {each for each in self._flying if not each.done()}
        while self._queue and len(self._flying) <= self._crew.processes:
            first = self._queue[0]
            segment = self._where[first.seq]
            some = [first] if first.seen else self._alike(segment)
            for each in some:
                self._queue.remove(each)
            future: Future[Results]
            if first.seen is not None:
                future = self._crew.pool.submit(work.describe, segment, {first.seq: first.seen})
            else:
                wanted = {each.seq: each.describe for each in some}
                future = self._crew.pool.submit(work.look, segment, wanted, self._crew.eyes)
            self._flying.add(future)
            for each in some:
                each.future = future

    def _alike(self, segment: Segment) -> list[_Asked]:
        """The next of the queue that one process may look at together."""
        many = min(TOGETHER, 1 + self._reach // (1 + 4 * self._crew.processes))
        found = takewhile(lambda each: self._where[each.seq] == segment and each.seen is None, self._queue)
        return list(islice(found, many))

    def _result(self, asked: _Asked) -> Looked | None:
        """Wait for a look."""
        while asked.future is None or not asked.future.done():
            wait(self._flying, return_when=FIRST_COMPLETED)
            self._submit()
        return asked.result
