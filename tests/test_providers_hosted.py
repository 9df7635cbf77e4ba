"""Rooms at Dyte and RealtimeKit, by an API that answers as theirs is documented."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from server.errors import ProviderRefused
from server.metrics import Metrics
from server.protocol import Provider, Role
from server.providers import Seat
from server.providers.client import ProviderClient
from server.providers.hosted import HostedRooms, accounts, hosted
from server.settings import Settings

from . import records
from .meeting_service import MeetingService, answer, meeting_service
from .test_providers_client import PROVIDERS, QUICK

PRESETS = {Role.CANDIDATE: "group_call_participant", Role.PROCTOR: "group_call_host"}


@pytest.fixture(params=PROVIDERS)
async def service(request: pytest.FixtureRequest) -> AsyncIterator[MeetingService]:
    async with meeting_service(request.param) as service:
        yield service


@pytest.fixture
async def rooms(service: MeetingService) -> AsyncIterator[HostedRooms]:
    account = accounts(Settings(**service.settings))[service.provider]
    rooms = HostedRooms(await asyncio.to_thread(ProviderClient, account, limits=QUICK), PRESETS)
    yield rooms
    await rooms.close()


@pytest.fixture
async def room(rooms: HostedRooms) -> str:
    room = await rooms.create(records.meeting(title="Algebra"))
    assert room is not None
    return room


async def seated(rooms: HostedRooms, room: str, role: str = "candidate") -> tuple[str, Seat]:
    """The id of a participant who was added, and their seat."""
    participant = records.participant(role=role, name="Ada Lovelace")
    seat = await rooms.admit(room, participant)
    assert seat is not None
    return str(participant.id), seat


async def test_a_room_is_made_with_the_title_and_nothing_else(service: MeetingService, room: str) -> None:
    assert service.bodies == [{"title": "Algebra"}]
    assert service.rooms[room].title == "Algebra"


@pytest.mark.parametrize(("role", "preset"), [("candidate", "group_call_participant"), ("proctor", "group_call_host")])
async def test_somebody_gets_the_preset_of_their_role_and_our_id(
    role: str, preset: str, service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    ours, seat = await seated(rooms, room, role)
    sent = {"name": "Ada Lovelace", "preset_name": preset, "custom_participant_id": ours}
    assert service.bodies[-1] == sent
    assert seat.id in service.rooms[room].participants
    assert seat.token.startswith("sdk-token-")
    assert seat.token not in repr(seat)


async def test_a_reviewer_has_no_place_in_the_video(service: MeetingService, rooms: HostedRooms, room: str) -> None:
    assert await rooms.admit(room, records.participant(role="reviewer")) is None
    assert len(service.asked) == 1


async def test_a_token_is_refreshed(rooms: HostedRooms, room: str) -> None:
    _, seat = await seated(rooms, room)
    fresh = await rooms.refresh(room, seat.id)
    assert fresh.startswith("sdk-token-")
    assert fresh != seat.token


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_a_seat_whose_answer_was_lost_is_found_again_where_it_cannot_be_taken_twice(
    status: int, service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    service.page = 2
    for _ in range(5):
        await seated(rooms, room)
    ada = records.participant()
    first = await rooms.admit(room, ada)
    service.misbehave = [answer(status, {"success": False, "error": {"code": status, "message": "exists"}})]
    again = await rooms.admit(room, ada)
    assert first is not None
    assert again is not None
    assert again.id == first.id
    assert again.token != first.token


async def test_a_refusal_of_somebody_who_has_no_seat_stays_a_refusal(
    service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    rooms = HostedRooms(rooms.client, {Role.CANDIDATE: "misspelt"})
    with pytest.raises(ProviderRefused, match="misspelt"):
        await rooms.admit(room, records.participant())


async def test_who_is_sent_out_is_out_with_all_devices_and_has_no_seat_any_more(
    service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    ada, seat = await seated(rooms, room)
    bob, _ = await seated(rooms, room)
    for who in (ada, ada, bob):
        service.join(service.rooms[room], who)
    participant = records.participant()
    await rooms.kick(room, participant.id, "nobody")  # not there: nothing to do
    await rooms.kick(room, type(participant.id)(ada), seat.id)
    assert [each["custom_participant_id"] for each in service.rooms[room].live()] == [bob]
    assert seat.id not in service.rooms[room].participants


async def test_the_end_lets_nobody_in_and_sends_everybody_out_and_may_be_repeated(
    service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    ada, _ = await seated(rooms, room)
    service.join(service.rooms[room], ada)
    for _ in range(2):
        await rooms.end(room)
    assert service.rooms[room].status == "INACTIVE"
    assert service.rooms[room].live() == []
    with pytest.raises(ProviderRefused, match="not active"):
        await rooms.admit(room, records.participant())


async def test_the_end_of_a_room_that_is_not_there_any_more_is_an_end(rooms: HostedRooms) -> None:
    await rooms.end(str(uuid4()))


async def test_nobody_is_in_a_room_without_a_session(rooms: HostedRooms, room: str) -> None:
    present = await rooms.present(room)
    assert (present.session, present.peers, present.complete) == (None, (), True)


@pytest.mark.parametrize("page", [1, 2, 100])
async def test_who_is_in_a_room_is_listed_by_connection_over_all_pages(
    page: int, service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    service.page = page
    there = service.rooms[room]
    first, second, gone = service.join(there, "a", "Ada"), service.join(there, "a", "Ada"), service.join(there, "b")
    service.leave(there, gone)
    present = await rooms.present(room)
    assert present.session == there.session
    assert present.complete
    live = {peer.id: peer.participant for peer in present.peers if peer.left_at is None}
    assert live == {first["id"]: "a", second["id"]: "a"}
    assert {peer.id for peer in present.peers} - set(live) == {gone["id"]}
    assert all(peer.joined_at is not None for peer in present.peers)


async def test_a_list_that_has_fewer_than_are_counted_is_not_complete(
    service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    service.join(service.rooms[room], "a")
    session = {"success": True, "data": {"id": service.rooms[room].session, "live_participants": 3}}
    service.misbehave = [answer(200, session)]
    assert not (await rooms.present(room)).complete


async def test_rows_that_make_no_sense_are_passed_over(service: MeetingService, rooms: HostedRooms, room: str) -> None:
    session = {"success": True, "data": {"id": "s", "live_participants": "many"}}
    rows = [None, 7, {}, {"id": "../x"}, {"id": "p", "custom_participant_id": 7, "joined_at": 7, "left_at": []}]
    service.misbehave = [answer(200, session), answer(200, {"success": True, "data": {"participants": rows}})]
    service.down = answer(200, {"success": True, "data": {"participants": "none"}})
    [peer] = (await rooms.present(room)).peers
    assert (peer.id, peer.participant, peer.name, peer.joined_at, peer.left_at) == ("p", "", "", None, None)


NONSENSE = [{}, {"data": []}, {"data": {}}, {"data": {"id": 7}}, {"data": {"id": "../../x"}}, {"data": {"token": ""}}]


@pytest.mark.parametrize("body", NONSENSE, ids=repr)
async def test_an_answer_without_what_must_be_in_it_is_refused(
    body: object, service: MeetingService, rooms: HostedRooms, room: str
) -> None:
    service.down = answer(200, body)
    with pytest.raises(ProviderRefused, match="nobody understands"):
        await rooms.create(records.meeting())
    with pytest.raises(ProviderRefused, match="nobody understands"):
        await rooms.admit(room, records.participant())
    with pytest.raises(ProviderRefused, match="nobody understands"):
        await rooms.refresh(room, "seat")


def test_without_credentials_there_are_no_rooms_elsewhere() -> None:
    assert hosted(Settings(), Metrics()) == {}


async def test_with_credentials_of_both_there_are_both() -> None:
    both = {**MeetingService(Provider.DYTE).settings, **MeetingService(Provider.REALTIMEKIT).settings}
    both = {name: value for name, value in both.items() if not name.endswith("url")}
    found = await asyncio.to_thread(hosted, Settings(**both), Metrics())
    assert list(found) == PROVIDERS
    assert [str(each.client._http.base_url) for each in found.values() if isinstance(each, HostedRooms)] == [
        "https://api.dyte.io/v2/",
        "https://api.cloudflare.com/client/v4/accounts/account-1/realtime/kit/app-1/",
    ]
    for each in found.values():
        await each.close()
