"""A face is clear enough to be compared, or it is not: small, turned away, or without landmarks."""

import numpy as np
import pytest

from detection.identity.view import is_clear
from detection.values import Box, Face


def face(eyes: float, nose: float, *, tilt: float = 0.0) -> Face:
    """A face in a frame of 320 x 240.

    Args:
        eyes: pixels between them.
        nose: how far along from the right eye to the left one its tip is, 0.5 is frontal.
        tilt: degrees.
    """
    across = np.array([np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
    down = np.array([-across[1], across[0]])
    middle = np.array([160.0, 100.0])
    places = [
        middle - across * eyes / 2,
        middle + across * eyes / 2,
        middle + (nose - 0.5) * eyes * across + down * 0.6 * eyes,
    ]
    points = tuple((float(x) / 320, float(y) / 240) for x, y in [*places, middle, middle])
    return Face(Box(0.4, 0.3, 0.2, 0.3), score=0.9, landmarks=points)


@pytest.mark.parametrize("tilt", [0.0, 30.0, -75.0])
@pytest.mark.parametrize(
    ("eyes", "nose", "expected"),
    [(40, 0.5, True), (20.1, 0.5, True), (19.9, 0.5, False), (40, 0.79, True), (40, 0.81, False), (40, 0.21, True),
     (40, 0.19, False), (40, 1.5, False), (0, 0.5, False)],
)  # fmt: skip
def test_a_face_is_clear_when_near_and_frontal(eyes: float, nose: float, expected: bool, tilt: float) -> None:
    assert is_clear(face(eyes, nose, tilt=tilt), width=320, height=240) is expected


def test_without_landmarks_no_face_is_clear() -> None:
    assert not is_clear(Face(Box(0.1, 0.1, 0.5, 0.5), score=0.9), width=640, height=480)
