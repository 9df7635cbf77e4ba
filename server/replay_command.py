"""`invigil replay` on the command line: its words, and where its results go."""

import argparse
import hashlib
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

from server import command_words
from server.command_words import CommandError, require_writable, say
from server.settings import load

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from server.replay.exact import Replay
    from server.replay.sources import Recording

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

EPILOG = """\
RECORDING is a folder with the segments of a recording (000000.mkv, 000000.jsonl ...), or one with such folders in it.
Without other settings, detector or interval the replay is exact: the exit status is 1 when something else is seen or
decided than was live, 2 when something cannot be used.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `replay` to the command line."""
    parser = commands.add_parser(
        "replay", help="run detection and rules on recordings again, exactly or with something else", epilog=EPILOG
    )
    add = parser.add_argument
    add("recordings", type=Path, nargs="*", metavar="RECORDING", help="folder of a recording, or of several")
    add("--detector", metavar="NAME", help="another detector; unset: the one that judged live")
    add("--models", type=Path, metavar="FOLDER", help="folder with the weights; unset: the server's")
    command_words.add_settings(parser)
    add("--log", type=Path, metavar="FILE", help="write the verdict log")
    add("--jobs", type=int, metavar="N", help="processes; unset: one for each core")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the server's settings cannot be used.
    """
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - the other commands need none of it

    from detection.faces import DetectorUnavailable  # noqa: PLC0415
    from detection.models import ModelMismatch  # noqa: PLC0415
    from server.replay import sources  # noqa: PLC0415
    from server.replay.exact import JournalError  # noqa: PLC0415

    try:
        require_writable(options.log)
        return _replay(sources.find(options.recordings), options)
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    except BrokenProcessPool:
        say("A process that looked at frames died: out of memory, or killed.")
        return 2
    except (CommandError, DetectorUnavailable, JournalError, ModelMismatch, OSError, sources.SourceError) as error:
        say(str(error))
        return 2


def _replay(recordings: "list[Recording]", options: argparse.Namespace) -> int:
    from server.processes import pool  # noqa: PLC0415

    processes = command_words.jobs(options)
    with ExitStack() as stack:
        log = stack.enter_context(options.log.open("wb")) if options.log else None
        return _exactly(stack.enter_context(pool(processes)), processes, recordings, options, log)


def _exactly(
    pool: "ProcessPoolExecutor",
    processes: int,
    recordings: "list[Recording]",
    options: argparse.Namespace,
    log: IO[bytes] | None,
) -> int:
    from server.replay.running import Crew, Progress, detector_of, exact  # noqa: PLC0415

    models = options.models or load().models_dir
    progress = Progress(say, sum(len(each.segments) for each in recordings), "segments")
    together, differ = hashlib.sha256(), False
    for recording in recordings:
        crew = Crew.ready(pool, processes, detector_of(recording), models)
        replay = None
        for replay, lines in exact(crew, recording, progress):  # noqa: B007 - the last one is told below
            for line in lines:
                together.update(line)
                if log is not None:
                    log.write(line)
        assert replay is not None
        differ |= _tell(replay)
    sys.stdout.write(f"{len(recordings)} recordings, SHA-256 of the verdict log {together.hexdigest()}\n")
    return 1 if differ else 0


def _tell(replay: "Replay") -> bool:
    """Print what came of one recording; whether it differs from what was live."""
    counts = replay.counts
    replay.incidents()  # or it says why there are none
    sys.stdout.write(
        f"{replay.name}: {counts.samples} samples, {counts.differing} seen otherwise; {counts.changes} changes of "
        f"incidents, {counts.differing_changes} other ones; log {replay.sha256}\n"
    )
    if counts.unrecorded:
        sys.stdout.write(f"  {counts.unrecorded} samples are taken as they were seen: their frames are missing\n")
    for note in replay.notes:
        sys.stdout.write(f"  {note}\n")
    return bool(counts.differing or counts.differing_changes or counts.damaged)
