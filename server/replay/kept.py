"""Recordings of a server, from its database and its object store. What grows on this machine belongs to them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import UUID

from server.replay.rows import Kept, row
from server.replay.sources import Recording, Segment, SourceError
from server.settings import Settings
from storage.database import Database
from storage.embedded import EmbeddedPostgres
from storage.folder import DataFolder, FolderInUse
from storage.objects import ObjectStore
from storage.recordings.local import pairs
from storage.recordings.segment import JOURNAL
from storage.records import IncidentRecord, RecordingRecord, SegmentRecord

PAGE: Final = 500
"""Incidents that are asked for at once."""


async def kept(settings: Settings, meeting_ids: Iterable[UUID] | None, scratch: Path) -> list[Recording]:
    """The recordings of these meetings, or all.

    Args:
        settings: where the server keeps what it keeps.
        meeting_ids: which meetings; None: all.
        scratch: a folder for what must be fetched from afar.

    Raises:
        SourceError: there are none.
        DatabaseAway, EmbeddedDatabaseFailed, ObjectStoreError, OSError: they cannot be had.
    """
    folder = await asyncio.to_thread(settings.data_dir.resolve)
    store = ObjectStore.at(settings.recordings_url) if settings.recordings_url else None
    found = []
    async with opened(settings, folder) as database:
        if meeting_ids is None:
            records = await database.all_recordings()
        else:
            records = [each for meeting_id in meeting_ids for each in await database.recordings(meeting_id)]
        for record in records:
            segments = {each.number: each for each in await database.segments(record.id)}
            paths = await asyncio.to_thread(pairs, folder / "recording" / str(record.id))
            here = {int(each.name): each for each in paths}
            parts = [await _segment(each, store, folder / "recordings", scratch) for each in segments.values()]
            fresh = sorted(set(here) - set(segments))
            parts += [Segment(here[number], number, grows=number == fresh[-1]) for number in fresh]
            if parts:
                segments_in_order = tuple(sorted(parts, key=lambda each: each.number))
                found.append(Recording(str(record.id), segments_in_order, await _incidents(database, record)))
    if not found:
        raise SourceError(f"No recording of that is in {folder} and its database.")
    return found


async def _incidents(database: Database, record: RecordingRecord) -> Kept:
    """What was kept of a recording's candidate."""
    asked_at = inf if record.closed_at is not None else time.time()
    rows: list[IncidentRecord] = []
    while True:
        before = rows[-1].id if rows else None
        page = await database.incidents(record.meeting_id, candidate_id=record.candidate_id, before=before, limit=PAGE)
        rows += page
        if len(page) < PAGE:
            break
    until = inf if record.closed_at is None else record.closed_at.timestamp()
    reviews = await database.latest_reviews([each.id for each in rows])
    verdicts = {incident_id: review.verdict for incident_id, review in reviews.items()}
    kept = tuple(row(asdict(each), verdicts.get(each.id)) for each in reversed(rows))
    return Kept(kept, record.began_at.timestamp(), until, asked_at)


@asynccontextmanager
async def opened(settings: Settings, folder: Path) -> AsyncIterator[Database]:
    """The operator's database, or the embedded one: that of the server that runs, or started for us."""
    async with AsyncExitStack() as stack:
        if settings.database_url is not None:
            url = settings.database_url.get_secret_value()
        elif not await asyncio.to_thread(folder.is_dir):
            raise SourceError(f"{folder}: there is no such data folder; see INVIGIL_DATA_DIR.")
        else:
            url = await _embedded(folder, stack)
        database = await Database.connect(url)
        stack.push_async_callback(database.close)
        yield database


async def _embedded(folder: Path, stack: AsyncExitStack) -> str:
    try:
        held = await asyncio.to_thread(DataFolder, folder)
    except FolderInUse:
        return await asyncio.to_thread(_of_the_server, folder / "postgres" / "postmaster.pid")
    stack.callback(held.release)
    embedded = await asyncio.to_thread(EmbeddedPostgres, held.postgres)
    stack.push_async_callback(asyncio.to_thread, embedded.stop)
    return embedded.url


def _of_the_server(status: Path) -> str:
    """Where the PostgreSQL of a server that runs listens: the fifth line of its file is the socket's folder."""
    try:
        sockets = status.read_text().splitlines()[4]
    except (OSError, IndexError):
        raise SourceError(
            f"A server holds {status.parent.parent}, and its database cannot be found. Give INVIGIL_DATABASE_URL as it "
            "has it, or stop it first."
        ) from None
    return f"postgresql://postgres:@/postgres?host={quote(sockets, safe='/')}"


async def _segment(record: SegmentRecord, store: ObjectStore | None, folder: Path, scratch: Path) -> Segment:
    """A segment whose files are on this machine: where the store has them, or fetched."""
    home = folder if store is None else scratch
    path = home / record.key
    if store is not None:
        for key in (record.video_key, record.key + JOURNAL):
            data = await store.get(key)
            if data is not None:  # otherwise reading it says that it is not there
                await asyncio.to_thread(_write, home / key, data)
    return Segment(path, record.number, record.video_sha256, record.journal_sha256, video=home / record.video_key)


def _write(path: Path, data: bytes) -> None:
    os.makedirs(path.parent, mode=0o700, exist_ok=True)
    path.write_bytes(data)
