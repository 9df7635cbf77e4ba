"""Replays recordings exactly, on all cores: detection in many processes, the fold over each journal in this one."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from detection.values import DetectorInfo
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
    """Numbers of frames, and whether the face is to be described."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who looks."""

    pool: ProcessPoolExecutor
    """The processes."""
    processes: int
    """How many there are."""
    eyes: Eyes
    """With what."""
    info: DetectorInfo | None
    """The detector that this is; None where nothing is to be looked at."""

    @classmethod
    def ready(cls, pool: ProcessPoolExecutor, processes: int, detector: str | None, models: Path) -> "Crew":
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


def parts(recording: Recording, *, only_described: bool = False) -> list[Part]:
    """What there is to look at in a recording, by its journals. `only_described`: only where descriptors are."""
    found: list[Part] = []
    where: dict[int, Part] = {}
    for segment in recording.segments:
        found += [Part(number) for number in range(len(found), segment.number)]
        part = Part(segment.number, segment, "")
        found.append(part)
        try:
            _plan(segment.lines(), part, where, only_described=only_described)
        except DAMAGED as error:
            part.why = str(error)
    return found


def _plan(lines: list[Json], part: Part, where: dict[int, Part], *, only_described: bool) -> None:
    for line in lines:
        if line["type"] == "frame":
            where[line["seq"]] = part
        elif line["type"] in ("sample", "failed"):
            described = line.get("described", False)
            home = where.get(line["seq"])
            if home is not None and (described or not only_described):
                home.wanted[line["seq"]] = described


def exact(
    crew: Crew, recording: Recording, progress: Progress | None, *, only_described: bool = False
) -> Iterator[tuple[Replay, list[bytes]]]:
    """Replay one recording: the replay as it goes on, and the next lines of its log.

    Args:
        crew: who looks.
        recording: at what.
        progress: is told of every segment.
        only_described: look only where faces were described, and take all else as it was seen live.

    Raises:
        JournalError: its journal cannot be replayed.
    """
    replay = Replay(recording.name)
    yield replay, [replay.head(crew.info)]
    looked: dict[int, Looked] = {}
    for part, results in in_turn(crew, parts(recording, only_described=only_described)):
        if progress is not None:
            progress.add(1)
        if part.segment is None or part.why or isinstance(results, Damaged):
            yield replay, [replay.damaged(part.number, results.why if isinstance(results, Damaged) else part.why)]
            continue
        if not part.segment.is_exact:
            replay.reencoded()
        looked |= results
        for line in part.segment.lines():
            seen = looked.pop(line["seq"], None) if line["type"] in ("sample", "failed") else None
            yield replay, replay.take(line, seen)


def in_turn(crew: Crew, wanted: list[Part]) -> Iterator[tuple[Part, Results]]:
    """Every part with what is seen in it, in order; some are looked at ahead of their turn."""
    waiting: deque[tuple[Part, Future[Results] | None]] = deque()
    for part in wanted:
        future = None
        if part.segment is not None and not part.why and crew.info is not None:
            future = crew.pool.submit(work.look, part.segment, part.wanted, crew.eyes)
        waiting.append((part, future))
        if len(waiting) > AHEAD * crew.processes:
            yield _taken(waiting)
    while waiting:
        yield _taken(waiting)


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
