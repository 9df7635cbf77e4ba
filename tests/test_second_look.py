"""Doubtful faces get a second look, sure ones do not, and no frame gets more than so many."""

import csv
import logging
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.analyzer import decode
from detection.faces import Detector, Frame, choose
from detection.faces.closer_look import FIRST, SECOND, Evidence
from detection.faces.rows import Floats
from detection.faces.second_look import SecondLook, Tuning
from detection.values import DetectorInfo

from . import faces
from .faces import models_folder, needs_models
from .test_views import face

GREY = np.full((480, 640, 3), 127, dtype=np.uint8)
CLOSE = {(form.side, form.side) for form in (FIRST, SECOND)}


class Eye:
    """A network that sees these faces in the quick pass, and one with the next of these scores in each close-up."""

    info = DetectorInfo(name="eye", model="none", model_sha256="", threshold=0.5)

    def __init__(self, rows: list[Floats], scores: list[float], *, degrees: float = 0.0) -> None:
        self.quick = np.array(rows, dtype=np.float32).reshape(-1, 15)
        self.scores = scores
        self.degrees = degrees
        self.sizes: list[tuple[int, int]] = []
        """Height and width of every picture it was shown."""

    def rows(self, frame: Frame, least: float) -> Floats:
        height, width = frame.shape[:2]
        self.sizes.append((height, width))
        if len(self.sizes) == 1:
            return self.quick[self.quick[:, 0] >= least]
        if (height, width) not in CLOSE:
            return self.quick[:0]
        score = self.scores[min(self.close_ups, len(self.scores)) - 1]
        return face(width / 2, height / 2, width / 2, degrees=self.degrees, score=score)[np.newaxis]

    @property
    def close_ups(self) -> int:
        """How often it was shown a close-up."""
        return sum(size in CLOSE for size in self.sizes)


class Second:
    """A second opinion that is always the same, and knows how often it was asked."""

    model = "second"

    def __init__(self, agreed: bool) -> None:
        self.agreed = agreed
        self.asked = 0

    def agrees(self, picture: Frame) -> bool:
        self.asked += 1
        return self.agreed


def test_a_sure_face_counts_after_one_pass() -> None:
    eye = Eye([face(160, 120, 40, score=0.9)], [])
    (seen,) = SecondLook(eye, opinion=Second(False)).detect(GREY).faces
    assert eye.sizes == [(240, 320)]
    assert seen.score == 0.9
    assert [seen.box.x + seen.box.w / 2, seen.box.w] == pytest.approx([0.5, 0.125])


def test_no_frame_gets_more_than_its_share_of_passes() -> None:
    crowd = [face(20 + 40 * (n % 8), 20 + 40 * (n // 8), 30, score=0.5) for n in range(48)]
    eye, second = Eye(crowd, [0.71]), Second(False)
    look = SecondLook(eye, opinion=second)
    assert look.detect(GREY).faces == ()
    tuning = Tuning()
    assert (eye.close_ups, second.asked) == (tuning.most, tuning.most // 2)
    assert len(eye.sizes) == 1 + tuning.most + len(tuning.turns)
    # The next frame has a share of its own.
    eye.sizes.clear()
    look.detect(GREY)
    assert (eye.close_ups, second.asked) == (tuning.most, tuning.most)


@pytest.mark.parametrize(("score", "close_ups"), [(0.39, 0), (0.41, 2)])
def test_beside_two_faces_only_a_likely_third_is_worth_a_close_up(score: float, close_ups: int) -> None:
    two = [face(60, 60, 40, score=0.95), face(160, 60, 40, score=0.9)]
    eye = Eye([*two, face(260, 160, 40, score=score)], [0.95])
    assert len(SecondLook(eye).detect(GREY).faces) == 2 + close_ups // 2
    assert (eye.close_ups, len(eye.sizes)) == (close_ups, 1 + close_ups)


def test_beside_one_tilted_face_another_is_looked_for_in_the_turned_frame() -> None:
    eye = Eye([face(160, 120, 40, score=0.9, degrees=12)], [0.9], degrees=2)
    assert len(SecondLook(eye).detect(GREY).faces) == 1
    # 2 x 12 degrees guessed, 2 more seen in the close-up: the frame is turned by 26, at the size of the quick pass.
    assert eye.sizes == [(240, 320), (128, 128), (320, 320)]


def test_a_speck_is_no_face() -> None:
    eye = Eye([face(160, 120, 6, score=0.99)], [0.99])
    assert SecondLook(eye).detect(GREY).faces == ()
    assert eye.close_ups == 0


def test_a_small_stream_is_looked_at_twice_too() -> None:
    eye = Eye([face(160, 120, 40, score=0.6)], [0.95])
    assert len(SecondLook(eye).detect(np.full((240, 320, 3), 127, np.uint8)).faces) == 1
    assert eye.close_ups == 2


def test_what_no_close_up_confirms_is_told_as_perhaps() -> None:
    rows = [face(160, 120, 40, score=0.9), face(60, 60, 40, score=0.4), face(62, 60, 40, score=0.3), face(260, 60, 40)]
    sight = SecondLook(Eye(rows, [0.3])).detect(GREY)
    assert len(sight.faces) == 2
    (trace,) = sight.perhaps
    assert [trace.score, trace.box.x] == pytest.approx([0.4, 0.125])


def test_a_trace_that_close_ups_confirm_is_a_face_and_no_longer_perhaps() -> None:
    sight = SecondLook(Eye([face(160, 120, 40, score=0.4)], [0.95])).detect(GREY)
    assert (len(sight.faces), sight.perhaps) == (1, ())


@pytest.mark.parametrize("size", [(240, 320), (480, 640)])
def test_only_the_best_traces_are_told(size: tuple[int, int]) -> None:
    crowd = [face(20 + 40 * n, 60, 30, score=0.3 + n / 100) for n in range(8)]
    sight = SecondLook(Eye(crowd, [0.1])).detect(np.full((*size, 3), 127, dtype=np.uint8))
    assert sight.faces == ()
    assert [each.score for each in sight.perhaps] == pytest.approx([0.37, 0.36, 0.35, 0.34, 0.33])


def test_an_incident_says_who_was_asked_and_what_sufficed() -> None:
    info = SecondLook(Eye([], []), opinion=Second(True)).info
    assert (info.name, info.model, info.threshold) == ("eye", "none + second", Evidence().weigh)
    assert SecondLook(Eye([], [])).info.model == "none"


@needs_models
def test_where_dlibs_network_is_missing_yunet_judges_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    with caplog.at_level(logging.WARNING):
        detector = choose("yunet", models_folder())
    assert "second opinion" in caplog.text
    assert "dlib" not in detector.info.model
    assert len(detector.detect(decode(faces.two_faces())).faces) == 2


@pytest.fixture(scope="module")
def detector() -> Detector:
    return choose("yunet", models_folder())


def turned(frame: Frame, angle: float) -> Frame:
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(cv2.warpAffine(frame, matrix, (width, height)), dtype=np.uint8)


def dark(frame: Frame) -> Frame:
    noise = np.random.default_rng(0).normal(0, 5, frame.shape)
    return np.clip((frame / 255) ** 1.8 * 115 + noise, 0, 255).astype(np.uint8)


def very_dark(frame: Frame) -> Frame:
    return np.asarray((frame / 255) ** 3 * 255, dtype=np.uint8)


def blurred(frame: Frame) -> Frame:
    return np.asarray(cv2.filter2D(frame, -1, np.full((1, 9), 1 / 9)), dtype=np.uint8)


def far(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    small = faces.resize(frame, round(width * 0.45), round(height * 0.45))
    room = np.full_like(frame, 96)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return room


PICTURES = Path(__file__).resolve().parents[2] / "shared" / "faces"
needs_pictures = pytest.mark.skipif(
    not (PICTURES / "labels.csv").is_file(), reason="needs the labelled pictures of ../shared/faces"
)


@cache
def labelled() -> list[tuple[int, Frame]]:
    """How many faces, and the frame of 480 pixels that a webcam would give, with bars where the picture has other
    proportions."""
    with (PICTURES / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ambiguous"] == "0"]
    return [(int(row["faces"]), webcam((PICTURES / row["path"]).read_bytes())) for row in rows]


def webcam(data: bytes) -> Frame:
    picture, frame = decode(data), np.zeros((360, 480, 3), dtype=np.uint8)
    height, width = picture.shape[:2]
    scale = min(480 / width, 360 / height)
    fitted = faces.resize(picture, round(width * scale), round(height * scale))
    top, left = (360 - fitted.shape[0]) // 2, (480 - fitted.shape[1]) // 2
    frame[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return decode(faces.encode(frame))


SPOILT: dict[str, Callable[[Frame], Frame]] = {
    **{f"tilted {angle}": lambda frame, angle=angle: turned(frame, angle) for angle in (-45, -30, 30, 45)},  # type: ignore[misc]
    "dark": dark,
    "very dark": very_dark,
    "blurred": blurred,
    "far": far,
}


@needs_models
@pytest.mark.parametrize(("picture", "count"), [(faces.no_face, 0), (faces.one_face, 1), (faces.two_faces, 2)])
@pytest.mark.parametrize("size", [(320, 240), (480, 360), (640, 480)], ids=str)
@pytest.mark.parametrize("how", SPOILT)
def test_counts_who_is_there_when_the_view_is_bad(
    detector: Detector, how: str, size: tuple[int, int], picture: Callable[[int, int], bytes], count: int
) -> None:
    spoilt = decode(faces.encode(SPOILT[how](decode(picture(*size)))))
    found = detector.detect(spoilt).faces
    assert len(found) == count
    assert all(each.score >= detector.info.threshold for each in found)


@needs_models
@needs_pictures
def test_counts_labelled_pictures(detector: Detector) -> None:
    counts = [(label, len(detector.detect(picture).faces)) for label, picture in labelled()]
    assert all((label > 1) == (seen > 1) for label, seen in counts)
    assert sum(label == seen for label, seen in counts) >= 0.99 * len(counts)


@needs_models
@needs_pictures
@pytest.mark.parametrize(("how", "one", "several"), [("tilted 45", 0.97, 0.9), ("far", 0.97, 0.95)])
def test_counts_labelled_pictures_when_the_view_is_bad(
    detector: Detector, how: str, one: float, several: float
) -> None:
    counts = [(label, len(detector.detect(SPOILT[how](picture)).faces)) for label, picture in labelled()]
    alone = [seen == 1 for label, seen in counts if label == 1]
    together = [seen > 1 for label, seen in counts if label > 1]
    assert sum(alone) >= one * len(alone)
    assert sum(together) >= several * len(together)


@needs_models
@pytest.mark.parametrize("angle", [-45, 45])
def test_a_tilted_face_is_where_it_is(detector: Detector, angle: float) -> None:
    height, width = 480, 640
    frame = decode(faces.one_face(width, height))
    (upright,), (tilted,) = detector.detect(frame).faces, detector.detect(turned(frame, angle)).faces
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    x, y = upright.box.x + upright.box.w / 2, upright.box.y + upright.box.h / 2
    expected = matrix @ (x * width, y * height, 1)
    found = ((tilted.box.x + tilted.box.w / 2) * width, (tilted.box.y + tilted.box.h / 2) * height)
    assert np.hypot(*(expected - found)) < upright.box.w * width / 4


@needs_models
@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**32 - 1), st.sampled_from(["noise", "blots", "faces"])
)
def test_noise_of_any_size_is_no_error(detector: Detector, height: int, width: int, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    grain = (height, width) if kind == "noise" else (max(1, height // 24), max(1, width // 24))
    frame = faces.resize(random.integers(0, 256, (*grain, 3), dtype=np.uint8), width, height)
    if kind == "faces":
        frame = np.asarray(frame // 2 + faces.resize(faces.portrait(), width, height) // 2, dtype=np.uint8)
    sight = detector.detect(frame)
    assert all(each.score >= detector.info.threshold for each in sight.faces)
    for each in (*sight.faces, *sight.perhaps):
        edges = (each.box.x, each.box.y, each.box.x + each.box.w, each.box.y + each.box.h)
        assert all(0 <= value <= 1.0001 for value in edges)
        assert all(0 <= value <= 1 for point in each.landmarks for value in point)
