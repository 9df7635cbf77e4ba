"""What was chosen for the workers beside what was not, by turns: batches, shared memory, threads."""

import asyncio
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from detection import codec
from detection.analyzer import Analyzer, decode
from detection.faces import choose
from detection.faces.yunet import YuNet, _pad, _tensor
from server import workers
from server.workers import Worker
from tests import faces

from .serving import cpu_seconds
from .throughput import QUALITY

WIDTHS = (320, 640)
BATCHES = (1, 4, 8)
ROUNDS = 15
SAMPLES = 1000
"""Samples sent there and back in each round."""
LOOKERS, LOOK_SECONDS = 2, 2.0
TICK = 0.002


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """All of it."""
    folder = faces.models_folder()
    if folder is None:
        say("Choices: not measured, YuNet's weights are not here")
        return {}
    say(f"Choices: medians of {ROUNDS} alternating rounds")
    figures: dict[str, Any] = {"batch": {}, "transport": {}, "threads": {}}
    network = YuNet(folder / "yunet_s_dynamic.onnx")
    for width in WIDTHS:
        figures["batch"][width] = row = batch(network, width)
        shown = ", ".join(f"{ms:.2f} ms a frame in batches of {size}" for size, ms in row.items())
        say(f"  network, {width} px: {shown}")
    for width in WIDTHS:
        figures["transport"][width] = asyncio.run(transport(picture(width)))
        for way, cost in figures["transport"][width].items():
            server, worker = cost["server"], cost["worker"]
            say(f"  {way:<14}{width:>4} px: {server:.0f} µs of the server, {worker:.0f} µs of the worker")
    for width in WIDTHS:
        figures["threads"][width] = asyncio.run(lookers(folder, picture(width)))
        for way, done in figures["threads"][width].items():
            say(
                f"  {LOOKERS} {way:<12}{width:>4} px: {done['a_second']:>4.0f} samples/s, "
                f"event loop late by {done['late']:.1f} ms (p99)"
            )
    return figures


def picture(width: int) -> bytes:
    """As a candidate sends it."""
    return faces.encode(faces.resize(faces.portrait(), width, width * 3 // 4), quality=QUALITY)


def batch(network: YuNet, width: int) -> dict[int, float]:
    """Milliseconds of CPU a frame in the network alone, for frames judged together."""
    one = _tensor(_pad(decode(picture(width))))
    several = {size: np.repeat(one, size, axis=0) for size in BATCHES}
    spent: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(ROUNDS):
        for size, frames in several.items():
            begin = time.thread_time()
            network._session.run(network._outputs, {"input": frames})
            spent[size].append((time.thread_time() - begin) / size * 1e3)
    return {size: median(each) for size, each in spent.items()}


async def transport(jpeg: bytes) -> dict[str, dict[str, float]]:
    """Microseconds of CPU a sample, without the looking: the picture in the pipe, or beside it in shared memory."""
    memory = SharedMemory(create=True, size=codec.MAX_REQUEST)
    shelf = memory.buf
    assert shelf is not None
    length = struct.Struct("!I")

    async def shared(worker: Worker) -> None:
        shelf[: len(jpeg)] = jpeg
        await worker.analyze(length.pack(len(jpeg)))

    async def piped(worker: Worker) -> None:
        await worker.analyze(jpeg)

    ways: dict[str, Callable[[Worker], Awaitable[None]]] = {"pipe": piped, "shared memory": shared}
    spent: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    try:
        async with stand_in() as worker:
            for _ in range(ROUNDS):
                for way, send in ways.items():
                    ours, theirs = time.process_time(), cpu_seconds(worker.pid)
                    for _ in range(SAMPLES):
                        await send(worker)
                    used = time.process_time() - ours, cpu_seconds(worker.pid) - theirs
                    spent[way].append((used[0] / SAMPLES * 1e6, used[1] / SAMPLES * 1e6))
    finally:
        shelf.release()
        memory.close()
        memory.unlink()
    return {
        way: {"server": median(ours for ours, _ in each), "worker": median(theirs for _, theirs in each)}
        for way, each in spent.items()
    }


@asynccontextmanager
async def stand_in() -> AsyncIterator[Worker]:
    """A worker of the server's own kind, with nothing to do."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.stand_in", stdin=pipe, stdout=pipe, stderr=pipe
    )
    _, payload = await workers._read(process)
    worker = Worker(process, codec.parse_hello(payload), asyncio.create_task(workers._log(process)))
    try:
        yield worker
    finally:
        await worker.close()


async def lookers(folder: Path, jpeg: bytes) -> dict[str, dict[str, float]]:
    """As many at once as there are cores, in threads of the server or in processes; and how late its loop is then."""
    loop = asyncio.get_running_loop()
    found: dict[str, list[tuple[float, list[float]]]] = {"threads": [], "processes": []}
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(LOOKERS))
        analyzers = [Analyzer(choose("yunet", folder)) for _ in range(LOOKERS)]
        processes = [await Worker.start("yunet", folder) for _ in range(LOOKERS)]
        for process in processes:
            stack.push_async_callback(process.close)
        ways: dict[str, list[Callable[[], Awaitable[object]]]] = {
            "threads": [partial(loop.run_in_executor, pool, each.analyze, jpeg) for each in analyzers],
            "processes": [partial(each.analyze, jpeg) for each in processes],
        }
        for _ in range(3):
            for way, looks in ways.items():
                found[way].append(await busy(looks))
    return {
        way: {
            "a_second": median(rate for rate, _ in rounds),
            "late": quantiles([each for _, late in rounds for each in late], n=100)[-1] * 1e3,
        }
        for way, rounds in found.items()
    }


async def busy(looks: list[Callable[[], Awaitable[object]]]) -> tuple[float, list[float]]:
    """Samples a second, and how many seconds late the event loop was each time it was looked at."""
    clock = asyncio.get_running_loop().time
    end = clock() + LOOK_SECONDS
    late: list[float] = []

    async def again(look: Callable[[], Awaitable[object]]) -> int:
        count = 0
        while clock() < end:
            await look()
            count += 1
        return count

    async def tick() -> None:
        while True:
            due = clock() + TICK
            await asyncio.sleep(TICK)
            late.append(clock() - due)

    ticker = asyncio.create_task(tick())
    counts = await asyncio.gather(*map(again, looks))
    ticker.cancel()
    with suppress(asyncio.CancelledError):
        await ticker
    return sum(counts) / LOOK_SECONDS, late
