"""The two files that describing a face needs, of those that `detection.networks.weights` finds and verifies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detection.networks import weights
from detection.networks.weights import Pinned, WeightsUnavailable

NETWORK: Final = Pinned(
    "dlib_face_recognition_resnet_model_v1.dat", "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
)
"""The network that describes a face (dlib, examples/dnn_face_recognition_ex.cpp)."""
PREDICTOR: Final = Pinned(
    "shape_predictor_5_face_landmarks.dat", "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
)
"""The corners of the eyes and the base of the nose: by them a chip is cut."""


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

    Raises:
        IdentityUnavailable: the package or a file of it is missing, or is not what was pinned.
    """
    try:
        return Weights(weights.installed(NETWORK), weights.installed(PREDICTOR))
    except WeightsUnavailable as error:
        raise IdentityUnavailable(str(error)) from error
