"""Where a head is turned, from five landmarks; and whether that is away from where this candidate usually looks.

The pose is that of scaled orthography: the first step of POSIT (DeMenthon and Davis, "Model-based object pose in 25
lines of code", IJCV 15, 1995) with a face of average proportions. Cameras stand where they stand, so a pose means
nothing by itself: it is held against the candidate's own centre, the median of their first clear samples, which then
follows slowly. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, exp, inf, sqrt
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detection.values import Face

FACE: Final[NDArray[np.float64]] = np.array(
    [(-31.0, -35.0, 0.0), (31.0, -35.0, 0.0), (0.0, 0.0, 28.0), (-25.0, 33.0, 4.0), (25.0, 33.0, 4.0)]
)
"""Eyes, tip of the nose, corners of the mouth in millimetres: to the right of the picture, down, towards the camera."""
BETWEEN_EYES: Final = 62.0
"""Millimetres of that."""
LEAST_EYES: Final = 12.0
"""Pixels between the eyes, were they seen from the front, below which the landmarks' own error, about half a pixel,
would be taken for a turn."""
SAMPLES: Final = 15
"""Poses whose median is the candidate's first centre ..."""
APART: Final = 0.9
"""... and seconds at least between two of them: a burst of samples is one look."""
FOLLOWING: Final = 60.0
"""Seconds in which the centre goes most of the way to where the head is held ..."""
SPEED: Final = 0.1
"""... but by no more degrees a second. A glance hardly moves it, however far; who sits down anew is followed in some
minutes, and so is who was found turned away in the first seconds."""

TINY: Final = 1e-12
"""So that landmarks in one line, which have no pose, are no division by zero."""
Vector = list[float]

_CENTRED: Final = FACE - FACE.mean(axis=0)
_INVERSE: Final = np.linalg.pinv(_CENTRED)


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is held, in degrees."""

    yaw: float
    """To the side; positive to the right of the picture."""
    pitch: float
    """Up or down; positive is down."""
    roll: float
    """Tilted in the plane of the picture; clockwise positive."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Where one candidate usually looks. Begin with `Centre()`; only `follow` makes others."""

    seen: tuple[Pose, ...] = ()
    """The first poses; empty again once their median is taken."""
    pose: Pose | None = None
    """The centre; None while it is being found."""
    at: float = -inf
    """When the newest of those poses was seen."""


def estimate(face: Face, *, width: int, height: int) -> Pose | None:
    """How the head of a face is held; None without landmarks, or when it is too small to say.

    Args:
        face: as the detector found it.
        width: of its frame in pixels.
        height: likewise.
    """
    if len(face.landmarks) != len(FACE):
        return None
    points = np.array(face.landmarks) * (width, height)
    rows = (_INVERSE @ (points - points.mean(axis=0))).T
    scale = float(np.linalg.norm(rows, axis=1).mean())
    if not scale * BETWEEN_EYES >= LEAST_EYES:
        return None
    across, down = _straightened(*(rows / scale).tolist())
    ahead = across[0] * down[1] - across[1] * down[0]
    return Pose(
        yaw=round(degrees(atan2(across[2], ahead)), 1),
        pitch=round(degrees(atan2(down[2], ahead)), 1),
        roll=round(degrees(atan2(down[0], across[0])), 1),
    )


def _straightened(across: Vector, down: Vector) -> tuple[Vector, Vector]:
    """The nearest first two rows of a rotation: what noise has made unequal or oblique.

    By the inverse root of their Gram matrix, in plain numbers: numpy's decomposition takes ten times as long.
    """
    a, b, d = _dot(across, across), _dot(across, down), _dot(down, down)
    root = sqrt(max(a * d - b * b, TINY))
    weight = root * sqrt(a + d + 2 * root)
    first, shared, second = (d + root) / weight, -b / weight, (a + root) / weight
    return _mixed(across, first, down, shared), _mixed(across, shared, down, second)


def _dot(one: Vector, other: Vector) -> float:
    return sum(x * y for x, y in zip(one, other, strict=True))


def _mixed(one: Vector, weight: float, other: Vector, weight_of_other: float) -> Vector:
    return [weight * x + weight_of_other * y for x, y in zip(one, other, strict=True)]


def follow(centre: Centre, pose: Pose, at: float) -> Centre:
    """The centre after one more pose."""
    elapsed = at - centre.at
    if centre.pose is not None:
        weight, most = 1 - exp(-max(elapsed, 0.0) / FOLLOWING), SPEED * max(elapsed, 0.0)
        old = centre.pose
        moved = Pose(
            _towards(old.yaw, pose.yaw, weight, most),
            _towards(old.pitch, pose.pitch, weight, most),
            _towards(old.roll, pose.roll, weight, most),
        )
        return Centre(pose=moved, at=at)
    if elapsed < APART:
        return centre
    seen = (*centre.seen, pose)
    return Centre(seen=seen, at=at) if len(seen) < SAMPLES else Centre(pose=_median(seen), at=at)


def turned(centre: Centre, pose: Pose) -> tuple[float, float] | None:
    """Degrees to the side and up or down, both signed, from the centre; None while it is not known."""
    if centre.pose is None:
        return None
    return pose.yaw - centre.pose.yaw, pose.pitch - centre.pose.pitch


def _towards(old: float, new: float, weight: float, most: float) -> float:
    return old + max(-most, min(most, weight * (new - old)))


def _median(poses: Sequence[Pose]) -> Pose:
    return Pose(
        median(pose.yaw for pose in poses), median(pose.pitch for pose in poses), median(pose.roll for pose in poses)
    )
