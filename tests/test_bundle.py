"""Bundles from a real server: what is in one, who reads it, and that nothing in it can be changed unseen."""

import asyncio
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from server.__main__ import main
from storage.bundle.verify import verify
from storage.recordings import writer

from . import faces, people
from .conftest import Serve
from .people import Exam, Http
from .recorded import closed, stream


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)


async def bundle(http: Http, room: Exam, query: str = "") -> bytes:
    answer = await http.get(f"{room.path}/bundle{query}", http.operator_token)
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/zip"
    return answer.content


def rows(opened: zipfile.ZipFile, name: str) -> list[people.Json]:
    return [json.loads(line) for line in opened.read(name).splitlines()]


async def test_a_bundle_holds_all_that_was_kept_and_verifies(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.2)
        async with (
            people.proctor(room) as paula,
            people.candidate(room, "Ada <b>") as ada,
            people.candidate(room, "Bob") as bob,
        ):
            opened = asyncio.ensure_future(paula.inbox.next("incident", where=lambda d: d["type"] == "opened"))
            incident = (await ada.stream(faces.two_faces(), opened))["incident"]
            sent = await stream(bob, 5)
            review = {"incident_id": incident["id"], "verdict": "confirmed", "note": "Seen."}
            assert (await paula.send("review", review))["ok"]
        await room.end()
        await closed(room, count=2)
        whole = await bundle(http, room)
        one = await bundle(http, room, f"?candidate_id={bob.id}")
        key = (await http.get("/api/signing-key")).json["public_key"]
        missing = await http.get(f"{room.path}/bundle?candidate_id={room.id}", http.operator_token)
        assert missing.status == 404

    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        [found] = rows(archive, f"candidates/{ada.id}/incidents.jsonl")
        assert found["id"] == incident["id"]
        for each in found["evidence"]:
            assert hashlib.sha256(archive.read(each["path"])).hexdigest() == each["sha256"]
            assert "key" not in each
        [kept] = rows(archive, f"candidates/{ada.id}/reviews.jsonl")
        assert (kept["verdict"], kept["note"], kept["reviewer_id"]) == ("confirmed", "Seen.", paula.id)
        people_there = {each["name"] for each in rows(archive, "participants.jsonl")}
        assert people_there == {"Ada <b>", "Bob", "Paula", "Proctor"}
        report = archive.read("report.html").decode()
        assert "Ada &lt;b&gt;" in report
        assert "<b>" not in report
        assert f'src="{found["evidence"][0]["path"]}"' in report
        assert room.code not in archive.read("meeting.jsonl").decode()
        statement = json.loads(json.loads(archive.read("signature.json"))["statement"])
        assert (statement["complete"], statement["candidate_id"], statement["missing"]) == (True, None, 0)
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert ada.id not in "".join(archive.namelist())
        assert [each["name"] for each in rows(archive, "participants.jsonl")] == ["Bob"]

    verdict = verify(io.BytesIO(whole))
    assert (verdict.recordings, verdict.open, verdict.incidents, verdict.keys) == (2, 0, 1, [key])
    assert verdict.pictures == len(found["evidence"]) >= 3
    assert verify(io.BytesIO(one)).frames == len(sent)

    file = tmp_path / "b.zip"
    await asyncio.to_thread(file.write_bytes, whole)
    assert await asyncio.to_thread(main, ["verify", str(file)]) == 0
    told = capsys.readouterr().out
    assert "all in it fits together" in told
    assert key in told
    assert await asyncio.to_thread(main, ["verify", str(file), "--key", key]) == 0
    assert await asyncio.to_thread(main, ["verify", str(file), "--key", "00" * 32]) == 1
    assert key in capsys.readouterr().out
