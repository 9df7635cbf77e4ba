"""How fast recordings are replayed: an hour of one candidate's stream, exactly and with another interval."""

import io
import json
import os
import resource
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from detection.analyzer import Analyzer
from detection.faces import choose
from detection.identity.describer import Describer
from detection.rules import RuleSettings
from server.__main__ import main
from tests import faces, virtual

SECONDS = 3600
FPS = 5
WIDTH, HEIGHT = 480, 360
"""Of a frame, as browsers send it."""
SWAY = 24
"""Pixels of the portrait by which somebody sways, and comes back: nobody sits quite still."""


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, and samples a second, of an hour of one candidate."""
    models = faces.models_folder()
    if models is None:
        say("Replay: YuNet's weights are not here")
        return {}
    say(
        f"Replay: an hour of one candidate, {FPS} frames of {WIDTH} by {HEIGHT} a second, YuNet, {os.cpu_count()} cores"
    )
    figures: dict[str, Any] = {}
    with TemporaryDirectory(prefix="invigil-") as name:
        folder = Path(name) / "recording"
        analyzer = Analyzer(choose("yunet", models), Describer.installed())
        virtual.record(folder, virtual.frames(_pictures(), SECONDS, fps=FPS), analyzer, RuleSettings())
        for mode, words in {"exact": [], "anew, every 0.9 s": ["--interval", "0.9"]}.items():
            began, cpu = time.perf_counter(), _cpu()
            report = Path(name) / "report.json"
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
                status = main(["replay", str(folder), "--models", str(models), "--json", str(report), *words])
            took, cpu = time.perf_counter() - began, _cpu() - cpu
            assert status == 0, out.getvalue()
            samples = json.loads(report.read_text())["recordings"][0]["samples"]
            figures[mode] = {
                "samples": samples, "seconds": took, "cpu": cpu,
                "samples_a_second": samples / took, "times_real_time": SECONDS / took,
            }  # fmt: skip
            say(
                f"  {mode}: {samples} samples in {took:.1f} s ({cpu:.1f} of CPU), {samples / took:.0f} a second, "
                f"{SECONDS / took:.0f} times real time"
            )
    return figures


def _pictures() -> list[bytes]:
    """Somebody before a camera, each time a little further, and back again."""
    frame = faces.portrait()[: 384 - SWAY, : 512 - SWAY // 2]
    there = [
        faces.encode(faces.resize(frame[:, n : frame.shape[1] - (SWAY - n)], WIDTH, HEIGHT))
        for n in range(0, SWAY + 1, 2)
    ]
    return there + there[-2:0:-1]


def _cpu() -> float:
    """Seconds of CPU of this process and those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
