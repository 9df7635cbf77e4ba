"""Replays recordings exactly, on all cores: detection in many processes, the fold over each journal in this one."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from detection import codec
from detection.values import DetectorInfo, Observation
from server.replay import work
from server.replay.exact import Looked, Replay
from server.replay.sources import DAMAGED, Recording, Segment
from server.replay.work import Damaged, Eyes
from storage.records import Json

AHEAD: Final = 4
"""Segments for each process that are looked at before their turn: what bounds the memory."""
TELL_EVERY: Final = 2.0
"""Seconds between two lines on how far it has come."""

Say = Callable[[str], None]
Results = dict[int, Looked] | Damaged


@dataclass(slots=True)
class Part:
    """One segment, and which of its frames are to be looked at."""

    number: int
    segment: Segment | None = None
    """None: it is missing."""
    why: str = "it is missing"
    """Why it cannot be read; empty when it can."""
    wanted: dict[int, bool] = field(default_factory=dict)
    """Numbers of frames to look at, and whether the face is to be described."""
    described: dict[int, Observation] = field(default_factory=dict)
    """Numbers of frames of which only the face is to be described, and what was seen in them."""


@dataclass(slots=True)
class Plan:
    """What there is to look at in a recording, and where its frames are."""

    parts: list[Part] = field(default_factory=list)
    """Every segment, also the missing ones."""
    where: dict[int, Segment] = field(default_factory=dict)
    """The segment of every frame."""
    began_at: float = 0.0
    """When the first frame came, seconds since the epoch."""
    ended_at: float = 0.0
    """When the last one did."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who looks."""

    pool: Executor
    """The processes."""
    processes: int
    """How many there are; 0: this one looks itself, and there is no use in looking ahead."""
    eyes: Eyes
    """With what."""
    info: DetectorInfo | None
    """The detector that this is; None where nothing is to be looked at."""

    @classmethod
    def ready(cls, pool: Executor, processes: int, detector: str | None, models: Path) -> "Crew":
        """With a detector of this name; None: nothing is to be looked at.

        Raises:
            DetectorUnavailable, ModelMismatch: it cannot run.
        """
        if detector is None:
            return cls(pool, processes, Eyes("none", models), None)
        eyes = Eyes(detector, models)
        return cls(pool, processes, eyes, pool.submit(work.info, eyes).result())


class Progress:
    """Tells now and then how far it has come."""

    def __init__(self, say: Say, total: int, what: str) -> None:
        self._say, self._total, self._what = say, total, what
        self._done, self._told_at = 0, monotonic()

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if monotonic() - self._told_at >= TELL_EVERY:
            self._told_at = monotonic()
            self._say(f"{self._done} of {self._total} {self._what}")


def plan(recording: Recording, *, only_described: bool = False) -> Plan:
    """What there is to look at, by the journals.

    Args:
        recording: in what.
        only_described: look nowhere, and describe the faces where they were described; all else is taken as it was
            seen live.
    """
    found = Plan()
    for segment in recording.segments:
        found.parts += [Part(number) for number in range(len(found.parts), segment.number)]
        part = Part(segment.number, segment, "")
        found.parts.append(part)
        try:
            _add(segment.lines(), part, found, only_described=only_described)
        except DAMAGED as error:
            part.why = str(error)
    return found


def _add(lines: list[Json], part: Part, plan: Plan, *, only_described: bool) -> None:
    assert part.segment is not None
    for line in lines:
        if line["type"] == "frame":
            plan.where[line["seq"]] = part.segment
            plan.began_at, plan.ended_at = plan.began_at or line["received_at"], line["received_at"]
        elif line["type"] in ("sample", "failed") and (segment := plan.where.get(line["seq"])) is not None:
            home, described = plan.parts[segment.number], line.get("described", False)
            if not only_described:
                home.wanted[line["seq"]] = described
            elif described:
                home.described[line["seq"]] = codec.observation_from_json(line["observation"])


def exact(crew: Crew, name: str, plan: Plan, progress: Progress | None) -> Iterator[tuple[Replay, list[bytes]]]:
    """Replay one recording: the replay as it goes on, and the next lines of its log.

    Args:
        crew: who looks.
        name: of the recording.
        plan: what there is to look at.
        progress: is told of every segment.

    Raises:
        JournalError: its journal cannot be replayed.
    """
    replay = Replay(name)
    yield replay, [replay.head(crew.info)]
    looked: dict[int, Looked] = {}
    for part, results in in_turn(crew, plan.parts):
        if progress is not None:
            progress.add(1)
        if part.segment is None or part.why or isinstance(results, Damaged):
            yield replay, [replay.damaged(part.number, results.why if isinstance(results, Damaged) else part.why)]
            continue
        replay.segment(is_exact=part.segment.is_exact)
        looked |= results
        told: list[bytes] = []
        for line in part.segment.lines():
            seen = looked.pop(line["seq"], None) if line["type"] in ("sample", "failed") else None
            told += replay.take(line, seen)
        yield replay, told


def in_turn(crew: Crew, parts: list[Part]) -> Iterator[tuple[Part, Results]]:
    """Every part with what is seen in it, in order; some are looked at ahead of their turn."""
    waiting: deque[tuple[Part, Future[Results] | None]] = deque()
    for part in parts:
        waiting.append((part, _submitted(crew, part)))
        if len(waiting) > AHEAD * crew.processes:
            yield _taken(waiting)
    while waiting:
        yield _taken(waiting)


def _submitted(crew: Crew, part: Part) -> Future[Results] | None:
    if part.segment is None or part.why:
        return None
    if part.described:
        return crew.pool.submit(work.describe, part.segment, part.described)
    if crew.info is None:
        return None
    return crew.pool.submit(work.look, part.segment, part.wanted, crew.eyes)


def _taken(waiting: deque[tuple[Part, "Future[Results] | None"]]) -> tuple[Part, Results]:
    part, future = waiting.popleft()
    return part, {} if future is None else future.result()


def detector_of(recording: Recording) -> str | None:
    """The name of the detector that judged live, from its first sample; None without any."""
    for segment in recording.segments:
        try:
            lines = segment.lines()
        except DAMAGED:
            continue
        for line in lines:
            if line["type"] == "sample":
                return str(line["detector"])
    return None
