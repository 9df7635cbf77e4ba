"""A frame is enlarged as far as its faces ask for, and one face is one face at whichever scales it is found."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.analyzer import decode
from detection.faces import Detector, Frame, choose
from detection.faces.rows import same
from detection.faces.scales import Scales, Tuning, merge
from detection.networks.layers import Floats
from detection.values import DetectorInfo

from . import faces

TUNING = Tuning()
GREY = np.full((360, 480, 3), 127, dtype=np.uint8)
SHARED = Path(__file__).resolve().parents[2] / "shared" / "faces" / "images"


class Eye:
    """A network to which each face, a square in parts of the frame, shows at the scales that make it 60 to 100 px."""

    info = DetectorInfo(name="eye", model="none", model_sha256="", threshold=0.5)

    def __init__(self, *squares: tuple[float, float, float], score: float = 1.0) -> None:
        self.squares = squares
        self.score = score
        self.sides: list[int] = []
        """Longest side of every picture it was shown."""

    def rows(self, picture: Frame, least: float) -> Floats:
        side = max(picture.shape[:2])
        self.sides.append(side)
        found = [
            (self.score, x * side, y * side, (x + part) * side, (y + part) * side)
            for x, y, part in self.squares
            if 60 <= part * side <= 100 and self.score >= least
        ]
        return np.array(found, dtype=np.float32).reshape(-1, 5)


@pytest.mark.parametrize(
    ("squares", "doubts"),
    [
        ([], 2),  # nobody: as far as it goes
        ([(0.3, 0.2, 0.3)], 0),
        ([(0.3, 0.2, TUNING.near + 0.01)], 0),
        ([(0.3, 0.2, TUNING.near - 0.01)], 2),  # one, and small
        ([(0.1, 0.2, 0.3), (0.6, 0.2, 0.3)], 0),
        ([(0.1, 0.2, 0.08), (0.6, 0.2, 0.08)], 0),  # two settle it, however small
        ([(0.3, 0.2, 0.05)], 2),  # seen first in doubt, and still alone
        ([(0.1, 0.2, 0.05), (0.6, 0.2, 0.05)], 1),
    ],
)
def test_a_frame_is_enlarged_only_in_doubt(squares: list[tuple[float, float, float]], doubts: int) -> None:
    eye = Eye(*squares)
    seen = Scales(eye).detect(GREY)
    assert eye.sides == [*TUNING.always, *TUNING.doubtful[:doubts]]
    assert len(seen.faces) == len(squares)


@settings(max_examples=50)
@given(st.floats(0.045, 0.75))
def test_a_face_of_any_size_is_at_some_scale_of_the_windows_size(part: float) -> None:
    (face,) = Scales(Eye((0.1, 0.0, part))).detect(GREY).faces
    assert face.box.w == pytest.approx(part, abs=0.01)


def test_what_does_not_suffice_may_be_a_face() -> None:
    seen = Scales(Eye((0.3, 0.2, 0.3), score=(TUNING.threshold + TUNING.trace) / 2)).detect(GREY)
    assert (len(seen.faces), len(seen.perhaps)) == (0, 1)
    assert Scales(Eye((0.3, 0.2, 0.3), score=TUNING.trace - 0.1)).detect(GREY).perhaps == ()


def test_the_threshold_is_the_one_that_judges() -> None:
    assert Scales(Eye(), tuning=Tuning(threshold=0.4)).info.threshold == 0.4


# --- one face is one face ---------------------------------------------------------------------------------


def row(score: float, x: float, side: float = 80) -> list[float]:
    return [score, x, 0, x + side, side]


@pytest.mark.parametrize(
    ("rows", "scores"),
    [
        ([], []),
        ([row(0.9, 0)], [0.9]),
        ([row(0.3, 8), row(1.0, 0), row(0.5, -8)], [1.0]),
        ([row(0.8, 200), row(0.9, 0)], [0.9, 0.8]),
        ([row(1.0, 0, 160), row(0.4, 20, 60)], [1.0]),  # a part of a face that looks like one
    ],
)
def test_rows_of_one_face_become_one(rows: list[list[float]], scores: list[float]) -> None:
    merged = merge(np.array(rows, dtype=np.float32).reshape(-1, 5))
    assert merged[:, 0].tolist() == pytest.approx(scores)


def test_the_box_lies_between_its_rows_and_nearer_to_the_better() -> None:
    (merged,) = merge(np.array([row(1.0, 0), row(0.6, 20), row(0.0, 8)], dtype=np.float32))
    assert 0 < merged[1] < 10


@given(st.lists(st.tuples(st.floats(-0.7, 1.2), st.floats(0, 300), st.floats(20, 200)), max_size=12))
def test_no_best_row_of_two_faces_is_one_face(found: list[tuple[float, float, float]]) -> None:
    rows = np.array([row(*each) for each in found], dtype=np.float32).reshape(-1, 5)
    merged = merge(rows)
    assert len(merged) <= len(rows)
    assert sorted(merged[:, 0].tolist(), reverse=True) == merged[:, 0].tolist()
    lone = [one for one in rows if not any(same(one, other) for other in rows if other is not one)]
    assert len(merged) >= len(lone)


# --- what it sees -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def detector() -> Detector:
    return choose("hog", None)


def far(frame: Frame, part: float) -> Frame:
    """The frame in the middle of a grey one, at a part of its size."""
    height, width = frame.shape[:2]
    small = faces.resize(frame, round(width * part), round(height * part))
    room = np.full_like(frame, 110)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return room


def tilted(frame: Frame, degrees: float) -> Frame:
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((0.43 * width, 0.31 * height), degrees, 1)
    return np.asarray(cv2.warpAffine(frame, matrix, (width, height)), dtype=np.uint8)


def spoilt() -> dict[str, Frame]:
    frame = faces.resize(faces.portrait(), 480, 360)
    return {
        "tilted left": tilted(frame, 40),
        "tilted right": tilted(frame, -40),
        "dark": np.asarray((frame / 255.0) ** 3 * 255, dtype=np.uint8),
        "blurred": np.asarray(cv2.blur(frame, (9, 1)), dtype=np.uint8),
        "far": far(frame, 0.3),
    }


@pytest.mark.parametrize("condition", list(spoilt()))
def test_one_face_in_a_bad_view_is_one(detector: Detector, condition: str) -> None:
    assert len(detector.detect(spoilt()[condition]).faces) == 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the labelled pictures in ../shared/faces")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("dlib__faces__dogs.jpg", 0),
        ("dlib__faces__2008_001009.jpg", 2),
        ("dlib__faces__2008_002506.jpg", 3),
        ("deepface__img3.jpg", 1),
        ("human__person-vlado1.jpg", 1),
    ],
)
def test_labelled_pictures_are_counted_right(detector: Detector, name: str, count: int) -> None:
    picture = decode((SHARED / name).read_bytes())
    scale = 480 / max(picture.shape[:2])
    small = faces.resize(picture, round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    assert len(detector.detect(small).faces) == count
