"""Where dlib's trained models are: in the installed package `face_recognition_models`, pinned by their hashes.

Pinned because every threshold was measured with these very weights, and because dlib reads some of them in C++ and
trusts them. Their author has released them into the public domain: see github.com/davisking/dlib-models.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from detection.models import sha256


class WeightsUnavailable(RuntimeError):
    """A file is missing or is not the pinned one; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One file of the package."""

    file: str
    """Its name."""
    sha256: str
    """SHA-256 of it, hexadecimal: what an incident's record names."""


def installed(pinned: Pinned) -> Path:
    """The file of the installed package, verified by reading it once.

    The package is found, not imported: importing it warns about pkg_resources.

    Raises:
        WeightsUnavailable: the package or the file is missing, or is not what was pinned.
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise WeightsUnavailable("The package face_recognition_models is not installed: run `make setup`.")
    path = Path(spec.origin).parent / "models" / pinned.file
    try:
        found = sha256(path)
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read ({error.strerror}): run `make setup`.") from error
    if found != pinned.sha256:
        raise WeightsUnavailable(
            f"{path} is not the pinned one: its SHA-256 is {found}, expected {pinned.sha256}. "
            "Install face-recognition-models 0.3.0 anew."
        )
    return path
