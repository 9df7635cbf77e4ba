"""Events told to other services: a real receiver over HTTP, which is away, slow, or refuses."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from server import webhooks
from server.app import running
from server.settings import SettingsError, load
from server.webhooks import key_of, signature

from . import people
from .conftest import Serve, leaving_no_task, settings_for
from .people import Candidate, Exam, Http, Json
from .postgres import TEMPLATE, Postgres, postgres

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@dataclass
class Receiver:
    """Another service. It answers with `status`, after `wait` seconds."""

    port: int = 0
    status: int = 204
    wait: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Every attempt: headers and body."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hush"

    @property
    def events(self) -> list[Json]:
        """What was told, each once, in the order in which it came first."""
        return list({headers["webhook-id"]: json.loads(body) for headers, body in self.came}.values())

    def types(self) -> list[str]:
        return [each["type"] for each in self.events]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        async def take(request: web.Request) -> web.Response:
            self.came.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
            await asyncio.sleep(self.wait)
            return web.Response(status=self.status, headers=self.headers)

        app = web.Application()
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(webhooks, "PAUSES", (0.1,) * 10)


@pytest.fixture
def telling(serve: Serve) -> Callable[..., Any]:
    """`async with telling(receiver, ...) as http`: a server that tells these."""

    @asynccontextmanager
    async def start(*receivers: Receiver, **changed: Any) -> AsyncIterator[Http]:
        urls = ",".join(each.url for each in receivers)
        async with (
            serve(webhook_urls=urls, webhook_secret=SECRET, **changed) as server,
            people.calls(server) as http,
        ):
            yield http

    return start


async def report(candidate: Candidate, *, active: bool = True) -> None:
    at = datetime.now(UTC).isoformat()
    assert (await candidate.send("activity", {"kind": "tab_hidden", "at": at, "detail": {"active": active}}))["ok"]


async def deliveries(http: Http, state: str = "") -> list[Json]:
    query = f"?state={state}" if state else ""
    answer = await http.get(f"/api/deliveries{query}", http.operator_token)
    assert answer.status == 200, answer
    found: list[Json] = answer.json["deliveries"]
    return found


async def test_an_incident_from_its_opening_to_its_review_and_the_end_of_the_meeting_are_told(
    telling: Callable[..., Any], receiver: Receiver
) -> None:
    async with telling(receiver) as http:
        room = await people.exam(http, tab_hidden={"merge_seconds": 0})
        async with people.proctor(room) as paula, people.candidate(room, "Ada Lovelace") as ada:
            await report(ada)
            incident = (await paula.inbox.next("incident"))["incident"]
            await report(ada, active=False)
            await paula.send("review", {"incident_id": incident["id"], "verdict": "dismissed", "note": "Ada was ill"})
            await room.end()
            wanted = ["incident.opened", "incident.closed", "incident.reviewed", "meeting.ended"]
            await people.eventually(lambda: sorted(receiver.types()) == sorted(wanted))
    told = {each["type"]: each["data"] for each in receiver.events}
    assert told["incident.opened"]["id"] == told["incident.reviewed"]["id"] == incident["id"]
    assert (told["incident.opened"]["state"], told["incident.closed"]["state"]) == ("open", "closed")
    assert told["incident.opened"]["candidate_id"] == ada.id
    assert told["incident.reviewed"]["review"]["verdict"] == "dismissed"
    assert told["meeting.ended"]["id"] == room.id
    # By ids alone: neither names nor what people wrote of each other.
    assert not any(b"Ada" in body or b"ill" in body for _, body in receiver.came)


async def test_every_attempt_is_signed_for_its_own_time(telling: Callable[..., Any], receiver: Receiver) -> None:
    receiver.status = 500
    async with telling(receiver) as http:
        await (await people.exam(http)).end()
        await people.eventually(lambda: len(receiver.came) > 1)
        receiver.status = 200
        await people.eventually(lambda: _all_delivered(http))
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({body for _, body in receiver.came}) == 1
    for headers, body in receiver.came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.new(b"0123456789abcdef0123456789abcdef", signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
        assert abs(float(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


async def _all_delivered(http: Http) -> bool:
    found = await deliveries(http)
    return bool(found) and all(each["state"] == "delivered" for each in found)


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of its reference implementations."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_happens_while_the_receiver_is_away_arrives_when_it_is_back_also_after_a_restart(
    telling: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    async with receiver.listening():
        pass  # it had a port, and is gone
    async with telling(receiver) as http:
        room = await people.exam(http)
        await room.end()
        await people.eventually(lambda: _tried(http))
        (waiting,) = await deliveries(http, "waiting")
        assert (waiting["host"], waiting["problem"]) == ("127.0.0.1", "ConnectError")
    async with receiver.listening(), telling(receiver) as http:
        await people.eventually(lambda: receiver.types() == ["meeting.ended"])
        await people.eventually(lambda: _all_delivered(http))
    assert "hush" not in caplog.text
    assert sum("does not take events" in each.getMessage() for each in caplog.records) == 1


async def _tried(http: Http) -> bool:
    return any(each["attempts"] for each in await deliveries(http))


async def test_what_was_given_up_is_sent_again_by_hand(
    telling: Callable[..., Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PAUSES", (0.05,))
    receiver.status = 500
    async with telling(receiver) as http:
        await (await people.exam(http)).end()
        failed: list[Json] = await people.eventually(lambda: deliveries(http, "failed"))
        assert (failed[0]["attempts"], failed[0]["problem"]) == (2, "500")
        assert await http.metric("webhooks_failed_total") == 1
        receiver.status = 200
        for body in ({"failed": True}, {"ids": [failed[0]["id"]]}):
            before = len(receiver.came)
            answer = await http.post("/api/deliveries/replay", body, http.operator_token)
            assert (answer.status, answer.json) == (200, {"replayed": 1})
            await people.eventually(lambda: _all_delivered(http))
            assert len(receiver.came) == before + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1


async def test_a_receiver_that_says_it_is_gone_is_sent_that_no_more(
    telling: Callable[..., Any], receiver: Receiver
) -> None:
    receiver.status = 410
    async with telling(receiver) as http:
        await (await people.exam(http)).end()
        await people.eventually(lambda: deliveries(http, "failed"))
        assert len(receiver.came) == 1


async def test_a_receiver_may_ask_for_a_pause(telling: Callable[..., Any], receiver: Receiver) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "1800"}
    async with telling(receiver) as http:
        await (await people.exam(http)).end()
        (waiting,) = await people.eventually(lambda: _waiting_after_an_attempt(http))
        due = datetime.fromisoformat(waiting["due_at"]) - datetime.now(UTC)
        assert 1700 < due.total_seconds() < 1900
        assert len(receiver.came) == 1


async def _waiting_after_an_attempt(http: Http) -> list[Json]:
    return [each for each in await deliveries(http, "waiting") if each["attempts"]]


async def test_one_that_does_not_answer_keeps_no_other_waiting(
    telling: Callable[..., Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ANSWER_SECONDS", 2.0)
    async with Receiver(wait=60).listening() as slow, telling(slow, receiver) as http:
        await (await people.exam(http)).end()
        await people.eventually(lambda: receiver.types() == ["meeting.ended"])
        assert [each["state"] for each in await deliveries(http)].count("waiting") == 1
        (waiting,) = await people.eventually(lambda: _waiting_after_an_attempt(http))
        assert waiting["problem"] in ("TimeoutError", "ReadTimeout")


async def test_a_redirect_is_not_followed(telling: Callable[..., Any], receiver: Receiver) -> None:
    async with Receiver().listening() as other, telling(receiver) as http:
        receiver.status, receiver.headers = 307, {"Location": other.url}
        await (await people.exam(http)).end()
        (waiting,) = await people.eventually(lambda: _waiting_after_an_attempt(http))
        assert waiting["problem"] == "307"
        assert not other.came


async def test_with_default_settings_nothing_is_kept_to_be_told(serve: Serve) -> None:
    async with serve() as server, people.calls(server) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            await report(ada)
        await room.end()
        assert await deliveries(http) == []


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as server:
        yield server


async def test_what_happens_while_postgresql_is_away_is_told_when_it_is_back(
    own: Postgres, tmp_path: Path, receiver: Receiver
) -> None:
    url = await asyncio.to_thread(own.database, template=TEMPLATE)
    settings = settings_for(url, tmp_path, webhook_urls=receiver.url, webhook_secret=SECRET)
    async with leaving_no_task(), running(settings) as server, people.calls(server) as http:
        room: Exam = await people.exam(http)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await ada.frame()
            await asyncio.to_thread(own.take_away)
            try:
                await report(ada)
                incident = (await paula.inbox.next("incident"))["incident"]
            finally:
                await asyncio.to_thread(own.bring_back)
            await people.eventually(lambda: receiver.types() == ["incident.opened"])
            assert receiver.events[0]["data"]["id"] == incident["id"]


async def test_an_incident_that_a_crash_left_open_is_told_as_closed(
    telling: Callable[..., Any], receiver: Receiver
) -> None:
    async with telling(receiver) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            await report(ada)
            await people.eventually(lambda: receiver.types() == ["incident.opened"])
    async with telling(receiver):
        await people.eventually(lambda: receiver.types() == ["incident.opened", "incident.closed"])
    assert receiver.events[0]["data"]["id"] == receiver.events[1]["data"]["id"]


async def test_only_the_operator_sees_and_replays_deliveries(http: Http, room: Exam) -> None:
    proctor = (await room.add("Paula", "proctor"))["token"]
    for answer in (
        await http.get("/api/deliveries", proctor),
        await http.post("/api/deliveries/replay", {"failed": True}, proctor),
    ):
        assert answer.status == 403
    assert (await http.get("/api/deliveries?state=lost", http.operator_token)).status == 400


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"WEBHOOK_URLS": "https://a.example"}, "WEBHOOK_SECRET: needed with webhook_urls"),
        ({"WEBHOOK_URLS": "https://a.example", "WEBHOOK_SECRET": "short"}, "WEBHOOK_SECRET: at least 24"),
        ({"WEBHOOK_URLS": "https://a.example", "WEBHOOK_SECRET": "whsec_" + "?" * 30}, "WEBHOOK_SECRET: what stands"),
        ({"WEBHOOK_URLS": "ftp://a.example", "WEBHOOK_SECRET": SECRET}, "WEBHOOK_URLS.0: "),
    ],
)
def test_settings_that_could_not_be_used_are_named(
    environment: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"INVIGIL_{name}", value)
    with pytest.raises(SettingsError, match=fault):
        load()
