"""dlib's face network as a second opinion on a close-up.

Trained on other pictures, with another aim (one window, sliding) than YuNet, so that both seldom err together: of 42
false faces that close-ups left open it took none for one; of true ones it knew nine in ten, where dlib's HOG detector
knew seven and took some dogs. A close-up costs it 1.3 ms, HOG 2.2.
"""

from typing import Final

import numpy as np

from detection.faces import Frame
from detection.faces.scales import Network

AGREE: Final = -0.3
"""Score from which a close-up shows a face; of the false ones the best reached -0.4, nearly all stayed below -1."""
CENTRAL: Final = 0.2
"""A window this far from the middle, in sides of the picture, shows something else."""


class WindowOpinion:
    """A network that knows faces of one size, shown one of about that size. For one thread."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.model: Final = network.info.model
        """What it is, for an incident's record."""

    def agrees(self, picture: Frame) -> bool:
        """Whether the square picture shows a face in its middle."""
        rows = self._network.rows(picture, AGREE)
        off = (rows[:, 1:3] + rows[:, 3:5]) / 2 - len(picture) / 2
        return bool(np.any(np.hypot(off[:, 0], off[:, 1]) < CENTRAL * len(picture)))
