"""The descriptor is dlib's own, number by number, computed without dlib."""

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from detection import models
from detection.faces import Frame
from detection.faces.yunet import YuNet
from detection.identity import weights
from detection.identity.chips import PADDING, SIDE, Cutter
from detection.identity.descriptor import Descriptor
from detection.identity.weights import IdentityUnavailable
from detection.networks import weights as package
from detection.networks.layers import BadNetwork, Floats
from detection.values import Box, Face

from . import dat_files, faces

ROOT = Path(__file__).resolve().parents[1]
FACE = Face(
    Box(x=0.348, y=0.1638, w=0.1756, h=0.2952),
    score=0.9323,
    landmarks=((0.3909, 0.2652), (0.4827, 0.2672), (0.4304, 0.3243), (0.3879, 0.3718), (0.4681, 0.3741)),
)
"""What YuNet finds in `faces.portrait`, so that its weights are not needed here."""


@pytest.fixture(scope="module")
def descriptor() -> Descriptor:
    return Descriptor(weights.installed().network)


@pytest.fixture(scope="module")
def cutter() -> Cutter:
    return Cutter(weights.installed().predictor)


@pytest.fixture(scope="module")
def chips(cutter: Cutter) -> Frame:
    """One face in seven lights: large, small, dark, bright, blurred, mirrored, rotated."""
    frame = faces.portrait()
    turn = cv2.getRotationMatrix2D((0.42 * 512, 0.3 * 384), 20, 1)
    frames = [
        frame, faces.resize(frame, 320, 240), frame // 3, 255 - (255 - frame) // 2, cv2.GaussianBlur(frame, (9, 9), 3),
        cv2.warpAffine(frame, turn, (512, 384)),
    ]  # fmt: skip
    cut = [cutter.cut(np.asarray(each, dtype=np.uint8), FACE) for each in frames]
    return np.stack([*cut, cut[0][:, ::-1]])


def by_dlib(chips: Frame) -> Floats:
    model = dlib.face_recognition_model_v1(str(weights.installed().network))
    rgb = [np.ascontiguousarray(chip[:, :, ::-1]) for chip in chips]
    return np.array([model.compute_face_descriptor(chip) for chip in rgb], dtype=np.float32)


def test_the_numbers_are_those_of_dlib(descriptor: Descriptor, chips: Frame) -> None:
    found = descriptor.describe(chips)
    assert found.shape == (len(chips), 128)
    assert np.abs(found - by_dlib(chips)).max() < 1e-5


def test_noise_and_plain_colours_are_described_as_by_dlib(descriptor: Descriptor) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    plain = np.stack([np.full((SIDE, SIDE, 3), colour, dtype=np.uint8) for colour in (0, 255, (200, 20, 90))])
    odd = np.concatenate((noise, plain))
    assert np.abs(descriptor.describe(odd) - by_dlib(odd)).max() < 1e-5


def test_from_the_frame_on_it_is_what_dlib_does_alone(descriptor: Descriptor, cutter: Cutter) -> None:
    rgb = np.ascontiguousarray(faces.portrait()[:, :, ::-1])
    files = weights.installed()
    (found,) = dlib.get_frontal_face_detector()(rgb, 1)
    points = dlib.shape_predictor(str(files.predictor))(rgb, found)
    expected = dlib.face_recognition_model_v1(str(files.network)).compute_face_descriptor(rgb, points, 0, PADDING)
    ours = descriptor.describe(cutter.cut(faces.portrait(), FACE)[np.newaxis])[0]
    # The box is YuNet's and not dlib's, so the chip differs by a pixel or two: far less than people do.
    assert np.linalg.norm(ours - np.array(expected)) < 0.15


def test_a_batch_is_its_chips_one_by_one(descriptor: Descriptor, chips: Frame) -> None:
    singles = np.concatenate([descriptor.describe(chip[np.newaxis]) for chip in chips])
    assert np.abs(descriptor.describe(chips) - singles).max() < 1e-6


def test_one_person_is_near_and_noise_is_far(descriptor: Descriptor, chips: Frame) -> None:
    first, *others = descriptor.describe(chips)
    assert max(np.linalg.norm(first - other) for other in others) < 0.5
    noise = np.random.default_rng(2).integers(0, 256, (1, SIDE, SIDE, 3), dtype=np.uint8)
    assert np.linalg.norm(first - descriptor.describe(noise)[0]) > 0.6


# --- chips ------------------------------------------------------------------------------------------------


def test_a_chip_is_the_face_upright(cutter: Cutter) -> None:
    frame = faces.portrait()
    before = frame.copy()
    straight = cutter.cut(frame, FACE)
    assert straight.shape == (SIDE, SIDE, 3)
    assert np.array_equal(frame, before)
    centre = (0.435 * 512, 0.31 * 384)
    turned = cv2.warpAffine(frame, cv2.getRotationMatrix2D(centre, 20, 1), (512, 384))
    again = cutter.cut(np.asarray(turned, dtype=np.uint8), FACE)
    # Turned back by the cutter: inside, the pictures agree again.
    assert np.abs(straight[40:110, 40:110].astype(int) - again[40:110, 40:110]).mean() < 15


@faces.needs_models
def test_the_face_of_these_tests_is_what_yunet_finds() -> None:
    folder = faces.models_folder()
    assert folder is not None
    (found,) = YuNet(folder / models.by_name("yunet").file).detect(faces.portrait()).faces
    assert np.abs(np.array(found.landmarks) - np.array(FACE.landmarks)).max() < 0.002


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (1, 1, 0, 0), (0.5, 0.5, 0, 0.3), (0, 0, 1, 1), (0.99, 0, 0.01, 1)])
@pytest.mark.parametrize("size", [(240, 320), (1, 1), (1, 640)])
def test_an_odd_face_gives_a_chip_and_no_error(cutter: Cutter, descriptor: Descriptor, box: tuple[float, ...],
                                               size: tuple[int, int]) -> None:  # fmt: skip
    chip = cutter.cut(np.full((*size, 3), 127, dtype=np.uint8), Face(Box(*box), score=0.9))
    assert np.isfinite(descriptor.describe(chip[np.newaxis])).all()


# --- the files --------------------------------------------------------------------------------------------


def test_a_damaged_file_is_no_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "cut.dat"
    path.write_bytes(weights.installed().network.read_bytes()[:-1])
    with pytest.raises(BadNetwork):
        Descriptor(path)


def test_a_network_of_other_results_is_no_descriptor(tmp_path: Path) -> None:
    (tmp_path / "small.dat").write_bytes(dat_files.small())
    with pytest.raises(BadNetwork, match="5 numbers"):
        Descriptor(tmp_path / "small.dat")


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "find_spec", lambda name: None)
    with pytest.raises(IdentityUnavailable, match="make setup"):
        weights.installed()


@pytest.mark.parametrize(
    ("name", "words"), [(weights.NETWORK.file, "not the pinned"), (weights.PREDICTOR.file, "cannot be read")]
)
def test_other_files_than_the_pinned_are_refused(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(weights.installed().network.parent, tmp_path / "models", ignore=lambda *_: {name})
    if "pinned" in words:
        (tmp_path / "models" / name).write_bytes(b"something else")
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(package, "find_spec", lambda name: spec)
    with pytest.raises(IdentityUnavailable, match=words):
        weights.installed()


@pytest.mark.parametrize(
    ("module", "loaded"),
    [("comparison", set()), ("weights", set()), ("descriptor", {"onnxruntime"}), ("chips", {"dlib"})],
)
def test_each_library_is_loaded_only_where_it_is_used(module: str, loaded: set[str]) -> None:
    libraries = {"dlib", "onnxruntime", "pkg_resources"}
    code = f"import sys, detection.identity.{module}; print(*{libraries} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) == loaded
