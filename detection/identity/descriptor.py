"""Whose face: dlib's descriptor of 128 numbers, computed by onnxruntime in a tenth of the time that dlib takes.

The weights are dlib's own (examples/dnn_face_recognition_ex.cpp); the numbers agree with those of dlib's
`face_recognition_model_v1.compute_face_descriptor` to about 1e-6. Nothing here decides whether two faces are one
person: see `comparison`.
"""

from pathlib import Path

import numpy as np

from detection.faces import Frame
from detection.identity import LENGTH
from detection.networks import dat, graph, session
from detection.networks.layers import BadNetwork, Floats


class Descriptor:
    """The network, loaded, on one thread. One per worker process: 0.2 s to load, and about 125 MB."""

    def __init__(self, weights: Path) -> None:
        """Load the network from dlib's file.

        Raises:
            layers.BadNetwork: it is another network, damaged or incomplete.
            OSError: it cannot be read.
        """
        self._session = session.load(graph.build(dat.read(weights)))
        if (outputs := self._session.get_outputs()[0].shape[1]) != LENGTH:
            raise BadNetwork(f"{outputs} numbers describe a face instead of {LENGTH}")

    def describe(self, chips: Frame) -> Floats:
        """One row of 128 numbers per chip, each about -0.6 to 0.6. Their Euclidean distance is what counts.

        Args:
            chips: samples x 150 x 150 x 3 of `chips.Cutter`. A batch of four saves little: about a seventh.
        """
        return np.asarray(self._session.run([graph.OUTPUT], {graph.INPUT: chips})[0], dtype=np.float32)
