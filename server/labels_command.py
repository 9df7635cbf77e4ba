"""`invigil labels` on the command line: what reviewers decided, as tests for `invigil evaluate`."""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from server.command_words import INTERRUPTED, CommandError, counted, say
from server.settings import load

if TYPE_CHECKING:
    from server.labels.export import Exported

LONGEST = 600.0
"""Seconds, at most, of a clip before and behind its incidents."""

EPILOG = """\
FOLDER is made when there is something to put in it. It holds pictures of people who sat an exam: keep it as safely as
the recordings. The exit status is 2 when nothing can be exported.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `labels` to the command line."""
    parser = commands.add_parser(
        "labels", help="write reviewed incidents as a labelled folder for evaluate", epilog=EPILOG
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="where to write; must not be there yet, or be empty")
    add("--meeting", type=UUID, action="append", metavar="ID", help="the incidents of a meeting")
    add("--all", action="store_true", help="those of every meeting")
    add("--data-dir", type=Path, metavar="FOLDER", help="the data folder; unset: the server's")
    add("--before", type=float, default=30.0, metavar="S", help="seconds of a clip before an incident (30)")
    add("--after", type=float, default=10.0, metavar="S", help="seconds behind it (10)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        SettingsError: the server's settings cannot be used.
    """
    from server.replay.sources import SourceError  # noqa: PLC0415 - the other commands need none of it
    from storage.database import DatabaseError  # noqa: PLC0415
    from storage.embedded import EmbeddedDatabaseFailed  # noqa: PLC0415
    from storage.objects import ObjectStoreError  # noqa: PLC0415

    try:
        told = _exported(options)
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    except (CommandError, DatabaseError, EmbeddedDatabaseFailed, ObjectStoreError, OSError, SourceError) as error:
        say(str(error))
        return 2
    sys.stdout.write(_text(options.folder, told))
    return 0 if told.clips else 2


def _exported(options: argparse.Namespace) -> "Exported":
    from server.labels.export import export  # noqa: PLC0415
    from server.replay import kept  # noqa: PLC0415

    if bool(options.meeting) + options.all != 1:
        raise CommandError("Give --meeting ID or --all.")
    for name in ("before", "after"):
        if not 0 <= getattr(options, name) <= LONGEST:
            raise CommandError(f"--{name}: between 0 and {LONGEST:g}.")
    if not options.folder.resolve().parent.is_dir():
        raise CommandError(f"{options.folder}: there is no such folder to make it in.")
    if options.folder.exists() and (not options.folder.is_dir() or any(options.folder.iterdir())):
        raise CommandError(f"{options.folder}: is there already, and is not an empty folder.")
    settings = load(data_dir=options.data_dir)
    with TemporaryDirectory(prefix="invigil-") as scratch:
        recordings = asyncio.run(kept.kept(settings, None if options.all else options.meeting, Path(scratch)))
        if not any(row.verdict for each in recordings if each.kept for row in each.kept.own):
            raise CommandError(
                f"Nobody has reviewed an incident in {counted(len(recordings), 'recording')}: there is nothing to "
                "export. Reviewers confirm or dismiss incidents in the review page."
            )
        return export(options.folder, recordings, before=options.before, after=options.after)


def _text(folder: Path, told: "Exported") -> str:
    lines = [f"{folder}: is not made, nothing can be exported"]
    if told.clips:
        dismissed, of = f"{told.dismissed} dismissed", counted(told.confirmed + told.dismissed, "incident")
        lines = [f"{folder}: {of}, {told.confirmed} confirmed and {dismissed}, in {counted(told.clips, 'clip')}"]
    if told.unseen:
        lines.append(f"  left out: {counted(told.unseen, 'reviewed one')} of kinds that no picture shows")
    if told.missing:
        lines.append(f"  left out: {counted(told.missing, 'reviewed one')} whose frames are gone or damaged")
    if told.unreviewed:
        lines.append(f"  left out: {told.unreviewed} that nobody has reviewed")
    return "\n".join(lines) + "\n"
