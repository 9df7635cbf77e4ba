"""Calls to a video service over real connections: what is repeated, every way to fail, and no secret told."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from server.errors import ProviderAway, ProviderFailed, ProviderRefused
from server.protocol import Provider
from server.providers.client import MAX_ANSWER_BYTES, Account, Limits, ProviderClient
from server.providers.hosted import accounts
from server.settings import Settings

from .meeting_service import KEY, TOKEN, MeetingService, Misbehaviour, answer, cut, drip, hang, meeting_service

QUICK = Limits(attempts=3, attempt_seconds=0.4, call_seconds=5, pause=0.01, longest_pause=2, rest_after=100)

PROVIDERS = [Provider.DYTE, Provider.REALTIMEKIT]


def account_of(service: MeetingService, **changed: Any) -> Account:
    return accounts(Settings(**{**service.settings, **changed}))[service.provider]


@pytest.fixture
async def service() -> AsyncIterator[MeetingService]:
    async with meeting_service() as service:
        yield service


@pytest.fixture
async def client(service: MeetingService) -> AsyncIterator[ProviderClient]:
    account = account_of(service)
    client = await asyncio.to_thread(ProviderClient, account, limits=QUICK)
    yield client
    await client.close()


async def make(client: ProviderClient) -> Any:
    return await client.call("POST", "meetings", {"title": "Algebra"})


async def look(client: ProviderClient) -> Any:
    return await client.call("GET", "webhooks")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_each_service_is_told_who_calls_in_its_own_way(provider: Provider) -> None:
    async with meeting_service(provider) as service:
        client = await asyncio.to_thread(ProviderClient, account_of(service), limits=QUICK)
        made = await make(client)
        assert list(service.rooms) == [made["data"]["id"]]
        await client.close()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_wrong_secret_is_said_and_not_repeated(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with meeting_service(provider) as service:
        wrong = {"dyte_api_key": "hush-hush"} if provider is Provider.DYTE else {"realtimekit_api_token": "hush-hush"}
        client = await asyncio.to_thread(ProviderClient, account_of(service, **wrong), limits=QUICK)
        with pytest.raises(ProviderRefused) as caught:
            await make(client)
        await client.close()
    assert caught.value.there == 401
    assert "credentials" in caught.value.text
    assert "hush" not in caught.value.text + caplog.text
    assert len(service.asked) == 1


ONCE: dict[str, tuple[Misbehaviour, int]] = {
    "429": (answer(429, {"message": "slow down"}), 2),
    "429 for no time": (answer(429, "", retry_after="0"), 2),
    "no answer": (hang, 1),
    "half an answer": (cut, 1),
    "a slow answer": (drip, 1),
    "500": (answer(500, {"success": False, "error": {"code": 500, "message": "m"}}), 1),
    "502": (answer(502, "<html><title>Bad Gateway</title>"), 1),
    "malformed JSON": (answer(200, '{"success": tr'), 1),
}


@pytest.mark.parametrize(("misbehaviour", "calls"), ONCE.values(), ids=ONCE.keys())
async def test_what_makes_something_is_repeated_only_when_it_was_surely_not_taken_up(
    misbehaviour: Misbehaviour, calls: int, service: MeetingService, client: ProviderClient
) -> None:
    service.misbehave = [misbehaviour]
    if calls == 1:
        with pytest.raises(ProviderFailed):
            await make(client)
    else:
        await make(client)
    assert len(service.asked) == calls


@pytest.mark.parametrize("misbehaviour", [each for each, _ in ONCE.values()], ids=ONCE.keys())
async def test_what_may_be_done_twice_is_tried_again(
    misbehaviour: Misbehaviour, service: MeetingService, client: ProviderClient
) -> None:
    service.misbehave = [misbehaviour, misbehaviour]
    assert (await look(client))["success"] is True
    assert len(service.asked) == 3


@pytest.mark.parametrize("misbehaviour", [each for each, _ in ONCE.values()], ids=ONCE.keys())
async def test_nothing_is_tried_for_ever(
    misbehaviour: Misbehaviour, service: MeetingService, client: ProviderClient
) -> None:
    service.down = misbehaviour
    with pytest.raises(ProviderFailed):
        await look(client)
    assert len(service.asked) == QUICK.attempts


async def test_a_service_that_is_not_there_is_away(client: ProviderClient, service: MeetingService) -> None:
    gone = Account("RealtimeKit", "http://127.0.0.1:9", "Bearer x", "x")
    nobody = await asyncio.to_thread(ProviderClient, gone, limits=QUICK)
    with pytest.raises(ProviderAway, match="cannot be reached"):
        await make(nobody)
    assert nobody.away_since is not None
    await nobody.close()


async def test_all_calls_wait_for_as_long_as_the_service_asks(service: MeetingService, client: ProviderClient) -> None:
    service.misbehave = [answer(429, "", retry_after="1")]
    began = time.monotonic()
    await asyncio.gather(make(client), look(client))
    assert len(service.rooms) == 1
    assert 0.9 < time.monotonic() - began < 4


async def test_a_wait_that_is_too_long_is_not_waited_for_nor_is_it_asked_again_meanwhile(
    service: MeetingService, client: ProviderClient
) -> None:
    service.misbehave = [answer(429, "", retry_after="3600")]
    for _ in range(3):
        with pytest.raises(ProviderAway):
            await look(client)
    assert len(service.asked) == 1


async def test_after_some_calls_in_vain_nobody_waits_for_the_next_until_it_rests_no_more(
    service: MeetingService,
) -> None:
    limits = Limits(attempts=1, attempt_seconds=0.2, rest_after=2, rest_seconds=0.5)
    client = await asyncio.to_thread(ProviderClient, account_of(service), limits=limits)
    service.down = hang
    for _ in range(5):
        with pytest.raises(ProviderAway):
            await look(client)
    assert len(service.asked) == 2
    service.down = None
    await asyncio.sleep(0.5)
    assert (await look(client))["success"]
    assert client.away_since is None
    await client.close()


async def test_only_so_many_calls_are_under_way_at_once_and_a_call_does_not_wait_for_ever_for_its_turn(
    service: MeetingService,
) -> None:
    under_way, most = 0, 0
    usual = service.handle

    async def counted(request: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.2)
        under_way -= 1
        service.down = None
        found = await usual(request)
        service.down = counted
        return found

    service.down = counted
    limits = Limits(at_once=3, call_seconds=0.5, rest_after=1000)
    client = await asyncio.to_thread(ProviderClient, account_of(service), limits=limits)
    outcomes = await asyncio.gather(*(look(client) for _ in range(20)), return_exceptions=True)
    assert most == 3
    assert 3 <= sum(not isinstance(each, Exception) for each in outcomes) < 12
    assert all(isinstance(each, dict | ProviderAway) for each in outcomes)
    await client.close()


FINAL: dict[str, tuple[Misbehaviour, str]] = {
    "Dyte's error": (answer(400, {"success": False, "error": {"code": 400, "message": "BAD: no"}}), "BAD: no"),
    "Cloudflare's error": (answer(403, {"success": False, "errors": [{"code": 1, "message": "no scope"}]}), "no scope"),
    "text": (answer(404, "no such thing"), "no such thing"),
    "a page": (answer(404, "<html><title>Not Found</title>"), "a page in HTML"),
    "elsewhere": (answer(302, "", Location="http://127.0.0.1:9/"), "Check its address"),
    "too much": (answer(200, b" " * (MAX_ANSWER_BYTES + 1)), "more than"),
    "a success that is none": (answer(200, {"success": False, "message": "m"}), "says it is none: m"),
    "a list": (answer(200, []), "unknown shape"),
}  # fmt: skip


@pytest.mark.parametrize(("misbehaviour", "words"), FINAL.values(), ids=FINAL.keys())
async def test_a_refusal_is_told_in_words(
    misbehaviour: Misbehaviour, words: str, service: MeetingService, client: ProviderClient
) -> None:
    service.misbehave = [misbehaviour]
    with pytest.raises(ProviderRefused, match=words):
        await make(client)
    assert len(service.asked) == 1


async def test_a_service_that_repeats_what_it_was_sent_gives_nothing_away(
    service: MeetingService, client: ProviderClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.down = answer(503, {"message": f"bad request by {TOKEN} of Bearer {TOKEN} for Ada Lovelace"})
    with pytest.raises(ProviderAway) as caught:
        await client.call("POST", "meetings", {"name": "Ada Lovelace"})
    told = caught.value.text + caplog.text + repr(client) + repr(account_of(service))
    assert "bad request by" in told
    assert not any(each in told for each in (TOKEN, "Ada", KEY))


async def test_calls_that_work_leave_no_address_and_no_secret_in_the_log(
    service: MeetingService, client: ProviderClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await make(client)
    assert "127.0.0.1" not in caplog.text
    assert TOKEN not in caplog.text


async def test_what_came_of_a_call_is_counted(service: MeetingService) -> None:
    counted: list[str] = []
    append: Callable[[str], object] = counted.append
    client = await asyncio.to_thread(ProviderClient, account_of(service), limits=QUICK, count=append)
    await look(client)
    service.misbehave = [answer(500), answer(404, "no")]
    with pytest.raises(ProviderRefused):
        await look(client)
    service.down = answer(500)
    with pytest.raises(ProviderAway):
        await make(client)
    await client.close()
    assert counted == ["ok", "repeated", "refused", "away"]
