"""What an operator does about keeping, in Chromium: days, a hold, erasing a candidate."""

import pytest
from playwright.async_api import expect

from tests import people
from tests.conftest import Serve
from tests.recorded import closed, recordings, stream

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_an_operator_keeps_holds_and_erases(serve: Serve, browser: Open) -> None:
    async with serve() as server, people.calls(server) as http, browser() as context:
        room = await people.exam(http, "Algebra")
        async with people.candidate(room, "Ada Lovelace") as ada:
            await stream(ada, 5)
        await room.end()
        await closed(room)

        page = await context.new_page()
        await page.goto(server.operator_url)
        await page.get_by_test_id("meeting-row").get_by_role("button").first.click()
        await page.get_by_test_id("keeping-open").click()
        dialog = page.get_by_test_id("keeping")
        await dialog.get_by_test_id("incidents_days").fill("30")
        await dialog.get_by_test_id("save-days").click()
        await expect(dialog.get_by_text("stream_days: at most incidents_days (30)")).to_be_visible()
        await dialog.get_by_test_id("stream_days").fill("10")
        await dialog.get_by_test_id("evidence_days").fill("20")
        await dialog.get_by_test_id("save-days").click()
        await expect(dialog.get_by_text("stream_days: at most")).to_have_count(0)

        await dialog.get_by_test_id("hold-reason").fill("Appeal 17/3.")
        await dialog.get_by_test_id("place-hold").click()
        await expect(dialog.get_by_test_id("held")).to_contain_text("Appeal 17/3.")
        await expect(dialog.get_by_test_id("erase")).to_be_disabled()
        await dialog.get_by_test_id("lift-hold").click()

        await dialog.get_by_test_id("erase-candidate").click()
        await page.get_by_role("option", name="Ada Lovelace").click()
        await dialog.get_by_test_id("erase").click()
        await page.get_by_test_id("confirm-action").click()
        await expect(dialog.get_by_test_id("receipts")).to_contain_text("1 recording, 0 photographs, 0 incidents")
        assert await recordings(room) == []
        found = await http.get(f"{room.path}/retention", http.operator_token)
        days = [found.json[name] for name in ("stream_days", "evidence_days", "incidents_days")]
        assert (days, found.json["hold"], len(found.json["holds"])) == ([10, 20, 30], False, 1)
