"""dlib's network finds in onnxruntime what it finds in dlib, at one scale, up to the edges and in bands."""

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from detection.faces import Frame, mmod
from detection.faces.mmod import WINDOW, Mmod
from detection.networks.layers import BadNetwork, Floats
from detection.networks.weights import installed

from . import dat_files, faces


@pytest.fixture(scope="module")
def network() -> Mmod:
    return Mmod(installed(mmod.WEIGHTS))


@pytest.fixture(scope="module")
def closely() -> Frame:
    """The portrait at the scale at which its face fills the window, 400 x 300."""
    return faces.resize(faces.portrait(), 400, 300)


def best(rows: Floats) -> Floats:
    return np.asarray(rows[np.argmax(rows[:, 0])], dtype=np.float32)


def middle(row: Floats) -> Floats:
    return np.asarray((row[1:3] + row[3:5]) / 2, dtype=np.float32)


def test_scores_and_boxes_are_those_of_dlib(network: Mmod, closely: Frame) -> None:
    theirs = dlib.cnn_face_detection_model_v1(str(installed(mmod.WEIGHTS)))
    for frame in (closely, np.asarray(closely[:, ::-1] // 3, dtype=np.uint8)):
        (found,) = theirs(np.ascontiguousarray(frame[:, :, ::-1]), 0)
        scale = WINDOW / (found.rect.width() - 1)
        # The scale of its pyramid at which dlib found the face, reached in one step where dlib took several.
        shrunk = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        row = best(network.rows(np.asarray(shrunk, dtype=np.uint8), 0))
        assert row[0] == pytest.approx(found.confidence, abs=0.05)
        centre = found.rect.dcenter()
        assert middle(row) / scale == pytest.approx((centre.x, centre.y), abs=1.5 * mmod.CELL / scale)


def test_every_row_reaches_the_least_score(network: Mmod, closely: Frame) -> None:
    for least in (-1.0, 0.0, 0.9, 5.0):
        rows = network.rows(closely, least)
        assert (rows[:, 0] >= least).all()
        assert rows.shape[1:] == (5,)
    assert len(rows) == 0


def test_the_face_is_in_the_middle_of_its_window(network: Mmod, closely: Frame) -> None:
    # Eyes and mouth of the portrait are around 0.43, 0.31.
    assert middle(best(network.rows(closely, 0))) == pytest.approx((0.43 * 400, 0.31 * 300), abs=mmod.CELL * 1.5)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_at_the_edge_is_found(network: Mmod, closely: Frame, side: str) -> None:
    x, y = 172, 93
    cut = {
        "left": closely[:, x - 44 :],
        "right": closely[:, : x + 44],
        "top": closely[y - 48 :],
        "bottom": closely[: y + 44],
    }[side]
    assert best(network.rows(np.ascontiguousarray(cut), 0))[0] > 0.3


def test_a_large_picture_is_judged_in_bands_alike(
    network: Mmod, closely: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    tall = np.concatenate((closely, closely[::-1], closely))
    whole = network.rows(tall, 0)
    monkeypatch.setattr(mmod, "MOST_PIXELS", tall.shape[0] * tall.shape[1] // 3)
    banded = network.rows(tall, 0)
    for row in (best(whole[whole[:, 2] < 300]), best(whole[whole[:, 2] > 500])):
        near = banded[np.abs(banded[:, 1:] - row[1:]).max(axis=1) < mmod.CELL]
        assert best(near)[0] == pytest.approx(row[0], abs=0.05)


@pytest.mark.parametrize("seam", range(0, 80, 16))
def test_a_face_on_the_seam_of_two_bands_is_found(
    network: Mmod, closely: Frame, seam: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmod, "MOST_PIXELS", 400 * 320 // 2 + 1)
    above = np.full((107 - seam, 400, 3), 127, dtype=np.uint8)
    shifted = np.concatenate((above, closely[: 320 - len(above)]))
    assert best(network.rows(shifted, 0))[0] > 0.8


@pytest.mark.parametrize("size", [(1, 1), (39, 400), (400, 39)])
def test_a_picture_too_small_for_the_window_has_no_rows(network: Mmod, size: tuple[int, int]) -> None:
    assert network.rows(np.zeros((*size, 3), dtype=np.uint8), -9.0).shape == (0, 5)


@pytest.mark.parametrize("size", [(40, 40), (40, 700), (1000, 40)])
def test_the_smallest_picture_that_is_judged_is_no_error(network: Mmod, size: tuple[int, int]) -> None:
    assert len(network.rows(np.zeros((*size, 3), dtype=np.uint8), -99.0)) > 0


def test_the_picture_is_left_as_it_was(network: Mmod, closely: Frame) -> None:
    before = closely.copy()
    network.rows(closely, 0)
    assert np.array_equal(closely, before)


def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small.dat").write_bytes(dat_files.small())
    with pytest.raises(BadNetwork):
        Mmod(tmp_path / "small.dat")
