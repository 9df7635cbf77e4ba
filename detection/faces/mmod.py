"""dlib's network that finds faces ("mmod"), in onnxruntime: a twentieth of the time that dlib takes for it.

It comes with the package `face_recognition_models`. What dlib makes of its map of scores (dlib/dnn/loss.h,
`loss_mmod_::to_label`) is done here for one picture at one scale, with the same scores and the same boxes. dlib lays a
pyramid of 20 scales, each 5/6 of the one before, into one large picture (dlib/image_transforms/image_pyramid.h,
`create_tiled_pyramid`); which scales are looked at here, and which of their boxes are one face, is told in `scales`.
"""

import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detection.faces import Frame
from detection.models import sha256
from detection.networks import dat, score_map, session
from detection.networks.graph import INPUT, OUTPUT
from detection.networks.layers import Floats
from detection.networks.weights import Pinned
from detection.values import DetectorInfo

WEIGHTS: Final = Pinned(
    "mmod_human_face_detector.dat", "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6"
)
"""The network of examples/dnn_mmod_face_detection_ex.cpp."""
WINDOW: Final = 80
"""Side in pixels of the square that it judges, fixed by the network: of any other size a face must be scaled to it."""
CELL: Final = 8
"""Pixels between the windows of neighbouring scores."""
FIRST: Final = 14
"""Pixels from the edge of its input to the middle of the first window."""
BORDER: Final = 11
"""Black pixels that dlib, too, lays around the picture, so that faces at its edge are in the midst of a window."""
MOST_PIXELS: Final = 1_500_000
"""Larger pictures are judged in bands, because what the network computes in between takes 50 bytes a pixel."""
SHARED: Final = 2 * WINDOW
"""Rows of pixels that neighbouring bands have in common: each face lies whole in one of them, with something around."""


class Mmod:
    """The network, loaded, on one thread. Loads in 0.1 s, and takes about 120 MB when it has seen a large picture."""

    def __init__(self, weights: Path) -> None:
        """Load the network from dlib's file.

        Raises:
            layers.BadNetwork: it is another network, damaged or incomplete.
            OSError: it cannot be read.
        """
        # With patterns it takes twice the memory and no less time.
        self._session = session.load(score_map.build(dat.read(weights)), patterns=False)
        self._info = DetectorInfo(
            name="hog", model=f"dlib {weights.name}", model_sha256=sha256(weights), threshold=0.0, landmarks=False
        )

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge; at 0 is the plane that its training drew between faces and the rest."""
        return self._info

    def rows(self, picture: Frame, least: float) -> Floats:
        """Every window whose score is at least `least`: the score and x1, y1, x2, y2 in pixels of the picture.

        A face is found in several neighbouring windows. One of exactly the right size in the middle of a window
        scores about 1.
        """
        height, width = picture.shape[:2]
        if min(height, width) < WINDOW // 2:  # no face of this size is in there, and the network would not fit
            return np.zeros((0, 5), dtype=np.float32)
        bands = math.ceil(height * width / MOST_PIXELS)
        if bands == 1:
            return self._judge(picture, least)
        found: list[Floats] = []
        for band in range(bands):
            top = max(0, height * band // bands - SHARED // 2)
            bottom = height * (band + 1) // bands + SHARED // 2
            found.append(self._judge(picture[top:bottom], least) + np.array((0, 0, top, 0, top), dtype=np.float32))
        return np.concatenate(found)

    def _judge(self, picture: Frame, least: float) -> Floats:
        framed = cv2.copyMakeBorder(picture, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_CONSTANT)
        scores = self._session.run([OUTPUT], {INPUT: framed[np.newaxis]})[0][0, 0]
        down, across = np.nonzero(scores >= least)
        middle = np.stack((across, down), axis=1) * CELL + (FIRST - BORDER)
        found = (scores[down, across, np.newaxis], middle - WINDOW / 2, middle + WINDOW / 2)
        return np.concatenate(found, axis=1, dtype=np.float32)
