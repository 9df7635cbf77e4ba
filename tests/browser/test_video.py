"""A recording's video in Chromium: it knows its length, seeks anywhere at once, and shows what was recorded then."""

import cv2
import numpy as np
import pytest

from storage.recordings.segment import KeptFrame
from tests import faces, people
from tests.conftest import Serve
from tests.recorded import shown, written
from tests.streams import AT

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

MINUTES = 10
SEEK_MS = 2000
"""A seek takes 50 ms; one that had to read all that lies between would not be done in this time on a slow line."""

PLAYER = """async (link) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = link;
  await new Promise((done, failed) => {
    video.onloadeddata = done;
    video.onerror = () => failed(video.error.message);
  });
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const seeks = [];
  for (const at of [420, 3.2, 598.6, 421, 250, 0]) {
    const began = performance.now();
    video.currentTime = at;
    await new Promise((done) => { video.onseeked = done; });
    const took = performance.now() - began;
    context.drawImage(video, 0, 0);
    seeks.push([at, took, context.getImageData(160, 120, 1, 1).data[0]]);
  }
  video.playbackRate = 16;
  await video.play();
  await new Promise((done) => setTimeout(done, 500));
  return { length: video.duration, size: [canvas.width, canvas.height], seeks, played: video.currentTime };
}"""


def picture(n: int) -> bytes:
    """A bar that moves, in a grey by which the frame can be told."""
    made = np.full((240, 320, 3), level(n), dtype=np.uint8)
    cv2.rectangle(made, (n % 100, 0), (n % 100 + 20, 60), (0, 0, 255), -1)
    return faces.encode(made, quality=80)


def level(n: int) -> int:
    return 30 + 20 * (n % 10)


async def test_a_video_seeks_anywhere_and_shows_what_was_recorded_then(serve: Serve, browser: Open) -> None:
    jpegs = [picture(n) for n in range(100)]
    async with serve() as server, people.calls(server) as http, browser() as staff:
        room = await people.exam(http)
        kept = [KeptFrame(n, AT + n, AT + n, jpegs[n % 100]) for n in range(MINUTES * 60)]
        recording = await written(server, room, *(kept[n : n + 50] for n in range(0, len(kept), 50)))

        async def made() -> bool:
            path = f"/api/recordings/{recording.id}/video.mp4"
            return (await http.call("HEAD", path, token=http.operator_token)).status == 200

        await people.eventually(made, 20 * people.PATIENCE)
        link = (await shown(http, str(recording.id)))["video_url"]
        page = await staff.new_page()
        asked: list[str] = []
        page.on(
            "request", lambda request: asked.append(request.headers.get("range", "")) if link in request.url else None
        )
        await page.goto(server.url)
        found = await page.evaluate(PLAYER, link)

    assert found["length"] == pytest.approx(MINUTES * 60 - 1, abs=0.01)
    assert found["size"] == [320, 240]
    for at, took, grey in found["seeks"]:
        assert grey == pytest.approx(level(int(at)), abs=6), at
        assert took < SEEK_MS
    assert found["played"] > 1
    assert all(each.startswith("bytes=") for each in asked)
