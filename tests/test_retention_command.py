"""`invigil retention` and `invigil erase` against a real server; and what the server does without being asked."""

import asyncio
import json

import pytest

from server.__main__ import main
from server.app import Running
from storage.recordings import writer

from . import people
from .conftest import Serve
from .people import Exam
from .recorded import closed, recordings, stream
from .test_compact import sat
from .test_retention import ago, put, receipts


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)


async def over(server: Running, room: Exam) -> str:
    """A meeting that ended two days ago; the candidate's id."""
    async with people.candidate(room) as ada:
        await stream(ada, 5)
    await room.end()
    await closed(room)
    await ago(server, room, days=2)
    return ada.id


async def test_it_shows_what_is_due_and_deletes_it_only_when_told(
    server: Running, room: Exam, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["retention", "--url", server.operator_url]
    await over(server, room)
    assert await asyncio.to_thread(main, command) == 0
    assert capsys.readouterr().out == "Nothing is due.\n"
    await put(room, stream_days=1)
    assert await asyncio.to_thread(main, command) == 0
    out = capsys.readouterr().out
    assert f"{room.id}  'Exam' ended " in out
    assert "due: stream; 1 candidates, 1 recordings" in out
    await put(room, hold=True, hold_reason="An appeal.")
    assert await asyncio.to_thread(main, [*command, "--now"]) == 0
    assert await asyncio.to_thread(main, command) == 0
    assert "HELD, nothing is deleted" in capsys.readouterr().out
    assert await receipts(room) == []
    await put(room, hold=False)
    assert await asyncio.to_thread(main, [*command, "--now", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [(await receipts(room))[0]["id"]]


async def test_erase_prints_the_receipt(server: Running, room: Exam, capsys: pytest.CaptureFixture[str]) -> None:
    candidate = await over(server, room)
    command = ["erase", room.id, candidate, "--url", server.url, "--operator-token", room.http.operator_token]
    assert await asyncio.to_thread(main, command) == 0
    signed = json.loads(capsys.readouterr().out)
    assert signed == (await receipts(room))[0]["signed"]
    assert await recordings(room) == []
    assert await asyncio.to_thread(main, ["erase", room.id, room.id, *command[3:]]) == 2
    assert "There is no such candidate" in capsys.readouterr().err


def test_without_a_server_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retention", "--url", "http://127.0.0.1:1/#token=x"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


async def test_a_server_deletes_by_itself_what_is_due(serve: Serve) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        await over(first, room)
    async with serve(keep_stream_days=1) as second, people.calls(second) as http:
        there = Exam(http, room.created)

        async def deleted() -> bool:
            return bool(await receipts(there))

        assert await people.eventually(deleted)
        folder = second.services.settings.data_dir / "recordings"
        assert await asyncio.to_thread(lambda: [path for path in folder.rglob("*") if path.is_file()]) == []


async def test_a_server_compacts_by_itself_when_that_is_asked_for(serve: Serve) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        await sat(room, 20)
        await room.end()
        await closed(room)
        await ago(first, room, days=2)
    async with serve(compact_after_days=1) as second, people.calls(second) as http:
        there = Exam(http, room.created)

        async def compacted() -> bool:
            [recording] = await recordings(there)
            return bool(recording["compacted_frames"] == recording["frames"])

        assert await people.eventually(compacted, 4 * people.PATIENCE)
