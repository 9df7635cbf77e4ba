"""A face tells who somebody is, more or less well, or not at all: small, turned away, or without landmarks."""

import numpy as np
import pytest

from detection.identity.view import SMALL_SLACK, TURNED_SLACK, is_clear, slack
from detection.values import Box, Face

SMALL, TURNED = SMALL_SLACK, TURNED_SLACK


def face(eyes: float, nose: float, *, mouth: float | None = None, tilt: float = 0.0) -> Face:
    """A face in a frame of 320 x 240.

    Args:
        eyes: pixels between them.
        nose: how far along from the right eye to the left one its tip is, 0.5 is frontal.
        mouth: pixels from the eyes down to it; None: as many as between the eyes, as from the front.
        tilt: degrees.
    """
    across = np.array([np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
    down = np.array([-across[1], across[0]])
    middle = np.array([160.0, 100.0])
    chin = middle + down * (eyes if mouth is None else mouth)
    places = [
        middle - across * eyes / 2,
        middle + across * eyes / 2,
        middle + (nose - 0.5) * eyes * across + down * 0.6 * eyes,
        chin - across * eyes / 3,
        chin + across * eyes / 3,
    ]
    points = tuple((float(x) / 320, float(y) / 240) for x, y in places)
    return Face(Box(0.4, 0.3, 0.2, 0.3), score=0.9, landmarks=points)


@pytest.mark.parametrize("tilt", [0.0, 30.0, -75.0])
@pytest.mark.parametrize(
    ("eyes", "nose", "mouth", "expected"),
    [
        (40, 0.5, None, 0), (20.1, 0.5, None, 0), (40, 0.79, None, 0), (40, 0.21, None, 0), (40, 0.5, 57, 0),
        # Small.
        (19.9, 0.5, None, SMALL), (10.1, 0.5, None, SMALL), (9.9, 0.5, None, None), (0, 0.5, None, None),
        # Turned: the nose is aside, or the eyes are near each other.
        (40, 0.81, None, TURNED), (40, 0.19, None, TURNED), (40, 1.29, None, TURNED), (40, 0.5, 58, TURNED),
        (16.1, 0.9, None, TURNED), (15.9, 0.9, None, None), (8, 0.9, 16.1, TURNED),
        # Near profile.
        (40, 1.31, None, None), (40, -0.31, None, None), (40, 0.5, 90, None), (0, 0.5, 30, None),
    ],
)  # fmt: skip
def test_how_far_a_view_may_carry_a_descriptor(
    eyes: float, nose: float, mouth: float | None, expected: float | None, tilt: float
) -> None:
    seen = face(eyes, nose, mouth=mouth, tilt=tilt)
    assert slack(seen, width=320, height=240) == expected
    assert is_clear(seen, width=320, height=240) is (expected == 0)


def test_without_landmarks_nobody_can_be_told() -> None:
    seen = Face(Box(0.1, 0.1, 0.5, 0.5), score=0.9)
    assert slack(seen, width=640, height=480) is None
    assert not is_clear(seen, width=640, height=480)


def test_more_pixels_make_the_same_face_clear() -> None:
    seen = face(15, 0.5)
    assert not is_clear(seen, width=320, height=240)
    assert is_clear(seen, width=640, height=480)
