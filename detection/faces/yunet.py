"""YuNet in onnxruntime.

It runs on `yunet_s_dynamic.onnx`, whose input may have any size. The official file of 2023 is the same network
with its input fixed at 640x640, where every frame costs as much as the largest; OpenCV's own runner takes three
times as long. So neither is used.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detection.faces import Frame, Sight
from detection.faces.rows import OVERLAP, Floats, sight
from detection.models import sha256
from detection.networks import session
from detection.values import DetectorInfo

STRIDES: Final = (8, 16, 32)
"""The network judges a grid of cells at each of three scales."""
THRESHOLD: Final = 0.7
"""Best of the thresholds tried on labelled pictures at 320 px, for a single pass: lower takes dogs for faces."""
TRACE: Final = 0.15
"""Weakest score that is told at all: nearly every face reaches it, however bad the view."""
NOTHING: Final = np.zeros((0, 15), dtype=np.float32)
"""No rows."""
MAX_FACES: Final = 50
"""Weaker ones are dropped; no rule counts that far."""


class YuNet:
    """The network, loaded, on one thread."""

    def __init__(self, weights: Path, *, threshold: float = THRESHOLD) -> None:
        self._session = session.load(weights)
        self._outputs = [f"{part}_{stride}" for stride in STRIDES for part in ("cls", "obj", "bbox", "kps")]
        self._info = DetectorInfo(name="yunet", model=weights.name, model_sha256=sha256(weights), threshold=threshold)

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge, at which threshold."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """What one pass over the frame shows."""
        height, width = frame.shape[:2]
        rows = self.rows(frame, TRACE)
        count = int(np.count_nonzero(rows[:, 0] >= self._info.threshold))
        return sight(rows[:count], rows[count:], width=width, height=height)

    def rows(self, frame: Frame, least: float) -> Floats:
        """One row (see `rows`) in pixels of the frame per face whose score reaches `least`, best score first."""
        padded = _pad(frame)
        columns = padded.shape[1]
        outputs = self._session.run(self._outputs, {"input": _tensor(padded)})
        found = [
            _decode(*outputs[4 * i : 4 * i + 4], stride=stride, columns=columns // stride, least=least)
            for i, stride in enumerate(STRIDES)
        ]
        return _suppress(np.concatenate(found))[:MAX_FACES]


def _pad(frame: Frame) -> Frame:
    """Black at the right and below, up to a multiple of the largest stride; the origin stays where it is."""
    height, width = frame.shape[:2]
    below, beside = -height % STRIDES[-1], -width % STRIDES[-1]
    if not (below or beside):
        return frame
    return np.asarray(cv2.copyMakeBorder(frame, 0, below, 0, beside, cv2.BORDER_CONSTANT), dtype=np.uint8)


def _tensor(frame: Frame) -> Floats:
    """1 x 3 x height x width, blue-green-red, 0 to 255, as the network was trained."""
    return np.ascontiguousarray(frame.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)


def _decode(cls: Floats, obj: Floats, bbox: Floats, kps: Floats, *, stride: int, columns: int, least: float) -> Floats:
    """One row per cell that reaches the threshold: score, x1, y1, x2, y2 and five landmarks, in pixels."""
    products = cls[0, :, 0] * obj[0, :, 0]
    cells = np.flatnonzero(products >= least * least)
    if not cells.size:
        return NOTHING
    origin = np.stack((cells % columns, cells // columns), axis=1).astype(np.float32)
    offsets = bbox[0, cells]
    centre = (origin + offsets[:, :2]) * stride
    half = np.exp(np.minimum(offsets[:, 2:], 10)) * (stride / 2)  # clipped: a wild value must not overflow
    points = (kps[0, cells].reshape(-1, 5, 2) + origin[:, np.newaxis]) * stride
    scores = np.sqrt(products[cells, np.newaxis])
    return np.concatenate((scores, centre - half, centre + half, points.reshape(-1, 10)), axis=1, dtype=np.float32)


def _suppress(rows: Floats) -> Floats:
    """Best score first, without those that overlap a better one."""
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    if len(rows) < 2:
        return rows
    area = np.prod(rows[:, 3:5] - rows[:, 1:3], axis=1)
    kept: list[int] = []
    left = np.arange(len(rows))
    while left.size and len(kept) < MAX_FACES:
        best, left = left[0], left[1:]
        kept.append(int(best))
        inner = np.minimum(rows[left, 3:5], rows[best, 3:5]) - np.maximum(rows[left, 1:3], rows[best, 1:3])
        shared = np.prod(np.maximum(inner, 0), axis=1)
        left = left[shared <= OVERLAP * (area[left] + area[best] - shared)]
    return rows[kept]
