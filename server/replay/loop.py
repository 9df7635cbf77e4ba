"""A recording decided anew, with other settings or another detector: the served loop in virtual time over every frame.

Which frame is sampled hangs on what the one before showed, so the loop cannot be split. Instead it is let run ahead on
a guess, that all stays as it was last seen, and what it asks for is looked at by all processes meanwhile. A wrong guess
costs time and changes nothing.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from detection.analyzer import Analysis, UndecodableFrame
from detection.rerun import Begun, Happened, InForce, Loop
from detection.rules import Finished, Noticed, RuleSettings, Sampled, StreamExpected
from server import journal
from server.replay import work
from server.replay.difference import Collector, Incident
from server.replay.exact import JournalError, Looked
from server.replay.running import Crew, Progress, Results
from server.replay.sources import DAMAGED, Recording, Segment
from server.replay.work import Damaged
from storage.records import Json

AHEAD: Final = 8
"""Segments that the guess runs ahead."""
STEP: Final = 4
"""Segments after which it runs ahead anew."""


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
    crew: Crew, recording: Recording, overrides: Mapping[str, Any], where: dict[int, Segment], progress: Progress
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
    for loop, each in _driven(_Ahead(crew, where), _segments(recording, overrides, where, progress)):
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


def _driven(ahead: "_Ahead", segments: Iterator[list[Happened]]) -> Iterator[tuple[Loop, Happened | None]]:
    """The loop and what happens next, None at the end; beside it the guess runs ahead."""
    loop, coming = Loop(ahead.look, RuleSettings()), deque[list[Happened]]()
    left = True
    while left or coming:
        while left and len(coming) < AHEAD:
            more = next(segments, None)
            left = more is not None
            if more is not None:
                coming.append(more)
        ahead.foresee(loop, [each for segment in coming for each in segment])
        for _ in range(min(STEP, len(coming))):
            now = deque(coming.popleft())
            while now:
                yield loop, now.popleft()
                if ahead.missed:
                    ahead.foresee(loop, [*now])  # not far: where one guess is wrong the next may be
    yield loop, None


def _segments(
    recording: Recording, overrides: Mapping[str, Any], where: dict[int, Segment], progress: Progress
) -> Iterator[list[Happened]]:
    for segment in recording.segments:
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


class _Ahead:
    """Looks, and has looked already where the guess was right."""

    def __init__(self, crew: Crew, where: Mapping[int, Segment]) -> None:
        self._crew = crew
        self._where = where
        self._asked: dict[int, tuple[bool, Future[Results]]] = {}
        self._last: Looked | None = None
        self._wanted: dict[int, bool] = {}
        self.missed = False
        """Whether the guess was wrong since it last ran ahead."""

    def look(self, data: bytes, /, *, describe: bool) -> Analysis:
        """What is to be seen in a frame, by its number."""
        seq = int(data)
        asked = self._asked.get(seq)
        if asked is None or (describe and not asked[0]):
            self.missed = True
            self._ask({seq: describe})
        found = _result(self._asked[seq][1], seq)
        for old in [each for each in self._asked if each <= seq]:
            del self._asked[old]
        if found is None or found.observation is None:
            raise UndecodableFrame("the frame cannot be looked at")
        descriptor = found.descriptor if describe else None
        self._last = Looked(found.observation, descriptor or (self._last.descriptor if self._last else None))
        return Analysis(found.observation, descriptor)

    def foresee(self, loop: Loop, coming: list[Happened]) -> None:
        """Let the loop run ahead, and have looked at what it asks for."""
        self.missed = False
        if self._last is None:
            self.missed = True
            return
        self._wanted = {}
        guess = loop.looking_by(self._guess)
        for each in coming:
            for _ in guess.on(each):
                pass
        self._ask(self._wanted)

    def _guess(self, data: bytes, /, *, describe: bool) -> Analysis:
        seq, last = int(data), self._last
        assert last is not None
        assert last.observation is not None
        asked = self._asked.get(seq)
        if asked is None or (describe and not asked[0]):
            self._wanted[seq] = describe
        elif asked[1].done() and (known := _result(asked[1], seq)) is not None and known.observation is not None:
            return Analysis(known.observation, known.descriptor if describe else None)
        return Analysis(last.observation, last.descriptor if describe else None)

    def _ask(self, wanted: Mapping[int, bool]) -> None:
        by_segment: dict[Segment, dict[int, bool]] = {}
        for seq, describe in wanted.items():
            by_segment.setdefault(self._where[seq], {})[seq] = describe
        for segment, some in by_segment.items():
            future: Future[Results] = self._crew.pool.submit(work.look, segment, some, self._crew.eyes)
            self._asked |= {seq: (describe, future) for seq, describe in some.items()}


def _result(future: "Future[Results]", seq: int) -> Looked | None:
    results = future.result()
    return None if isinstance(results, Damaged) else results.get(seq)
