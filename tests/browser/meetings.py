"""Pages of somebody else's, with a RealtimeKit or Dyte meeting: the published SDK, and a stand-in for its servers.

The SDK handles camera and middlewares without a meeting server. What `init` asks for over HTTP is answered as the
services do, as far as it is read; the socket is closed at once, so nobody ever joins.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, Page, Route

CLIENT = Path(__file__).parents[2] / "client"
MODULES = CLIENT / "node_modules"


@dataclass(frozen=True, slots=True)
class Make:
    """One of the two services."""

    name: str
    script: str
    """The published script, below `node_modules`."""
    client: str
    """What the script calls itself on the page."""
    domain: str
    """Where the script looks for its servers."""


REALTIMEKIT = Make(
    "realtimekit", "@cloudflare/realtimekit/dist/browser.js", "RealtimeKitClient", "realtime.cloudflare.com"
)
DYTE = Make("dyte", "@dytesdk/web-core/dist/index.iife.js", "DyteClient", "dyte.io")

_CORS = dict.fromkeys(("Access-Control-Allow-Origin", "Access-Control-Allow-Headers"), "*")
_ALLOWED = {"can_produce": "ALLOWED", "can_consume": "ALLOWED"}
_SHADES = {
    "brand": {str(n): "#3366cc" for n in (300, 400, 500, 600, 700)},
    "background": {str(n): "#202020" for n in (600, 700, 800, 900, 1000)},
    "danger": "#ff2d2d",
    "text": "#eeeeee",
    "text_on_brand": "#ffffff",
    "success": "#62a504",
    "video_bg": "#191919",
    "warning": "#ffcd07",
}
_PERMISSIONS: dict[str, Any] = {
    "waiting_room_type": "SKIP",
    "recorder_type": "NONE",
    "plugins": {"can_close": False, "can_start": False, "can_edit_config": False, "config": {}},
    "polls": {"can_create": False, "can_vote": False, "can_view": False},
    "media": {"video": _ALLOWED, "audio": _ALLOWED, "screenshare": _ALLOWED},
    "chat": {
        "public": {"can_send": True, "text": True, "files": True},
        "private": {"can_send": False, "can_receive": False, "text": False, "files": False},
    },
    "connected_meetings": {},
}
_CONFIG = {
    "view_type": "GROUP_CALL",
    "media": {
        "audio": {"enable_stereo": False, "enable_high_bitrate": False},
        "video": {"quality": "vga", "frame_rate": 30, "simulcast": False},
        "screenshare": {"quality": "hd", "frame_rate": 5},
    },
    "max_video_streams": {"mobile": 6, "desktop": 6},
    "max_screenshare_count": 1,
    "track_recording": {"subscriptions": []},
}
_TOKENS = {"border_radius": "rounded", "border_width": "thin", "spacing_base": 4, "theme": "dark", "logo": ""}


def _details(make: Make) -> dict[str, Any]:
    """Who the participant is, and what they may do."""
    return {
        "participant": {"id": "p", "name": "Ann", "custom_participant_id": "c", "organization_id": "o"},
        "preset": {
            "name": "group_call_participant",
            "version": "2.0.0",
            "permissions": _PERMISSIONS,
            "config": _CONFIG,
            "ui": {"design_tokens": {**_TOKENS, "colors": _SHADES}, "config_diff": {}},
        },
        "meeting": {"title": "Exam"},
        "socket": {"base_uri": make.domain},
    }


def token() -> str:
    """A participant's token, as far as the SDKs look into it."""
    claims = {"orgId": "o", "meetingId": "m", "participantId": "p", "presetId": "g"}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims, {}))


def published(make: Make) -> bytes:
    """The published script; without it the test is skipped."""
    script = MODULES / make.script
    if not script.is_file():
        pytest.skip(f"needs {make.script.rpartition('/dist/')[0]}: run `npm ci` in client/")
    return script.read_bytes()


def build_sdk(folder: Path) -> bytes:
    """Our own SDK as one script, as its package has it."""
    node = shutil.which("node")
    vite = MODULES / "vite/bin/vite.js"
    if node is None or not vite.is_file():
        pytest.skip("needs Node.js and the client's packages: run `npm ci` in client/")
    options = ["--config", "vite.sdk.config.ts", "--outDir", str(folder), "--logLevel", "error"]
    subprocess.run([node, str(vite), "build", *options], cwd=CLIENT, check=True, timeout=60)
    return (folder / "invigil.js").read_bytes()


async def stand_in(context: BrowserContext, make: Make) -> None:
    """Answer in place of the service, whatever page of this browser asks."""

    async def answer(route: Route) -> None:
        url = route.request.url
        body: dict[str, Any] = {"success": True, "data": {}}
        if "participant-details" in url:
            body["data"] = _details(make)
        elif "iceservers" in url:
            body["iceServers"] = []
        elif "plugins" in url:
            body["data"] = {"plugins": []}
        await route.fulfill(json=body, headers=_CORS)

    await context.route(f"https://*.{make.domain}/**", answer)
    await context.route_web_socket(f"wss://*.{make.domain}/**", lambda socket: socket.close())


class Seats:
    """In place of `POST /api/provider-token`: a server without an account at a service gives nobody a seat."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.away = False
        self.asked = 0

    async def answer(self, route: Route) -> None:
        """Give one, or say that there is none now."""
        self.asked += 1
        if self.away:
            error = {"code": "provider_away", "text": "The video service does not answer."}
            await route.fulfill(status=503, json={"ok": False, "error": error})
        else:
            await route.fulfill(json={"ok": True, "provider": self.make.name, "provider_token": token()})


async def seats(context: BrowserContext, make: Make) -> Seats:
    """Let every page of this browser have a seat in a meeting of that make."""
    given = Seats(make)
    await stand_in(context, make)
    await context.route("**/api/provider-token", given.answer)
    return given


@asynccontextmanager
async def host(make: Make, sdk: bytes, *, workers: str = "'self' blob:") -> AsyncIterator[str]:
    """A site of somebody else's; its policy allows workers from `workers`."""
    files = {"/meeting.js": published(make), "/invigil.js": sdk}
    policy = f"default-src 'self'; connect-src *; media-src 'self' blob:; worker-src {workers}"
    page = "<!doctype html><title>Host</title><script src=/meeting.js></script><script src=/invigil.js></script>"

    async def serve(request: web.Request) -> web.Response:
        if request.path in files:
            return web.Response(body=files[request.path], content_type="text/javascript")
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/{any:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def meeting_page(context: BrowserContext, make: Make, origin: str) -> AsyncIterator[Page]:
    """A page of that site with `window.meeting`, camera on, and our SDK loaded."""
    await stand_in(context, make)
    page = await context.new_page()
    await page.goto(origin)
    await page.evaluate(
        """async ([client, authToken]) => {
            window.meeting = await window[client].init({ authToken, defaults: { audio: false, video: true } });
        }""",
        [make.client, token()],
    )
    yield page
    await page.close()
