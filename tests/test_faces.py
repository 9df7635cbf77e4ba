"""Both detectors find who is there, in fractions of the frame, and the choice between them is honest."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from detection import models
from detection.analyzer import decode
from detection.faces import Detector, DetectorUnavailable, boxes, choose, yunet
from detection.faces.hog import Hog
from detection.faces.mmod import WEIGHTS
from detection.networks import weights
from detection.values import Box

from . import faces
from .faces import models_folder, needs_models


@pytest.fixture(scope="module", params=["hog", pytest.param("yunet", marks=needs_models)])
def detector(request: pytest.FixtureRequest) -> Detector:
    return choose(request.param, models_folder())


@pytest.mark.parametrize(("picture", "count"), [(faces.no_face, 0), (faces.one_face, 1), (faces.two_faces, 2)])
@pytest.mark.parametrize("size", [(320, 240), (333, 250), (640, 480)])
def test_counts_who_is_there(detector: Detector, picture: type, count: int, size: tuple[int, int]) -> None:
    assert len(detector.detect(decode(picture(*size))).faces) == count


def test_faces_are_where_they_are_and_the_best_comes_first(detector: Detector) -> None:
    found = detector.detect(decode(faces.two_faces())).faces
    assert [face.score for face in found] == sorted((face.score for face in found), reverse=True)
    assert all(face.score >= detector.info.threshold for face in found)
    left, right = sorted((face.box for face in found), key=lambda box: box.x)
    assert left.x + left.w < 0.5 < right.x
    # The right half is the left one mirrored.
    assert abs((left.x + left.w / 2) - (1 - right.x - right.w / 2)) < 0.03
    assert 0.1 < left.w < 0.4


def test_the_same_frame_gives_the_same_faces(detector: Detector) -> None:
    frame = decode(faces.two_faces())
    assert detector.detect(frame) == detector.detect(frame)


def test_the_frame_is_left_as_it_was(detector: Detector) -> None:
    frame = decode(faces.one_face())
    before = frame.copy()
    detector.detect(frame)
    assert np.array_equal(frame, before)


@pytest.mark.parametrize("size", [(32, 32), (32, 640), (1, 1)])
def test_an_odd_frame_has_no_face_and_is_no_error(detector: Detector, size: tuple[int, int]) -> None:
    assert detector.detect(np.full((*size, 3), 127, dtype=np.uint8)).faces == ()


@needs_models
def test_yunet_gives_landmarks_inside_the_face() -> None:
    (face,) = choose("yunet", models_folder()).detect(decode(faces.one_face())).faces
    assert len(face.landmarks) == 5
    for x, y in face.landmarks:
        assert face.box.x < x < face.box.x + face.box.w
        assert face.box.y < y < face.box.y + face.box.h
    right_eye, left_eye, nose, *mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert nose[1] < min(corner[1] for corner in mouth)


def test_hog_says_which_weights_of_dlib_judge() -> None:
    info = choose("hog", None).info
    assert (info.name, info.model_sha256) == ("hog", WEIGHTS.sha256)
    assert "dlib" in info.model


def test_the_way_of_the_tutorials_is_there_to_compare_with() -> None:
    way = Hog(threshold=0.0)
    assert [len(way.detect(decode(picture(640, 480))).faces) for picture in (faces.one_face, faces.no_face)] == [1, 0]
    assert way.info == Hog(threshold=0.0).info


def test_hog_is_refused_in_words_when_its_weights_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(DetectorUnavailable, match="make setup"):
        choose("hog", None)


@needs_models
def test_auto_is_yunet_with_weights() -> None:
    info = choose("auto", models_folder()).info
    assert (info.name, info.model_sha256) == ("yunet", models.by_name("yunet").sha256)


def test_auto_is_hog_without_weights(tmp_path: Path) -> None:
    assert choose("auto", tmp_path).info.name == "hog"
    assert choose("auto", None).info.name == "hog"


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
def test_yunet_without_weights_says_what_to_do(folder: Path | None) -> None:
    with pytest.raises(DetectorUnavailable, match="invigil models fetch"):
        choose("yunet", folder)


@pytest.mark.parametrize("name", ["auto", "yunet"])
def test_changed_weights_are_never_passed_over(name: str, tmp_path: Path) -> None:
    (tmp_path / models.by_name("yunet").file).write_bytes(b"something else")
    with pytest.raises(models.ModelMismatch):
        choose("yunet" if name == "yunet" else "auto", tmp_path)


def test_choosing_loads_only_the_library_that_is_used() -> None:
    code = "import sys; from detection.faces import choose; choose('hog', None); print('dlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("xyxy", "expected"),
    [
        ((32, 24, 64, 48), Box(0.1, 0.1, 0.1, 0.1)),
        ((-32, -24, 32, 24), Box(0.0, 0.0, 0.1, 0.1)),
        ((288, 216, 999, 999), Box(0.9, 0.9, 0.1, 0.1)),
        ((400, 300, 500, 400), Box(1.0, 1.0, 0.0, 0.0)),
    ],
)
def test_a_box_is_clipped_to_the_frame(xyxy: tuple[float, float, float, float], expected: Box) -> None:
    assert boxes.box(xyxy, width=320, height=240) == expected


def row(score: float, x: float, size: float = 40) -> list[float]:
    return [score, x, 0, x + size, size, *[0.0] * 10]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([], []),
        ([row(0.9, 0)], [0.9]),
        ([row(0.8, 2), row(0.9, 0), row(0.75, 4)], [0.9]),
        ([row(0.8, 100), row(0.9, 0)], [0.9, 0.8]),
        ([row(0.8, 30), row(0.9, 0)], [0.9, 0.8]),
        # What overlaps only a suppressed one stays.
        ([row(0.9, 0), row(0.8, 18), row(0.75, 36)], [0.9, 0.75]),
        ([row(0.9, 0, 0), row(0.8, 0, 0)], [0.9, 0.8]),
    ],
)
def test_of_overlapping_boxes_the_best_stays(rows: list[list[float]], kept: list[float]) -> None:
    array = np.array(rows, dtype=np.float32).reshape(-1, 15)
    assert [round(float(score), 2) for score in yunet._suppress(array)[:, 0]] == kept
