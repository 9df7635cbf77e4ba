"""dlib's HOG detector, the way of the tutorials, kept to compare with.

It is the one that `face_recognition.face_locations` runs, asked directly, because that function throws the scores
away. `face_recognition` itself is not imported: it loads 130 MB of other networks with it. Alone it finds no tilted,
few small or dark faces, and costs more than dlib's network does in onnxruntime (see `scales`), so no exam runs on it.
With `detection.identity.chips` the only file that imports dlib.
"""

import hashlib
from typing import Final

import cv2
import dlib
import numpy as np

from detection.faces import Frame, Sight, boxes
from detection.values import DetectorInfo, Face

UPSAMPLE: Final = 1
"""The detector's window is 80 px; enlarged once it finds faces from 40 px on.

The frame is not brought to one size before: 640 px wide it costs 100 ms and shows more, 320 px wide 30 ms. Which it
is, is decided by the width of the stream."""
THRESHOLD: Final = -0.1
"""The score is a distance from the separating plane, not a probability. A little before the plane it finds more faces
that are dark, tilted or blurred, and on labelled pictures of 320 and 640 px no more false ones."""
MODEL: Final = f"dlib {dlib.__version__} frontal_face_detector"
"""There is no file of weights: they are compiled in."""


class Hog:
    """The detector compiled into dlib."""

    def __init__(self, *, threshold: float = THRESHOLD) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._info = DetectorInfo(
            name="hog",
            model=MODEL,
            # What is hashed is the detector as dlib serializes it: the same for every
            # instance of one version of dlib, and another for a version whose filters differ.
            model_sha256=hashlib.sha256(self._detector.__getstate__()[0]).hexdigest(),
            threshold=threshold,
            landmarks=False,
        )

    @property
    def info(self) -> DetectorInfo:
        """Which dlib judges."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """The faces of the frame, without landmarks. Weaker traces are not told: below its threshold HOG sees them in
        wallpaper too."""
        height, width = frame.shape[:2]
        rgb = np.ascontiguousarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        found, scores, _ = self._detector.run(rgb, UPSAMPLE, self._info.threshold)
        faces = (
            Face(
                # dlib's right and bottom are the last pixels inside.
                box=boxes.box((r.left(), r.top(), r.right() + 1, r.bottom() + 1), width=width, height=height),
                score=round(float(score), boxes.DIGITS),
            )
            for r, score in zip(found, scores, strict=True)
        )
        return Sight(tuple(sorted(faces, key=lambda face: -face.score)))
