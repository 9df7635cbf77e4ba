"""A small labelled folder that may be shipped, made from public-domain pictures in scikit-image."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from detection.faces import Frame

from . import faces
from .bench.films import decode, film

FPS = 5
SCENES = (("one", 8), ("two", 5), ("one", 8), ("none", 5), ("one", 8))
"""What the clip shows, and for how many seconds."""
SWAY = 12
"""Pixels by which people move to and fro: nobody sits as still as a picture does."""


def write(folder: Path) -> Path:
    """Make the folder with pictures, a clip and their labels."""
    (folder / "images").mkdir(parents=True)
    (folder / "videos").mkdir()
    lines = ["path,faces,ambiguous,note"]
    for name, (count, ambiguous, make) in PICTURES.items():
        (folder / "images" / f"{name}.jpg").write_bytes(faces.encode(make(), quality=90))
        lines.append(f"images/{name}.jpg,{count},{ambiguous},made for tests")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    film(folder / "videos" / "exam.mp4", scenes(), fps=FPS)
    lines, at = ["file,start_s,end_s,faces,identity,note"], 0
    for name, seconds in SCENES:
        count, who = {"one": (1, "astronaut"), "two": (2, ""), "none": (0, "")}[name]
        lines.append(f"videos/exam.mp4,{at},{at + seconds},{count},{who},{name}")
        at += seconds
    (folder / "segments.csv").write_text("\n".join(lines) + "\n")
    return folder


def scenes() -> Iterator[Frame]:
    """The frames of the clip: everything moves a little, and a camera never gives the same picture twice."""
    chance = np.random.default_rng(7)
    still = {"one": one(), "two": two(), "none": none()}
    for name, seconds in SCENES:
        for n in range(seconds * FPS):
            shift = round(SWAY * np.sin(n / 4))
            moved = np.roll(still[name], shift, axis=1) + chance.normal(0, 2, still[name].shape)
            yield np.clip(moved, 0, 255).astype(np.uint8)


def one() -> Frame:
    """A candidate alone."""
    return faces.resize(faces.portrait(), 640, 480)


def two() -> Frame:
    """A candidate and somebody else."""
    return decode(faces.two_faces(640, 480))


def none() -> Frame:
    """An empty room."""
    return decode(faces.no_face(640, 480))


def _three() -> Frame:
    third = faces.resize(faces.portrait()[:, 96:352], 213, 320)
    return np.concatenate((third, third[:, ::-1], third), axis=1)


def _tilted() -> Frame:
    matrix = cv2.getRotationMatrix2D((320, 160), 20, 1)
    return np.asarray(cv2.warpAffine(one(), matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _dark() -> Frame:
    return np.clip((one() / 255) ** 1.5 * 0.5 * 255, 0, 255).astype(np.uint8)


def _far() -> Frame:
    room = none()
    room[120:420, 120:520] = faces.resize(faces.portrait(), 400, 300)
    return room


def _shared(name: str) -> Callable[[], Frame]:
    """A picture of scikit-image on which nobody is."""

    def make() -> Frame:
        return np.ascontiguousarray(getattr(skimage.data, name)()[:, :, ::-1], dtype=np.uint8)

    return make


def _cut() -> Frame:
    return np.ascontiguousarray(faces.portrait()[:, 225:])


PICTURES: dict[str, tuple[int, int, Callable[[], Frame]]] = {
    "one": (1, 0, one),
    "mirrored": (1, 0, lambda: np.ascontiguousarray(one()[:, ::-1])),
    "tilted": (1, 0, _tilted),
    "dark": (1, 0, _dark),
    "far": (1, 0, _far),
    "two": (2, 0, two),
    "three": (3, 0, _three),
    "room": (0, 0, none),
    "cat": (0, 0, _shared("chelsea")),
    "coffee": (0, 0, _shared("coffee")),
    "rocket": (0, 0, _shared("rocket")),
    "cut": (1, 1, _cut),
}
"""Faces, whether they are ambiguous, and how each picture is made."""
