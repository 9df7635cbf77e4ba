"""Webhooks that come in: only what the service signed, only once, and answered as the senders want it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server import provider_webhooks
from server.app import Running
from server.attendance import Attendance
from server.errors import Away, NotAuthenticated
from server.protocol import Provider
from server.provider_webhooks import MAX_BODY_BYTES, PublicKey

from .conftest import Serve
from .meeting_service import MeetingService, answer, drip, exam, hang, meeting_service, only_room, rsa_key, signature
from .people import Http, eventually
from .test_providers_client import PROVIDERS


@pytest.fixture(params=[Provider.REALTIMEKIT])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[MeetingService]:
    async with meeting_service(request.param) as service:
        yield service


@pytest.fixture
async def server(serve: Serve, service: MeetingService) -> AsyncIterator[Running]:
    async with serve(**service.settings) as server:
        yield server


@pytest.fixture
async def joined(http: Http, service: MeetingService) -> bytes:
    """The body of a webhook: Ada has joined the video."""
    room = await exam(http, service)
    ada = (await room.add())["participant"]["id"]
    return service.event("meeting.participantJoined", only_room(service), service.join(only_room(service), ada))


async def in_meeting(server: Running) -> list[bool | None]:
    return [candidate.view().in_meeting for candidate in server.services.lobby.candidates()]


@pytest.mark.parametrize("service", PROVIDERS, indirect=True)
@pytest.mark.parametrize("kind", ["rtk", "dyte"])
async def test_a_signed_webhook_is_taken_under_either_name_of_its_headers(
    kind: str, http: Http, service: MeetingService, server: Running, joined: bytes
) -> None:
    assert await service.tell(http, joined, kind=kind) == 200

    async def there() -> bool:
        return await in_meeting(server) == [True]

    await eventually(there)


FORGED: dict[str, dict[str, str]] = {
    "no signature": {"rtk_signature": ""},
    "no base64": {"rtk_signature": "§§"},
    "an HMAC": {"rtk_signature": "c2hhMjU2PWFiY2RlZg=="},
    "another key's": {"rtk_signature": "another"},
    "of another body": {"rtk_signature": "body"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
async def test_what_the_service_did_not_sign_is_refused_for_good(
    headers: dict[str, str], http: Http, service: MeetingService, server: Running, joined: bytes
) -> None:
    made = {"another": signature(rsa_key("other"), joined), "body": signature(service.signing, joined + b" ")}
    given = made.get(headers["rtk_signature"], headers["rtk_signature"])
    assert await service.tell(http, joined, rtk_signature=given) == 401
    assert await in_meeting(server) in ([None], [False])


async def test_a_webhook_for_a_service_that_is_not_set_up_is_refused(http: Http, service: MeetingService) -> None:
    for name in ("dyte", "builtin", "zoom", "x" * 300):
        assert (await http.call("POST", f"/api/webhooks/{name}", data=b"{}")).status == 404
    assert service.keys_fetched == 0


BODIES = {
    "no JSON": b"nonsense",
    "a list": b"[]",
    "no meeting": b'{"event": "meeting.ended"}',
    "an id that is none": b'{"event": "meeting.ended", "meeting": {"id": "../x"}}',
    "no participant": b'{"event": "meeting.participantJoined", "meeting": {"id": "m"}}',
    "no peer": b'{"event": "meeting.participantLeft", "meeting": {"id": "m"}, "participant": {"peerId": 7}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_signed_body_that_makes_no_sense_is_refused_for_good(
    body: bytes, http: Http, service: MeetingService
) -> None:
    assert await service.tell(http, body) == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"event": "meeting.chatSynced", "meetingId": "m"}',
        b'{"event": "recording.statusUpdate", "recording": {"fileSize": "1"}}',
        b'{"event": 7}',
        b"{}",
        b'{"event": "meeting.ended", "meeting": {"id": "of-another-server"}}',
    ],
)
async def test_an_event_that_is_not_about_us_is_accepted_and_passed_over(
    body: bytes, http: Http, service: MeetingService
) -> None:
    assert await service.tell(http, body) == 200


async def test_a_body_that_is_too_large_is_refused(http: Http, service: MeetingService) -> None:
    assert await service.tell(http, b" " * (MAX_BODY_BYTES + 1)) == 413
    assert service.keys_fetched == 0

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * (MAX_BODY_BYTES // 2)

    answered = await http.call("POST", "/api/webhooks/realtimekit", data=chunks(), rtk_signature="YQ==")
    assert answered.status == 413


async def outcomes(http: Http) -> dict[str, float]:
    text = (await http.get("/metrics")).content.decode()
    lines = [line for line in text.splitlines() if line.startswith("provider_webhooks_total{")]
    return {line.split('outcome="')[1].partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_a_webhook_that_comes_again_is_accepted_and_has_no_effect(
    http: Http, service: MeetingService, joined: bytes
) -> None:
    """By its body, whatever stands in the headers that nobody signed; or by its id."""
    assert await service.tell(http, joined, rtk_uuid="first") == 200
    again: list[dict[str, str]] = [{"rtk_uuid": "first"}, {"rtk_uuid": "other"}, {"rtk_webhook_id": "other"}]
    for headers in again:
        assert await service.tell(http, joined, **headers) == 200
    assert await service.tell(http, joined, kind="dyte") == 200
    assert await service.tell(http, joined.replace(b"Ada", b"Bob"), rtk_uuid="first") == 200
    assert await outcomes(http) == {"taken": 1, "replayed": 5}


async def test_one_that_comes_twice_at_the_same_time_counts_once(
    http: Http, service: MeetingService, joined: bytes
) -> None:
    assert await asyncio.gather(*(service.tell(http, joined) for _ in range(8))) == [200] * 8
    assert await outcomes(http) == {"taken": 1, "replayed": 7}


async def test_a_webhook_from_before_a_restart_is_still_known(
    serve: Serve, service: MeetingService, database_url: str
) -> None:
    from .people import calls

    async with serve(**service.settings) as first, calls(first) as http:
        await exam(http, service)
        body = service.event("meeting.started", only_room(service))
        assert await service.tell(http, body) == 200
    async with serve(**service.settings) as second, calls(second) as http:
        assert await service.tell(http, body) == 200
        assert await outcomes(http) == {"replayed": 1}


async def test_what_cannot_be_taken_just_now_is_asked_for_again_and_then_taken(
    http: Http, service: MeetingService, server: Running, joined: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Attendance, "full", True)
    assert await service.tell(http, joined, rtk_uuid="u") == 503
    monkeypatch.undo()
    assert await service.tell(http, joined, rtk_uuid="u") == 200
    assert await outcomes(http) == {"away": 1, "taken": 1}


@pytest.mark.parametrize("published", [answer(500), answer(200, "{}"), hang, drip, answer(200, b" " * 100_000)])
async def test_while_the_key_cannot_be_had_webhooks_are_to_come_again_and_soon(
    published: Any, http: Http, service: MeetingService, joined: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_webhooks, "FETCH_SECONDS", 0.2)
    service.published = published
    began = time.monotonic()
    for _ in range(3):
        assert await service.tell(http, joined) == 503
    assert time.monotonic() - began < 2
    assert service.keys_fetched == 1


# --- the key ----------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    client = await asyncio.to_thread(httpx.AsyncClient)
    yield client
    await client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key(service: MeetingService, clock: Clock) -> PublicKey:
    return PublicKey(f"{service.url}/.well-known/webhooks.json", clock)


async def test_a_key_is_fetched_once(key: PublicKey, service: MeetingService, http_client: httpx.AsyncClient) -> None:
    signed = signature(service.signing, b"x")
    await asyncio.gather(*(key.check(signed, b"x", http_client) for _ in range(9)))
    assert service.keys_fetched == 1


async def test_a_new_key_is_fetched_when_a_signature_does_not_fit_the_old_one_and_once_a_minute_at_most(
    key: PublicKey, service: MeetingService, http_client: httpx.AsyncClient, clock: Clock
) -> None:
    await key.check(signature(service.signing, b"x"), b"x", http_client)
    service.signing = rsa_key("second")
    signed = signature(service.signing, b"x")
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            await key.check(signed, b"x", http_client)
    assert service.keys_fetched == 1
    clock.now += 61
    await key.check(signed, b"x", http_client)
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            await key.check("YQ==", b"x", http_client)
    assert service.keys_fetched == 2


async def test_while_no_newer_key_can_be_fetched_nothing_is_refused_for_good(
    key: PublicKey, service: MeetingService, http_client: httpx.AsyncClient, clock: Clock
) -> None:
    old = signature(service.signing, b"x")
    await key.check(old, b"x", http_client)
    service.signing, service.published = rsa_key("second"), answer(500)
    clock.now += 61
    for _ in range(2):
        with pytest.raises(Away):
            await key.check(signature(service.signing, b"x"), b"x", http_client)
    assert service.keys_fetched == 2
    await key.check(old, b"x", http_client)
    clock.now += 6
    service.published = None
    await key.check(signature(service.signing, b"x"), b"x", http_client)


def _pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(
    "document",
    [
        answer(200, "no key"),
        answer(200, []),
        answer(200, {"data": {"publicKey": 7}}),
        answer(200, {"data": {"publicKey": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}}),
        answer(200, {"data": {"publicKey": _pem(ec.generate_private_key(ec.SECP256R1())).decode()}}),
        answer(302, "", Location="http://127.0.0.1:9/"),
    ],
)
async def test_what_is_no_key_is_no_key(
    document: Any, key: PublicKey, service: MeetingService, http_client: httpx.AsyncClient
) -> None:
    service.published = document
    with pytest.raises(Away):
        await key.check(signature(service.signing, b"x"), b"x", http_client)


async def test_a_key_may_stand_by_itself_or_without_an_envelope(
    service: MeetingService, clock: Clock, http_client: httpx.AsyncClient
) -> None:
    pem = _pem(service.signing)
    for document in (answer(200, pem), answer(200, {"publicKey": pem.decode()})):
        service.published = document
        key = PublicKey(f"{service.url}/.well-known/webhooks.json", clock)
        await key.check(signature(service.signing, b"x"), b"x", http_client)
