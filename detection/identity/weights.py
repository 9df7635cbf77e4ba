"""Where dlib's weights are: in the installed package `face_recognition_models`, pinned by their hashes.

Pinned because the limits of `comparison` were measured with these very weights, and because dlib reads the predictor
in C++ and trusts it. Their author has released both into the public domain: see github.com/davisking/dlib-models.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from detection.models import sha256

NETWORK: Final = "dlib_face_recognition_resnet_model_v1.dat"
"""The network that describes a face (dlib, examples/dnn_face_recognition_ex.cpp)."""
NETWORK_SHA256: Final = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
"""SHA-256 of it, hexadecimal: what an incident's record names."""
PREDICTOR: Final = "shape_predictor_5_face_landmarks.dat"
"""The corners of the eyes and the base of the nose: by them a chip is cut."""
PREDICTOR_SHA256: Final = "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
"""SHA-256 of it, hexadecimal."""


class IdentityUnavailable(RuntimeError):
    """Faces cannot be described here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The two files."""

    network: Path
    """For `descriptor.Descriptor`."""
    predictor: Path
    """For `chips.Cutter`."""


def installed() -> Weights:
    """The files of the installed package, verified. Reads 31 MB.

    The package is found, not imported: importing it warns about pkg_resources.

    Raises:
        IdentityUnavailable: the package or a file of it is missing, or is not what was pinned.
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise IdentityUnavailable("The package face_recognition_models is not installed: run `make setup`.")
    folder = Path(spec.origin).parent / "models"
    return Weights(_pinned(folder / NETWORK, NETWORK_SHA256), _pinned(folder / PREDICTOR, PREDICTOR_SHA256))


def _pinned(path: Path, expected: str) -> Path:
    try:
        found = sha256(path)
    except OSError as error:
        raise IdentityUnavailable(f"{path} cannot be read ({error.strerror}): run `make setup`.") from error
    if found != expected:
        raise IdentityUnavailable(
            f"{path} is not the pinned one: its SHA-256 is {found}, expected {expected}. "
            "Install face-recognition-models 0.3.0 anew."
        )
    return path
