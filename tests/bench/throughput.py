"""One worker on one core: samples a second, where its CPU goes, whether all get theirs in time, what is held in memory.

Real server, real database, real sockets; the worker has the last core to itself and the server with its crowd the
first. CPU is counted by the kernel for each process, so that other people's work on the machine does not count; the
intervals that candidates get are wall time, and do suffer from it.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped] # has no types
import socketio

from server.meetings import RECENT_SAMPLES
from tests import faces

from .films import moving
from .serving import Crowd, Serving, cpu_seconds, serving, streaming

CANDIDATES = 200
"""As many as one core is to watch at a sample a second."""

WIDTHS = (320, 640)
QUALITY = 35
"""JPEG quality at which the busy test picture has the 22 KB of a webcam's picture at 640 px and quality 0.6."""

SECONDS, REPEATS, WARM_UP = 4.0, 3, 3.0
ENROLMENT = 45.0
"""Seconds until it is known of everybody how they look, which takes a share of the core of its own."""
SATURATING = 0.1
"""Seconds between samples that no worker can keep up with."""

FEW, MANY = 50, 350
"""Candidates for the memory that each takes."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What had been used by a moment."""

    at: float
    samples: float
    looking: float
    """Seconds that workers say they spent on decoding and detection."""
    worker: float
    """Seconds of CPU of the worker."""
    server: float
    """Seconds of CPU of the server."""


class Watched:
    """A server with one worker, and what is to be read off both."""

    def __init__(self, server: Serving, http: httpx.Client) -> None:
        self.server = server
        self.http = http
        processes = psutil.Process(server.pid).children()
        (self.worker,) = [each for each in processes if "detection.worker" in " ".join(each.cmdline())]

    def counts(self) -> Counts:
        """Now."""
        text = self.http.get("/metrics").raise_for_status().text
        samples, looking = (
            float(re.findall(rf"^{name} (\S+)$", text, re.M)[0]) for name in ("samples_total", "detection_seconds_sum")
        )
        return Counts(time.perf_counter(), samples, looking, cpu_seconds(self.worker.pid), cpu_seconds(self.server.pid))

    def intervals(self, crowd: Crowd) -> list[float]:
        """Seconds between the last two samples of each candidate, as a proctor who connects is told."""
        found = [each["sample_interval"] for each in asyncio.run(snapshot(self.server.url, crowd))["candidates"]]
        return [each for each in found if each is not None]

    def megabytes(self) -> float:
        """What the server process holds that nobody shares."""
        return float(psutil.Process(self.server.pid).memory_full_info().uss) / 1e6


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """All of it, for each width."""
    folder = faces.models_folder()
    if folder is None:
        say("Throughput: not measured, YuNet's weights are not here")
        return []
    settings = {"workers": "1", "log_level": "warning", "models": str(folder)}
    say(f"Throughput: one YuNet worker on a core of its own, {CANDIDATES} candidates")
    rows = []
    for width in WIDTHS:
        jpegs = moving(width, width * 3 // 4, quality=QUALITY)
        with watched(settings) as here:
            full, calm, held = saturated(here, jpegs), paced(here, jpegs), memory(here, jpegs)
        rows.append({"width": width, "bytes": len(jpegs[0]), "saturated": full, "paced": calm, "memory": held})
        say(
            f"  {width} px, {len(jpegs[0])} bytes: {full['a_second']:.0f} samples/s, {full['ms']:.2f} ms of CPU each, "
            f"{full['looking']:.1%} of it decoding and detection; worker idle {full['idle']:.0%}, "
            f"server {full['server']:.0%} of a core"
        )
        say(
            f"    at a sample a second each: every {calm['median']:.2f} s (median), {calm['p99']:.2f} s (p99), "
            f"worker {calm['worker']:.0%} of a core; {held['candidate_kb']:.0f} KB a candidate ({FEW} to {MANY} of "
            f"them), {held['worker_mb']:.0f} MB a worker"
        )
    return rows


@contextmanager
def watched(settings: dict[str, str]) -> Iterator[Watched]:
    """A server with one worker, each on its core where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    with serving(settings) as server, server.calls() as http:
        here = Watched(server, http)
        if len(cores) > 1:
            pin(here.worker.pid, cores[-1])
            pin(server.pid, cores[0])
            os.sched_setaffinity(0, set(cores[:-1]))  # and so the crowd's
        try:
            yield here
        finally:
            if cores:
                os.sched_setaffinity(0, set(cores))


def pin(pid: int, core: int) -> None:
    """Every thread of a process to one core."""
    for thread in psutil.Process(pid).threads():
        os.sched_setaffinity(thread.id, {core})


async def snapshot(url: str, crowd: Crowd) -> dict[str, Any]:
    """What a proctor is told on connecting."""
    async with socketio.AsyncSimpleClient(reconnection=False, handle_sigint=False) as client:
        await client.connect(
            url, namespace="/proctor", auth={"token": crowd.proctor_token}, transports=["websocket"], wait_timeout=10
        )
        while (event := await client.receive(timeout=10))[0] != "snapshot":
            pass
        told: dict[str, Any] = event[1]
        return told


def asking(interval: float, **more: Any) -> dict[str, Any]:
    """Settings of a meeting that wants samples so often."""
    return {"sample_interval": interval, "stream": {"fps": 15}, **more}


def saturated(here: Watched, jpegs: list[bytes]) -> dict[str, float]:
    """More is asked for than one worker can do; nobody's face is compared."""
    rows = []
    settings = asking(SATURATING, different_person={"enabled": False})
    with streaming(here.server, jpegs, candidates=CANDIDATES, fps=3.0, settings=settings):
        time.sleep(WARM_UP)
        for _ in range(REPEATS):
            before = here.counts()
            time.sleep(SECONDS)
            after = here.counts()
            seconds, samples, used = after.at - before.at, after.samples - before.samples, after.worker - before.worker
            rows.append(
                {
                    "a_second": samples / seconds,
                    "ms": used / samples * 1e3,
                    # Wall time by the worker's own clock: exact as long as nobody else is on its core.
                    "looking": min(1.0, (after.looking - before.looking) / used),
                    "idle": 1 - used / seconds,
                    "server": (after.server - before.server) / seconds,
                }
            )
    return {name: median(row[name] for row in rows) for name in rows[0]}


def paced(here: Watched, jpegs: list[bytes]) -> dict[str, float]:
    """As many as a core is to watch, at a sample a second, faces compared as by default."""
    found: list[float] = []
    with streaming(here.server, jpegs, fps=5.0, settings=asking(1.0), candidates=CANDIDATES) as crowd:
        time.sleep(ENROLMENT)
        before = here.counts()
        for _ in range(int(REPEATS * SECONDS)):
            time.sleep(1.0)
            found += here.intervals(crowd)
        after = here.counts()
    return {
        "median": median(found),
        "p99": quantiles(found, n=100)[-1],
        "worker": (after.worker - before.worker) / (after.at - before.at),
    }


def memory(here: Watched, jpegs: list[bytes]) -> dict[str, float]:
    """What a candidate adds to the server once all the frames are there that are kept of one."""
    held = []
    for candidates in (FEW, MANY):
        with streaming(here.server, jpegs, fps=2.0, settings=asking(0.5), candidates=candidates):
            begun = here.counts().samples
            while here.counts().samples - begun < 1.3 * candidates * RECENT_SAMPLES:
                time.sleep(0.5)
            held.append(here.megabytes())
    return {
        "candidate_kb": (held[1] - held[0]) / (MANY - FEW) * 1e3,
        "worker_mb": float(here.worker.memory_full_info().uss) / 1e6,
    }
