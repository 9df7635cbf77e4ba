"""Spoilt pictures: what each condition does, and that it does the same every time."""

import numpy as np
import pytest

from detection.faces import Frame
from server.evaluation.stress import AS_IS, CONDITIONS, spoilt, webcam

from . import faces


@pytest.fixture(scope="module")
def frame() -> Frame:
    return webcam(faces.portrait(), 320)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_the_same_every_time_and_keeps_the_size(condition: str, frame: Frame) -> None:
    before = frame.copy()
    one, again = (spoilt(frame, condition, name="a.jpg") for _ in range(2))
    assert np.array_equal(one, again)
    assert one.shape == frame.shape
    assert one.dtype == np.uint8
    assert np.array_equal(frame, before), "the frame itself was changed"


@pytest.mark.parametrize("condition", [name for name in CONDITIONS if name not in (AS_IS, "jpeg 20")])
def test_a_condition_changes_the_frame(condition: str, frame: Frame) -> None:
    assert not np.array_equal(spoilt(frame, condition, name="a.jpg"), frame)


def test_both_kinds_of_dark_do_as_they_say() -> None:
    grey = np.full((240, 320, 3), 128, dtype=np.uint8)
    assert np.all(spoilt(grey, "very dark", name="a.jpg") == 32)
    dark = spoilt(grey, "dark", name="a.jpg").astype(float)
    assert dark.mean() == pytest.approx(255 * 0.45 * (128 / 255) ** 1.8, abs=0.2)
    assert dark.std() == pytest.approx(5, abs=0.2)


def test_light_from_above_leaves_the_bottom_dark(frame: Frame) -> None:
    grey = np.full_like(frame, 100)
    lit = spoilt(grey, "from above", name="a.jpg")
    assert (lit[0, 0, 0], lit[-1, 0, 0]) == (160, 25)


def test_far_is_the_same_picture_in_the_middle_of_a_larger_room(frame: Frame) -> None:
    far = spoilt(frame, "far", name="a.jpg")
    small = faces.resize(frame, 144, 108)
    assert np.array_equal(far[66:174, 88:232], small)
    assert abs(float(far.mean()) - float(small.mean())) < 40, "the room is as bright as the picture"


def test_heads_are_tilted_to_both_sides(frame: Frame) -> None:
    turned = {spoilt(frame, "tilt 30", name=f"{n}.jpg").tobytes() for n in range(20)}
    assert len(turned) == 2


@pytest.mark.parametrize(("width", "height"), [(100, 50), (50, 100), (1600, 900), (300, 1600), (640, 480)])
def test_a_picture_is_shown_whole_and_in_the_middle(width: int, height: int) -> None:
    shown = webcam(np.full((height, width, 3), 200, dtype=np.uint8), 320)
    assert shown.shape == (240, 320, 3)
    rows, columns = np.nonzero(shown[:, :, 0])
    inside = (int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    assert inside[0] == 320 or inside[1] == 240
    assert inside[0] / inside[1] == pytest.approx(width / height, rel=0.03)
    assert abs(int(columns.min()) - (319 - int(columns.max()))) <= 1
