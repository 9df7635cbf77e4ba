"""dlib's network says of a close-up whether there is a face in its middle."""

import numpy as np
import pytest

from detection.analyzer import decode
from detection.faces import Frame
from detection.faces.mmod import WEIGHTS, Mmod
from detection.faces.opinion import WindowOpinion
from detection.networks.weights import installed

from . import faces


@pytest.fixture(scope="module")
def opinion() -> WindowOpinion:
    return WindowOpinion(Mmod(installed(WEIGHTS)))


def close_up(*, right: int = 0) -> Frame:
    """The face of the portrait, so many pixels to the right of the middle, as large as the network knows it."""
    enlarged = faces.resize(faces.portrait(), 400, 300)
    left, top = 175 - 72 - right, 90 - 72
    return np.ascontiguousarray(enlarged[top : top + 144, left : left + 144])


def test_agrees_where_a_face_is_in_the_middle(opinion: WindowOpinion) -> None:
    assert opinion.agrees(close_up())
    assert opinion.agrees(np.asarray(close_up() // 3, dtype=np.uint8))
    assert "mmod" in opinion.model


def test_a_face_at_the_edge_is_not_the_one_that_is_asked_about(opinion: WindowOpinion) -> None:
    assert not opinion.agrees(close_up(right=50))


@pytest.mark.parametrize("level", [0, 127, 255])
def test_an_empty_picture_is_no_face(opinion: WindowOpinion, level: int) -> None:
    assert not opinion.agrees(np.full((144, 144, 3), level, dtype=np.uint8))
    assert not opinion.agrees(faces.resize(decode(faces.no_face()), 144, 144))
