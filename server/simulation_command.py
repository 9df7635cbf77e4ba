"""`invigil simulate` on the command line: its words, its signals and what it prints."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import ValidationError

from server.checks import faults
from server.protocol import Pace
from server.settings import load

if TYPE_CHECKING:
    from server.simulation import Plan
    from server.simulation_clips import Clip
    from server.simulation_report import Report

MAX_CANDIDATES = 2000
"""One process gives no more frames than that in time."""

EPILOG = """\
The time from a frame received to the incident at the proctor is this machine's clock at the arrival less the
server's clock at the frame: it wants one machine, or synchronized clocks. Frames are encoded once, before the start;
of a source longer than 60 s only the beginning is shown. Progress goes to standard error. Ctrl-C ends the run and
prints what was measured so far.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `simulate` to the command line."""
    parser = commands.add_parser(
        "simulate", help="stream videos as candidates to a running server; prints latency and loss", epilog=EPILOG
    )
    pace = Pace()
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="VIDEO_OR_FOLDER", help="a video, or a folder of JPEG or PNG pictures")
    add("--candidates", type=int, default=1, metavar="N", help="how many; they take the sources in turn (1)")
    add("--url", default="http://127.0.0.1:8080", help="the server, or the operator's URL that `serve` printed")
    add("--operator-token", metavar="T", help="unset: from the URL's #token=, else INVIGIL_OPERATOR_TOKEN")
    add("--seconds", type=float, metavar="S", help="for how long; unset: until Ctrl-C")
    add("--fps", type=float, default=pace.fps, metavar="F", help=f"frames a second, each ({pace.fps:g})")
    add("--width", type=int, default=pace.width, metavar="W", help=f"width of the frames ({pace.width})")
    add("--quality", type=float, default=pace.quality, metavar="Q", help=f"JPEG quality ({pace.quality:g})")
    add("--hold", type=float, metavar="S", help="seconds for each picture of a folder; unset: one frame each")
    add("--meeting", default="Simulation", metavar="TITLE", help="title of the meeting that is made (Simulation)")
    add("--keep", action="store_true", help="do not end the meeting afterwards")
    add("--json", action="store_true", help="print one JSON object instead of the table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the token was to come from the settings, and they cannot be used.
    """
    from server.footage import SourceError  # noqa: PLC0415 - the other commands need none of it
    from server.simulation_meeting import SimulationError  # noqa: PLC0415

    try:
        plan = _plan(options)
        report = asyncio.run(_run(plan, options))
    except ValidationError as error:
        sys.stderr.write(f"These values cannot be used: {faults(error)}\n")
        return 2
    except (SimulationError, SourceError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write((json.dumps(report.as_json()) if options.json else report.as_table()) + "\n")
    return 0


def _plan(options: argparse.Namespace) -> "Plan":
    from server.simulation import Plan  # noqa: PLC0415
    from server.simulation_meeting import SimulationError, token_in  # noqa: PLC0415

    if not 1 <= options.candidates <= MAX_CANDIDATES:
        raise SimulationError(f"--candidates: between 1 and {MAX_CANDIDATES}.")
    try:
        parts = urlsplit(options.url)
        url = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 0) < 0:
            raise ValueError
    except ValueError:
        raise SimulationError("--url: an address such as http://127.0.0.1:8080 is needed.") from None
    token = options.operator_token or token_in(options.url) or _token_of_settings()
    if not token:
        raise SimulationError(
            "The operator's token is needed: --operator-token, INVIGIL_OPERATOR_TOKEN, or as --url the operator_url "
            "that `invigil serve` printed."
        )
    return Plan(
        url=url,
        operator_token=token,
        candidates=options.candidates,
        pace=Pace(fps=options.fps, width=options.width, quality=options.quality),
        title=options.meeting,
        seconds=options.seconds,
        keep=options.keep,
    )


def _token_of_settings() -> str | None:
    token = load().operator_token
    return None if token is None else token.get_secret_value()


async def _run(plan: "Plan", options: argparse.Namespace) -> "Report":
    from server.simulation import simulate  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        # Who asks again does not want to wait for the meeting's end.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    clips = await asyncio.to_thread(_load, plan.pace, options)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    return await simulate(plan, clips, stop, _say)


def _load(pace: Pace, options: argparse.Namespace) -> "list[Clip]":
    from server.simulation_clips import MAX_SECONDS, Shape, load  # noqa: PLC0415

    clips = load(options.sources, Shape(pace.fps, pace.width, pace.quality, options.hold))
    for clip in clips:
        size = sum(len(frame) for frame in {id(frame): frame for frame in clip.frames}.values())
        cut = f"; cut, the limit is {MAX_SECONDS:g} s" if clip.cut else ""
        _say(f"{clip.name}: {len(clip.frames) / pace.fps:.1f} s, {len(clip.frames)} frames, {size // 1024} KB{cut}")
    return clips


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
