"""dlib's face network at several scales of a frame, and at larger ones where it is in doubt.

The network finds tilted, dark and blurred faces as they are, but each only at the scale at which it fills the window.
So the one question is how far a frame is enlarged. Always up to 960 px, for faces from a twelfth of the frame; further
where nobody was found, or one face that is small itself, because then the others will be no larger. Remembers nothing
from frame to frame.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.faces import Frame, Sight, boxes
from detection.faces.rows import INSIDE, OVERLAP, size
from detection.networks.layers import Floats
from detection.values import DetectorInfo, Face


@dataclass(frozen=True, slots=True)
class Tuning:
    """How far a frame is searched and what then counts. Measured on labelled pictures, spoilt in nine ways."""

    threshold: float = -0.1
    """Score from which a face counts."""
    trace: float = -0.7
    """Score from which something may be one."""
    always: tuple[int, ...] = (120, 170, 240, 339, 480, 679, 960)
    """Longest sides in pixels to which every frame is scaled. Steps of the root of two: with larger ones faces between
    two scales fit neither, with smaller ones no more are found."""
    doubtful: tuple[int, ...] = (1358, 1920)
    """Those to which it is scaled in doubt, one after the other, until there is none."""
    near: float = 0.12
    """Side of the only face, as a part of the frame's longest side, from which there is no doubt."""


class Network(Protocol):
    """What judges a picture at one scale: `mmod.Mmod`."""

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge."""
        ...

    def rows(self, picture: Frame, least: float) -> Floats:
        """Score and x1, y1, x2, y2 of every window that scores at least `least`."""
        ...


class Scales:
    """Counts faces with a network that knows one size of them. For one thread."""

    def __init__(self, network: Network, *, tuning: Tuning | None = None) -> None:
        self._network = network
        self._tuning = tuning or Tuning()
        self._info = replace(network.info, threshold=self._tuning.threshold)

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge, at which threshold."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """The faces of the frame, and what may be one; without landmarks."""
        height, width = frame.shape[:2]
        rows = np.concatenate([self._at(frame, side) for side in self._tuning.always])
        found = merge(rows)
        for side in self._tuning.doubtful:
            if self._settled(found, longest=max(height, width)):
                break
            rows = np.concatenate((rows, self._at(frame, side)))
            found = merge(rows)
        seen = tuple(_as_face(row, width=width, height=height) for row in found)
        count = int((found[:, 0] >= self._tuning.threshold).sum())
        return Sight(seen[:count], seen[count:])

    def _settled(self, found: Floats, *, longest: int) -> bool:
        """Whether larger scales would not change the verdict."""
        faces = found[found[:, 0] >= self._tuning.threshold]
        return len(faces) > 1 or (len(faces) == 1 and size(faces[0]) >= self._tuning.near * longest)

    def _at(self, frame: Frame, side: int) -> Floats:
        """What the network finds in the frame when its longest side is `side`, in pixels of the frame."""
        height, width = frame.shape[:2]
        scale = side / max(height, width)
        wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = frame if scale == 1 else np.asarray(cv2.resize(frame, wanted, interpolation=method), dtype=np.uint8)
        rows = self._network.rows(picture, self._tuning.trace)
        rows[:, 1:] *= np.array((width / wanted[0], height / wanted[1]) * 2, dtype=np.float32)
        return rows


def merge(rows: Floats) -> Floats:
    """One row per face, best score first: the best score, and the mean of the boxes that are this face.

    Boxes of one scale have one size, and the next scale's is half as large again; the mean, in which a better score
    weighs more, lies between.
    """
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    merged: list[Floats] = []
    while len(rows):
        mine = _are(rows[0], rows)
        weights = rows[mine, 0] - rows[mine, 0].min() + 1e-3
        box = np.average(rows[mine, 1:], axis=0, weights=weights)
        merged.append(np.concatenate((rows[:1, 0], box)))
        rows = rows[~mine]
    return np.array(merged, dtype=np.float32).reshape(-1, 5)


def _are(one: Floats, rows: Floats) -> NDArray[np.bool_]:
    """For each row whether it is this face, as `rows.same` would say."""
    sides = np.minimum(one[3:5], rows[:, 3:5]) - np.maximum(one[1:3], rows[:, 1:3])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(rows[:, 3:5] - rows[:, 1:3], axis=1)
    area = float(np.prod(one[3:5] - one[1:3]))
    apart = (shared <= OVERLAP * (area + areas - shared)) & (shared <= INSIDE * np.minimum(area, areas))
    return np.asarray(~apart, dtype=np.bool_)


def _as_face(row: Floats, *, width: int, height: int) -> Face:
    """A row as a value in fractions of the frame, which has this size in pixels. What lies outside is clipped."""
    score, x1, y1, x2, y2 = row.tolist()
    box = boxes.box((x1, y1, x2, y2), width=width, height=height)
    return Face(box=box, score=round(score, boxes.DIGITS))
