"""Pictures for tests, made from the public-domain portrait in scikit-image, and where the weights are."""

import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from detection.faces import Frame
from detection.values import Box, Face, Observation, Quality

WIDTH, HEIGHT = 320, 240


def models_folder() -> Path | None:
    """The folder with YuNet's weights: INVIGIL_MODELS, else `../shared/models`; None where there is none."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "models"
    folder = Path(os.environ.get("INVIGIL_MODELS") or shared)
    return folder if (folder / "yunet_s_dynamic.onnx").is_file() else None


needs_models = pytest.mark.skipif(
    models_folder() is None, reason="needs YuNet's weights: set INVIGIL_MODELS or run `invigil models fetch`"
)


def encode(frame: Frame, *, quality: int = 60, progressive: bool = False) -> bytes:
    """A frame as JPEG, by default as the browser makes it."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return cv2.imencode(".jpg", frame, options)[1].tobytes()


@cache
def portrait() -> Frame:
    """One person, 512x384, BGR."""
    picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(picture[:384, :, ::-1], dtype=np.uint8)


@cache
def one_face(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A candidate alone."""
    return encode(resize(portrait(), width, height))


@cache
def two_faces(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A candidate and somebody else (the same portrait, mirrored)."""
    half = resize(portrait()[:, 96:352], width // 2, height)
    return encode(np.concatenate((half, half[:, ::-1]), axis=1))


@cache
def no_face(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """An empty room: a wall with light from one side, a shelf and a little noise."""
    wall = np.linspace(90, 200, width, dtype=np.float32)[np.newaxis, :, np.newaxis].repeat(height, axis=0)
    frame = wall.repeat(3, axis=2) + np.random.default_rng(0).normal(0, 3, (height, width, 3))
    room = np.clip(frame, 0, 255).astype(np.uint8)
    cv2.rectangle(room, (width // 8, height // 2), (width // 2, height * 3 // 4), (40, 60, 90), -1)
    cv2.line(room, (0, height * 7 // 8), (width, height * 7 // 8), (30, 30, 30), 2)
    return encode(room)


def resize(frame: Frame, width: int, height: int) -> Frame:
    """The frame at this size."""
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def observation(faces: int) -> Observation:
    """What detection would see with so many faces in view."""
    seen = tuple(Face(Box(0.1, 0.1, 0.2, 0.3), score=round(0.95 - 0.05 * n, 2)) for n in range(faces))
    return Observation(seen, Quality(brightness=0.5, contrast=0.2, sharpness=500.0), width=WIDTH, height=HEIGHT)
