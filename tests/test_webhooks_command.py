"""`invigil webhooks register`: once for each address, with words for whatever is missing."""

import asyncio
import os

import pytest

from server.__main__ import main
from server.protocol import Provider

from .meeting_service import MeetingService, answer, meeting_service
from .test_providers_client import PROVIDERS

PUBLIC = "https://exams.example/"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("INVIGIL_")]:
        monkeypatch.delenv(name)


def set_up(service: MeetingService, monkeypatch: pytest.MonkeyPatch, public_url: str | None = PUBLIC) -> list[str]:
    """The words of the command, with the settings in the environment."""
    given = {**service.settings, **({"public_url": public_url} if public_url else {})}
    for name, value in given.items():
        monkeypatch.setenv(f"INVIGIL_{name.upper()}", value)
    return ["webhooks", "register", "--provider", service.provider.value]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_it_is_registered_once_however_often_it_is_asked_for(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with meeting_service(provider) as service:
        words = set_up(service, monkeypatch)
        assert [await asyncio.to_thread(main, words) for _ in range(2)] == [0, 0]
    [webhook] = service.webhooks.values()
    assert webhook["url"] == f"https://exams.example/api/webhooks/{provider}"
    assert set(webhook["events"]) == {
        "meeting.started", "meeting.ended", "meeting.participantJoined", "meeting.participantLeft",
    }  # fmt: skip
    first, second = capsys.readouterr().out.splitlines()
    assert "from now on" in first
    assert "goes on" in second


async def test_a_refusal_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async with meeting_service() as service:
        words = set_up(service, monkeypatch)
        service.down = answer(403, {"success": False, "errors": [{"code": 1, "message": "no scope"}]})
        assert await asyncio.to_thread(main, words) == 1
    assert "no scope" in capsys.readouterr().err


def test_without_an_address_or_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = MeetingService(Provider.DYTE)
    service.url = "http://127.0.0.1:9"
    words = set_up(service, monkeypatch, public_url=None)
    assert main(words) == 2
    assert "INVIGIL_PUBLIC_URL" in capsys.readouterr().err
    assert main([*words[:3], "realtimekit"]) == 2
    assert "not set up for realtimekit" in capsys.readouterr().err
