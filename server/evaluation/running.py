"""Runs an evaluation on all cores: every picture and every clip in every way. Results come in the labels' order."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

from detection.faces import DetectorFault, DetectorUnavailable
from detection.models import ModelMismatch
from server.evaluation import work
from server.evaluation.dataset import Dataset
from server.evaluation.results import ClipResult, Cost, Evaluation, PictureResult, Setup
from server.evaluation.ways import Way, served
from server.processes import pool
from server.settings import MeetingSettings

TIMED: Final = 120
"""Most pictures that are timed in each way."""
TELL_EVERY: Final = 5.0
"""Seconds between two lines on how far it has come."""

Say = Callable[[str], None]
Jobs = list[Future[ClipResult | PictureResult | work.Unreadable]]


class EvaluationError(Exception):
    """It could not be run; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run."""

    dataset: Dataset
    """On what."""
    ways: tuple[tuple[Way, MeetingSettings], ...]
    """In which ways, and with which rules and stream. The first is the one in question."""
    conditions: tuple[str, ...]
    """Under which conditions pictures are looked at."""
    models: Path
    """Folder with the weights."""
    processes: int
    """On how many processes."""
    timed: bool
    """Whether to measure what a sample costs."""


def evaluate(plan: Plan, say: Say) -> Evaluation:
    """Run it all, and tell how far it has come.

    Raises:
        EvaluationError: a detector cannot run or fails, or a process died.
    """
    began = monotonic()
    try:
        with pool(plan.processes) as workers:
            setups = _setups(workers, plan)
            clips, pictures = _submit(workers, plan, setups)
            told = _collect(clips + pictures, say)
        costs = _costs(plan, setups, say)
    except (DetectorFault, DetectorUnavailable, ModelMismatch) as error:
        raise EvaluationError(str(error)) from None
    except BrokenProcessPool:
        raise EvaluationError("A process that looked at pictures died: out of memory, or killed.") from None
    return Evaluation(
        dataset=plan.dataset,
        setups=setups,
        conditions=plan.conditions,
        pictures=tuple(each for each in told if isinstance(each, PictureResult)),
        clips=tuple(each for each in told if isinstance(each, ClipResult)),
        costs=costs,
        unreadable=tuple(dict.fromkeys(each.text for each in told if isinstance(each, work.Unreadable))),
        seconds=monotonic() - began,
        processes=plan.processes,
    )


def _setups(pool: ProcessPoolExecutor, plan: Plan) -> tuple[Setup, ...]:
    """Every way with the detector that it loads; `auto` gets the name of what it turned out to be."""
    infos = [pool.submit(work.info, way, plan.models) for way, _ in plan.ways]
    setups: dict[str, Setup] = {}
    for (way, settings), loading in zip(plan.ways, infos, strict=True):
        info = loading.result()
        known = served(info.name, way.width) if way.detector == "auto" else way
        setups.setdefault(known.name, Setup(known, info, settings))
    return tuple(setups.values())


def _submit(pool: ProcessPoolExecutor, plan: Plan, setups: tuple[Setup, ...]) -> tuple[Jobs, Jobs]:
    """Clips first, the longest first: one that is begun last would be waited for alone."""
    wanted = [(clip, setup) for clip in plan.dataset.clips for setup in setups]
    length = {clip.path: sum(each.end - each.start for each in clip.segments) for clip in plan.dataset.clips}
    order = sorted(range(len(wanted)), key=lambda n: -length[wanted[n][0].path])
    clips: dict[int, Any] = {n: pool.submit(work.run, *wanted[n], plan.models) for n in order}
    pictures: Any = [
        pool.submit(work.look, picture, setups, plan.conditions, plan.models) for picture in plan.dataset.pictures
    ]
    return [clips[n] for n in range(len(wanted))], pictures


def _collect(futures: Jobs, say: Say) -> list[ClipResult | PictureResult | work.Unreadable]:
    """The results in the order in which they were asked for."""
    left, told = set(futures), 0
    while left:
        _, left = wait(left, timeout=TELL_EVERY, return_when=FIRST_EXCEPTION)
        if told != (done := len(futures) - len(left)):
            say(f"{done} of {len(futures)} done")
            told = done
        if any(each.done() and each.exception() for each in futures):
            break
    return [future.result() for future in futures]


def _costs(plan: Plan, setups: tuple[Setup, ...], say: Say) -> dict[str, Cost]:
    """What a sample costs in each way, on one process while no other one of ours is at work."""
    pictures = plan.dataset.pictures
    if not plan.timed or not pictures:
        return {}
    step = max(1, -(-len(pictures) // TIMED))
    costs: dict[str, Cost] = {}
    with pool(1) as workers:
        for setup in setups:
            say(f"timing {setup.way.name}")
            cost = workers.submit(work.time_looks, list(pictures[::step]), setup, plan.models).result()
            if cost is not None:
                costs[setup.way.name] = cost
    return costs
