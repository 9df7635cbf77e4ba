"""Proctoring inside RealtimeKit and Dyte meetings: their published SDKs in Chromium, ours attached, a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.async_api import Page

from tests import people
from tests.conftest import Serve

from . import camera, meetings
from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

FPS = 5
"""What the server asks for."""

both = pytest.mark.parametrize("make", [meetings.REALTIMEKIT, meetings.DYTE], ids=lambda make: make.name)


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Our SDK as a script."""
    return meetings.build_sdk(tmp_path_factory.mktemp("sdk"))


class Attached:
    """A page with a meeting in it, whose candidate is proctored."""

    def __init__(self, page: Page, room: people.Exam) -> None:
        self.page = page
        self.room = room

    async def way(self) -> str:
        """How the pictures are taken."""
        way: str = await self.page.evaluate("exam.way")
        return way

    async def received(self) -> float:
        """Frames that the server has accepted so far."""
        return await self.room.http.metric("frames_received_total")

    async def rate(self, seconds: float = 2.5) -> float:
        """Frames a second that arrive, from the next one on."""
        loop = asyncio.get_running_loop()
        before = await self.received()
        await people.eventually(lambda: self._more_than(before))
        began, first = loop.time(), await self.received()
        await asyncio.sleep(seconds)
        return (await self.received() - first) / (loop.time() - began)

    async def stops(self) -> bool:
        """Whether nothing arrives any more."""
        await asyncio.sleep(2 / FPS)  # what was under way
        before = await self.received()
        await asyncio.sleep(5 / FPS)
        return await self.received() == before

    async def _more_than(self, count: float) -> bool:
        return await self.received() > count

    async def camera(self, call: str) -> None:
        """Do something with the meeting's own camera, such as `disableVideo()`."""
        await self.page.evaluate(f"async () => {{ await meeting.self.{call}; }}")

    async def closed(self, kind: str) -> bool:
        """Whether the incidents of this kind are over."""
        return all(each["state"] == "closed" for each in await self.kept(kind))

    async def kept(self, kind: str) -> list[dict[str, Any]]:
        """Incidents of this kind."""
        return [each for each in await self.room.incidents() if each["kind"] == kind]


ATTACH = """([server, token]) => {
    window.exam = Invigil.attachProctoring(meeting, { server, token });
}"""


ON_TOP = "document.elementFromPoint(innerWidth / 2, 4)?.dataset.testid === 'banner'"
"""Whether the banner is what is seen at the top of the page."""

FULL_SCREEN = """() => {
    const main = document.createElement("main");
    main.style.cssText = "height: 100vh; background: black";
    main.onclick = () => main.requestFullscreen();
    document.body.prepend(main);
}"""


async def is_light_at_the_top(page: Page) -> bool:
    """Whether the banner is seen above a black page in full screen, where Chromium does not let a pointer find it."""
    picture = cv2.imdecode(np.frombuffer(await page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return bool(picture[4, picture.shape[1] // 2] > 128)


@pytest.fixture
def attached(serve: Serve, tabs: Open, sdk: bytes, tmp_path: Path) -> Any:
    """`async with attached(make) as exam`: a candidate in such a meeting; `before` is run in the page first."""

    @asynccontextmanager
    async def start(make: meetings.Make, before: str = "0", **policy: str) -> AsyncIterator[Attached]:
        clip = camera.make(tmp_path / "camera.mjpeg", [("one", 5.0)])
        async with (
            meetings.host(make, sdk, **policy) as origin,
            serve(stream_fps=FPS, allowed_origins=[origin]) as server,
            people.calls(server) as http,
            tabs(clip) as context,
            meetings.meeting_page(context, make, origin) as page,
        ):
            room = await people.exam(http)
            joined = await room.add("Ann Other")
            await page.evaluate(before)
            await page.evaluate(ATTACH, [server.url, joined["token"]])
            yield Attached(page, room)
            await page.evaluate("exam.stop()")

    return start


def as_asked(rate: float) -> bool:
    """Whether it is about the rate that the server asked for."""
    return 0.7 * FPS <= rate <= 1.2 * FPS


@both
async def test_middleware_streams_as_asked_also_after_the_camera_was_off_and_in_a_hidden_tab(
    attached: Any, make: meetings.Make
) -> None:
    async with attached(make) as exam:
        assert as_asked(await exam.rate())
        assert await exam.way() == "middleware"

        await exam.camera("disableVideo()")
        assert await exam.stops()
        await exam.camera("enableVideo()")
        assert as_asked(await exam.rate())

        front = await exam.page.context.new_page()
        await front.bring_to_front()
        assert await exam.page.evaluate("document.visibilityState") == "hidden"
        assert as_asked(await exam.rate())
        assert await exam.way() == "middleware", "the watchdog took a healthy middleware for a stalled one"


@both
async def test_track_takes_over_where_nothing_is_drawn_for_middlewares(attached: Any, make: meetings.Make) -> None:
    unrendered = "meeting.self.setVideoMiddlewareGlobalConfig({ disablePerFrameCanvasRendering: true })"
    async with attached(make, before=unrendered) as exam:
        assert as_asked(await exam.rate())
        assert await exam.way() == "track"
        await exam.camera("disableVideo()")
        assert await exam.stops()
        await exam.camera("enableVideo()")
        assert as_asked(await exam.rate())


async def test_track_takes_over_when_the_middleware_is_removed(attached: Any) -> None:
    async with attached(meetings.REALTIMEKIT) as exam:
        await exam.rate(0.5)
        assert await exam.way() == "middleware"
        await exam.camera("removeAllVideoMiddlewares()")
        assert as_asked(await exam.rate()), "the meeting's timer goes on until the camera is switched"
        await exam.camera("disableVideo()")
        await exam.camera("enableVideo()")
        await people.eventually(lambda: exam.page.evaluate("exam.way === 'track'"))
        assert as_asked(await exam.rate())


async def test_track_takes_over_where_the_page_allows_no_workers(attached: Any) -> None:
    async with attached(meetings.REALTIMEKIT, workers="'none'") as exam:
        assert as_asked(await exam.rate())
        assert await exam.way() == "track"


async def test_canvas_in_place_of_the_camera_raises_a_banner_that_stays_until_the_camera_is_back(attached: Any) -> None:
    async with attached(meetings.REALTIMEKIT) as exam:
        await exam.rate(0.5)
        assert await exam.kept("virtual_camera") == []
        await exam.camera("disableVideo()")
        await exam.camera("enableVideo(document.createElement('canvas').captureStream(5).getVideoTracks()[0])")
        [incident] = await people.eventually(lambda: exam.kept("virtual_camera"))
        assert incident["state"] == "open"
        await exam.page.get_by_test_id("banner").get_by_text("camera").wait_for()
        await exam.page.evaluate("document.body.replaceChildren()")
        await people.eventually(lambda: exam.page.evaluate(ON_TOP))
        await exam.page.evaluate(FULL_SCREEN)
        await exam.page.locator("main").click()
        await people.eventually(lambda: exam.page.evaluate("document.fullscreenElement !== null"))
        await people.eventually(lambda: is_light_at_the_top(exam.page))

        await exam.camera("disableVideo()")
        await exam.camera("enableVideo()")
        await people.eventually(lambda: exam.closed("virtual_camera"))
        await people.eventually(lambda: exam.page.evaluate(f"!({ON_TOP})"))


async def test_meeting_is_left_as_it_was(attached: Any) -> None:
    async with attached(meetings.REALTIMEKIT) as exam:
        await exam.rate(0.5)
        track = "meeting.self.videoTrack === meeting.self.rawVideoTrack"
        assert not await exam.page.evaluate(track)
        await exam.page.evaluate("exam.stop()")
        await people.eventually(lambda: exam.page.evaluate(track))
