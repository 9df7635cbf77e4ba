"""What it costs to record a frame: CPU of the whole way, time on the event loop, and bytes on the disk."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from detection import jpeg
from storage.objects import ObjectStore
from storage.recordings.local import LocalRecording, Opening
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame
from storage.recordings.writer import SEGMENT_SECONDS, Finished, RecordingWriter
from storage.records import new_id
from tests import faces

CANDIDATES = 20
FPS = 5.0
SECONDS = 60.0
"""Of each stream, written as fast as the machine can: six segments of each candidate."""
QUALITIES = {"5 KB": 22, "14 KB": 78}
"""JPEG qualities at which the busy test picture has about this size at 320 by 240 pixels."""
REPEATS = 3


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Microseconds a frame, for small and for large ones."""
    say(f"Recording: {CANDIDATES} candidates, {SECONDS:.0f} s at {FPS:g} frames a second, medians of {REPEATS}")
    rows = []
    for name, quality in QUALITIES.items():
        picture = faces.encode(faces.resize(faces.portrait(), faces.WIDTH, faces.HEIGHT), quality=quality)
        runs = [asyncio.run(_run(picture)) for _ in range(REPEATS)]
        row: dict[str, Any] = {"frame": name, "bytes": len(picture)} | {
            key: median(run[key] for run in runs) for key in runs[0]
        }
        say(
            "  {bytes:>6} bytes {cpu:>6.0f} µs of CPU a frame ({write:.0f} to write, {seal:.0f} to sync, hash and "
            "chain, {keep:.0f} to put into the store), {loop:.1f} µs of it on the event loop; {overhead:.1%} more "
            "bytes than the frames have".format(**row)
        )
        rows.append(row)
    return rows


async def _run(picture: bytes) -> dict[str, float]:
    """Write, seal and keep everything; CPU is that of the whole process."""
    with TemporaryDirectory(prefix="invigil-") as name:
        folder, now = Path(name) / "recording", time.time()
        finished: list[Finished] = []
        writer = RecordingWriter(
            size=jpeg.dimensions, clock=lambda: clock[0], finished=finished.append, closed=_nothing, failed=_nothing
        )
        clock = [now]
        locals_ = [LocalRecording(folder, Opening(new_id(), new_id(), new_id(), now)) for _ in range(CANDIDATES)]
        open_ = [writer.open(each) for each in locals_]
        writer.start()
        frames, on_loop, began = 0, 0.0, time.process_time()
        for n in range(round(SECONDS * FPS)):
            at = now + n / FPS
            if n % round(SEGMENT_SECONDS * FPS) == 0:
                await asyncio.to_thread(_drained, writer)  # the clock moves on when what came before is written
                clock[0] = at
            frame = KeptFrame(n, at, at, picture)
            before = time.perf_counter()
            for each in open_:
                assert writer.add(each, frame)
            on_loop += time.perf_counter() - before
            frames += CANDIDATES
        await asyncio.to_thread(writer.stop)
        written = time.process_time()
        by_id = {each.opening.recording_id: each for each in locals_}
        for segment in finished:
            by_id[segment.recording_id].seal(segment.number, whole=True, size=jpeg.dimensions)
        sealed = time.process_time()
        store = ObjectStore.local(Path(name) / "recordings")
        for segment in finished:
            local = by_id[segment.recording_id]
            path = local.path(segment.number)
            key = f"{local.opening.recording_id}/{path.name}"
            await store.put_files({key + suffix: path.with_suffix(suffix) for suffix in (VIDEO, JOURNAL)})
            local.forget(segment.number)
        kept = time.process_time()
        size = sum(path.stat().st_size for path in (Path(name) / "recordings").rglob("*.*"))
        shutil.rmtree(folder)
    return {
        "cpu": (kept - began) / frames * 1e6,
        "write": (written - began) / frames * 1e6,
        "seal": (sealed - written) / frames * 1e6,
        "keep": (kept - sealed) / frames * 1e6,
        "loop": on_loop / frames * 1e6,
        "overhead": size / (frames * len(picture)) - 1,
    }


def _drained(writer: RecordingWriter) -> None:
    while writer.waiting > 0:
        time.sleep(0.02)


def _nothing(*_: object) -> None:
    """Nobody listens."""
