"""What a sample costs a worker, on one core: decoding, quality and detection; and what a described face costs."""

from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time
from typing import Any, Literal

import dlib
import numpy as np

from detection.analyzer import Analyzer
from detection.faces import choose
from detection.identity.chips import SIDE
from detection.identity.descriptor import Descriptor
from detection.identity.weights import installed
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
            rows.append(row(name, width, partial(analyzer.analyze, faces.two_faces(width, height))))
            say("  {detector:<8}{width:>5} px {ms:>8.2f} ms a sample {a_second:>8.0f} samples/s".format(**rows[-1]))
    for library, describe in descriptors().items():
        rows.append(row(f"descriptor: {library}", SIDE, describe))
        say("  {detector:<24}{width:>3} px {ms:>8.2f} ms a face {a_second:>8.0f} faces/s".format(**rows[-1]))
    return rows


def descriptors() -> dict[str, Callable[[], object]]:
    """One chip, described by dlib and by onnxruntime with the same weights."""
    weights = installed().network
    chip = faces.resize(faces.portrait(), SIDE, SIDE)
    theirs = dlib.face_recognition_model_v1(str(weights))
    return {
        "dlib": partial(theirs.compute_face_descriptor, np.ascontiguousarray(chip[:, :, ::-1])),
        "onnxruntime": partial(Descriptor(weights).describe, chip[np.newaxis]),
    }


def row(name: str, width: int, look: Callable[[], object]) -> dict[str, Any]:
    """One line of the table."""
    cost = median(cpu_seconds(look) for _ in range(REPEATS))
    return {"detector": name, "width": width, "ms": cost * 1e3, "a_second": 1 / cost}


def cpu_seconds(look: Callable[[], object]) -> float:
    """CPU time of one look: wall time would be other people's, too, on a shared machine."""
    look()
    count, begin = 0, process_time()
    while (used := process_time() - begin) < SECONDS:
        look()
        count += 1
    return used / count
