"""What is done in rooms elsewhere: a service that is slow or away costs the video, never the exam."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest

from server import rooms
from server.app import Running, running
from server.protocol import Provider
from storage.database import Database, DatabaseError

from . import faces, people
from .conftest import Serve, leaving_no_task, settings_for
from .meeting_service import MeetingService, answer, exam, hang, meeting_service, only_room
from .people import Answer, Exam, Http, eventually


@pytest.fixture(params=[Provider.REALTIMEKIT])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[MeetingService]:
    async with meeting_service(request.param) as service:
        yield service


FAR = datetime.now(UTC) + timedelta(days=1)

both = pytest.mark.parametrize("service", [Provider.DYTE, Provider.REALTIMEKIT], indirect=True)


@pytest.fixture
async def server(serve: Serve, service: MeetingService) -> AsyncIterator[Running]:
    async with serve(**service.settings) as server:
        yield server


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(rooms, "ROUND_SECONDS", 0.05)


async def join(room: Exam, name: str = "Ada") -> Answer:
    joined = await room.http.post(f"{room.path}/join", {"name": name, "code": room.code})
    assert joined.status == 201, joined
    return joined


async def token_of(http: Http, joined: Answer) -> Answer:
    return await http.post("/api/provider-token", None, joined.json["token"])


# --- coming in --------------------------------------------------------------------------------------------


@both
async def test_who_joins_is_let_into_the_video_by_our_id_as_no_host(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    joined = (await join(room)).json
    [there] = only_room(service).participants.values()
    assert there["custom_participant_id"] == joined["participant"]["id"]
    assert there["preset_name"] == "group_call_participant"
    assert joined["provider_token"].startswith("sdk-token-")
    assert joined["notice"] is None


async def test_a_proctor_is_a_host_and_a_reviewer_is_not_there(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    proctor, reviewer = await room.add("P", "proctor"), await room.add("R", "reviewer")
    [there] = only_room(service).participants.values()
    assert (there["preset_name"], there["custom_participant_id"]) == ("group_call_host", proctor["participant"]["id"])
    assert proctor["provider_token"]
    assert reviewer["provider_token"] is None
    assert (await http.post("/api/provider-token", None, reviewer["token"])).json["provider_token"] is None


async def test_the_proctor_of_the_first_link_asks_for_their_own_token(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    token = room.created["proctor_url"].partition("#token=")[2]
    asked = await http.post("/api/provider-token", None, token)
    assert (asked.status, asked.json["provider"]) == (200, service.provider)
    assert asked.json["provider_token"].startswith("sdk-token-")


async def test_a_fresh_token_is_for_the_same_seat(http: Http, service: MeetingService) -> None:
    joined = await join(await exam(http, service))
    fresh = await token_of(http, joined)
    assert fresh.status == 200
    assert fresh.json["provider_token"] not in (None, joined.json["provider_token"])
    assert len(only_room(service).participants) == 1


async def test_who_has_lost_their_seat_there_gets_a_new_one(http: Http, service: MeetingService) -> None:
    joined = await join(await exam(http, service))
    only_room(service).participants.clear()
    assert (await token_of(http, joined)).json["provider_token"]
    assert len(only_room(service).participants) == 1


async def test_no_token_is_kept(http: Http, service: MeetingService, server: Running, database_url: str) -> None:
    joined = await join(await exam(http, service))
    await token_of(http, joined)

    def dump() -> str:
        found, connection = list[str](), psycopg2.connect(database_url)
        try:
            cursor = connection.cursor()
            tables = ("meetings", "participants", "rooms", "seats", "activities")
            for table in tables:
                cursor.execute(f"SELECT * FROM {table}")
                found.append(str(cursor.fetchall()))
            return "".join(found)
        finally:
            connection.close()

    kept = await asyncio.to_thread(dump)
    [seat] = only_room(service).participants
    assert seat in kept
    assert "sdk-token" not in kept


async def test_in_our_own_room_there_is_no_such_token(http: Http) -> None:
    joined = await join(await people.exam(http))
    assert joined.json["provider_token"] is None
    assert joined.json["notice"] is None
    asked = await token_of(http, joined)
    assert (asked.status, asked.json) == (200, {"provider": "builtin", "provider_token": None})


async def test_a_room_that_cannot_be_made_makes_no_meeting_and_says_why(http: Http, service: MeetingService) -> None:
    body = {"title": "Hush Algebra", "provider": service.provider}
    service.misbehave = [answer(400, {"success": False, "error": {"code": 400, "message": "no Hush Algebra here"}})]
    refused = await http.post("/api/meetings", body, http.operator_token)
    assert (refused.status, refused.json["error"]["code"]) == (502, "provider_refused")
    assert refused.json["error"]["text"] == "RealtimeKit refused (400: no … here)"
    service.down = answer(503, "maintenance")
    away = await http.post("/api/meetings", body, http.operator_token)
    assert (away.status, away.json["error"]["code"]) == (503, "provider_away")
    assert "maintenance" in away.json["error"]["text"]
    assert (await http.get("/api/meetings", http.operator_token)).json["meetings"] == []


async def test_a_room_whose_meeting_cannot_be_kept_is_closed_again(
    http: Http, service: MeetingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise DatabaseError("no")

    monkeypatch.setattr(Database, "insert_meeting", refuse)
    body = {"title": "Algebra", "provider": service.provider}
    assert (await http.post("/api/meetings", body, http.operator_token)).status == 500
    assert only_room(service).status == "INACTIVE"


# --- a service that is slow or away -----------------------------------------------------------------------


async def test_while_the_video_is_away_people_join_and_are_proctored_and_get_it_later(
    http: Http, service: MeetingService, caplog: pytest.LogCaptureFixture
) -> None:
    room = await exam(http, service)
    service.down = answer(502, "<html>")
    joined = await join(room, "Ada Lovelace")
    assert joined.json["provider_token"] is None
    assert "video meeting cannot be had" in joined.json["notice"]
    async with people.candidate(room, joined=joined.json) as ada:
        assert await ada.frame() == {"ok": True}
    refused = await token_of(http, joined)
    assert (refused.status, refused.json["error"]["code"]) == (503, "provider_away")
    health = (await http.get("/healthz")).json
    assert (health["status"], health["video"]) == ("degraded", {"realtimekit": "away"})
    service.down = None
    assert (await token_of(http, joined)).json["provider_token"].startswith("sdk-token-")
    assert (await http.get("/healthz")).json["video"] == {"realtimekit": "ok"}
    assert "Lovelace" not in caplog.text


async def test_two_hundred_who_join_at_a_service_that_hangs_do_not_pile_up(
    http: Http, service: MeetingService, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "PATIENCE", 0.5)
    monkeypatch.setattr(rooms, "MAX_ADMISSIONS", 100)
    room = await exam(http, service)
    service.down = hang
    began = time.monotonic()
    joined = await asyncio.gather(*(join(room, f"C{n}") for n in range(200)))
    took = time.monotonic() - began
    assert all(each.json["notice"] for each in joined)
    assert took < 6 * 1000 * people.MS, took
    assert len(server.services.rooms._admissions) <= rooms.MAX_ADMISSIONS
    assert await http.metric("provider_admissions_refused_total") == 200 - rooms.MAX_ADMISSIONS
    assert service.count("POST", "/participants") <= 8
    assert (await http.frame(joined[-1].json["token"], 1, faces.one_face())).status == 200


async def test_a_seat_that_comes_late_is_kept_and_not_asked_for_twice(
    http: Http, service: MeetingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "PATIENCE", 0.2)
    room = await exam(http, service)
    usual, released = service.handle, asyncio.Event()

    async def late(request: object) -> object:
        await released.wait()
        service.down = None
        return await usual(request)  # type: ignore[arg-type]

    service.down = late  # type: ignore[assignment]
    joined = await join(room)
    assert joined.json["provider_token"] is None
    assert (await token_of(http, joined)).status == 503
    assert service.count("POST", "/participants") == 1
    released.set()
    monkeypatch.setattr(rooms, "PATIENCE", 5)
    assert (await token_of(http, joined)).status == 200
    assert len(only_room(service).participants) == 1


async def test_who_asks_for_tokens_all_the_time_is_slowed_down(http: Http, service: MeetingService) -> None:
    joined = await join(await exam(http, service))
    found = [(await token_of(http, joined)).status for _ in range(6)]
    assert found == [200, 200, 200, 200, 429, 429]


async def test_who_is_done_gets_no_token_any_more(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    joined = await join(room)
    proctor = await room.add("P", "proctor")
    await room.end()
    for token in (joined.json["token"], proctor["token"]):
        refused = await http.post("/api/provider-token", None, token)
        assert (refused.status, refused.json["error"]["code"]) == (409, "ended")


# --- going out --------------------------------------------------------------------------------------------


@both
async def test_whose_exam_is_ended_is_sent_out_of_the_video_and_cannot_come_back(
    http: Http, service: MeetingService
) -> None:
    room = await exam(http, service)
    ada, bob = await join(room), await join(room, "Bob")
    there = only_room(service)
    for each in (ada, ada, bob):
        service.join(there, each.json["participant"]["id"])
    async with people.proctor(room) as paula:
        assert await paula.send("end", {"candidate_id": ada.json["participant"]["id"], "reason": "R"}) == {"ok": True}
        await eventually(lambda: len(there.participants) == 2)
    assert [each["custom_participant_id"] for each in there.live()] == [bob.json["participant"]["id"]]
    left = {each["custom_participant_id"] for each in there.participants.values()}
    assert ada.json["participant"]["id"] not in left


@both
async def test_the_end_of_a_meeting_is_one_there_too(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    there = only_room(service)
    service.join(there, (await join(room)).json["participant"]["id"])
    await room.end()
    await eventually(lambda: service.count("POST", "/kick-all"))
    assert (there.status, there.live()) == ("INACTIVE", [])
    await eventually(lambda: service.count("PATCH", there.id) == 1)


async def test_a_meeting_ends_at_once_while_the_video_is_away_and_there_when_it_is_back(
    http: Http, service: MeetingService
) -> None:
    room = await exam(http, service)
    service.join(only_room(service), (await join(room)).json["participant"]["id"])
    service.down = answer(400, "no")
    ended = await room.end()
    assert (ended.status, ended.json["meeting"]["state"]) == (200, "ended")
    await eventually(lambda: service.count("PATCH", "") >= 2)
    assert only_room(service).status == "ACTIVE"
    service.down = None
    await eventually(lambda: only_room(service).status == "INACTIVE" and not only_room(service).live())


async def test_what_was_ended_while_the_video_was_away_is_ended_there_after_a_restart(
    database_url: str, tmp_path: Path, service: MeetingService
) -> None:
    settings = await asyncio.to_thread(settings_for, database_url, tmp_path, **service.settings)
    async with leaving_no_task(), running(settings) as first, people.calls(first) as http:
        room, other = await exam(http, service), await exam(http, service)
        ended, goes_on = list(service.rooms.values())
        ada = (await join(other)).json["participant"]["id"]
        service.join(goes_on, ada)
        service.down = answer(400, "no")
        async with people.proctor(other) as paula:
            assert (await paula.send("end", {"candidate_id": ada, "reason": "R"}))["ok"]
        await room.end()
    assert goes_on.live()
    service.down = None
    async with leaving_no_task(), running(settings) as second:
        database = second.services.database

        async def settled() -> bool:
            due = [await each(FAR, most=99, limit=9) for each in (database.rooms_to_close, database.seats_to_close)]
            return due == [[], []]

        await eventually(settled)
    assert (ended.status, goes_on.live()) == ("INACTIVE", [])
    assert goes_on.status == "ACTIVE"


async def test_what_cannot_be_ended_there_is_given_up_loudly_after_many_tries(
    http: Http, service: MeetingService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rooms, "MOST_TRIES", 3)
    room = await exam(http, service)
    service.down = answer(400, "no")
    await room.end()
    await eventually(lambda: "given up" in caplog.text)
    await asyncio.sleep(0.3)
    assert service.count("PATCH", "") == 3
    [error] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert room.id in error.getMessage()


async def test_a_service_that_was_taken_out_of_the_settings_stops_nothing(
    database_url: str, tmp_path: Path, service: MeetingService, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await asyncio.to_thread(settings_for, database_url, tmp_path, **service.settings)
    async with leaving_no_task(), running(settings) as first, people.calls(first) as http:
        room = await exam(http, service)
        joined = await join(room)
    settings = await asyncio.to_thread(settings_for, database_url, tmp_path)
    async with leaving_no_task(), running(settings) as second, people.calls(second) as http:
        there = Exam(http, room.created)
        assert "video meeting cannot be had" in (await join(there, "Bob")).json["notice"]
        async with people.candidate(there, joined=joined.json) as ada, people.proctor(there) as paula:
            assert await ada.frame() == {"ok": True}
            snapshot = paula.inbox.all("snapshot")[-1]
            assert "not set up" in snapshot["room"]["notice"]
        assert (await there.end()).status == 200
        await eventually(lambda: "is tried again" in caplog.text)
    assert "Traceback" not in caplog.text


async def test_the_ids_of_the_room_are_of_its_own_meeting(http: Http, service: MeetingService, server: Running) -> None:
    room = await exam(http, service)
    database, there = server.services.database, only_room(service).id
    assert await database.meeting_in_room(service.provider, there) == UUID(room.id)
    assert await database.meeting_in_room(Provider.DYTE, there) is None
    assert await database.meeting_in_room(service.provider, "other") is None
    await room.end()
    assert await database.meeting_in_room(service.provider, there) is None
