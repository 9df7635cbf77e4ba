"""What a sample costs a worker: decoding, quality and detection, on one core."""

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any, Literal

from detection.analyzer import Analyzer
from detection.faces import choose
from tests import faces

SIZES = ((320, 240), (480, 360), (640, 480))
SECONDS = 1.0
REPEATS = 3


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Milliseconds of CPU a sample, for every detector that can run here and every width."""
    folder = faces.models_folder()
    say(f"Detection: one core, decoding included, medians of {REPEATS}")
    if folder is None:
        say("  (YuNet's weights are not here: set INVIGIL_MODELS or run `invigil models fetch`)")
    names: list[Literal["hog", "yunet"]] = ["hog", "yunet"] if folder else ["hog"]
    rows: list[dict[str, Any]] = []
    for name in names:
        analyzer = Analyzer(choose(name, folder))
        for width, height in SIZES:
            cost = median(cpu_seconds(analyzer, faces.two_faces(width, height)) for _ in range(REPEATS))
            rows.append({"detector": name, "width": width, "ms": cost * 1e3, "a_second": 1 / cost})
            say("  {detector:<8}{width:>5} px {ms:>8.2f} ms a sample {a_second:>8.0f} samples/s".format(**rows[-1]))
    return rows


def cpu_seconds(analyzer: Analyzer, jpeg: bytes) -> float:
    """CPU time of one sample: wall time would be other people's, too, on a shared machine."""
    analyzer.analyze(jpeg)
    count, begin = 0, process_time()
    while (used := process_time() - begin) < SECONDS:
        analyzer.analyze(jpeg)
        count += 1
    return used / count
