"""Detectors that others bring, found by the entry-point group `invigil.detectors`, and held to what they promise.

Whatever a plug-in does wrong is said in its name: at the start as `DetectorUnavailable`, on a frame as
`DetectorFault`. Its code runs in the worker processes, with all their rights; nothing here protects from malice.
"""

import math
import traceback
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from numbers import Real
from pathlib import Path
from typing import Final, TypeGuard

from detection.faces import BUILT_IN, Detector, DetectorFault, DetectorUnavailable, Frame, Sight
from detection.values import Box, DetectorInfo, Face

GROUP: Final = "invigil.detectors"
"""Each of its entry points names a callable that takes the models folder or None and returns a `Detector`."""
MOST_FACES: Final = 200
"""A plug-in that sees more in one frame is out of order."""
SLACK: Final = 1e-3
"""How far rounding may carry a box over the edge of the frame."""
LANDMARKS: Final = 5
HIGHEST_SCORE: Final = 1e6
"""Either way of 0."""


def names() -> list[str]:
    """What is installed, without the built-in names: those cannot be taken over."""
    return sorted({entry.name for entry in entry_points(group=GROUP)} - set(BUILT_IN))


def load(name: str, folder: Path | None) -> Detector:
    """The plug-in of this name, ready to look.

    Raises:
        DetectorUnavailable: there is none or more than one, or it does not load, or does not fit the protocol.
    """
    entry = _entry(name)
    whose = f"The detector plug-in `{name}` ({entry.value})"
    try:
        detector = entry.load()(folder)
        info = getattr(detector, "info", None)
    except (Exception, SystemExit) as error:  # a stranger's code; some libraries exit when a file of theirs is missing
        raise DetectorUnavailable(f"{whose} cannot be loaded: {_words(error)}") from error
    if not callable(getattr(detector, "detect", None)) or not isinstance(info, DetectorInfo):
        raise DetectorUnavailable(f"{whose} does not fit the protocol: it needs `info`, a DetectorInfo, and `detect`.")
    texts = (info.name, info.model, info.model_sha256)
    if not all(isinstance(text, str) and len(text) <= 500 for text in texts) or not _is_score(info.threshold):
        raise DetectorUnavailable(
            f"{whose} does not fit the protocol: its `info` holds three short texts and a threshold."
        )
    # By the name that the operator chose: it is what incidents show, and what a lost worker is replaced by.
    return Guarded(detector, replace(info, name=name, threshold=float(info.threshold), landmarks=bool(info.landmarks)))


def _entry(name: str) -> EntryPoint:
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        known = ", ".join(f"`{each}`" for each in [*BUILT_IN, *names()])
        raise DetectorUnavailable(f"There is no detector `{name}` here. There are {known}.")
    if len(found) > 1:
        rivals = ", ".join(sorted(entry.value for entry in found))
        raise DetectorUnavailable(f"There are several detector plug-ins `{name}`: {rivals}. Keep one of them.")
    return found[0]


class Guarded:
    """A plug-in, of whose answers only sound ones are passed on."""

    def __init__(self, detector: Detector, info: DetectorInfo) -> None:
        self._detector = detector
        self._info = info

    @property
    def info(self) -> DetectorInfo:
        """As it was at the start."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """What the plug-in saw, best score first.

        Raises:
            DetectorFault: it failed, or saw what cannot be.
        """
        try:
            # A copy: what it draws there must not be in the picture that quality is measured on.
            sight = self._detector.detect(frame.copy())
        except (Exception, SystemExit) as error:
            raise DetectorFault(f"The detector `{self._info.name}` failed on a frame: {_words(error)}") from error
        try:
            if not isinstance(sight, Sight):
                raise ValueError(f"not a Sight but {type(sight).__name__}")
            faces, perhaps = _sound(sight.faces), _sound(sight.perhaps)
            if faces and faces[-1].score < self._info.threshold:
                raise ValueError(f"a face with score {faces[-1].score:g}, below its threshold")
        except Exception as error:  # its values may be of any class, and fail when they are looked at
            raise DetectorFault(f"The detector `{self._info.name}` answered nonsense: {error}"[:400]) from error
        return Sight(faces=faces, perhaps=perhaps)


def _sound(faces: object) -> tuple[Face, ...]:
    """The faces with plain numbers in them, best score first.

    Raises:
        ValueError: some of this is no face in a frame.
    """
    if not isinstance(faces, Iterable):
        raise ValueError(f"faces in a {type(faces).__name__}")
    found = list(faces)
    if len(found) > MOST_FACES:
        raise ValueError(f"{len(found)} faces, more than {MOST_FACES}")
    return tuple(sorted((_face(each) for each in found), key=lambda face: -face.score))


def _face(face: object) -> Face:
    if not isinstance(face, Face) or not isinstance(face.box, Box):
        raise ValueError(f"a face that is a {type(face).__name__}")
    x, y, w, h = _numbers((face.box.x, face.box.y, face.box.w, face.box.h), count=4)
    if not _is_score(face.score):
        raise ValueError(f"a score of {face.score}")
    if min(x, y) < -SLACK or min(w, h) <= 0 or max(x + w, y + h) > 1 + SLACK:
        raise ValueError(f"a box that is not in the frame: x {x:g}, y {y:g}, w {w:g}, h {h:g}")
    if len(face.landmarks) not in (0, LANDMARKS):
        raise ValueError(f"a face with {len(face.landmarks)} landmarks, not {LANDMARKS} or none")
    left, top = min(1.0, max(0.0, x)), min(1.0, max(0.0, y))
    return Face(
        box=Box(left, top, min(w, 1 - left), min(h, 1 - top)),
        score=float(face.score),
        landmarks=tuple(_point(point) for point in face.landmarks),
    )


def _point(point: object) -> tuple[float, float]:
    x, y = _numbers(point, count=2)
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"a landmark that is not in the frame: {x:g}, {y:g}")
    return x, y


def _numbers(values: object, *, count: int) -> list[float]:
    """Plain floats: numpy's own would not go through JSON."""
    found = list(values) if isinstance(values, Iterable) else []
    if len(found) != count or not all(_is_finite(value) for value in found):
        raise ValueError("something else where finite numbers belong")
    return [float(value) for value in found]


def _is_finite(value: object) -> TypeGuard[Real]:
    return isinstance(value, Real) and math.isfinite(value)


def _is_score(value: object) -> bool:
    return _is_finite(value) and abs(float(value)) <= HIGHEST_SCORE


def _words(error: BaseException) -> str:
    """What was raised, and where: of a traceback the log has no room for more."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error}"[:300] + f" ({Path(place.filename).name}, line {place.lineno})"
