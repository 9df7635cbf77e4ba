"""What is seen in a smaller, turned or cut-out picture is found again in the frame."""

import math

import cv2
import numpy as np
import pytest

from detection.faces import Frame
from detection.faces.rows import Floats, as_face, carry, middle, roll, same, size
from detection.faces.views import CloseUp, cut, invert, lift, rotate, views
from detection.values import Box

UPRIGHT = ((-0.2, -0.15), (0.2, -0.15), (0.0, 0.05), (-0.15, 0.25), (0.15, 0.25))
"""Landmarks of an upright face, in sides of it, from its middle."""


def face(x: float, y: float, side: float, *, degrees: float = 0.0, score: float = 0.9) -> Floats:
    """A face of this size in pixels around a point, its head rolled clockwise."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    points = [(x + side * (a * cosine - b * sine), y + side * (a * sine + b * cosine)) for a, b in UPRIGHT]
    half = side / 2
    return np.array(
        [score, x - half, y - half, x + half, y + half, *[each for point in points for each in point]], dtype=np.float32
    )


def dots(row: Floats, *, width: int = 640, height: int = 480) -> Frame:
    """A black frame with a white dot at every landmark of a row."""
    frame = np.zeros((height, width, 3), dtype=np.uint8)
    for x, y in row[5:].reshape(5, 2).round().astype(int).tolist():
        cv2.circle(frame, (x, y), 3, (255, 255, 255), -1)
    return frame


@pytest.mark.parametrize("degrees", [-50, -20, 0, 10, 50, 90])
def test_roll_is_how_far_the_head_is_turned_clockwise(degrees: float) -> None:
    assert roll(face(100, 100, 40, degrees=degrees)) == pytest.approx(degrees, abs=0.01)


def test_a_face_without_extent_has_a_size_and_no_roll() -> None:
    nothing = np.zeros(15, dtype=np.float32)
    assert (size(nothing), roll(nothing), same(nothing, nothing)) == (1.0, 0.0, False)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (face(100, 100, 40), True),
        (face(110, 100, 40), True),
        (face(130, 100, 40), False),
        (face(100, 100, 12), True),  # a small one inside
        (face(300, 300, 40), False),
    ],
)
def test_boxes_are_one_face_when_they_share_enough(other: Floats, expected: bool) -> None:
    assert (same(face(100, 100, 40), other), same(other, face(100, 100, 40))) == (expected, expected)


@pytest.mark.parametrize("angle", [-40.0, 0.0, 15.0, 40.0])
def test_a_face_of_a_turned_frame_is_carried_back(angle: float) -> None:
    row = face(250, 200, 60, degrees=angle)
    turned, there = rotate(dots(row), angle, side=224)
    assert turned.shape == (224, 224, 3)
    upright = carry(row[np.newaxis], there)
    assert roll(upright[0]) == pytest.approx(0, abs=0.01)
    assert size(upright[0]) == pytest.approx(60 * 224 / 640, abs=0.01)
    assert bright_at(turned, upright[0])
    assert carry(upright, invert(there))[0] == pytest.approx(row, abs=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("side", [20.0, 90.0, 300.0])  # enlarged, from the full frame, from the small one
def test_a_close_up_shows_the_face_upright_in_its_middle(side: float, mirrored: bool) -> None:
    row = face(300, 220, side, degrees=25)
    picture, there = cut(views(dots(row), 320), CloseUp(128, 64.0, mirrored), row=row, roll=25)
    (seen,) = carry(row[np.newaxis], there)
    assert picture.shape == (128, 128, 3)
    assert [*middle(seen), size(seen)] == pytest.approx([64, 64, 64], abs=0.01)
    assert roll(seen) == pytest.approx(0, abs=0.01)  # also in the mirror: its right eye is still at the left
    assert bright_at(picture, seen)
    assert carry(seen[np.newaxis], invert(there))[0] == pytest.approx(row, abs=0.02)


def bright_at(picture: Frame, row: Floats) -> bool:
    """Whether the landmarks of a row lie on what the picture shows there."""
    return all(picture[round(y), round(x)].max() > 40 for x, y in row[5:].reshape(5, 2).tolist())


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (5, 20), (30, 110), (69, 110), (70, 70), (200, 200)], ids=str)
def test_a_dark_close_up_is_lifted_and_a_light_one_is_not(level: int, expected: int) -> None:
    lifted = lift(np.full((8, 8, 3), level, dtype=np.uint8))
    assert abs(int(lifted[0, 0, 0]) - expected) <= 1


@pytest.mark.parametrize(
    ("size", "small"),
    [((480, 640), (240, 320)), ((480, 360), (320, 240)), ((100, 90), (100, 90)), ((2, 640), (1, 320))],
)
def test_the_small_frame_has_its_longest_side_and_the_full_one_is_untouched(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    frame = np.zeros((*size, 3), dtype=np.uint8)
    both = views(frame, 320)
    assert both.full is frame
    assert both.small.shape[:2] == small
    assert both.scale == max(size) / max(small)


@pytest.mark.parametrize(
    ("row", "box"),
    [
        (face(160, 120, 48), Box(0.425, 0.4, 0.15, 0.2)),
        (face(0, 0, 64), Box(0.0, 0.0, 0.1, 0.1333)),
        (face(320, 240, 64), Box(0.9, 0.8667, 0.1, 0.1333)),
    ],
)
def test_a_row_becomes_a_face_clipped_to_the_frame(row: Floats, box: Box) -> None:
    seen = as_face(row, width=320, height=240)
    assert (seen.box, seen.score, len(seen.landmarks)) == (box, 0.9, 5)
    assert all(0 <= value <= 1 for point in seen.landmarks for value in point)
