"""What the working processes do: look at frames of a segment. Each process keeps its detectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from detection.analyzer import Analyzer, UndecodableFrame, decode, descriptor
from detection.faces import DetectorFault, choose
from detection.identity.describer import Describer
from detection.jpeg import JpegError
from detection.values import DetectorInfo, Observation
from server.replay.exact import Looked
from server.replay.sources import DAMAGED, Segment
from server.thumbnails import thumbnail


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks."""

    detector: str
    """As `INVIGIL_DETECTOR` has it."""
    models: Path
    """Folder with the weights."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A segment that cannot be read."""

    why: str
    """In words."""


_describer = cache(Describer.installed)


@cache
def _analyzer(eyes: Eyes, *, describes: bool) -> Analyzer:
    return Analyzer(choose(eyes.detector, eyes.models), _describer() if describes else None)


def info(eyes: Eyes) -> DetectorInfo:
    """The detector. Raises as `choose`."""
    return _analyzer(eyes, describes=False).detector.info


def look(segment: Segment, wanted: Mapping[int, bool], eyes: Eyes) -> dict[int, Looked] | Damaged:
    """Look at some frames of a segment.

    Args:
        segment: where they are.
        wanted: their numbers, and whether the face is to be described.
        eyes: what looks.
    """
    try:
        frames = _frames(segment)
    except DAMAGED as error:
        return _damaged(error)
    return {seq: _looked(frames[seq], eyes, describe=describe) for seq, describe in wanted.items() if seq in frames}


def describe(segment: Segment, wanted: Mapping[int, Observation]) -> dict[int, Looked] | Damaged:
    """Describe the face in some frames of a segment, with no other look at them.

    Args:
        segment: where they are.
        wanted: their numbers, and what was seen in them.
    """
    try:
        frames = _frames(segment)
    except DAMAGED as error:
        return _damaged(error)
    return {seq: _described(frames[seq], seen) for seq, seen in wanted.items() if seq in frames}


def picture(segment: Segment, seq: int, eyes: Eyes) -> bytes | None:
    """A frame made small, with a box around every face; None where it cannot be had."""
    try:
        jpeg = _frames(segment)[seq]
        return thumbnail(jpeg, _analyzer(eyes, describes=False).analyze(jpeg).observation)
    except (*DAMAGED, UndecodableFrame, DetectorFault):
        return None


@lru_cache(maxsize=4)
def _frames(segment: Segment) -> dict[int, bytes]:
    return segment.frames(segment.lines())


def _damaged(error: Exception) -> Damaged:
    return Damaged(str(error) if not isinstance(error, KeyError | TypeError) else repr(error))


def _described(jpeg: bytes, seen: Observation) -> Looked:
    describer = _describer()
    try:
        return Looked(seen, None if describer is None else descriptor(describer, decode(jpeg), seen))
    except (JpegError, UndecodableFrame):
        return Looked(seen)


def _looked(jpeg: bytes, eyes: Eyes, *, describe: bool) -> Looked:
    try:
        analysis = _analyzer(eyes, describes=describe).analyze(jpeg, describe=describe)
    except (JpegError, UndecodableFrame, DetectorFault):
        return Looked(None)
    return Looked(analysis.observation, analysis.descriptor)
