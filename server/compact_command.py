"""`invigil compact` on the command line: makes cold recordings smaller, also beside a running server."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from server import command_words
from server.command_words import CommandError, counted, say
from server.settings import Settings, load

if TYPE_CHECKING:
    from server.retention.compacting import Total
    from storage.database import Database

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

EPILOG = """\
Re-encodes (AV1) what nobody flagged of the recordings of meetings that ended long ago. Whatever is within two minutes
of an incident, and every meeting that is held, stays to the byte. The journals stay, and the hashes that were signed: a
signed statement ties them to those of the smaller files. Stills of such stretches and replays of them are no longer
exact, and say so. It cannot be undone. Ctrl-C ends it at any moment, and the next run goes on.
"""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `compact` to the command line."""
    parser = commands.add_parser("compact", help="make the recordings of long-ended meetings smaller", epilog=EPILOG)
    add = parser.add_argument
    add("--days", type=float, metavar="N", help="of meetings that ended so long ago; unset: INVIGIL_COMPACT_AFTER_DAYS")
    add("--meeting", type=UUID, metavar="ID", help="of this one only")
    add("--data-dir", type=Path, metavar="FOLDER", help="the data folder; unset: the server's")
    add("--jobs", type=int, metavar="N", help="processes; unset: one for each core")
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
        settings, jobs = load(data_dir=options.data_dir), command_words.jobs(options)
        days = settings.compact_after_days if options.days is None else options.days
        if days is None or days < 0:
            raise CommandError("--days N: of meetings that ended how many days ago?")
        total = asyncio.run(_compact(settings, days, options.meeting, jobs))
    except KeyboardInterrupt:
        say("Interrupted; the next run goes on.")
        return INTERRUPTED
    except (
        CommandError,
        DatabaseError,
        EmbeddedDatabaseFailed,
        ObjectStoreError,
        OSError,
        SourceError,
        ValueError,
    ) as error:
        say(str(error))
        return 2
    sys.stdout.write(_told(total))
    return 0


async def _compact(settings: Settings, days: float, meeting_id: UUID | None, jobs: int) -> "Total":
    from server.replay.kept import opened  # noqa: PLC0415
    from server.retention.compacting import Compactor  # noqa: PLC0415
    from storage.objects import ObjectStore  # noqa: PLC0415
    from storage.recordings.chain import SigningKey  # noqa: PLC0415
    from storage.retention import Retention  # noqa: PLC0415

    folder = await asyncio.to_thread(settings.data_dir.resolve)
    async with opened(settings, folder) as database:
        if await asyncio.to_thread(_spooled, folder):
            raise CommandError("Incidents still wait in the spool: start the server until the database has them.")
        if meeting_id is not None:
            await _require_cold(database, meeting_id, days)
        key = SigningKey(bytes.fromhex(await asyncio.to_thread(_signing_key, folder)))
        url = settings.recordings_url
        compactor = Compactor(
            database=database,
            retention=Retention(database),
            store=ObjectStore.at(url) if url else ObjectStore.local(folder / "recordings"),
            key=key,
            clock=time.time,
            processes=jobs,
            say=say,
        )
        return await compactor.run(days=days, meeting_id=meeting_id)


async def _require_cold(database: "Database", meeting_id: UUID, days: float) -> None:
    from storage.retention import Retention  # noqa: PLC0415

    meeting = await database.meeting(meeting_id)
    if meeting is None:
        raise CommandError(f"There is no meeting {meeting_id} in this database.")
    if meeting.ended_at is None:
        raise CommandError("This meeting has not ended: nothing of it is re-encoded.")
    if meeting.ended_at.timestamp() > time.time() - days * 86400:
        raise CommandError(f"This meeting ended less than {days:g} days ago: see --days.")
    if await Retention(database).hold(meeting_id) is not None:
        raise CommandError("This meeting is held: nothing of it is re-encoded. Lift the hold first.")


def _signing_key(folder: Path) -> str:
    return (folder / "signing-key").read_text(encoding="ascii").strip()


def _spooled(folder: Path) -> bool:
    """Whether incidents wait for the database: what they are about would pass for unflagged."""
    files = (folder / "spool" / name for name in ("rows.jsonl", "draining.jsonl"))
    return any(path.exists() and path.stat().st_size for path in files)


def _told(total: "Total") -> str:
    if not total.recordings:
        return "Nothing is left that could be made smaller.\n"
    words = (
        f"{counted(total.recordings, 'recording')}: {counted(total.segments, 'segment')} with "
        f"{counted(total.frames, 'frame')} re-encoded"
    )
    if total.after:
        words += f", {total.before / 1e6:.1f} MB became {total.after / 1e6:.1f} ({total.before / total.after:.1f} to 1)"
    flagged = "is flagged and stays as it is" if total.flagged == 1 else "are flagged and stay as they are"
    words += f"; {counted(total.flagged, 'segment')} {flagged}"
    return words + (f"; {total.left} could not be re-encoded\n" if total.left else "\n")
