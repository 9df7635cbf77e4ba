"""The reviewer's page in Chromium, over recordings of real candidates on a real server."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from server.app import Running
from storage.recordings import writer
from tests import faces, people
from tests.conftest import Serve
from tests.people import Candidate, Exam, Json
from tests.recorded import closed, recordings

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), faces.needs_models]

FPS = 10.0
SETTINGS = {
    "sample_interval": 0.4,
    "camera_frozen": {"enabled": False},
    "different_person": {"enabled": False},
    "stream_lost": {"enabled": False},
}
"""The pictures of these tests do not move."""

AXE = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"


FADING = """
document.getAnimations().filter((each) => each instanceof CSSTransition && each.transitionProperty === "color")
  .map((each) => each.effect.target.textContent)
"""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 2.0)
    monkeypatch.setattr(writer, "STREAM_GAP_SECONDS", 0.5)


# --- what is recorded -------------------------------------------------------------------------------------


class Sitting:
    """A candidate before a camera that shows what the test wants, and every picture that was sent."""

    def __init__(self, candidate: Candidate, paula: people.Proctor) -> None:
        self.candidate = candidate
        self.sent: dict[int, bytes] = {}
        self._paula = paula

    async def show(self, picture: Callable[[int, int], bytes], seconds: float) -> None:
        """This picture for so long."""
        for _ in range(int(seconds * FPS)):
            await self._send(picture)

    async def show_until(self, picture: Callable[[int, int], bytes], kind: str, word: str) -> None:
        """This picture until an incident has come so far."""
        wanted = asyncio.ensure_future(
            self._paula.inbox.next("incident", 20, where=lambda d: (d["type"], d["incident"]["kind"]) == (word, kind))
        )
        while not wanted.done():
            await self._send(picture)
        await wanted

    async def _send(self, picture: Callable[[int, int], bytes]) -> None:
        jpeg = picture(480, 360)
        assert (await self.candidate.frame(jpeg))["ok"]
        self.sent[self.candidate.seq] = jpeg
        await asyncio.sleep(1 / FPS)

    async def report(self, kind: str, *, active: bool) -> None:
        """What the candidate's browser notices."""
        given = {"kind": kind, "at": datetime.now(UTC).isoformat(), "detail": {"active": active}}
        assert (await self.candidate.send("activity", given))["ok"]


async def _act(sitting: Sitting) -> None:
    """Two people, a hidden tab, a pause, an empty chair."""
    await sitting.show(faces.one_face, 2.5)
    await sitting.show_until(faces.two_faces, "multiple_faces", "opened")
    await sitting.show(faces.two_faces, 1)
    await sitting.show_until(faces.one_face, "multiple_faces", "closed")
    await sitting.report("tab_hidden", active=True)
    await sitting.show(faces.one_face, 1)
    await sitting.report("tab_hidden", active=False)
    await asyncio.sleep(1.2)
    await sitting.show(faces.one_face, 1)
    await sitting.show_until(faces.no_face, "no_face", "opened")
    await sitting.show_until(faces.one_face, "no_face", "closed")


@asynccontextmanager
async def sitting(room: Exam, name: str = "Ada") -> AsyncIterator[Sitting]:
    """A candidate who sits an exam."""
    async with people.proctor(room) as paula, people.candidate(room, name) as candidate:
        yield Sitting(candidate, paula)


async def recorded(http: people.Http) -> tuple[Exam, Sitting]:
    """A whole exam of one candidate, over and signed."""
    room = await people.exam(http, "Anatomy", **SETTINGS)
    async with sitting(room) as ada:
        await _act(ada)
    await room.end()
    await closed(room)
    return room, ada


# --- what the reviewer does -------------------------------------------------------------------------------


class Desk:
    """The player's page, by what is to be seen on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pictures: dict[int, bytes] = {}
        """What the page was given for a frame, by its number."""
        self.stage = page.get_by_test_id("stage")
        self.panel = page.get_by_test_id("incident-panel")
        self.rows = page.get_by_test_id("incident-row")
        self.teller = page.get_by_test_id("teller")

    def __getattr__(self, name: str) -> Locator:
        return self.page.get_by_test_id(name.replace("_", "-"))

    async def at(self) -> int:
        """The position, milliseconds."""
        return int(await self.position.get_attribute("data-at") or -1)

    async def seq(self) -> int:
        """The frame on screen, once it is the one of the position."""
        await expect(self.page.locator("[class*=loader]")).to_have_count(0)
        return int(await self.stage.get_attribute("data-seq") or -1)

    async def watch(self) -> None:
        """Note every picture that the page is given from now on."""

        async def note(route: Route) -> None:
            answer = await route.fetch()
            self.pictures[int(route.request.url.rpartition("/")[2].removesuffix(".jpg"))] = await answer.body()
            await route.fulfill(response=answer)

        await self.page.route("**/frames/*.jpg", note)

    async def picture(self) -> bytes:
        """The picture on screen, as it came from the server."""
        return self.pictures[await self.seq()]

    async def judged(self, kind: str) -> str | None:
        """What the list says of the incident of this kind."""
        return await self.page.locator(f'[data-testid=incident-row][data-kind="{kind}"]').get_attribute("data-review")


async def opened(context: BrowserContext, url: str) -> Desk:
    """The first recording behind a reviewer's link."""
    desk = Desk(await context.new_page())
    await desk.watch()
    await desk.page.goto(url)
    await desk.open_recording.first.click()
    await expect(desk.still).to_be_visible()
    return desk


async def reviewer(room: Exam) -> str:
    """The link of somebody new."""
    url: str = (await room.add("Rita", "reviewer"))["url"]
    return url


async def test_a_reviewer_finds_steps_seeks_and_judges(serve: Serve, browser: Open) -> None:
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room, ada = await recorded(http)
        page = await context.new_page()
        desk = Desk(page)
        await desk.watch()
        await page.goto(await reviewer(room))
        row = page.get_by_test_id("recording-row")
        await expect(row).to_have_attribute("data-to-review", "3")
        assert "token" not in page.url, "the token stays in the address bar"
        await expect(row.get_by_test_id("recording-state")).to_have_text("Signed")
        await expect(row.get_by_test_id("row-gaps")).to_have_text("1 gap")
        await row.get_by_test_id("open-recording").click()

        # It opens at the first incident to review, at the very frame that confirmed it.
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        await expect(desk.what).to_contain_text("Exact frame")
        seq = await desk.seq()
        assert seq == (await room.incidents())[0]["evidence"][-1]["seq"]
        assert await desk.picture() == ada.sent[seq]
        await expect(desk.boxes).to_have_attribute("data-exact", "true")
        await expect(desk.boxes.locator("> span")).to_have_count(2)
        assert re.fullmatch(r"0\.\d\d", await desk.boxes.locator("> span > span").first.inner_text())

        # Frame by frame: every one is the very picture, and boxes of another one are dashed.
        await page.keyboard.press(".")
        await expect(desk.stage).to_have_attribute("data-seq", str(seq + 1))
        for n in range(2, 12):
            await page.keyboard.press(".")
            await expect(desk.stage).to_have_attribute("data-seq", str(seq + n))
        await page.keyboard.press(",")
        await expect(desk.stage).to_have_attribute("data-seq", str(seq + 10))
        await expect(desk.teller).to_have_text(f"Frame {seq + 10}")
        assert await desk.picture() == ada.sent[seq + 10]
        await desk.toggle_boxes.click()
        await expect(desk.boxes).to_have_count(0)

        # A click on the timeline seeks there, dragging goes on.
        box = await desk.slider.bounding_box()
        assert box is not None
        length = 1000 * (await recordings(room))[0]["seconds"]
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
        await page.mouse.down()
        assert abs(await desk.at() - length / 2) < 0.02 * length
        await page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] - 4, steps=4)
        await page.mouse.up()
        assert abs(await desk.at() - length / 4) < 0.02 * length

        # The next incident, judged with a note.
        await desk.next.click()
        await expect(desk.panel).to_have_attribute("data-kind", "tab_hidden")
        await expect(desk.teller).to_contain_text("Incident 2 of 3: Exam tab hidden")
        await desk.panel.get_by_test_id("note").click()
        await desk.note_text.fill("A message came in.")
        await desk.panel.get_by_test_id("dismiss").click()
        await expect(desk.panel).to_have_attribute("data-kind", "no_face")
        assert await desk.judged("tab_hidden") == "dismissed"
        await desk.page.locator('[data-testid=incident-row][data-kind="tab_hidden"]').click()
        await expect(desk.panel).to_contain_text("by Rita: A message came in.")
        await desk.next.click()
        await desk.panel.get_by_test_id("confirm").click()
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        await expect(desk.reviewed_count).to_have_text("2 of 3 reviewed")

        kept = await _reviews(server, room)
        assert (kept["tab_hidden"].verdict, kept["tab_hidden"].note) == ("dismissed", "A message came in.")
        assert (kept["no_face"].verdict, kept["no_face"].note) == ("confirmed", None)
        assert "multiple_faces" not in kept

        # What is missing is said where it is missing.
        await desk.gaps.locator("summary").click()
        await expect(desk.gaps).to_contain_text("no picture came")
        shown = (await http.get(f"/api/recordings/{await row_id(room)}", http.operator_token)).json
        began, *gap = (
            datetime.fromisoformat(each)
            for each in (shown["recording"]["began_at"], shown["gaps"][0]["began_at"], shown["gaps"][0]["ended_at"])
        )
        await desk.go_to.click()
        await desk.go_to_time.fill(f"{((gap[0] - began) + (gap[1] - gap[0]) / 2).total_seconds():.2f}")
        await page.keyboard.press("Enter")
        await expect(desk.hole).to_contain_text(
            "No picture came: 1 s without a recording. You see the last picture before."
        )
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("End")
        await expect(desk.hole).to_have_count(0)
        await desk.integrity.locator("summary").click()
        await expect(desk.integrity).to_contain_text(server.services.signing_key.public)
        await desk.in_force.locator("summary").click()
        await expect(desk.in_force).to_contain_text("sample_interval")
        await expect(desk.in_force).to_contain_text("Judged by yunet")


async def row_id(room: Exam) -> str:
    """The one recording of a meeting."""
    found: str = (await recordings(room))[0]["id"]
    return found


async def _reviews(server: Running, room: Exam) -> dict[str, Any]:
    incidents = await server.services.database.incidents(UUID(room.id))
    kept = await server.services.database.latest_reviews([each.id for each in incidents])
    return {each.kind: kept[each.id] for each in incidents if each.id in kept}


async def test_all_of_it_goes_by_keyboard_alone(serve: Serve, browser: Open) -> None:
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room, _ = await recorded(http)
        page = await context.new_page()
        await page.goto(await reviewer(room))
        await expect(page.get_by_test_id("recording-row")).to_be_visible()
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement?.dataset.testid") == "open-recording":
                break
        await page.keyboard.press("Enter")
        desk = Desk(page)
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        first = await desk.at()
        press = page.keyboard.press
        await press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Next incident to review")
        await press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)

        await press("j")
        await expect(desk.panel).to_have_attribute("data-kind", "tab_hidden")
        await press("k")
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        assert await desk.at() == first
        await press("Home")
        assert await desk.at() == 0
        await press("ArrowRight")
        assert await desk.at() == 5000
        await press("g")
        await expect(desk.go_to_time).to_be_focused()
        await page.keyboard.type("0:02.5")
        await press("Enter")
        await expect(desk.position).to_have_attribute("data-at", "2500")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await press("+")
        await expect(page.get_by_test_id("lens")).to_be_visible()
        length = 1000 * (await recordings(room))[0]["seconds"]
        assert int(await desk.timeline.get_attribute("data-to") or 0) < 0.8 * length
        await press("0")
        await expect(page.get_by_test_id("lens")).to_have_count(0)
        await press(">")
        await expect(desk.speed).to_have_text("2\N{MULTIPLICATION SIGN}")
        await press("<")

        await press("u")
        await expect(desk.panel).to_have_attribute("data-kind", "tab_hidden")
        await press("n")
        await expect(desk.note_text).to_be_focused()
        await page.keyboard.type("cd j")
        await press("Escape")
        await press("c")
        await expect(desk.panel).to_have_attribute("data-kind", "no_face")

        # What is not on screen is not judged: the first key goes there.
        chosen = await desk.at()
        for key in ("c", "u"):
            await press("Home")
            await press(key)
            await expect(desk.position).to_have_attribute("data-at", str(chosen))
            await expect(desk.panel).to_have_attribute("data-review", "none")
            if key == "c":
                await expect(desk.teller).to_contain_text("Nothing was decided")
        await press("d")
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        kept = await _reviews(server, room)
        assert (kept["tab_hidden"].verdict, kept["tab_hidden"].note) == ("confirmed", "cd j")
        assert kept["no_face"].verdict == "dismissed"

        # The slider says in words where it is, and moves also with single keys turned off.
        await desk.slider.focus()
        await press("Home")
        assert (await desk.slider.get_attribute("aria-valuetext") or "").startswith("0 seconds of ")
        await press("?")
        await page.get_by_test_id("shortcuts").click()
        await press("Escape")
        await desk.slider.focus()
        await press("ArrowRight")
        assert await desk.at() == 5000
        await press("j")
        assert await desk.at() == 5000


async def test_the_video_plays_and_pausing_shows_the_exact_frame(serve: Serve, browser: Open) -> None:
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room, ada = await recorded(http)
        desk = await opened(context, await reviewer(room))
        await expect(desk.video).to_have_js_property("readyState", 4, timeout=30_000)
        length = 1000 * (await recordings(room))[0]["seconds"]
        assert abs(1000 * await desk.video.evaluate("video => video.duration") - length) < 500

        await desk.page.keyboard.press("Home")
        await desk.page.keyboard.press("Space")
        await expect(desk.stage).to_have_attribute("data-rolling", "true")
        await expect(desk.what).to_contain_text("Video, frame")
        before = await desk.video.evaluate("video => video.currentTime")
        await expect(desk.boxes.locator("> span")).to_have_count(2, timeout=10_000)
        after = await desk.video.evaluate("video => video.currentTime")
        assert after > before + 0.5
        assert abs(await desk.at() - 1000 * await desk.video.evaluate("video => video.currentTime")) < 500

        # A seek while it plays goes on from there.
        await desk.page.keyboard.press("ArrowRight")
        await expect(desk.stage).to_have_attribute("data-seq", re.compile(r"^[5-9]\d|\d{3}"))
        await desk.page.keyboard.press("Space")
        await expect(desk.stage).to_have_attribute("data-rolling", "false")
        seq, at = await desk.seq(), await desk.at()
        assert await desk.picture() == ada.sent[seq]
        frames = await _frames(http, room)
        assert seq == max((each for each in frames if frames[each] <= at + 1), default=1)

        # To the end, sixteen times as fast: there it stops.
        for _ in range(4):
            await desk.page.keyboard.press(">")
        await expect(desk.speed).to_contain_text("16")
        await desk.page.keyboard.press("Space")
        await expect(desk.stage).to_have_attribute("data-seq", str(max(ada.sent)), timeout=10_000)
        await expect(desk.play).to_have_attribute("data-playing", "false")
        assert abs(await desk.at() - length) < 2


async def _frames(http: people.Http, room: Exam) -> dict[int, float]:
    """When each frame came, milliseconds since the recording began."""
    path = f"/api/recordings/{await row_id(room)}"
    found = (await http.get(path, http.operator_token)).json
    segments = [
        (await http.get(f"{path}/segments/{n}", http.operator_token)).json for n in range(len(found["segments"]))
    ]
    began = datetime.fromisoformat(found["recording"]["began_at"])
    return {
        frame["seq"]: 1000 * (datetime.fromisoformat(frame["at"]) - began).total_seconds()
        for segment in segments
        for frame in segment["frames"]
    }


async def test_a_recording_is_watched_while_it_grows(serve: Serve, browser: Open) -> None:
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room = await people.exam(http, "Live", **SETTINGS)
        async with sitting(room) as ada:
            await ada.show(faces.one_face, 1.5)
            streaming = asyncio.create_task(ada.show(faces.one_face, 60))
            desk = await opened(context, await reviewer(room))
            await expect(desk.recording_state).to_have_text("Live")
            await expect(desk.follow).to_have_attribute("aria-pressed", "true")
            before = await desk.seq()
            await expect(desk.stage).not_to_have_attribute("data-seq", str(before), timeout=8000)
            assert await desk.seq() > before
            await desk.page.keyboard.press("Home")
            await expect(desk.follow).to_have_attribute("aria-pressed", "false")
            await expect(desk.stage).to_have_attribute("data-seq", "1")
            await desk.page.keyboard.press("f")
            await expect(desk.follow).to_have_attribute("aria-pressed", "true")
            streaming.cancel()
            # What happens now is there to be judged a moment later.
            await ada.show_until(faces.two_faces, "multiple_faces", "opened")
            await ada.show_until(faces.one_face, "multiple_faces", "closed")
            await expect(desk.rows).to_have_count(1, timeout=8000)
        await room.end()
        await closed(room)
        await expect(desk.recording_state).to_have_text("Signed", timeout=20_000)


async def test_operators_and_proctors_find_the_recordings_and_strangers_do_not(serve: Serve, browser: Open) -> None:
    async with serve() as server, people.calls(server) as http, browser() as context:
        room = await people.exam(http, "Algebra")
        async with sitting(room, "Bob") as bob:
            await bob.show(faces.one_face, 0.5)
            page = await context.new_page()
            await page.goto(server.operator_url)
            async with context.expect_page() as new:
                await page.get_by_test_id("review-meeting").click()
            review = await new.value
            await expect(review.get_by_test_id("recording-row")).to_contain_text("Bob")
            assert (room.id in review.url, "token" in review.url) == (True, False)

            await page.goto(room.created["proctor_url"])
            async with context.expect_page() as new:
                await page.get_by_test_id("recordings-link").click()
            review = await new.value
            await expect(review.get_by_test_id("recording-row")).to_contain_text("Bob")
            await review.reload()
            await expect(review.get_by_test_id("recording-row")).to_contain_text("Bob")

            stranger = await browser_page(context, f"{server.url}/review#token=nobody.of.here")
            await expect(stranger.get_by_test_id("bad-link")).to_be_visible()
            gone = await browser_page(
                context, f"{server.url}/review/{room.id}?recording={room.id}#token={http.operator_token}"
            )
            await expect(gone.get_by_test_id("recording-trouble")).to_contain_text("There is no such recording")


async def browser_page(context: BrowserContext, url: str) -> Page:
    """A page of its own at this address."""
    page = await context.new_page()
    await page.goto(url)
    return page


async def test_axe_finds_nothing_to_complain_of(serve: Serve, browser: Open) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: run `npm ci` in client")
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room, _ = await recorded(http)
        page = await context.new_page()
        await page.goto(await reviewer(room))
        await expect(page.get_by_test_id("recording-row")).to_be_visible()
        assert await _complaints(page) == []
        await page.get_by_test_id("open-recording").click()
        await expect(page.get_by_test_id("incident-panel")).to_be_visible()
        for summary in await page.locator("summary").all():
            await summary.click()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            assert await page.evaluate(FADING) == [], "colours are on their way: what is complained of depends on when"
            assert await _complaints(page) == [], scheme


async def _complaints(page: Page) -> list[Json]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(await asyncio.to_thread(AXE.read_text))
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        {
            "id": each["id"],
            "help": each["help"],
            "nodes": [f"{node['target']}: {node['failureSummary']}" for node in each["nodes"][:3]],
        }
        for each in found["violations"]
    ]


async def test_a_narrow_page_shows_the_picture_on_arrival_and_until_it_is_erased(serve: Serve, browser: Open) -> None:
    async with serve(workers=1) as server, people.calls(server) as http, browser() as context:
        room = await people.exam(http, "Anatomy", **SETTINGS)
        async with sitting(room) as ada:
            await ada.show(faces.one_face, 2)
            await ada.show_until(faces.two_faces, "multiple_faces", "opened")
        await room.end()
        await closed(room)
        page = await context.new_page()
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(await reviewer(room))
        await page.get_by_test_id("open-recording").click()
        desk = Desk(page)
        await expect(desk.panel).to_have_attribute("data-kind", "multiple_faces")
        await expect(desk.still).to_be_in_viewport(ratio=1)

        # Who chooses in the list is shown what was chosen.
        await desk.rows.first.click()
        await expect(desk.panel.get_by_role("heading").first).to_be_in_viewport()
        await expect(desk.still).not_to_be_in_viewport()

        # One that is erased meanwhile is no longer shown, nor whose it was.
        erase = f"{room.path}/participants/{(await recordings(room))[0]['candidate_id']}/erase"
        await http.post(erase, None, http.operator_token)
        await expect(desk.recording_trouble).to_contain_text("This recording was deleted", timeout=30_000)
        await expect(desk.still).to_have_count(0)
        await expect(page).not_to_have_title(re.compile("Ada"))
