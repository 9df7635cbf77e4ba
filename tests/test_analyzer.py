"""A JPEG becomes an observation; what is no picture becomes an error that says so."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from detection import jpeg
from detection.analyzer import MAX_PERHAPS, WORKING_SIDE, Analyzer, UndecodableFrame, decode, measure
from detection.faces import Frame, Sight
from detection.faces.views import shrink
from detection.levels import GRID
from detection.values import Box, DetectorInfo, Face

from . import faces

FACE = Face(Box(0.25, 0.25, 0.5, 0.5), 0.9)
FRONTAL = replace(FACE, landmarks=((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.43, 0.6), (0.57, 0.6)))


class Eye:
    """A detector that sees the same everywhere, by default one face, and remembers the frames."""

    info = DetectorInfo(name="eye", model="none", model_sha256="", threshold=0.5)

    def __init__(self, sight: Sight | None = None) -> None:
        self.sight = sight or Sight((FACE,))
        self.frames: list[Frame] = []

    def detect(self, frame: Frame) -> Sight:
        self.frames.append(frame)
        return self.sight


class Namer:
    """Describes every face by the width of its frame."""

    def describe(self, frame: Frame, face: Face) -> bytes | None:
        return str(frame.shape[1]).encode()


def test_an_observation_has_faces_quality_and_size() -> None:
    seen = Analyzer(Eye()).analyze(faces.one_face()).observation
    assert (seen.width, seen.height, len(seen.faces)) == (320, 240, 1)
    assert 0.3 < seen.quality.brightness < 0.7


def test_what_may_be_a_face_is_passed_on_and_never_many() -> None:
    traces = tuple(Face(Box(0, 0, 0.1, 0.1), 0.6 - n / 100) for n in range(MAX_PERHAPS + 3))
    seen = Analyzer(Eye(Sight((), traces))).analyze(faces.no_face()).observation
    assert (seen.faces, seen.perhaps) == ((), traces[:MAX_PERHAPS])


@pytest.mark.parametrize(
    ("seen", "describe", "expected"),
    [
        ((FRONTAL,), True, b"1280"),
        ((FRONTAL,), False, None),
        ((FRONTAL, FRONTAL), True, None),
        ((FACE,), True, None),
        ((), True, None),
    ],
    ids=["alone", "not asked for", "one of two", "without landmarks", "nobody"],
)
def test_only_a_face_that_is_alone_is_described_and_only_when_asked(
    seen: tuple[Face, ...], describe: bool, expected: bytes | None
) -> None:
    analyzer = Analyzer(Eye(Sight(seen)), Namer())
    assert analyzer.analyze(faces.one_face(1280, 960), describe=describe).descriptor == expected


def test_without_a_describer_nobody_is_described() -> None:
    assert Analyzer(Eye(Sight((FRONTAL,)))).analyze(faces.one_face(), describe=True).descriptor is None


def test_a_large_frame_is_scaled_down_for_the_detector_only() -> None:
    eye = Eye()
    seen = Analyzer(eye).analyze(faces.one_face(1280, 960)).observation
    assert (seen.width, seen.height) == (1280, 960)
    assert eye.frames[0].shape == (480, WORKING_SIDE, 3)


def test_a_small_frame_is_never_scaled_up() -> None:
    eye = Eye()
    Analyzer(eye).analyze(faces.one_face(160, 120))
    assert eye.frames[0].shape == (120, 160, 3)


def test_a_refused_header_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = bytearray(faces.one_face())
    at = huge.index(b"\xff\xc0") + 5
    huge[at : at + 4] = (30000).to_bytes(2) * 2
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(jpeg.BadDimensions):
        Analyzer(Eye()).analyze(bytes(huge))


def test_good_headers_without_a_picture_are_undecodable() -> None:
    whole = faces.one_face()
    tables = whole.index(b"\xff\xdb")
    with pytest.raises(UndecodableFrame):
        decode(whole[:tables] + whole[whole.index(b"\xff\xc0") :])


def test_a_turned_picture_is_seen_as_browsers_show_it() -> None:
    turned = b"\xff\xd8\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    assert decode(turned + faces.one_face()[2:]).shape == (320, 240, 3)


def grey(level: int) -> Frame:
    return np.full((240, 320, 3), level, dtype=np.uint8)


@pytest.mark.parametrize(("level", "brightness"), [(0, 0.0), (51, 0.2), (255, 1.0)])
def test_a_flat_picture_has_its_brightness_and_nothing_else(level: int, brightness: float) -> None:
    quality, _ = measure(grey(level))
    assert (quality.brightness, quality.contrast, quality.sharpness) == (brightness, 0.0, 0.0)


def test_blur_takes_sharpness_and_half_black_is_all_contrast() -> None:
    frame = decode(faces.one_face())
    blurred = np.asarray(cv2.GaussianBlur(frame, (0, 0), 6), dtype=np.uint8)
    assert measure(blurred)[0].sharpness < measure(frame)[0].sharpness / 20
    halves = grey(0)
    halves[:, 160:] = 255
    assert measure(halves)[0].contrast == pytest.approx(0.5, abs=0.01)


def test_quality_does_not_depend_on_the_size_of_the_frame() -> None:
    small, large = (measure(decode(faces.one_face(*size)))[0] for size in ((320, 240), (1280, 960)))
    assert small.brightness == pytest.approx(large.brightness, abs=0.01)
    assert small.sharpness == pytest.approx(large.sharpness, rel=0.3)


def test_levels_are_the_picture_row_by_row() -> None:
    frame = grey(0)
    frame[:, 160:] = 200
    frame[120:] = 100
    columns, rows = GRID
    _, levels = measure(frame)
    assert levels == (bytes(columns // 2) + b"\xc8" * (columns // 2)) * (rows // 2) + b"\x64" * columns * (rows // 2)


@pytest.mark.parametrize("size", [(320, 240), (1280, 960), (640, 360), (240, 320)])
def test_levels_hardly_depend_on_the_size_of_the_frame(size: tuple[int, int]) -> None:
    small, large = (
        np.frombuffer(measure(faces.resize(faces.portrait(), *each))[1], dtype=np.uint8) for each in (size, (640, 480))
    )
    assert len(small) == GRID[0] * GRID[1]
    assert np.abs(small.astype(int) - large).mean() < 6


@pytest.mark.parametrize(
    ("size", "expected"), [((480, 640), (480, 640)), ((960, 1280), (480, 640)), ((1920, 32), (640, 11))]
)
def test_shrinking_keeps_proportions(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert shrink(np.zeros((*size, 3), dtype=np.uint8), 640).shape[:2] == expected
