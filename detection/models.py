"""The pinned weights: what they are called, where they come from and how to know them. Downloads nothing."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Model:
    """One file of weights, pinned by its hash."""

    name: str
    """What the command line calls it."""
    file: str
    """File name inside the models folder."""
    sha256: str
    """SHA-256 of the file, hexadecimal."""
    url: str
    """Its public home."""
    licence: str
    """SPDX identifier."""
    needed: bool
    """True when a detector of ours runs on it; the others are kept to compare with."""


class ModelMismatch(Exception):
    """A file has the name of pinned weights and other contents."""


MODELS: Final = (
    Model(
        name="yunet",
        file="yunet_s_dynamic.onnx",
        sha256="daede24002cc8590f457998cc5e6c9e8b82f45f6bd969506a8913cd4ed10a2d3",
        url="https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/"
        "0047ac24afb1a50a0c6105001c89d1b5b805dbf1/onnx/yunet_s_dynamic.onnx",
        licence="Apache-2.0",
        needed=True,
    ),
    Model(
        name="yunet-official",
        file="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        # The repository keeps the file in Git LFS; `raw.` would answer with a pointer of three lines.
        url="https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/"
        "face_detection_yunet/face_detection_yunet_2023mar.onnx",
        licence="MIT",
        needed=False,
    ),
)


def by_name(name: str) -> Model:
    """The pinned model of this name.

    Raises:
        KeyError: there is none.
    """
    for model in MODELS:
        if model.name == name:
            return model
    raise KeyError(name)


def find(name: str, folder: Path | None) -> Path | None:
    """The verified file of model `name` in `folder`, or None when it is not there.

    Raises:
        KeyError: no model has this name.
        ModelMismatch: the file is there and is not what was pinned.
    """
    model = by_name(name)
    if folder is None or not (path := folder / model.file).is_file():
        return None
    if (found := sha256(path)) != model.sha256:
        raise ModelMismatch(
            f"{path} is not the pinned {model.file}: its SHA-256 is {found}, expected {model.sha256}. "
            "Remove the file and run `invigil models fetch`."
        )
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
