"""The policy of the pages: who may be asked from where."""

import pytest

from server.api.pages import policy


@pytest.mark.parametrize("path", ["/", "/exam", "/proctor", "/join/x", "/exam/other", "/x/dyte", "/exam/dyte/more"])
def test_pages_ask_no_other_host(path: str) -> None:
    assert "https:" not in policy(path)
    assert "worker-src 'self' blob:" in policy(path)


@pytest.mark.parametrize("page", ["exam", "proctor"])
@pytest.mark.parametrize(
    ("name", "host", "other"),
    [("realtimekit", "*.realtime.cloudflare.com", "dyte"), ("dyte", "*.dyte.io", "cloudflare")],
)
def test_page_of_a_video_meeting_may_ask_its_service_and_run_none_of_its_scripts(
    page: str, name: str, host: str, other: str
) -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in policy(f"/{page}/{name}").split(";"))
    for directive in ("connect-src", "img-src", "media-src"):
        assert f"https://{host}" in rules[directive]
    assert rules["script-src"] == "'self'"
    assert other not in policy(f"/{page}/{name}")
