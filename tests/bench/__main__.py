"""`python -m tests.bench [PART...] [--json FILE]`: every figure of this machine in one run."""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import accuracy, choices, compact, detection, exam, ingest, latency, recording, replay, throughput, video

PARTS: dict[str, Callable[[Callable[[str], None]], Any]] = {
    "ingest": ingest.measure,
    "detection": detection.measure,
    "throughput": throughput.measure,
    "choices": choices.measure,
    "latency": latency.measure,
    "accuracy": accuracy.measure,
    "recording": recording.measure,
    "replay": replay.measure,
    "video": video.measure,
    "compact": compact.measure,
    "exam": exam.measure,
}


def main() -> None:
    """Measure, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(prog="tests.bench", description="Measures speed on this machine, and accuracy.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; unset: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    here = machine()
    say("{cpu}, {cores} cores, Python {python}, {system}; load average {load:.1f}".format(**here))
    figures = {name: part(say) for name, part in PARTS.items() if name in (options.parts or PARTS)}
    line = json.dumps({"machine": here, **figures})
    say(line)
    if options.json:
        options.json.write_text(line + "\n")


def machine() -> dict[str, Any]:
    """What the figures were measured on. With a load average well above 0 they were measured on less than that."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
    }


def say(text: str) -> None:
    """Print at once: a run takes minutes."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
