"""What `invigil compact` makes of an hour of one candidate's stream: megabytes before and after, and CPU.

The clips are those beside the checkout, where a development machine has them, else a made film; as they are, and with
the noise of a camera in a dim room.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from detection import jpeg
from detection.faces import Frame
from server import footage
from server.retention.coding import Left, reencode
from storage.recordings import chain
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame, SegmentWriter
from tests.bench import films
from tests.bench.accuracy import LABELLED

WIDTH: Final = 480
FPS: Final = 5
COUNT: Final = 10 * FPS
"""Frames of a segment."""
SEGMENTS: Final = 2
"""Of each clip."""
NOISE: Final = {"as they are": 0.0, "noisy": 6.0}
"""Standard deviation in levels, each pixel and colour by itself."""


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Megabytes and seconds of CPU for an hour of one candidate."""
    say(f"Compacting: {SEGMENTS} segments of {COUNT} frames of each clip, {WIDTH} px")
    rows = []
    for name, noise in NOISE.items():
        row: dict[str, Any] = {"clips": name, **_run(noise)}
        say(
            "  {clips:>11}: {before:.0f} MB an hour become {after:.1f}, {ratio:.1f} to 1 ({worst:.1f} in the worst "
            "clip); {cpu:.0f} s of CPU".format(**row)
        )
        rows.append(row)
    return rows


def _run(noise: float) -> dict[str, float]:
    frames, before, after, cpu, worst = 0, 0, 0, 0.0, float("inf")
    for pictures in _clips(noise):
        sizes = [0, 0]
        for at in range(0, SEGMENTS * COUNT, COUNT):
            video, journal = _segment([pictures[(at + n) % len(pictures)] for n in range(COUNT)])
            began = time.process_time()
            made = reencode(video, journal, (chain.sha256(video), chain.sha256(journal)), "segment")
            cpu += time.process_time() - began
            assert not isinstance(made, Left), made.why
            sizes = [sizes[0] + len(video), sizes[1] + len(made.video)]
        frames, before, after = frames + SEGMENTS * COUNT, before + sizes[0], after + sizes[1]
        worst = min(worst, sizes[0] / sizes[1])
    hour = 3600 * FPS / frames
    return {
        "before": before * hour / 1e6, "after": after * hour / 1e6, "ratio": before / after, "worst": worst,
        "cpu": cpu * hour,
    }  # fmt: skip


def _clips(noise: float) -> Iterator[list[bytes]]:
    grain, found = np.random.default_rng(1), sorted((LABELLED / "videos").glob("*.mp4"))
    sources: list[Iterator[Frame]] = [footage.video(path, FPS) for path in found] or [
        iter([films.decode(each) for each in films.moving(WIDTH, 360, quality=95)])
    ]
    for source in sources:
        pictures = []
        for picture in source:
            small = films.decode(footage.encode(picture, width=WIDTH, quality=0.95))
            noisy = np.clip(small + grain.normal(0, noise, small.shape), 0, 255).astype(np.uint8) if noise else picture
            pictures.append(footage.encode(noisy, width=WIDTH, quality=0.6))
            if len(pictures) == SEGMENTS * COUNT:
                break
        yield pictures


def _segment(pictures: list[bytes]) -> tuple[bytes, bytes]:
    """The files of a segment."""
    with TemporaryDirectory(prefix="invigil-") as name:
        path = Path(name) / "000000"
        writer = SegmentWriter(path, began_at=0.0, size=jpeg.dimensions)
        writer.note({"type": "segment", "number": 0})
        for number, each in enumerate(pictures):
            writer.add(KeptFrame(number, number / FPS, number / FPS, each))
        writer.close()
        return path.with_suffix(VIDEO).read_bytes(), path.with_suffix(JOURNAL).read_bytes()
