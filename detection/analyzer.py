"""One JPEG to one observation: check, decode, measure, look. Remembers nothing from one frame to the next."""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from detection import jpeg
from detection.faces import Detector, Frame
from detection.faces.views import shrink
from detection.identity.view import slack
from detection.levels import GRID
from detection.values import Face, Observation, Quality

WORKING_SIDE: Final = 640
"""Longest side in pixels of what the detector gets, and so takes its close-ups from."""
MAX_FACES: Final = 50
"""The best of them; no rule counts further."""
MAX_PERHAPS: Final = 5
"""The best of what may be faces."""
QUALITY_SIDE: Final = 160
"""Longest side in pixels of the grey picture that quality is measured on."""

cv2.setNumThreads(1)  # one worker is one core's load; OpenCV would start a thread for every core


class UndecodableFrame(ValueError):
    """The headers are those of a JPEG and the picture behind them is not one."""


class Describer(Protocol):
    """Tells whose face it is, in numbers."""

    def describe(self, frame: Frame, face: Face) -> bytes | None:
        """The descriptor of a face of the frame; None where it cannot be made."""
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that comes of one picture."""

    observation: Observation
    """What is to be seen in it."""
    descriptor: bytes | None = None
    """Of the only face, when it was asked for and somebody can be told by it: biometric data, kept out of the
    observation and of every record."""


class Analyzer:
    """Looks at pictures with one detector. For one thread."""

    def __init__(self, detector: Detector, describer: Describer | None = None) -> None:
        self.detector = detector
        self._describer = describer

    def analyze(self, data: bytes, *, describe: bool = False) -> Analysis:
        """What is to be seen in a JPEG.

        Args:
            data: its bytes.
            describe: whether the only face is to be described, which costs more than finding it.

        Raises:
            jpeg.JpegError: its headers are refused; it is then not decoded.
            UndecodableFrame: it does not decode.
        """
        return self.look(decode(data), describe=describe)

    def look(self, frame: Frame, *, describe: bool = False) -> Analysis:
        """What is to be seen in a decoded frame."""
        height, width = frame.shape[:2]
        sight = self.detector.detect(shrink(frame, WORKING_SIDE))
        quality, levels = measure(frame)
        observation = Observation(
            faces=sight.faces[:MAX_FACES],
            quality=quality,
            width=width,
            height=height,
            perhaps=sight.perhaps[:MAX_PERHAPS],
            levels=levels,
        )
        described = None if self._describer is None or not describe else descriptor(self._describer, frame, observation)
        return Analysis(observation, described)


def descriptor(describer: Describer, frame: Frame, seen: Observation) -> bytes | None:
    """The descriptor of the only face that is seen in a frame, when somebody can be told by it."""
    if len(seen.faces) != 1:
        return None
    (face,) = seen.faces
    if slack(face, width=seen.width, height=seen.height) is None:
        return None
    return describer.describe(frame, face)


def decode(data: bytes) -> Frame:
    """The picture, turned upright as browsers show it. Its headers are checked first.

    Raises:
        jpeg.JpegError: its headers are refused; it is then not decoded.
        UndecodableFrame: it does not decode.
    """
    jpeg.dimensions(data)
    try:
        frame = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise UndecodableFrame("The JPEG picture does not decode.") from error
    if frame is None:
        raise UndecodableFrame("The JPEG picture does not decode.")
    return np.asarray(frame, dtype=np.uint8)


def measure(frame: Frame) -> tuple[Quality, bytes]:
    """How good the view is, and its levels, on a small grey picture of the same size for every camera."""
    grey = shrink(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8), QUALITY_SIDE)
    mean, deviation = cv2.meanStdDev(grey)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    quality = Quality(
        brightness=round(float(mean[0, 0]) / 255, 4),
        contrast=round(float(deviation[0, 0]) / 255, 4),
        sharpness=round(float(edges[0, 0]) ** 2, 2),
    )
    return quality, np.asarray(cv2.resize(grey, GRID, interpolation=cv2.INTER_AREA), dtype=np.uint8).tobytes()
