"""Recordings of a server that is a process of its own: killed in the middle, and on a disk that is full."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.recordings.segment import JOURNAL

from . import people, process, streams
from .people import Candidate, Exam
from .postgres import short_folder
from .process import OPERATOR, serving
from .recorded import closed, kept, recordings, shown, stream

FPS = 8.0
LOSS_SECONDS = 2.0
"""Frames that arrived in so many seconds before a kill may be lost."""


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


async def until(candidate: Candidate, end: asyncio.Event, sent: dict[int, tuple[float, bytes]]) -> None:
    """Stream until `end`, and note what was acknowledged, and when it was sent."""
    while not end.is_set():
        at, jpeg = time.time(), streams.picture(candidate.seq + 1)
        answer = await asyncio.wait([asyncio.ensure_future(candidate.frame(jpeg))], timeout=people.PATIENCE)
        for each in answer[0]:
            if each.exception() is not None:  # the server is gone
                return
            assert each.result()["ok"]
        sent[candidate.seq] = (at, jpeg)
        await asyncio.sleep(1 / FPS)


async def test_killed_while_candidates_stream_it_loses_no_closed_segment_and_at_most_two_seconds(
    folder: Path, database_url: str, database: Database
) -> None:
    sent: dict[str, dict[int, tuple[float, bytes]]] = {}
    async with serving(folder, database_url=database_url) as first, process.exam(first) as room:
        crew = [Candidate(first.url, await room.add(f"C{n}")) for n in range(3)]
        for each in crew:
            await each.connect()
        end = asyncio.Event()
        flows = [asyncio.ensure_future(until(each, end, sent.setdefault(each.id, {}))) for each in crew]

        async def a_segment_of_each() -> bool:
            return await room.http.metric("recording_segments_total") >= len(crew)

        await people.eventually(a_segment_of_each, 4 * people.PATIENCE)
        received = await room.http.metric("recording_frames_total")
        await people.eventually(lambda: _above(room, "recording_frames_total", received + 3 * FPS))
        before = {each["id"]: await kept(database, each["id"], folder) for each in await recordings(room)}
        killed_at = time.time()
        os.kill(first.process.pid, signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)
        end.set()
        await asyncio.gather(*flows, *(each.close() for each in crew))
    assert list((folder / "recording").rglob("*" + JOURNAL)), "nothing lay open"

    async with serving(folder, database_url=database_url) as second, people.calls(second.url, OPERATOR) as http:
        there = Exam(http, room.created)
        again = Candidate(second.url, crew[0].joined)
        await again.connect()
        again.seq = crew[0].seq + 5
        later = await stream(again, 5)
        await again.close()
        await there.end()
        done = {each["candidate_id"]: each for each in await closed(there, http, len(crew))}
        for each in crew:
            recording = done[each.id]
            segments, frames, lines = await kept(database, recording["id"], folder)
            old_segments, old_frames, _ = before[recording["id"]]
            assert segments[: len(old_segments)] == old_segments
            assert old_frames.items() <= frames.items()
            expected = {seq: jpeg for seq, (_, jpeg) in sent[each.id].items()}
            more = later if each is crew[0] else {}
            # What was under way in the very moment may have been recorded and not acknowledged.
            assert {seq: jpeg for seq, jpeg in frames.items() if seq in expected} == {
                seq: jpeg for seq, jpeg in expected.items() if seq in frames
            }
            lost = [at for seq, (at, _) in sent[each.id].items() if seq not in frames]
            assert all(killed_at - at < LOSS_SECONDS for at in lost), [killed_at - at for at in lost]
            assert more.items() <= frames.items()
            assert len(frames) - len(more) >= len(expected) - 2 * FPS
            gaps = (await shown(http, recording["id"]))["gaps"]
            assert "restart" in {gap["cause"] for gap in gaps}
            assert [line["seq"] for line in lines if line["type"] == "frame"] == sorted(frames)
        assert await people.eventually(lambda: not list((folder / "recording").iterdir()))
        assert (await second.stop())[0] == 0
        assert "Traceback" not in second.log, second.log


# --- a full disk ------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own, of 160 MB: a new meeting with a small stream is reckoned with 140."""
    with short_folder() as parent:
        disk = parent / "disk"
        disk.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(disk)], check=False, capture_output=True
        )
        if made.returncode != 0:
            pytest.skip("no disk of its own can be mounted here: that takes root, and the right to mount")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


STREAM = {"fps": 1.5, "width": 160, "quality": 0.6}


def fill(disk: Path) -> Path:
    """Take all that is left of a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    assert shutil.disk_usage(disk).free < 4096
    return filler


async def test_on_a_full_disk_detection_goes_on_and_the_recording_says_what_is_missing(
    small_disk: Path, database_url: str, database: Database
) -> None:
    folder = small_disk / "data"
    async with (
        serving(folder, database_url=database_url, workers=1) as server,
        process.exam(server, stream=STREAM, sample_interval=0.2) as room,
    ):
        async with people.candidate(room) as ada:
            sent = await stream(ada, 8, fps=4)
            filler = await asyncio.to_thread(fill, small_disk)
            samples = await room.http.metric("samples_total")
            lost = await stream(ada, 20, fps=4)
            assert await room.http.metric("samples_total") > samples
            assert await people.eventually(lambda: _above(room, "recording_frames_dropped_total", 1))
            refused = await room.http.post("/api/meetings", {"title": "Late", "settings": {"stream": STREAM}}, OPERATOR)
            assert (refused.status, refused.json["error"]["code"]) == (507, "no_space")
            await asyncio.to_thread(filler.unlink)

            async def recorded_again() -> bool:
                sent.update(await stream(ada, 1, fps=4))
                return bool((await recordings(room))[0]["frames"] > 8 + 8)

            await people.eventually(recorded_again)
        await room.end()
        [recording] = await closed(room)
        _, frames, _ = await kept(database, recording["id"], folder)
        every = {**sent, **lost}
        assert frames.items() <= every.items()
        missing = set(every) - set(frames)
        assert missing
        assert recording["not_recorded"] == len(missing)
        assert recording["frames"] == len(frames)
        assert await room.http.metric("recording_frames_dropped_total") == len(missing)
        gaps = (await shown(room.http, recording["id"]))["gaps"]
        assert sum(gap["frames"] for gap in gaps) == len(missing)
        assert "disk" in {gap["cause"] for gap in gaps}
        assert await room.http.metric("frames_received_total") == len(every)
        assert "Traceback" not in server.log, server.log


async def _above(room: Exam, name: str, least: float) -> bool:
    return await room.http.metric(name) >= least
