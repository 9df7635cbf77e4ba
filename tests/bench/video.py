"""What it takes to make a video of a recording: CPU and bytes for an hour of one candidate's stream."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from server.video.encoding import encode
from server.video.kept import Added, Video
from server.video.mp4 import sample
from tests.bench import films

SIZE: Final = (480, 360)
FPS: Final = 5
SEGMENTS: Final = 12
"""Ten seconds each."""
REPEATS: Final = 3


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of CPU and megabytes an hour."""
    pictures = films.moving(*SIZE, quality=60)
    count = 10 * FPS
    say(f"Video: {SEGMENTS} segments of {count} frames, {SIZE[0]} px, medians of {REPEATS}")
    costs, coded = [], 0
    samples: list[list[bytes]] = []
    for _ in range(REPEATS):
        began, samples = time.process_time(), []
        for number in range(SEGMENTS):
            frames = ((200 * n, pictures[(number * count + n) % len(pictures)]) for n in range(count))
            samples.append([sample(each.data) for each in encode(frames, size=SIZE).pictures])
        costs.append(time.process_time() - began)
        coded = sum(len(each) for piece in samples for each in piece)
    hour = 3600 * FPS / (SEGMENTS * count)
    row = {
        "cpu_seconds_per_hour": median(costs) * hour,
        "ms_per_frame": median(costs) * 1000 / (SEGMENTS * count),
        "mb_per_hour": coded * hour / 1e6,
        "jpeg_mb_per_hour": sum(map(len, pictures)) / len(pictures) * FPS * 3600 / 1e6,
        "head_ms": _head_ms(),
    }
    say(
        "  an hour takes {cpu_seconds_per_hour:.0f} s of CPU ({ms_per_frame:.2f} ms a frame) and has "
        "{mb_per_hour:.0f} MB, its JPEGs {jpeg_mb_per_hour:.0f} MB; the head of two hours is made in "
        "{head_ms:.0f} ms".format(**row)
    )
    return row


def _head_ms() -> float:
    """What it takes to make the head of a video of two hours."""
    count = 10 * FPS
    config = encode([(0, films.moving(*SIZE, quality=60)[0])], size=SIZE).config.hex()
    with TemporaryDirectory(prefix="invigil-") as name:
        video = Video(Path(name) / "video", SIZE)
        for number in range(720):
            at = tuple(10_000 * number + 200 * n for n in range(count))
            video.add(Added(number, at[-1] + 200, at, (1,) * count, (0,), config), bytes(count))
        runs = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            video.sendable()
            runs.append(time.perf_counter() - began)
    return median(runs) * 1000
