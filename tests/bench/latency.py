"""From a frame received to the incident at the proctor: a real server, a real database, `invigil simulate`."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests import faces

from .films import trouble
from .serving import serving

CROWDS = ((1, 40), (20, 40), (50, 30))
"""Candidates, and seconds: one candidate makes two incidents in 13 s."""


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The simulator's report for each crowd."""
    folder = faces.models_folder()
    settings = {"log_level": "warning"} | ({} if folder is None else {"models": str(folder)})
    say("Latency: 5 fps each at the default width; frame received -> incident at the proctor, in milliseconds")
    if folder is None:
        say("  (with HOG: YuNet's weights are not here)")
    rows = []
    with TemporaryDirectory() as scratch:
        film = trouble(Path(scratch) / "film.mp4")
        for candidates, seconds in CROWDS:
            with serving(settings) as server:
                rows.append(simulate(film, server.operator_url, candidates, seconds))
            say(_line(rows[-1]))
    return rows


def simulate(film: Path, url: str, candidates: int, seconds: int) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "server", "simulate", str(film), "--url", url, "--json"]
    command += ["--candidates", str(candidates), "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=seconds + 60)
    if done.returncode:
        raise RuntimeError(f"the simulation failed:\n{done.stderr.decode()}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _line(report: dict[str, Any]) -> str:
    alert, late, frames = report["received_to_incident_ms"], report["simulator_lateness_ms"], report["frames"]
    shown = {name: "-" if alert[name] is None else f"{alert[name]:.1f}" for name in ("p50", "p95", "p99", "max")}
    gone = frames["dropped"] + frames["lost"] + frames["skipped"]
    return (
        f"  {report['candidates']:>3} candidates, {report['detector']}: "
        + " ".join(f"{name} {value:>6}" for name, value in shown.items())
        + f" of {alert['count']} incidents; {gone} frames lost; simulator late by {late['p99']:.0f} ms (p99)"
    )
