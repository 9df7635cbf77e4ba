"""One JPEG to one observation: check, decode, measure, look. Remembers nothing from one frame to the next."""

from typing import Final

import cv2
import numpy as np

from detection import jpeg
from detection.faces import Detector, Frame
from detection.faces.views import shrink
from detection.values import Observation, Quality

WORKING_SIDE: Final = 640
"""Longest side in pixels of what the detector gets, and so takes its close-ups from."""
MAX_FACES: Final = 50
"""The best of them; no rule counts further."""
QUALITY_SIDE: Final = 160
"""Longest side in pixels of the grey picture that quality is measured on."""

cv2.setNumThreads(1)  # one worker is one core's load; OpenCV would start a thread for every core


class UndecodableFrame(ValueError):
    """The headers are those of a JPEG and the picture behind them is not one."""


class Analyzer:
    """Looks at pictures with one detector. For one thread."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector

    def analyze(self, data: bytes) -> Observation:
        """What is to be seen in a JPEG.

        Raises:
            jpeg.JpegError: its headers are refused; it is then not decoded.
            UndecodableFrame: it does not decode.
        """
        return self.look(decode(data))

    def look(self, frame: Frame) -> Observation:
        """What is to be seen in a decoded frame."""
        height, width = frame.shape[:2]
        sight = self.detector.detect(shrink(frame, WORKING_SIDE))
        return Observation(
            faces=sight.faces[:MAX_FACES],
            quality=measure(frame),
            width=width,
            height=height,
        )


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


def measure(frame: Frame) -> Quality:
    """How good the view is, on a small grey picture of the same size for every camera, so that figures compare."""
    grey = cv2.cvtColor(shrink(frame, QUALITY_SIDE), cv2.COLOR_BGR2GRAY)
    mean, deviation = cv2.meanStdDev(grey)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return Quality(
        brightness=round(float(mean[0, 0]) / 255, 4),
        contrast=round(float(deviation[0, 0]) / 255, 4),
        sharpness=round(float(edges[0, 0]) ** 2, 2),
    )
