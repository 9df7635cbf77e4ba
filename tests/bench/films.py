"""Films for the simulator, made from the pictures of tests.faces."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from detection.faces import Frame
from tests import faces

STEPS = 45
"""Different pictures of somebody who sits: 9 seconds of them."""
SCENES = (("one", 3), ("two", 3), ("one", 3), ("none", 4))
"""What is to be seen, and for how many seconds: two incidents a round, each long enough to be sure of."""


def film(path: Path, pictures: Iterable[Frame], *, fps: int = 5) -> Path:
    """Write pictures of one size as a video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.bit_rate = 4_000_000
        stream.time_base = Fraction(1, fps)
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def trouble(path: Path, *, fps: int = 5) -> Path:
    """One candidate, who is joined by another, is alone again, goes away and comes back."""
    # Larger than the stream, as a camera's pictures are.
    scenes = {"one": faces.one_face(640, 480), "two": faces.two_faces(640, 480), "none": faces.no_face(640, 480)}
    still = {name: decode(data) for name, data in scenes.items()}
    noise = np.random.default_rng(1)

    def pictures() -> Iterable[Frame]:
        for name, seconds in SCENES:
            for _ in range(seconds * fps):
                # A camera never gives the same picture twice.
                grain = noise.normal(0, 2, still[name].shape)
                yield np.clip(still[name] + grain, 0, 255).astype(np.uint8)

    return film(path, pictures(), fps=fps)


def decode(data: bytes) -> Frame:
    """A JPEG's pixels."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def moving(width: int, height: int, *, quality: int) -> list[bytes]:
    """One person who sits as people do, never quite still, as JPEGs to be sent over and over."""
    portrait = faces.resize(faces.portrait(), round(width * 1.04), round(height * 1.04))
    room = np.array([portrait.shape[1] - width, portrait.shape[0] - height])
    turns = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    corners = [((np.array([np.cos(3 * turn), np.sin(4 * turn)]) + 1) / 2 * room).astype(int) for turn in turns]
    return [faces.encode(portrait[y : y + height, x : x + width], quality=quality) for x, y in corners]
