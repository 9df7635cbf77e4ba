"""Engine.IO and Socket.IO packets that no library would send, straight through a websocket."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from server import channels

from . import faces, people, shared
from .people import Exam

pytestmark = shared.LOOP
server, http, room = shared.server, shared.http, shared.room


class Wire:
    """A websocket to Engine.IO, with nothing between it and the test."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, *packets: str | bytes) -> None:
        for packet in packets:
            if isinstance(packet, bytes):
                await self.socket.send_bytes(packet)
            else:
                await self.socket.send_str(packet)

    async def next(self, start: str | tuple[str, ...]) -> str | None:
        """The next packet that begins so; None when the connection is over."""
        async with asyncio.timeout(people.PATIENCE):
            while True:
                message = await self.socket.receive()
                if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                    return None
                if message.type is aiohttp.WSMsgType.TEXT and message.data.startswith(start):
                    data: str = message.data
                    return data

    async def connect(self, token: object, namespace: str = "/candidate") -> str | None:
        """Join a namespace."""
        await self.send(f"40{namespace},{json.dumps({'token': token})}")
        joined, refused = f"40{namespace},", f"44{namespace},"
        return await self.next((joined, refused))


@asynccontextmanager
async def wire(room: Exam) -> AsyncIterator[Wire]:
    url = room.http.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    async with room.http.session.ws_connect(url) as socket:
        wire = Wire(socket)
        assert await wire.next("0")
        yield wire


PACKETS: dict[str, list[str | bytes]] = {
    "an empty packet": [""],
    "an unknown Engine.IO packet": ["9hello"],
    "a letter": ["x"],
    "an Engine.IO open": ["0{}"],
    "an Engine.IO upgrade": ["5"],
    "a ping of the client": ["2probe"],
    "a message without a packet": ["4"],
    "an unknown Socket.IO packet": ["48/candidate,[]"],
    "a letter for a packet": ["4x/candidate,[]"],
    "broken JSON": ["42/candidate,1[{"],
    "no JSON": ["42/candidate,1"],
    "an event that is an object": ['42/candidate,1{"a":1}'],
    "an event that is a number": ["42/candidate,17"],
    "an event that is text": ['42/candidate,1"frame"'],
    "an event that is null": ["42/candidate,1null"],
    "an event without a name": ["42/candidate,1[]"],
    "a name that is a number": ["42/candidate,1[7,{}]"],
    "a name that is null": ["42/candidate,1[null,{}]"],
    "a name that is a list": ['42/candidate,1[["frame"],{}]'],
    "a name that is an object": ['42/candidate,1[{"a":1},{}]'],
    "a name that is a placeholder": ['451-/candidate,1[{"_placeholder":true,"num":0},{}]', b"frame"],
    "an event for a namespace we are not in": ['42/proctor,1["watch",{}]'],
    "an event for a namespace that is not there": ['42/nowhere,1["frame",{}]'],
    "an event for the default namespace": ['421["frame",{}]'],
    "deep JSON": ["42/candidate,1" + "[" * 50_000],
    "a long number": ['42/candidate,1["frame",' + "9" * 10_000 + "]"],
    "a long id": ["42/candidate," + "9" * 200 + '["frame",{}]'],
    "an acknowledgement of nothing": ["43/candidate,99[]"],
    "a broken acknowledgement": ["43/candidate,[]"],
    "a connect error": ["44/candidate,{}"],
    "a second connect": ["40/candidate,{}"],
    "a connect with a broken token": ['40/candidate,{"token":7}'],
    "a connect to nowhere": ["40/nowhere,{}"],
    "a connect to the default namespace": ["40"],
    "an attachment that nobody announced": [b"hello"],
    "an attachment number that is not there": ['451-/candidate,1["frame",{"_placeholder":true,"num":7}]', b"x"],
    "a negative attachment number": ['451-/candidate,1["frame",{"_placeholder":true,"num":-3}]', b"x"],
    "an attachment number in words": ['451-/candidate,1["frame",{"_placeholder":true,"num":"x"}]', b"x"],
    "text instead of an attachment": ['451-/candidate,1["frame",{"_placeholder":true,"num":0}]', "42/candidate,1[]"],
    "attachments without end": ['45999999999-/candidate,1["frame",{}]', b"x"],
    "a binary acknowledgement": ["461-/candidate,1[]", b"x"],
    "a disconnect from a namespace we are not in": ["41/proctor,"],
}


@pytest.mark.parametrize("packets", PACKETS.values(), ids=PACKETS.keys())
async def test_a_malformed_packet_harms_nobody_and_floods_no_log(
    packets: list[str | bytes], room: Exam, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender may lose the connection, never more; and what anybody can send must not fill the log."""
    caplog.set_level(logging.INFO)
    async with people.candidate(room, "Bob") as bob, people.proctor(room) as paula, wire(room) as mallory:
        joined = await room.add("Mallory")
        assert await mallory.connect(joined["token"])
        for _ in range(20):
            if mallory.socket.closed:
                break
            try:
                await mallory.send(*packets)
            except (ConnectionError, aiohttp.ClientError):
                break
        assert await bob.frame() == {"ok": True}
        assert await paula.send("watch", {"candidate_ids": [], "fps": 1}) == {"ok": True}
        await mallory.socket.close()
        async with people.candidate(room, joined=joined) as again:
            assert await again.frame() == {"ok": True}
        assert await bob.frame() == {"ok": True}
    tracebacks = [record for record in caplog.records if record.exc_info]
    assert not tracebacks, f"{len(tracebacks)} tracebacks, the first: {tracebacks[0].exc_info}"


ODD_NAMES: list[Any] = [7, None, True, [], {}, ["frame"], 1.5, "", "connect", "disconnect"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=repr)
async def test_an_event_whose_name_is_no_event_is_refused_in_the_acknowledgement(name: Any, room: Exam) -> None:
    async with wire(room) as mallory:
        await mallory.connect((await room.add())["token"])
        await mallory.send(f"42/candidate,5{json.dumps([name, {}])}")
        answer = await mallory.next("43/candidate,5")
        assert answer is not None
        body = json.loads(answer.removeprefix("43/candidate,5"))[0]
        assert (body["ok"], body["error"]["code"]) == (False, "unknown_event")


async def test_a_frame_from_a_bare_websocket_is_taken(room: Exam) -> None:
    async with wire(room) as bare:
        await bare.connect((await room.add())["token"])
        event = ["frame", {"seq": 1, "captured_at": 1.0, "jpeg": {"_placeholder": True, "num": 0}}]
        await bare.send(f"451-/candidate,3{json.dumps(event)}", faces.one_face())
        assert await bare.next("43/candidate,3") == '43/candidate,3[{"ok":true}]'


async def test_before_the_namespace_is_joined_no_event_is_taken(room: Exam) -> None:
    async with wire(room) as early, people.proctor(room) as paula:
        await early.send('42/candidate,1["activity",{}]', '42/proctor,1["watch",{}]')
        token = (await room.add("Ada"))["token"]
        assert await early.connect(token)
        await early.send('42/candidate,2["shown",{}]')
        answer = await early.next("43")
        assert answer is not None
        assert answer.startswith("43/candidate,2")
        assert await paula.send("watch", {"candidate_ids": [], "fps": 1}) == {"ok": True}


async def test_one_socket_may_not_be_candidate_and_proctor_with_one_token(room: Exam) -> None:
    async with wire(room) as mallory:
        token = (await room.add("Mallory"))["token"]
        assert (await mallory.connect(token) or "").startswith("40/candidate,")
        assert (await mallory.connect(token, "/proctor") or "").startswith("44/proctor,")
        await mallory.send('42/proctor,1["watch",{"candidate_ids":[],"fps":1}]', '42/candidate,2["shown",{}]')
        answer = await mallory.next("43")
        assert answer is not None
        assert answer.startswith("43/candidate,2")


async def test_a_connection_that_vanishes_on_the_doorstep_leaves_nothing(room: Exam) -> None:
    joined = await room.add("Ada")
    for _ in range(5):
        async with wire(room) as early:
            await early.send(f"40/candidate,{json.dumps({'token': joined['token']})}")

    async def nobody() -> bool:
        return await room.http.metric("candidates_connected") == 0

    await people.eventually(nobody)
    async with people.proctor(room) as paula, people.candidate(room, joined=joined) as ada:
        assert await ada.frame() == {"ok": True}
        assert paula.inbox.all("snapshot")[0]["candidates"][0]["connected"] is False


GREEDY = ["45999999999-/candidate,", "452-/candidate,1", "450-/candidate,1", "461-/candidate,1", "46999-/candidate,1"]


@pytest.mark.parametrize("start", GREEDY)
async def test_who_promises_attachments_that_nobody_asked_for_is_cut_off_before_any_comes(
    start: str, room: Exam
) -> None:
    async with people.candidate(room, "Bob") as bob, wire(room) as mallory:
        assert await mallory.connect((await room.add("Mallory"))["token"])
        await mallory.send(start + '["frame",{"_placeholder":true,"num":0}]')
        async with asyncio.timeout(2000 * people.MS):
            assert await mallory.next("1") in ("1", None), "no CLOSE packet came"
        assert await bob.frame() == {"ok": True}


async def test_a_connection_that_comes_into_no_namespace_is_closed(room: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "STRANGER_SECONDS", 0.5)
    async with people.candidate(room) as ada, wire(room) as stranger:
        assert await stranger.next("1") in ("1", None), "no CLOSE packet came"
        assert await ada.frame() == {"ok": True}


async def test_compression_is_not_taken_up_however_much_it_is_offered(room: Exam) -> None:
    url = room.http.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    async with room.http.session.ws_connect(url, compress=15) as socket:
        assert socket.compress == 0
