"""How long things are kept, holds, erasure and receipts, on a real server with real files."""

import asyncio
import base64
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from server.app import Running
from storage.bundle.verify import Verdict, verify
from storage.recordings import chain, writer
from storage.recordings.chain import Signed
from storage.records import ReviewRecord, new_id

from . import faces, people
from .conftest import Serve
from .people import Answer, Exam, Http, Json
from .recorded import closed, frame, recordings, shown, stream


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)


async def put(room: Exam, **body: Any) -> Answer:
    return await room.http.call("PUT", f"{room.path}/retention", json=body, token=room.http.operator_token)


async def receipts(room: Exam) -> list[Json]:
    answer = await room.http.get(f"{room.path}/receipts", room.http.operator_token)
    assert answer.status == 200, answer
    return list(answer.json["receipts"])


async def delete_due(http: Http) -> Json:
    answer = await http.post("/api/retention", None, http.operator_token)
    assert answer.status == 200, answer
    return dict(answer.json)


async def due(http: Http) -> list[Json]:
    answer = await http.get("/api/retention", http.operator_token)
    assert answer.status == 200, answer
    return list(answer.json["due"])


async def ago(server: Running, room: Exam, **time: float) -> None:
    """Let the meeting have ended so long ago."""
    database = server.services.database
    # No statement of the product moves the end of a meeting.
    database._sql["test_ago"] = "UPDATE meetings SET ended_at = now() - %(ago)s WHERE id = %(id)s"
    await database.rows("test_ago", id=room.id, ago=timedelta(**time))


def files(server: Running) -> list[str]:
    """What is in the stores."""
    folder = server.services.settings.data_dir
    return sorted(
        str(path.relative_to(folder))
        for name in ("evidence", "recordings", "recording", "video")
        for path in (folder / name).rglob("*")
        if path.is_file()
    )


async def sat(room: Exam) -> tuple[Json, Json]:
    """An exam that two candidates sat: Ada was not alone, Bob was. Who they are."""
    photo = base64.b64encode(faces.encode(faces.portrait())).decode()
    body = {"name": "Ada Lovelace", "role": "candidate", "reference_photo": photo}
    answer = await room.http.post(f"{room.path}/participants", body, room.http.operator_token)
    assert answer.status == 201, answer
    async with (
        people.proctor(room) as paula,
        people.candidate(room, joined=answer.json) as ada,
        people.candidate(room, "Bob") as bob,
    ):
        opened = asyncio.ensure_future(paula.inbox.next("incident", where=lambda d: d["type"] == "opened"))
        await ada.stream(faces.two_faces(), opened)
        await stream(bob, 10)
    await room.end()
    await closed(room, count=2)
    return ada.joined, bob.joined


def genuine(receipt: Json) -> Json:
    """What a receipt states, once its signature is known to be good."""
    signed = Signed(**receipt["signed"])
    assert chain.is_genuine(signed)
    statement: Json = json.loads(signed.statement)
    assert statement["receipt_id"] == receipt["id"]
    return statement


async def verified(room: Exam) -> Verdict:
    """What `invigil verify` finds in the meeting's bundle."""
    answer = await room.http.get(f"{room.path}/bundle", room.http.operator_token)
    return verify(io.BytesIO(answer.content))


async def test_without_a_word_everything_is_kept(server: Running, room: Exam) -> None:
    answer = await room.http.get(f"{room.path}/retention", room.http.operator_token)
    assert answer.json == {
        "stream_days": None,
        "evidence_days": None,
        "incidents_days": None,
        "hold": False,
        "hold_reason": None,
        "holds": [],
        "unreviewed": 0,
        "candidates": [],
    }
    async with people.candidate(room) as ada:
        await stream(ada, 5)
    await room.end()
    await closed(room)
    await ago(server, room, days=4000)
    assert await due(room.http) == []
    assert (await delete_due(room.http)) == {"receipts": [], "more": False}
    assert len(await recordings(room)) == 1


async def test_the_days_of_a_meeting_stand_over_the_servers(serve: Serve) -> None:
    days = {"keep_stream_days": 30, "keep_incidents_days": 90, "keep_evidence_days": 60}
    async with serve(**days) as server, people.calls(server) as http:
        room = await people.exam(http)
        assert (await put(room, stream_days=None, incidents_days=None)).status == 200
        assert (await put(room, evidence_days=10)).status == 200
        found = (await http.get(f"{room.path}/retention", http.operator_token)).json
        assert [found[f"{part}_days"] for part in ("stream", "evidence", "incidents")] == [None, 10, None]
        held = await http.get("/api/held", (await room.add())["token"])
        assert held.json["kept"] == {"stream_days": None, "evidence_days": 10, "incidents_days": None}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"incidents_days": 30}, "stream_days"),
        ({"incidents_days": 30, "stream_days": 10, "evidence_days": 31}, "evidence_days"),
        ({"stream_days": 0}, "stream_days"),
        ({"hold": True}, "hold_reason"),
        ({"hold_reason": "An appeal."}, "hold_reason"),
        ({"days": 3}, "days"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_named(room: Exam, body: Json, word: str) -> None:
    answer = await put(room, **body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "invalid")
    assert word in answer.json["error"]["text"]


async def test_nothing_of_an_open_meeting_is_due(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 5)
        assert (await put(room, stream_days=1)).status == 200
        database = server.services.database
        database._sql["test_old"] = "UPDATE meetings SET created_at = now() - interval '9 years' WHERE id = %(id)s"
        await database.rows("test_old", id=room.id)
        assert await due(room.http) == []


async def test_each_part_goes_in_its_time_with_a_receipt(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.2)
        ada, bob = await sat(room)
        [mine] = [each for each in await recordings(room) if each["candidate_id"] == ada["participant"]["id"]]
        [incident] = await room.incidents()
        cached = server.services.settings.data_dir / "video" / mine["id"]
        await asyncio.to_thread(lambda: (cached.mkdir(parents=True), (cached / "0.mp4").write_bytes(b"x")))
        assert (await put(room, stream_days=10, evidence_days=20, incidents_days=30)).status == 200

        await ago(server, room, days=9.9)
        assert await due(http) == []
        await ago(server, room, days=10.1)
        [first] = await due(http)
        assert (first["parts"], first["candidates"], first["recordings"], first["unreviewed"]) == (["stream"], 2, 2, 1)
        assert first["bytes"] > 0
        assert len((await delete_due(http))["receipts"]) == 2
        assert await due(http) == []
        assert all(name.startswith("evidence/") for name in files(server))
        gone = (await shown(http, mine["id"]))["recording"]
        [receipt] = [each for each in await receipts(room) if each["candidate_id"] == mine["candidate_id"]]
        assert gone["receipt_id"] == receipt["id"]
        statement = genuine(receipt)
        assert statement["deleted"] == ["stream"]
        assert statement["rule"]["days"] == {"stream": 10}
        [told] = statement["recordings"]
        assert (told["recording_id"], told["frames"]) == (mine["id"], mine["frames"])
        assert statement["incidents"]["unreviewed"] == 1
        assert (await frame(http, mine["id"], 1)).status == 404
        assert (await http.get((await shown(http, mine["id"]))["video_url"])).status == 404
        verdict = await verified(room)
        assert (verdict.deleted_recordings, verdict.deleted_pictures, verdict.missing) == (2, 0, 0)
        assert verdict.pictures == len(incident["evidence"])
        assert (await http.get(incident["evidence"][0]["url"])).status == 200

        await ago(server, room, days=20.1)
        await delete_due(http)
        assert files(server) == []
        [left] = await room.incidents()
        assert all(each["deleted"] for each in left["evidence"])
        assert [each["sha256"] for each in left["evidence"]] == [each["sha256"] for each in incident["evidence"]]
        assert (await http.get(incident["evidence"][0]["url"])).status == 404
        verdict = await verified(room)
        assert (verdict.deleted_recordings, verdict.deleted_pictures) == (2, len(incident["evidence"]))
        assert (verdict.pictures, verdict.incidents, len(verdict.deleted_at)) == (0, 1, 3)
        statement = genuine((await receipts(room))[-1])
        assert statement["deleted"] == ["evidence"]
        assert {each["sha256"] for each in statement["evidence"]} == {each["sha256"] for each in left["evidence"]}
        assert statement["reference_photo"]

        await ago(server, room, days=30.1)
        await delete_due(http)
        assert await room.incidents() == []
        assert await recordings(room) == []
        last = [each for each in await receipts(room) if each["deleted"] == ["stream", "evidence", "incidents"]]
        assert len(last) == 2
        assert "Ada" not in json.dumps(await receipts(room))
        participant = await server.services.database.participant(UUID(ada["participant"]["id"]))
        assert participant is not None
        assert (participant.name, participant.reference_photo) == ("(erased)", None)
        assert (await delete_due(http)) == {"receipts": [], "more": False}
        verdict = await verified(room)
        assert (verdict.recordings, verdict.incidents, len(verdict.deleted_at)) == (0, 0, 5)
        held = await http.get("/api/held", bob["token"])
        assert (held.status, held.json["error"]["code"]) == (401, "not_authenticated")


async def test_under_a_hold_nothing_goes_and_who_held_it_stays_on_record(server: Running, room: Exam) -> None:
    http = room.http
    async with people.candidate(room) as ada:
        await stream(ada, 10)
    await room.end()
    [recording] = await closed(room)
    assert (await put(room, stream_days=1)).status == 200
    answer = await put(room, hold=True, hold_reason="Appeal 17/3.")
    assert (answer.json["hold"], answer.json["hold_reason"]) == (True, "Appeal 17/3.")
    await ago(server, room, days=400)
    [found] = await due(http)
    assert found["hold"]
    before = files(server)
    assert (await delete_due(http)) == {"receipts": [], "more": False}
    erased = await http.post(f"{room.path}/participants/{ada.id}/erase", None, http.operator_token)
    assert (erased.status, erased.json["error"]["code"]) == (409, "held")
    assert files(server) == before != []
    assert (await shown(http, recording["id"]))["recording"]["held"]

    answer = await put(room, hold=False)
    [hold] = answer.json["holds"]
    assert (hold["reason"], hold["placed_by"]) == ("Appeal 17/3.", None)
    assert hold["lifted_at"] > hold["placed_at"]
    assert len((await delete_due(http))["receipts"]) == 1
    assert files(server) == []


async def test_a_candidate_is_erased_with_everything_and_a_receipt_stays(serve: Serve) -> None:
    # A receiver of webhooks that is away: what was to be told of her waits, and goes too.
    hooks = {"webhook_urls": "http://127.0.0.1:9/hook", "webhook_secret": "a-secret-of-the-tests-that-is-long"}
    async with serve(workers=1, **hooks) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.2)
        rita = people.Proctor(http.url, await room.add("Rita", "reviewer"))
        ada, bob = await sat(room)
        ada_id, bob_id = ada["participant"]["id"], bob["participant"]["id"]
        [incident] = await room.incidents()
        review = {"incident_id": incident["id"], "verdict": "dismissed", "note": "A friend of Ada Lovelace."}
        await rita.connect()
        assert (await rita.send("review", review))["ok"]
        await rita.close()
        waiting = await http.get("/api/deliveries", http.operator_token)
        assert any(each["event"].startswith("incident.") for each in waiting.json["deliveries"])
        where = f"{room.path}/participants/{ada_id}/erase"
        answer = await http.post(where, None, http.operator_token)
        assert answer.status == 200, answer
        receipt = answer.json["receipt"]
        statement = genuine(receipt)
        assert (statement["rule"], statement["asked_by"]) == (None, "operator")
        assert (statement["reviews"], statement["incidents"]["dismissed"]) == (1, 1)
        assert {each["sha256"] for each in statement["evidence"]} == {each["sha256"] for each in incident["evidence"]}
        assert "Ada" not in json.dumps(receipt)

        assert (await http.post(where, None, http.operator_token)).json["receipt"] == receipt
        verdict = await verified(room)
        assert (verdict.recordings, verdict.incidents, len(verdict.deleted_at)) == (1, 0, 1)
        assert [each["candidate_id"] for each in await recordings(room)] == [bob_id]
        assert await room.incidents() == []
        assert all(name.startswith("recordings/") for name in files(server))
        held = await http.get("/api/held", ada["token"])
        assert (held.status, held.json["error"]["code"]) == (401, "not_authenticated")
        assert (await http.get("/api/held", bob["token"])).status == 200

        database = server.services.database
        tables = (
            "participants", "incidents", "reviews", "activities", "recordings", "segments", "templates", "deliveries",
        )  # fmt: skip
        for table in tables:
            database._sql["test_all"] = f"SELECT t.*::text AS text FROM {table} t"
            database._sql["test_all"] = f"SELECT row_to_json(t)::text AS text FROM {table} t"
            for row in await database.rows("test_all"):
                assert "Ada" not in row["text"]
                assert table == "participants" or ada_id not in row["text"]


async def test_whose_exam_runs_is_not_erased(room: Exam) -> None:
    http = room.http
    async with people.candidate(room) as ada:
        await stream(ada, 5)
        where = f"{room.path}/participants/{ada.id}/erase"
        answer = await http.post(where, None, http.operator_token)
        assert (answer.status, answer.json["error"]["code"]) == (409, "running")
        assert (await ada.send("activity", {"kind": "finished", "at": "2026-01-01T00:00:00Z"}))["ok"]

        async def erased() -> bool:
            return (await http.post(where, None, http.operator_token)).status == 200

        assert await people.eventually(erased)
        assert await recordings(room) == []
    stranger = f"{room.path}/participants/{room.id}/erase"
    assert (await http.post(stranger, None, http.operator_token)).status == 404


@pytest.mark.parametrize("role", ["proctor", "reviewer", "candidate"])
async def test_only_the_operator_changes_and_erases(room: Exam, role: str) -> None:
    http, joined = room.http, await room.add("X", role)
    token, candidate = joined["token"], await room.add("Y")
    calls = [
        await http.call("PUT", f"{room.path}/retention", json={"stream_days": 1}, token=token),
        await http.post(f"{room.path}/participants/{candidate['participant']['id']}/erase", None, token),
        await http.get("/api/retention", token),
        await http.post("/api/retention", None, token),
    ]
    assert [each.status for each in calls] == [403] * 4
    assert (await http.get(f"{room.path}/retention", token)).status == (200 if role == "proctor" else 403)
    assert (await http.get(f"{room.path}/receipts", token)).status == (403 if role == "candidate" else 200)


async def test_an_exam_that_is_not_where_it_belongs_is_not_erased(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 5)
    await room.end()
    await closed(room)
    spool = server.services.settings.data_dir / "spool" / "pictures" / "waiting.jpg"
    await asyncio.to_thread(spool.write_bytes, b"x")
    answer = await room.http.post(f"{room.path}/participants/{ada.id}/erase", None, room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (503, "away")


async def test_one_candidate_whose_files_cannot_be_deleted_keeps_no_other_from_it(server: Running, room: Exam) -> None:
    for name in ("Ada", "Bob"):
        async with people.candidate(room, name) as candidate:
            await stream(candidate, 5)
    await room.end()
    found = await closed(room, count=2)
    await put(room, stream_days=1)
    await ago(server, room, days=2)
    folder = server.services.settings.data_dir / "recordings" / room.id / found[0]["id"]

    def spoil() -> None:
        folder.rename(folder.with_name("elsewhere"))
        folder.write_text("a file where the folder was")

    def mend() -> None:
        folder.unlink()
        folder.with_name("elsewhere").rename(folder)

    await asyncio.to_thread(spoil)
    assert len((await delete_due(room.http))["receipts"]) == 1
    assert [each["receipt_id"] is not None for each in await recordings(room)] == [False, True]
    await asyncio.to_thread(mend)
    assert len((await delete_due(room.http))["receipts"]) == 1
    assert files(server) == []


async def test_a_review_that_came_too_late_does_not_stay(server: Running, room: Exam) -> None:
    database = server.services.database
    late = ReviewRecord(new_id(), new_id(), None, "confirmed", "Ada again.", datetime(2026, 1, 1, tzinfo=UTC))
    await database.save([late])
    await delete_due(room.http)
    assert await database.reviews([late.incident_id]) == []
