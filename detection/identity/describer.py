"""From a face in a frame to its descriptor: `chips` and `descriptor` together, loaded once per worker."""

import logging
from typing import Self

import numpy as np

from detection.faces import Frame
from detection.identity import weights
from detection.identity.chips import Cutter
from detection.identity.descriptor import Descriptor
from detection.networks.layers import BadNetwork
from detection.values import Face

logger = logging.getLogger(__name__)


class Describer:
    """Describes faces. For one thread."""

    def __init__(self, cutter: Cutter, descriptor: Descriptor) -> None:
        self._cutter = cutter
        self._descriptor = descriptor

    @classmethod
    def installed(cls) -> Self | None:
        """With dlib's weights from the installed package; None, and a warning, where they cannot be had.

        Takes half a second and 125 MB.
        """
        try:
            files = weights.installed()
            return cls(Cutter(files.predictor), Descriptor(files.network))
        except (weights.IdentityUnavailable, BadNetwork, OSError) as error:
            logger.warning("Faces are not compared: %s", error)
            return None

    def describe(self, frame: Frame, face: Face) -> bytes | None:
        """The descriptor of a face, as `comparison.Described` wants it; None where the face has no landmarks.

        Args:
            frame: the decoded picture in its full size, height x width x 3, blue-green-red.
            face: a face of YuNet in it.
        """
        if not face.landmarks:
            return None
        chip = self._cutter.cut(frame, face)
        return bytes(self._descriptor.describe(chip[np.newaxis])[0].astype("<f4").data)
