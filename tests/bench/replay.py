"""How fast recordings are replayed: an hour of one candidate's stream, exactly and with another interval."""

import io
import json
import os
import resource
import time
from collections import deque
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from detection import jpeg
from detection.analyzer import Analyzer
from detection.faces import choose
from detection.identity.describer import Describer
from detection.rerun import rerun
from detection.rules import Finished, RuleSettings, Sampled, StreamExpected, Tick
from server import journal
from server.__main__ import main
from server.meetings import Sample
from server.sampling import Frame
from storage.recordings.segment import SegmentWriter
from storage.records import Json
from tests import faces

SECONDS = 3600
FPS = 5
SEGMENT = 10
"""Seconds of a segment."""
WIDTH, HEIGHT = 480, 360
"""Of a frame, as browsers send it."""
SWAY = 24
"""Pixels of the portrait by which somebody sways, and comes back: nobody sits quite still."""
AT = 1_767_323_045.0


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
        record(folder, models)
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


def record(folder: Path, models: Path, seconds: int = SECONDS) -> int:
    """Write such a recording of so many seconds, as a server in virtual time would; how many samples it has."""
    folder.mkdir()
    analyzer = Analyzer(choose("yunet", models), Describer.installed())
    seen = {(data, describe): analyzer.analyze(data, describe=describe)
            for data in _pictures() for describe in (False, True)}  # fmt: skip
    pictures, settings, detector = _pictures(), RuleSettings(), analyzer.detector.info
    frames = [Frame(n + 1, AT + n / FPS, AT + n / FPS, pictures[n // 2 % len(pictures)]) for n in range(seconds * FPS)]
    described: list[bool] = []

    def look(data: bytes, /, *, describe: bool) -> Any:
        described.append(describe)
        return seen[data, describe]

    lines: list[tuple[float, Json]] = [(AT, journal.begun(settings, detector))]
    for step in rerun(frames, look, settings):
        match step.event:
            case Sampled():
                assert isinstance(step.frame, Frame)
                sample = Sample(step.frame, step.event.observation, detector, step.at, step.at)
                lines.append((step.at, journal.sampled(sample, described=described[-1])))
            case StreamExpected() | Tick() | Finished():
                lines.append((step.at, journal.told(step.event)))
    coming = deque(lines)
    for number in range(seconds // SEGMENT):
        writer = SegmentWriter(folder / f"{number:06d}", began_at=AT, size=jpeg.dimensions)
        writer.note({"type": "segment", "recording_id": "00000000-0000-0000-0000-000000000000", "number": number})
        for frame in frames[number * SEGMENT * FPS : (number + 1) * SEGMENT * FPS]:
            writer.add(frame)
            while coming and coming[0][0] <= frame.received_at:
                writer.note(coming.popleft()[1])
        writer.close()
    return len(described)


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
