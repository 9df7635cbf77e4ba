"""`invigil evaluate` on the command line: its words, and where its results go."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.errors import Invalid
from server.settings import Settings, load

if TYPE_CHECKING:
    from server.evaluation.results import Evaluation
    from server.evaluation.running import Plan

MAX_JOBS = 61
"""Processes; more than Windows can wait for."""

EPILOG = """\
FOLDER holds labels.csv (path,faces,ambiguous) and pictures, or segments.csv (file,start_s,end_s,faces,faces_max,
ambiguous,identity,signals) and clips, or both; the README says more. The figures go to standard output, progress to
standard error. The exit status is 1 when a figure is below --floor, 2 when something cannot be used.
"""


class CommandError(Exception):
    """The words of the command cannot be used; the text says why."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `evaluate` to the command line."""
    parser = commands.add_parser(
        "evaluate", help="run labelled pictures and clips through detection and rules; prints accuracy", epilog=EPILOG
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="labelled pictures and clips")
    add("--stress", action="store_true", help="look at every picture spoilt in eight ways, too")
    add("--detector", metavar="NAME", help="the detector in question; unset: the one that serves")
    add("--models", type=Path, metavar="FOLDER", help="folder with the weights; unset: the server's")
    add("--width", type=int, metavar="PX", help="width of the frames; unset: the stream's")
    add("--interval", type=float, metavar="S", help="seconds between samples; unset: the server's")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a rule, such as no_face.enter_seconds=3")
    add("--settings", type=Path, metavar="FILE", help="rules as JSON, as a meeting has them")
    add(
        "--compare", action="append", default=[], metavar="WAY",
        help="beside it: old (the usual three), tutorial, yunet-320, yunet-480, yunet-480-low, or DETECTOR:WIDTH",
    )  # fmt: skip
    add("--against", type=Path, metavar="FILE", help="print what changed since this report")
    add("--floor", type=Path, metavar="FILE", help="least figures; below them the exit status is 1")
    add("--json", type=Path, metavar="FILE", help="write a report")
    add("--html", type=Path, metavar="FILE", help="write a page with the pictures of the mistakes")
    add("--jobs", type=int, metavar="N", help="processes; unset: one for each core")
    add("--no-timing", dest="timed", action="store_false", help="do not measure what a sample costs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the server's settings cannot be used.
    """
    from server.evaluation import against, floor  # noqa: PLC0415 - the other commands need none of it
    from server.evaluation.dataset import DatasetError  # noqa: PLC0415
    from server.evaluation.running import EvaluationError, evaluate  # noqa: PLC0415
    from server.evaluation.ways import UnknownWay  # noqa: PLC0415

    try:
        other = against.read(options.against) if options.against else None
        least = floor.read(options.floor) if options.floor else None
        plan = _plan(options)
        _writable(options.json, options.html)
        evaluation = evaluate(plan, _say)
        return _tell(evaluation, options, other, least)
    except (
        against.ReportError,
        CommandError,
        DatasetError,
        EvaluationError,
        floor.FloorError,
        Invalid,
        OSError,
        UnknownWay,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _plan(options: argparse.Namespace) -> "Plan":
    from server.evaluation import dataset, ways  # noqa: PLC0415
    from server.evaluation.running import Plan  # noqa: PLC0415
    from server.evaluation.stress import AS_IS, CONDITIONS  # noqa: PLC0415

    settings = load()
    overrides = _overrides(options)
    meeting = settings.for_meeting(overrides)
    width = meeting.stream.width
    first = ways.served(options.detector or settings.detector, width)
    wanted = [first, *ways.named([word for each in options.compare for word in each.split(",")], width=width)]
    if options.jobs is not None and not 1 <= options.jobs <= MAX_JOBS:
        raise CommandError(f"--jobs: between 1 and {MAX_JOBS}.")
    return Plan(
        dataset=dataset.read(options.folder),
        ways=tuple((way, _for_way(settings, overrides, way.width)) for way in dict.fromkeys(wanted)),
        conditions=tuple(CONDITIONS) if options.stress else (AS_IS,),
        models=options.models or settings.models_dir,
        processes=options.jobs or _cores(),
        timed=options.timed,
    )


def _cores() -> int:
    """Those that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MAX_JOBS)


def _for_way(settings: Settings, overrides: dict[str, Any], width: int) -> Any:
    return settings.for_meeting({**overrides, "stream": {**overrides.get("stream", {}), "width": width}})


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """What a meeting's settings would say: the file, over it the single ones, over them width and interval."""
    overrides: dict[str, Any] = {}
    if options.settings:
        try:
            overrides = json.loads(options.settings.read_bytes())
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{options.settings}: is not JSON: {error}") from None
        if not isinstance(overrides, dict):
            raise CommandError(f"{options.settings}: expected an object.")
    for each in options.set:
        name, equals, value = each.partition("=")
        if not equals:
            raise CommandError(f"--set {each}: expected NAME=VALUE.")
        _put(overrides, name.strip(), _value(value.strip()))
    if options.width is not None:
        _put(overrides, "stream.width", options.width)
    if options.interval is not None:
        _put(overrides, "sample_interval", options.interval)
    return overrides


def _put(overrides: dict[str, Any], name: str, value: Any) -> None:
    """`no_face.enter_seconds` is the field of an object."""
    *path, last = name.split(".")
    for part in path:
        overrides = overrides.setdefault(part, {})
        if not isinstance(overrides, dict):
            raise CommandError(f"{name}: {part} is no object.")
    overrides[last] = value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _writable(*paths: Path | None) -> None:
    """Long work whose result cannot be written would be lost."""
    for path in paths:
        if path is not None and not path.resolve().parent.is_dir():
            raise CommandError(f"{path}: there is no such folder to write it in.")


def _tell(
    evaluation: "Evaluation",
    options: argparse.Namespace,
    other: dict[str, Any] | None,
    least: dict[str, dict[str, float]] | None,
) -> int:
    """Print and write what came out; the exit status."""
    from server.evaluation import against, floor, page, report, tables  # noqa: PLC0415

    told = report.as_json(evaluation)
    sys.stdout.write(tables.text(evaluation) + "\n")
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if options.html:
        options.html.write_text(page.html(evaluation), encoding="utf-8")
    if other is not None:
        sys.stdout.write("\n" + against.text(other, told) + "\n")
    for each in evaluation.unreadable:
        _say(f"not readable: {each}")
    faults = floor.check(least, told["figures"][evaluation.setups[0].way.name]) if least else []
    for fault in faults:
        _say(f"below the floor: {fault}")
    return 1 if faults else 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
