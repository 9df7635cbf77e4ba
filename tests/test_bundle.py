"""Bundles from a real server: what is in one, who reads it, and that nothing in it can be changed unseen."""

import asyncio
import hashlib
import io
import json
import tracemalloc
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from server.__main__ import main
from server.app import Running
from server.bundling import AT_ONCE
from storage.bundle.reading import Misfit
from storage.bundle.verify import verify
from storage.recordings import writer
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame

from . import faces, people, records, streams
from .conftest import Serve
from .people import Exam, Http
from .recorded import closed, stream, written


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


async def test_while_the_exam_runs_a_bundle_has_what_is_closed_and_says_so(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        await stream(bob, 5)
        assert (await bob.send("activity", {"kind": "finished", "at": "2026-01-01T00:00:00Z"}))["ok"]
        await stream(ada, 30)

        async def one_segment() -> bool:
            data = await bundle(room.http, room)
            verdict = verify(io.BytesIO(data))
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                report = archive.read("report.html").decode()
            assert not verdict.statement["complete"]
            assert "The exam was not over" in report
            return verdict.recordings == 2 and verdict.open == 1 and 5 < verdict.frames <= 35

        assert await people.eventually(one_segment)
        one = verify(io.BytesIO(await bundle(room.http, room, f"?candidate_id={bob.id}")))
        assert one.statement["complete"]


async def test_an_exam_without_candidates_has_a_bundle(server: Running, room: Exam) -> None:
    verdict = verify(io.BytesIO(await bundle(room.http, room)))
    assert (verdict.recordings, verdict.incidents) == (0, 0)


async def test_what_was_damaged_or_lost_before_is_in_the_bundle_as_such(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 30)
    await room.end()
    [recording] = await closed(room)
    segments = await server.services.database.segments(UUID(recording["id"]))
    folder = server.services.settings.data_dir / "recordings"

    await asyncio.to_thread((folder / (segments[0].key + JOURNAL)).unlink)
    data = await bundle(room.http, room)
    verdict = verify(io.BytesIO(data))
    assert (verdict.missing, verdict.segments) == (1, len(segments))

    def flip() -> None:
        path = folder / (segments[1].key + VIDEO)
        changed = bytearray(path.read_bytes())
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)

    await asyncio.to_thread(flip)
    changed = await bundle(room.http, room)
    with pytest.raises(Misfit, match=r"000001\.mkv: is not what was recorded"):
        verify(io.BytesIO(changed))


async def long(server: Running, room: Exam, count: int) -> int:
    """A recording that is long: an index whose rows name the same two files of a segment; the bytes of those."""
    async with people.candidate(room) as ada:
        await stream(ada, 20, fps=100)
    await room.end()
    [recording] = await closed(room)
    [first, *_] = await server.services.database.segments(UUID(recording["id"]))
    await server.services.database.save([replace(first, number=n) for n in range(1000, 1000 + count)])
    store = server.services.settings.data_dir / "recordings"
    return sum((store / (first.key + suffix)).stat().st_size for suffix in (VIDEO, JOURNAL))


async def test_memory_is_bounded_whatever_the_size(server: Running, room: Exam) -> None:
    size = await long(server, room, 600)
    bundling = server.services.bundling
    wanted = await bundling.wanted(await server.services.lobby.meeting(UUID(room.id)), None)
    total = 0
    tracemalloc.start()
    try:
        async for part in bundling.parts(wanted):
            total += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 600 * size
    assert peak < total / 5
    assert bundling.running == 0


async def test_whoever_hangs_up_ends_it_and_a_few_are_made_at_once(server: Running, room: Exam) -> None:
    await long(server, room, 600)
    bundling, http = server.services.bundling, room.http
    headers = {"Authorization": f"Bearer {http.operator_token}"}
    url = f"{http.url}{room.path}/bundle"
    held = [await http.session.get(url, headers=headers) for _ in range(AT_ONCE)]
    for each in held:
        await each.content.readexactly(1000)
    assert bundling.running == AT_ONCE
    refused = await http.get(f"{room.path}/bundle", http.operator_token)
    assert (refused.status, refused.json["error"]["code"]) == (429, "too_many")
    for each in held:
        each.close()
    assert await people.eventually(lambda: bundling.running == 0)
    assert (await http.get(f"{room.path}/bundle", http.operator_token)).status == 200


async def test_a_store_that_goes_away_cuts_the_answer_short(server: Running, room: Exam) -> None:
    await long(server, room, 600)
    store, http = server.services.settings.data_dir / "recordings", room.http
    answer = await http.session.get(
        f"{http.url}{room.path}/bundle", headers={"Authorization": f"Bearer {http.operator_token}"}
    )
    await answer.content.readexactly(1000)

    def take_away() -> None:
        store.rename(store.with_name("gone"))
        store.write_text("a file where the folder was")

    await asyncio.to_thread(take_away)
    with pytest.raises(aiohttp.ClientError):
        await answer.read()
    assert await people.eventually(lambda: server.services.bundling.running == 0)


# --- what is deleted while it is made ---------------------------------------------------------------------


async def lengthy(server: Running, room: Exam) -> str:
    """A candidate whose recording is larger than all buffers between the server and its reader; their id."""
    frames = [replace(each, jpeg=each.jpeg + bytes(1 << 20) + b"\xff\xd9") for each in streams.frames(24)]
    parts: list[list[KeptFrame]] = [[each] for each in frames]
    recording = await written(server, room, *parts, closed=False, name="Lena Long")
    services = server.services
    record = await services.database.recording(recording.id)
    assert record is not None
    segments = await services.database.segments(recording.id)
    total = {name: sum(getattr(each, name) for each in segments) for name in ("frames", "bytes", "not_recorded")}
    ids = {"recording_id": str(record.id), "candidate_id": str(record.candidate_id)}
    statement = {**ids, **total, "segments": len(segments), "head": segments[-1].link, "evidence": []}
    ended = replace(record, closed_at=segments[-1].ended_at, head=segments[-1].link)
    await services.database.save([replace(ended, **asdict(services.signing_key.sign(statement)))])
    return str(record.candidate_id)


async def flagged(server: Running, room: Exam) -> str:
    """A candidate with a signed recording, and an incident whose picture the signed statement names; their id."""
    async with people.candidate(room, "Bob Byword") as bob:
        await stream(bob, 5)
        services = server.services
        picture = streams.picture(1)
        key = f"{room.id}/{bob.id}/0.jpg"
        person = records.participant(UUID(room.id), id=UUID(bob.id))
        evidence = [{"sha256": hashlib.sha256(picture).hexdigest(), "key": key, "seq": 1}]
        await services.ledger.keep([records.incident(person, evidence=evidence)], {key: picture})
    return bob.id


async def erase(room: Exam, candidate_id: str) -> None:
    where = f"{room.path}/participants/{candidate_id}/erase"
    answer = await room.http.post(where, None, room.http.operator_token)
    assert answer.status == 200, answer


async def read_slowly(room: Exam, candidate_id: str) -> bytes | None:
    """A bundle during whose transfer a candidate is erased; None: it was cut short."""
    http = room.http
    headers = {"Authorization": f"Bearer {http.operator_token}"}
    async with http.session.get(f"{http.url}{room.path}/bundle", headers=headers) as answer:
        assert answer.status == 200
        begun = await answer.content.readexactly(2 << 20)  # into the long recording
        await erase(room, candidate_id)
        try:
            return begun + await answer.content.read()
        except aiohttp.ClientError:
            return None


async def test_whoever_is_erased_before_their_turn_is_in_the_bundle_as_erased(server: Running, room: Exam) -> None:
    await lengthy(server, room)
    bob_id = await flagged(server, room)
    await room.end()
    await closed(room, count=2)
    data = await read_slowly(room, bob_id)
    assert data is not None
    verdict = verify(io.BytesIO(data))
    assert (verdict.recordings, verdict.incidents, verdict.missing, len(verdict.deleted_at)) == (1, 0, 0, 1)
    assert b"Lena Long" in data
    assert b"Byword" not in data


@pytest.mark.parametrize("first", [True, False], ids=["behind their turn", "in their turn"])
async def test_whoever_is_erased_later_cuts_the_answer_short(server: Running, room: Exam, *, first: bool) -> None:
    bob_id = await flagged(server, room)
    lena_id = await lengthy(server, room)
    await room.end()
    await closed(room, count=2)
    assert verify(io.BytesIO(await bundle(room.http, room))).pictures == 1
    assert await read_slowly(room, bob_id if first else lena_id) is None
    assert await people.eventually(lambda: server.services.bundling.running == 0)
    data = await bundle(room.http, room)
    assert verify(io.BytesIO(data)).recordings == 1
    assert (b"Byword" if first else b"Lena") not in data
