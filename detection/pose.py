"""Where a head is turned, from five landmarks; and whether that is away from where this candidate usually looks.

The pose is that of scaled orthography: the first step of POSIT (DeMenthon and Davis, "Model-based object pose in 25
lines of code", IJCV 15, 1995) with a face of average proportions. Cameras stand where they stand, so a pose means
nothing by itself: it is held against the candidate's own centre, the median of their first clear samples. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detection.values import Face

FACE: Final[NDArray[np.float64]] = np.array(
    [(-31.0, -35.0, 0.0), (31.0, -35.0, 0.0), (0.0, 0.0, 28.0), (-25.0, 33.0, 4.0), (25.0, 33.0, 4.0)]
)
"""Eyes, tip of the nose, corners of the mouth in millimetres: to the right of the picture, down, towards the camera."""
LEAST_EYES: Final = 12.0
"""Pixels between the eyes below which the landmarks' own error would be taken for a turn."""
SAMPLES: Final = 15
"""Clear samples whose median is the candidate's centre."""
SETTLED: Final = 8
"""How many of them there must be before anything is called away."""
DRIFT: Final = 0.02
"""How far the centre follows each later sample that is not away: whoever sits down anew is given a minute."""

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
    """The first clear samples; empty again once their median is taken."""
    pose: Pose | None = None
    """The centre; None while it is being found."""


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
    if float(np.hypot(*(points[1] - points[0]))) < LEAST_EYES and float(np.ptp(points[:, 1])) < 2 * LEAST_EYES:
        return None
    rows = (_INVERSE @ (points - points.mean(axis=0))).T
    scale = float(np.linalg.norm(rows, axis=1).mean())
    if scale <= 0 or not np.isfinite(scale):
        return None
    # The nearest rotation: rows that noise has made unequal or oblique are made straight.
    u, _, v = np.linalg.svd(np.vstack((rows / scale, np.cross(rows[0], rows[1]) / scale**2)))
    turn = u @ v
    forward = turn[:, 2]
    return Pose(
        yaw=round(float(np.degrees(np.arctan2(forward[0], forward[2]))), 1),
        pitch=round(float(np.degrees(np.arctan2(forward[1], forward[2]))), 1),
        roll=round(float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))), 1),
    )


def follow(centre: Centre, pose: Pose, *, away: bool) -> Centre:
    """The centre after one more sample."""
    if centre.pose is None:
        seen = (*centre.seen, pose)
        if len(seen) < SAMPLES:
            return Centre(seen=seen)
        return Centre(pose=_median(seen))
    if away:
        return centre
    old = centre.pose
    return replace(
        centre,
        pose=Pose(
            old.yaw + DRIFT * (pose.yaw - old.yaw),
            old.pitch + DRIFT * (pose.pitch - old.pitch),
            old.roll + DRIFT * (pose.roll - old.roll),
        ),
    )


def turned(centre: Centre, pose: Pose) -> tuple[float, float] | None:
    """Degrees to the side and up or down, both signed, from the centre; None while it is not known."""
    middle = centre.pose if centre.pose is not None else _median(centre.seen) if len(centre.seen) >= SETTLED else None
    return None if middle is None else (pose.yaw - middle.yaw, pose.pitch - middle.pitch)


def _median(poses: Sequence[Pose]) -> Pose:
    return Pose(
        median(pose.yaw for pose in poses), median(pose.pitch for pose in poses), median(pose.roll for pose in poses)
    )
