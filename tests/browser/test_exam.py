"""An exam as people see it: operator, candidate and proctor in Chromium, a made video as the camera."""

from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import BrowserContext, Page, expect

from server.app import Running
from tests.conftest import Serve

from . import camera
from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SCENES = (("one", 20.0), ("two", 6.0), ("none", 6.0), ("one", 60.0))


async def create_meeting(context: BrowserContext, server: Running) -> tuple[str, str]:
    """The operator makes a meeting and copies the candidate's and the proctor's link."""
    page = await context.new_page()
    await page.goto(server.operator_url)
    await page.get_by_test_id("create-title").fill("Algebra")
    await page.get_by_test_id("create-meeting").click()
    links = []
    for name in ("candidate-link", "proctor-link"):
        field = page.get_by_test_id(name).first
        await expect(field).not_to_have_value("")
        links.append(await field.input_value())
    assert "token" not in page.url, "the operator's token stays in the address bar"
    return links[0], links[1]


async def enter_exam(context: BrowserContext, link: str, name: str) -> Page:
    """The candidate joins, consents, checks the camera and is in the exam room."""
    page = await context.new_page()
    await page.goto(link)
    await page.get_by_test_id("join-name").fill(name)
    await page.get_by_test_id("join-submit").click()
    await page.get_by_test_id("consent-check").check()
    await page.get_by_test_id("consent-accept").click()
    await page.get_by_test_id("camera-start").click()
    await expect(page.get_by_test_id("exam-room")).to_be_visible()
    return page


async def test_second_face_and_empty_chair_warn_candidate_and_proctor_once(
    serve: Serve, browser: Open, tmp_path: Path
) -> None:
    clip = camera.make(tmp_path / "camera.mjpeg", SCENES)
    async with serve(workers=1) as server, browser() as staff, browser(camera=clip) as home:
        candidate_link, proctor_link = await create_meeting(staff, server)
        proctor = await staff.new_page()
        await proctor.goto(proctor_link)
        await expect(proctor.get_by_test_id("console")).to_be_visible()
        candidate = await enter_exam(home, candidate_link, "Ann Other")
        banner = candidate.get_by_test_id("banner")
        tile = proctor.get_by_test_id("candidate-tile")
        await expect(tile).to_have_attribute("data-state", "streaming")
        await expect(tile.get_by_test_id("thumbnail")).to_be_visible()

        for kind in ("multiple_faces", "no_face"):
            card = proctor.locator(f'[data-testid="incident-card"][data-kind="{kind}"]')
            await expect(card).to_have_attribute("data-state", "open", timeout=45_000)
            await expect(banner).to_have_attribute("data-open", "true")
            photo = card.get_by_test_id("incident-photo").first
            await expect(photo).to_be_visible()
            await expect(photo).to_have_js_property("complete", True)
            assert await photo.evaluate("image => image.naturalWidth") > 0
            await expect(card).to_have_attribute("data-state", "closed", timeout=30_000)
        await expect(banner).to_have_attribute("data-open", "false")

        meeting_id = candidate_link.split("/join/")[1].partition("?")[0]
        found = await server.services.database.incidents(UUID(meeting_id))
        camera_kinds = sorted(each.kind for each in found if each.kind in ("multiple_faces", "no_face"))
        assert camera_kinds == ["multiple_faces", "no_face"]
        assert all(each.state == "closed" and each.evidence for each in found)
        assert all(each.trace["shown_at"] for each in found), "the banner was never reported as shown"
