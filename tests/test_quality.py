"""'Nobody' is not 'cannot tell': pictures spoilt on purpose say why nobody could be seen."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detection.analyzer import decode, measure
from detection.faces import Frame
from detection.levels import GRID
from detection.quality import View, judge, light
from detection.values import Observation, Quality

from . import faces

Picture = NDArray[np.float64]
HEIGHT, WIDTH = 360, 480
DOWN, ACROSS = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([[[HEIGHT]], [[WIDTH]]])
COLOUR = np.array([0.6, 0.7, 1.2])


def room() -> Picture:
    return faces.resize(decode(faces.no_face()), WIDTH, HEIGHT).astype(float)


def person() -> Picture:
    return faces.resize(faces.portrait(), WIDTH, HEIGHT).astype(float)


def blur(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float64)


def finger() -> Picture:
    glow: Picture = 70 + 50 * np.exp(-((ACROSS - 0.3) ** 2 + (DOWN - 0.6) ** 2) / 0.3)
    return np.asarray(glow[..., np.newaxis] * COLOUR)


def palm() -> Picture:
    """A hand that lets in some light at one side."""
    leak: Picture = 50 + 170 / (1 + np.exp((1.05 - ACROSS - 0.3 * DOWN) / 0.06))
    return np.asarray(leak[..., np.newaxis] * COLOUR)


def seen(picture: Picture, noise: float) -> Observation:
    """What would be measured after a camera with this noise and the browser's JPEG."""
    noisy = picture + np.random.default_rng(2).normal(0, noise, picture.shape)
    frame: Frame = np.clip(noisy, 0, 255).astype(np.uint8)
    measures, coarse = measure(decode(faces.encode(frame)))
    return Observation((), measures, width=WIDTH, height=HEIGHT, levels=coarse)


@pytest.mark.parametrize("noise", [2, 5, 10])
@pytest.mark.parametrize(
    ("picture", "view"),
    [
        (room(), View.CLEAR),
        (room() * 0.3, View.CLEAR),
        (person(), View.CLEAR),
        (person() * 0.3, View.CLEAR),
        (person() * 0.08, View.DARK),
        (person() * 8, View.BRIGHT),
        (finger(), View.COVERED),
        (finger() * 0.4, View.COVERED),
        (palm(), View.COVERED),
        (palm() * 0.4, View.COVERED),
        (np.full_like(room(), 6.0), View.COVERED),
        (np.full_like(room(), 150.0), View.COVERED),
    ],
    ids=[
        "room", "dim room", "person", "dim person", "dark", "blown out", "finger", "dim finger", "palm", "dim palm",
        "tape", "paper",
    ],
)  # fmt: skip
def test_a_view_is_judged_whatever_the_noise(picture: Picture, view: View, noise: float) -> None:
    assert judge(seen(picture, noise)) is view


@pytest.mark.parametrize(("sigma", "view"), [(2, View.CLEAR), (10, View.BLURRED)])
def test_a_soft_picture_is_clear_and_a_blurred_one_is_not(sigma: float, view: View) -> None:
    assert judge(seen(blur(person(), sigma), 1.5)) is view


def test_light_is_whole_in_an_ordinary_room_and_less_in_a_dim_one() -> None:
    assert light(seen(room(), 2)) == 1
    assert light(seen(room() * 0.3, 2)) == pytest.approx(0.43, abs=0.05)


@given(
    st.builds(Quality, st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 1e9)),
    st.just(b"") | st.binary(min_size=GRID[0] * GRID[1], max_size=GRID[0] * GRID[1]),
)
def test_every_measure_has_a_view(measures: Quality, coarse: bytes) -> None:
    assert judge(Observation((), measures, width=WIDTH, height=HEIGHT, levels=coarse)) in View
