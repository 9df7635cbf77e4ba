"""Who is in the video: told at once by webhooks, put right by lists, and judged by the rules that judge everybody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server import attendance, rooms
from server.app import Running
from server.protocol import Provider

from . import faces, people
from .conftest import Serve
from .meeting_service import MeetingService, Room, answer, exam, meeting_service, only_room
from .people import Exam, Http, Json, Proctor, eventually

STRICT = {"first_frame_within": 2, "stream_lost_after": 30, "stream_lost": {"leave_seconds": 0.2}}
TWICE = {"stream_lost": {"enabled": False}, "second_connection": {"merge_seconds": 0}}


@pytest.fixture(params=[Provider.REALTIMEKIT])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[MeetingService]:
    async with meeting_service(request.param) as service:
        yield service


@pytest.fixture
async def server(serve: Serve, service: MeetingService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(rooms, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(rooms, "ROUND_SECONDS", 0.05)
    async with serve(**service.settings) as server:
        yield server


def join(service: MeetingService, there: Room, person: Json) -> Json:
    """Somebody comes into the video; what the service knows of their connection."""
    return service.join(there, person["participant"]["id"], person["participant"]["name"])


async def tell(
    service: MeetingService, http: Http, name: str, there: Room, peer: Json | None = None, **more: Any
) -> None:
    assert await service.tell(http, service.event(f"meeting.{name}", there, peer, **more)) == 200


async def seen(paula: Proctor, candidate: Json, in_meeting: bool | None) -> None:
    """The console hears that a candidate is (not) in the video."""
    ours = candidate["participant"]["id"]
    await paula.inbox.next(
        "candidate", where=lambda data: (data["candidate"]["id"], data["candidate"]["in_meeting"]) == (ours, in_meeting)
    )


async def incident(paula: Proctor, kind: str, event: str, candidate: Json) -> Json:
    """What is told of an incident of one candidate."""
    wanted = (kind, event, candidate["participant"]["id"])
    told: Json = await paula.inbox.next(
        "incident",
        where=lambda data: (data["incident"]["kind"], data["type"], data["incident"]["candidate_id"]) == wanted,
    )
    found: Json = told["incident"]
    return found


@pytest.mark.parametrize("service", [Provider.DYTE, Provider.REALTIMEKIT], indirect=True)
async def test_a_whole_exam_in_the_video_meeting(http: Http, service: MeetingService) -> None:
    room = await exam(http, service, **STRICT, second_connection={"merge_seconds": 0})
    there = only_room(service)
    ada, bob = await room.add("Ada"), await room.add("Bob")
    async with people.proctor(room) as paula:
        # Ada and Bob are in the video; only Bob streams to us.
        ada_there, bob_there = join(service, there, ada), join(service, there, bob)
        async with people.candidate(room, joined=bob) as camera:
            stop = asyncio.get_running_loop().create_future()
            streaming = asyncio.create_task(camera.stream(faces.one_face(), stop))
            await tell(service, http, "started", there)
            for each in (ada_there, bob_there):
                await tell(service, http, "participantJoined", there, each)
            await seen(paula, ada, True)
            await seen(paula, bob, True)
            lost = await incident(paula, "stream_lost", "opened", ada)
            assert "no frame for" in lost["why"]["rule"]
            # Ada opens our page, too, and frames come.
            async with people.candidate(room, joined=ada) as other:
                done = asyncio.create_task(incident(paula, "stream_lost", "closed", ada))
                await other.stream(faces.one_face(), done)
                # Bob takes a second device into the video, and leaves it again.
                second = join(service, there, bob)
                await tell(service, http, "participantJoined", there, second)
                twice = await incident(paula, "second_connection", "opened", bob)
                assert "2 times" in twice["text"]
                service.leave(there, second)
                await tell(service, http, "participantLeft", there, second)
                closed = await incident(paula, "second_connection", "closed", bob)
                assert closed["id"] == twice["id"]
                # Bob's exam is ended: he is out of the video. Then everybody's is.
                assert (await paula.send("end", {"candidate_id": bob["participant"]["id"], "reason": "R"}))["ok"]
                await eventually(lambda: [each["id"] for each in there.live()] == [ada_there["id"]])
            stop.set_result(None)
            await asyncio.gather(streaming, return_exceptions=True)
        await room.end()
        await eventually(lambda: there.status == "INACTIVE" and not there.live())
    found = [(each["kind"], each["state"], each["candidate_name"]) for each in await room.incidents()]
    assert found == [("stream_lost", "closed", "Ada"), ("second_connection", "closed", "Bob")]


async def test_who_leaves_the_video_is_shown_as_gone(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    there, ada = only_room(service), await room.add("Ada")
    async with people.proctor(room) as paula:
        assert paula.inbox.all("snapshot")[0]["candidates"][0]["in_meeting"] in (None, False)
        peer = join(service, there, ada)
        await tell(service, http, "participantJoined", there, peer)
        await seen(paula, ada, True)
        service.leave(there, peer)
        await tell(service, http, "participantLeft", there, peer)
        await seen(paula, ada, False)


async def test_what_webhooks_miss_is_found_by_the_list(
    http: Http, service: MeetingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "POLL_SECONDS", 0.1)
    monkeypatch.setattr("server.peers.SETTLING", 0.0)
    room = await exam(http, service, **STRICT)
    there, ada = only_room(service), await room.add("Ada")
    async with people.proctor(room) as paula:
        await seen(paula, ada, False)
        peer = join(service, there, ada)
        await seen(paula, ada, True)
        await incident(paula, "stream_lost", "opened", ada)
        service.leave(there, peer)
        await seen(paula, ada, False)


async def test_a_candidate_is_one_connection_however_often_it_is_told(http: Http, service: MeetingService) -> None:
    room = await exam(http, service, **TWICE)
    there, ada = only_room(service), await room.add("Ada")
    peer = join(service, there, ada)
    async with people.proctor(room) as paula:
        for n in range(3):
            await tell(service, http, "participantJoined", there, peer, nonce=n)
        await seen(paula, ada, True)
        await paula.inbox.none("incident")


async def test_a_second_connection_outlasts_a_reload_of_our_page(http: Http, service: MeetingService) -> None:
    room = await exam(http, service, **TWICE)
    there, ada = only_room(service), await room.add("Ada")
    async with people.proctor(room) as paula:
        for _ in range(2):
            await tell(service, http, "participantJoined", there, join(service, there, ada))
        await incident(paula, "second_connection", "opened", ada)
        async with people.candidate(room, joined=ada):
            await paula.inbox.none("incident")


async def test_who_is_there_and_was_not_let_in_by_us_is_named_to_the_proctors(
    http: Http, service: MeetingService
) -> None:
    room, other = await exam(http, service), await people.exam(http)
    there, elsewhere = next(iter(service.rooms.values())), await other.add("Eve")
    proctor = await room.add("Paula", "proctor")
    async with people.proctor(room) as paula:
        for who, name in (("nobody", "Mallory"), (elsewhere["participant"]["id"], "Eve")):
            await tell(service, http, "participantJoined", there, service.join(there, who, name))
        await tell(service, http, "participantJoined", there, join(service, there, proctor))
        told = await paula.inbox.next("room", where=lambda data: len(data["strangers"]) == 2)
        assert [each["name"] for each in told["strangers"]] == ["Mallory", "Eve"]
        assert all(each["since"] for each in told["strangers"])
    async with people.proctor(room) as later:
        [snapshot] = later.inbox.all("snapshot")
        assert len(snapshot["room"]["strangers"]) == 2


async def test_strangers_name_nobody_in_the_log(
    http: Http, service: MeetingService, caplog: pytest.LogCaptureFixture
) -> None:
    room = await exam(http, service)
    async with people.proctor(room) as paula:
        await tell(
            service, http, "participantJoined", only_room(service), service.join(only_room(service), "x", "Mallory")
        )
        await paula.inbox.next("room", where=lambda data: data["strangers"])
    assert "Mallory" not in caplog.text


async def test_when_the_host_ends_the_video_the_proctors_are_told_and_the_exam_goes_on(
    http: Http, service: MeetingService
) -> None:
    room = await exam(http, service)
    there, ada = only_room(service), await room.add("Ada")
    peer = join(service, there, ada)
    async with people.proctor(room) as paula, people.candidate(room, joined=ada) as camera:
        await tell(service, http, "participantJoined", there, peer)
        await seen(paula, ada, True)
        await tell(service, http, "ended", there, reason="HOST_ENDED_MEETING")
        told = await paula.inbox.next("room", where=lambda data: data["notice"])
        assert "host ended the video" in told["notice"]
        await seen(paula, ada, False)
        assert await camera.frame() == {"ok": True}
        assert (await http.get(room.path, http.operator_token)).json["meeting"]["state"] == "open"
        await tell(service, http, "started", there)
        assert (await paula.inbox.next("room"))["notice"] is None


async def test_when_all_have_left_nobody_is_alarmed(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    async with people.proctor(room) as paula:
        await tell(service, http, "ended", only_room(service), reason="ALL_PARTICIPANTS_LEFT")
        await paula.inbox.none("room")


async def test_proctors_are_told_while_the_service_cannot_be_reached(
    http: Http, service: MeetingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "POLL_SECONDS", 0.1)
    room = await exam(http, service)
    async with people.proctor(room) as paula:
        service.down = answer(429, "", retry_after="600")
        told = await paula.inbox.next("room", where=lambda data: not data["reachable"])
        assert "realtimekit cannot be reached since" in told["notice"]


async def test_who_was_sent_out_and_comes_back_is_sent_out_again(http: Http, service: MeetingService) -> None:
    room = await exam(http, service)
    there, ada = only_room(service), await room.add("Ada")
    async with people.proctor(room) as paula:
        assert (await paula.send("end", {"candidate_id": ada["participant"]["id"], "reason": "R"}))["ok"]
        await eventually(lambda: service.count("DELETE", "") == 1)
        await tell(service, http, "participantJoined", there, join(service, there, ada))
        await eventually(lambda: not there.live())


async def test_in_our_own_room_there_is_nothing_to_tell(http: Http) -> None:
    room = await people.exam(http)
    await room.add("Ada")
    async with people.proctor(room) as paula:
        [snapshot] = paula.inbox.all("snapshot")
        assert snapshot["room"] is None
        assert snapshot["candidates"][0]["in_meeting"] is None


async def test_an_event_that_meets_a_fault_is_passed_over_and_the_next_is_taken(
    http: Http, service: MeetingService, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await exam(http, service)
    there, ada = only_room(service), await room.add("Ada")
    usual, faults = server.services.attendance._settle, [RuntimeError("no")]

    async def faulty(watched: attendance.Watched) -> None:
        if faults:
            raise faults.pop()
        await usual(watched)

    monkeypatch.setattr(server.services.attendance, "_settle", faulty)
    async with people.proctor(room) as paula:
        await tell(service, http, "started", there)
        await tell(service, http, "participantJoined", there, join(service, there, ada))
        await seen(paula, ada, True)


async def test_the_room_of_another_meeting_is_not_touched(http: Http, service: MeetingService) -> None:
    first, second = await exam(http, service), await exam(http, service)
    ada, _ = await first.add("Ada"), await second.add("Bob")
    there = next(iter(service.rooms.values()))
    async with people.proctor(second) as paula:
        await tell(service, http, "participantJoined", there, join(service, there, ada))
        await paula.inbox.none("room")
        assert not [each for each in paula.inbox.all("candidate") if each["candidate"]["in_meeting"]]


async def test_what_is_known_of_a_meeting_is_forgotten_with_its_end(
    http: Http, service: MeetingService, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    room: Exam = await exam(http, service)
    await tell(service, http, "started", only_room(service))
    await eventually(lambda: len(server.services.attendance._watched) == 1)
    await room.end()
    await eventually(lambda: not server.services.attendance._watched)
