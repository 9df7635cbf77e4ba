"""Our own pages where the exam is held in a RealtimeKit or Dyte meeting: video, console and warnings on one page."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests import people
from tests.conftest import Serve

from . import camera, meetings
from .conftest import Open
from .test_exam import create_meeting, enter_exam

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LOADED = 30_000
"""Milliseconds in which a busy machine has loaded a service's interface, which is a megabyte of script."""

both = pytest.mark.parametrize("make", [meetings.REALTIMEKIT, meetings.DYTE], ids=lambda make: make.name)


@both
async def test_candidate_and_proctor_have_the_meeting_on_their_pages(
    serve: Serve, browser: Open, tmp_path: Path, make: meetings.Make
) -> None:
    clip = camera.make(tmp_path / "camera.mjpeg", [("one", 5.0)])
    async with serve() as server, people.calls(server) as http, browser(camera=clip) as context:
        candidate_link, proctor_link = await create_meeting(context, server)
        await meetings.seats(context, make)
        candidate = await enter_exam(context, candidate_link, "Ann Other")
        kit = "rtk" if make is meetings.REALTIMEKIT else "dyte"
        await expect(candidate.get_by_test_id("room").locator(f"{kit}-setup-screen")).to_be_visible(timeout=LOADED)
        assert candidate.url.endswith(f"/exam/{make.name}")
        await expect(candidate.get_by_test_id("connection-state")).to_have_attribute("data-state", "proctored")
        before = await http.metric("frames_received_total")
        await people.eventually(lambda: _more_than(http, before))

        proctor = await context.new_page()
        await proctor.goto(proctor_link)
        await expect(proctor.get_by_test_id("room").locator(f"{kit}-setup-screen")).to_be_visible(timeout=LOADED)
        await expect(proctor.get_by_test_id("candidate-tile")).to_have_attribute("data-state", "streaming")


async def test_exam_goes_on_without_the_video_which_can_be_asked_for_again(
    serve: Serve, browser: Open, tmp_path: Path
) -> None:
    clip = camera.make(tmp_path / "camera.mjpeg", [("one", 5.0)])
    async with serve() as server, browser(camera=clip) as context:
        candidate_link, _ = await create_meeting(context, server)
        seats = await meetings.seats(context, meetings.REALTIMEKIT)
        seats.away = True
        candidate = await enter_exam(context, candidate_link, "Ann Other")
        away = candidate.get_by_test_id("room-away")
        await expect(away).to_contain_text("The video service does not answer.")
        await expect(candidate.get_by_test_id("connection-state")).to_have_attribute("data-state", "proctored")

        await candidate.get_by_test_id("room-retry").click()
        await people.eventually(lambda: seats.asked >= 2)
        await expect(away).to_be_visible()
        seats.away = False
        await candidate.get_by_test_id("room-retry").click()
        await expect(candidate.get_by_test_id("room")).to_be_visible(timeout=LOADED)
        await expect(candidate.get_by_test_id("connection-state")).to_have_attribute("data-state", "proctored")


async def _more_than(http: people.Http, count: float) -> bool:
    return await http.metric("frames_received_total") > count
