"""Face detectors behind one seam: a BGR frame in, faces out. Which library looks is nobody else's business."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from detection import models
from detection.values import DetectorInfo, Face

if TYPE_CHECKING:
    from detection.faces.closer_look import Opinion

logger = logging.getLogger(__name__)

Frame = NDArray[np.uint8]
"""A picture as OpenCV has it: height x width x 3, blue-green-red."""
BUILT_IN: Final = ("auto", "hog", "yunet")
"""What an operator may ask for by these names; any other is a plug-in's (see `plugins`)."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a detector saw in one frame."""

    faces: tuple[Face, ...]
    """Every face that counts, best score first."""
    perhaps: tuple[Face, ...] = ()
    """Traces that do not suffice, none of them one of the faces, best score first. A head turned away leaves one, and
    so do some dogs, hands and lamps; an empty room mostly leaves none."""


class Detector(Protocol):
    """Finds faces. Kept by one thread of one process."""

    @property
    def info(self) -> DetectorInfo:
        """Which detector this is, for an incident's record."""
        ...

    def detect(self, frame: Frame) -> Sight:
        """The faces of the frame whose score reaches the threshold, and what may be one."""
        ...


class DetectorUnavailable(RuntimeError):
    """The detector asked for cannot run here; the text says what to do."""


class DetectorFault(RuntimeError):
    """A detector failed on a frame, or saw what cannot be; the text says which one and how."""


def choose(name: str, folder: Path | None) -> Detector:
    """The detector of this name; `auto` is YuNet where its weights are in `folder`, else `hog`, never a plug-in.

    Raises:
        DetectorUnavailable: there is no such detector, or its weights or its package are missing.
        models.ModelMismatch: the weights are not the pinned ones. `auto` does not pass over this: a changed
            file is not a missing one.
    """
    if name not in BUILT_IN:
        from detection.faces import plugins  # noqa: PLC0415 - which needs this module

        return plugins.load(name, folder)
    weights = None if name == "hog" else models.find("yunet", folder)
    if weights is not None:
        # Imported only where they are used: they load onnxruntime.
        from detection.faces.second_look import SecondLook  # noqa: PLC0415
        from detection.faces.yunet import YuNet  # noqa: PLC0415

        return SecondLook(YuNet(weights), opinion=_opinion())
    if name == "yunet":
        where = f"not in {folder}" if folder else "nowhere, since no models folder is set"
        raise DetectorUnavailable(
            f"The weights of YuNet are {where}. Run `invigil models fetch`, or set INVIGIL_MODELS to the folder "
            f"that holds {models.by_name('yunet').file}."
        )
    from detection.faces.mmod import WEIGHTS, Mmod  # noqa: PLC0415 - loads onnxruntime only where it is used
    from detection.faces.scales import Scales  # noqa: PLC0415
    from detection.networks.weights import WeightsUnavailable, installed  # noqa: PLC0415

    try:
        return Scales(Mmod(installed(WEIGHTS)))
    except WeightsUnavailable as error:
        raise DetectorUnavailable(str(error)) from error


def _opinion() -> "Opinion | None":
    """What is asked in doubt: dlib's network, or nothing where it is not installed as it should be."""
    from detection.faces.mmod import WEIGHTS, Mmod  # noqa: PLC0415 - loads onnxruntime only where it is used
    from detection.faces.opinion import WindowOpinion  # noqa: PLC0415
    from detection.networks.weights import WeightsUnavailable, installed  # noqa: PLC0415

    try:
        return WindowOpinion(Mmod(installed(WEIGHTS)))
    except WeightsUnavailable as error:
        logger.warning("Doubtful faces get no second opinion: %s", error)
        return None
