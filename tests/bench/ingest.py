"""What a frame costs the server until it is in its slot: real sockets, detection off."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests import faces

from .serving import Serving, serving, streaming

CANDIDATES = 200
"""As many as one core is to watch."""

QUALITY = 22
"""JPEG quality at which the busy test picture has the 5 KB of a webcam's picture at 320 px and quality 0.6."""

SECONDS = 3.0
REPEATS = 3
WARM_UP = 1.0
ASKED = {"stream": {"fps": 15, "width": 320, "quality": 0.6}}
"""What the meeting asks for: three times as many frames are let through, which is above what any core can take."""


@dataclass(frozen=True, slots=True)
class Load:
    """One way of loading the server."""

    name: str
    fps: float | None
    """Frames a second of each candidate; None: as fast as they are acknowledged."""
    deflate: bool = False
    """Offer WebSocket compression, as every browser does."""


LOADS = (
    Load("5 fps each", 5.0),
    Load("5 fps each, compression offered", 5.0, deflate=True),
    Load("saturated", None),
    Load("saturated, compression offered", None, deflate=True),
)


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Frames a second and microseconds of the server's CPU a frame, for each load."""
    jpeg = faces.encode(faces.resize(faces.portrait(), faces.WIDTH, faces.HEIGHT), quality=QUALITY)
    say(f"Ingest: {CANDIDATES} candidates, frames of {len(jpeg)} bytes, detection off, medians of {REPEATS}")
    rows = []
    with serving({"workers": "0", "log_level": "warning"}) as server:
        for load in LOADS:
            rows.append(measure_load(server, load, jpeg))
            say(
                "  {load:<34}{fps:>8.0f} frames/s {us:>7.0f} µs of CPU a frame {busy:>5.0%} of a core".format(
                    **rows[-1]
                )
            )
    return rows


def measure_load(server: Serving, load: Load, jpeg: bytes) -> dict[str, Any]:
    """One row."""
    rates, costs, shares = [], [], []
    with streaming(server, [jpeg], candidates=CANDIDATES, fps=load.fps, deflate=load.deflate, settings=ASKED) as crowd:
        time.sleep(WARM_UP)
        for _ in range(REPEATS):
            before, cpu = crowd.count(), server.cpu_seconds()
            time.sleep(SECONDS)
            after, used = crowd.count(), server.cpu_seconds() - cpu
            frames, seconds = after["acknowledged"] - before["acknowledged"], after["at"] - before["at"]
            rates.append(frames / seconds)
            costs.append(used / frames * 1e6)
            shares.append(used / seconds)
        refused = crowd.count()["refused"]
    return {
        "load": load.name, "fps": median(rates), "us": median(costs), "busy": median(shares), "refused": refused
    }  # fmt: skip
