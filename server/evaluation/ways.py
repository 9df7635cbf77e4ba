"""The ways of counting that are put side by side: a detector as it serves, or one of the old ways for comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detection.faces import Detector, DetectorUnavailable, choose
from detection.models import by_name, find

WIDTHS: Final = (160, 1280)
"""Pixels; what a stream may be set to."""


class UnknownWay(ValueError):
    """No way has this name; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Way:
    """One detector at one width of the stream."""

    name: str
    """In results and on the command line."""
    detector: str
    """What `INVIGIL_DETECTOR` would say."""
    width: int
    """Pixels of the frames."""
    threshold: float | None = None
    """For an old way: its detector is run once over the frame, at this score. None: as it serves."""
    text: str = ""
    """What it is, in a table."""


OLD: Final = {
    way.name: way
    for way in (
        Way("tutorial", "hog", 640, 0.0, "dlib HOG, upsampled once (the tutorial's way)"),
        Way("yunet-320", "yunet", 320, 0.7, "YuNet, one pass, score 0.7"),
        Way("yunet-480", "yunet", 480, 0.8, "YuNet, one pass, score 0.8"),
        Way("yunet-480-low", "yunet", 480, 0.5, "YuNet, one pass, score 0.5"),
    )
}
"""How faces were counted before, by name."""
OLD_SET: Final = ("tutorial", "yunet-320", "yunet-480")
"""What `old` stands for."""


def served(detector: str, width: int) -> Way:
    """A detector as it serves."""
    return Way(f"{detector}:{width}", detector, width, text=f"{detector}, as served")


def named(words: list[str], *, width: int) -> tuple[Way, ...]:
    """The ways of these names: an old one, `old` for the usual three, `DETECTOR` or `DETECTOR:WIDTH`.

    Raises:
        UnknownWay: there is none of that name.
    """
    found: list[Way] = []
    for word in words:
        if word == "old":
            found.extend(OLD[name] for name in OLD_SET)
        elif word in OLD:
            found.append(OLD[word])
        else:
            found.append(_as_served(word, width))
    return tuple({way.name: way for way in found}.values())


def _as_served(word: str, width: int) -> Way:
    detector, colon, wide = word.partition(":")
    low, high = WIDTHS
    if not detector or (colon and not (wide.isascii() and wide.isdigit() and low <= int(wide) <= high)):
        raise UnknownWay(
            f"{word!r} is no way of counting: a detector, DETECTOR:WIDTH with {low} to {high} px, old, {', '.join(OLD)}"
        )
    return served(detector, int(wide) if colon else width)


def detector(way: Way, models: Path) -> Detector:
    """What looks in this way.

    Raises:
        DetectorUnavailable: its weights or its package are missing, or there is no such detector.
        ModelMismatch: the weights are not the pinned ones.
    """
    if way.threshold is None:
        return choose(way.detector, models)
    return _once(way.detector, way.threshold, models)


def _once(name: str, threshold: float, models: Path) -> Detector:
    """A single pass, as it was before there was a second look."""
    if name == "hog":
        from detection.faces.hog import Hog  # noqa: PLC0415 - loads dlib only where it is used

        return Hog(threshold=threshold)
    from detection.faces.yunet import YuNet  # noqa: PLC0415 - loads onnxruntime only where it is used

    weights = find("yunet", models)
    if weights is None:
        raise DetectorUnavailable(f"The weights of YuNet ({by_name('yunet').file}) are not in {models}.")
    return YuNet(weights, threshold=threshold)
