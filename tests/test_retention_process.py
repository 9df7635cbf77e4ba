"""Deleting in a server that is a process of its own, and is killed in the middle."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from storage.database import Database
from storage.recordings import chain
from storage.recordings.compacted import SUFFIX, shown_frames
from storage.recordings.segment import JOURNAL, VIDEO, read_lines
from storage.records import SegmentRecord
from storage.retention import Retention

from . import faces, people, process
from .postgres import short_folder
from .process import OPERATOR, serving
from .recorded import closed, stream

FILES = 4000
"""Segments that a recording is given, so that to delete them takes a while."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that is not there yet."""
    with short_folder() as parent:
        yield parent / "data"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database that the server uses."""
    found = await Database.connect(database_url)
    yield found
    await found.close()


async def lengthen(database: Database, recording_id: str, store: Path, count: int = FILES) -> None:
    """Give a recording many more segments, with files."""
    [first, *_] = await database.segments(UUID(recording_id))
    more = [replace(first, number=n, key=f"{first.key[:-6]}{n:06d}") for n in range(1000, 1000 + count)]

    def link() -> None:
        for each in more:
            for suffix in (VIDEO, JOURNAL):
                os.link(store / (first.key + suffix), store / (each.key + suffix))

    await asyncio.to_thread(link)
    for at in range(0, count, 500):
        await database.save(more[at : at + 500])


async def test_killed_in_the_middle_it_finishes_with_the_next_start(
    folder: Path, database_url: str, database: Database
) -> None:
    store = folder / "recordings"
    async with serving(folder, database_url=database_url) as first, process.exam(first) as room:
        async with people.candidate(room) as ada:
            await stream(ada, 20)
        await room.end()
        [recording] = await closed(room)
        await lengthen(database, recording["id"], store)
        token = room.http.operator_token
        assert (
            await room.http.call("PUT", f"{room.path}/retention", json={"stream_days": 1}, token=token)
        ).status == 200
        database._sql["test_ago"] = "UPDATE meetings SET ended_at = ended_at - %(ago)s WHERE id = %(id)s"
        await database.rows("test_ago", id=room.id, ago=timedelta(days=2))
        under_way = asyncio.ensure_future(room.http.post("/api/retention", None, token))

        def count() -> int:
            return sum(1 for path in store.rglob("*") if path.is_file())

        async def begun() -> bool:
            return await asyncio.to_thread(count) < 2 * FILES - 200

        assert await people.eventually(begun)
        os.kill(first.process.pid, signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)
        await asyncio.gather(under_way, return_exceptions=True)
    assert 0 < count() < 2 * FILES, "it was not killed in the middle"
    retention = Retention(database)
    [begun_before] = await retention.deletions()
    assert await retention.receipts(UUID(room.id)) == []

    async with serving(folder, database_url=database_url) as second, people.calls(second.url, OPERATOR) as http:

        async def receipted() -> bool:
            return bool(await retention.receipts(UUID(room.id)))

        assert await people.eventually(receipted, 4 * people.PATIENCE)
        [receipt] = await retention.receipts(UUID(room.id))
        assert receipt.id == begun_before.id
        assert await retention.deletions() == []
        assert await database.segments(UUID(recording["id"])) == []
        assert count() == 0
        assert json.loads(receipt.statement)["recordings"][0]["segments"] > FILES
        gone = await http.get(f"/api/recordings/{recording['id']}", OPERATOR)
        assert gone.json["recording"]["receipt_id"] == str(receipt.id)
        assert "Traceback" not in second.log, second.log


async def test_compacting_that_is_killed_loses_no_frame_and_is_gone_on_with(
    folder: Path, database_url: str, database: Database
) -> None:
    store = folder / "recordings"
    async with serving(folder, database_url=database_url) as server, process.exam(server) as room:
        async with people.candidate(room) as ada:
            for _ in range(30):
                assert (await ada.frame(faces.one_face()))["ok"]
        await room.end()
        [recording] = await closed(room)
        await lengthen(database, recording["id"], store, count=120)
        command = [sys.executable, "-m", "server", "compact", "--days", "0", "--data-dir", str(folder), "--jobs", "2"]
        given = {**os.environ, "INVIGIL_DATABASE_URL": database_url}

        async def done() -> int:
            segments = await database.segments(UUID(recording["id"]))
            return sum(each.compacted is not None for each in segments)

        first = await asyncio.create_subprocess_exec(*command, env=given, cwd=folder.parent, start_new_session=True)
        assert await people.eventually(done, 4 * people.PATIENCE)
        os.killpg(first.pid, signal.SIGKILL)
        await first.wait()
        segments = await database.segments(UUID(recording["id"]))
        assert 0 < await done() < len(segments), "it was not killed in the middle"
        await asyncio.to_thread(whole, store, segments)

        second = await asyncio.create_subprocess_exec(*command, env=given, cwd=folder.parent)
        assert await second.wait() == 0
        segments = await database.segments(UUID(recording["id"]))
        assert await done() == len(segments)
        await asyncio.to_thread(whole, store, segments)
        assert not [path for path in store.rglob("*" + VIDEO) if not path.name.endswith(SUFFIX)]


def whole(store: Path, segments: list[SegmentRecord]) -> None:
    """Every segment has its frames, as the index has them."""
    for each in segments:
        video, text = ((store / key).read_bytes() for key in (each.video_key, each.key + JOURNAL))
        assert chain.sha256(video) == each.video_sha256
        assert chain.sha256(text) == each.journal_sha256
        assert len(list(shown_frames(video, read_lines(text, each.key), each.key))) == each.frames
