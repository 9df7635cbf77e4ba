"""`invigil evaluate` on the command line: its words, and where its results go."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import command_words
from server.command_words import CommandError, require_writable, say
from server.errors import Invalid
from server.settings import Settings, load

if TYPE_CHECKING:
    from server.evaluation.results import Evaluation
    from server.evaluation.running import Plan

EPILOG = """\
FOLDER holds labels.csv (path,faces,ambiguous) and pictures, or segments.csv (file,start_s,end_s,faces,faces_max,
ambiguous,identity,signals) and clips, or both; the README says more. The figures go to standard output, progress to
standard error. The exit status is 1 when a figure is below --floor, 2 when something cannot be used.
"""


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
    command_words.add_settings(parser)
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
        require_writable(options.json, options.html)
        evaluation = evaluate(plan, say)
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
    return Plan(
        dataset=dataset.read(options.folder),
        ways=tuple((way, _for_way(settings, overrides, way.width)) for way in dict.fromkeys(wanted)),
        conditions=tuple(CONDITIONS) if options.stress else (AS_IS,),
        models=options.models or settings.models_dir,
        processes=command_words.jobs(options),
        timed=options.timed,
    )


def _for_way(settings: Settings, overrides: dict[str, Any], width: int) -> Any:
    return settings.for_meeting({**overrides, "stream": {**overrides.get("stream", {}), "width": width}})


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """What a meeting's settings would say, with the width over them."""
    overrides = command_words.overrides(options)
    if options.width is not None:
        command_words.put(overrides, "stream.width", options.width)
    return overrides


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
        say(f"not readable: {each}")
    faults = floor.check(least, told["figures"][evaluation.setups[0].way.name]) if least else []
    for fault in faults:
        say(f"below the floor: {fault}")
    return 1 if faults else 0
