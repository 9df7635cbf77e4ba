"""One face cut out upright: the second and last file that imports dlib, after `detection.faces.hog`.

dlib's own five points turn the face, not YuNet's: those hardly follow a tilted head (by 6 degrees of 30). The chip is
that of dlib/image_transforms/interpolation.h (`get_face_chip_details`), on which the network was trained.
"""

from pathlib import Path
from typing import Final

import cv2
import dlib
import numpy as np

from detection.faces import Frame
from detection.values import Face

SIDE: Final = 150
"""Width and height of a chip in pixels, fixed by the network."""
PADDING: Final = 0.25
"""What a chip leaves free on each side, in parts of the face; the network was trained so."""
WIDER: Final = 1.1
"""The predictor was trained on the square boxes of dlib's detector: so many times as wide as YuNet's ..."""
LOWER: Final = 0.57
"""... and centred so far down YuNet's taller ones, in parts of their height."""


class Cutter:
    """dlib's five point predictor, loaded. Not thread-safe: one per worker process."""

    def __init__(self, predictor: Path) -> None:
        """Load the predictor; dlib trusts the file, so take the verified one of `weights.installed`."""
        self._predictor = dlib.shape_predictor(str(predictor))

    def cut(self, frame: Frame, face: Face) -> Frame:
        """The face upright, 150 x 150 x 3, blue-green-red; black where it reaches beyond the frame.

        Args:
            frame: the decoded picture, height x width x 3, blue-green-red, in its full size: what was taken away for
                the detector is missed here.
            face: a face of YuNet in it. HOG's boxes are square and would be cut too low.
        """
        height, width = frame.shape[:2]
        rgb = np.ascontiguousarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        points = self._predictor(rgb, _square(face, width=width, height=height))
        chip = dlib.get_face_chip(rgb, points, size=SIDE, padding=PADDING)
        return np.ascontiguousarray(chip[:, :, ::-1], dtype=np.uint8)


def _square(face: Face, *, width: int, height: int) -> dlib.rectangle:
    """Where dlib's detector would have found the face, in pixels."""
    box = face.box
    x, y = (box.x + box.w / 2) * width, (box.y + box.h * LOWER) * height
    half = box.w * width * WIDER / 2
    return dlib.rectangle(round(x - half), round(y - half), round(x + half), round(y + half))
