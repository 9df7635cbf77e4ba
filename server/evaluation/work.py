"""What the working processes do: one picture in every way, or one clip in one. Each process keeps its detectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, median
from time import thread_time
from typing import Final

import cv2
import numpy as np

from detection.analyzer import Analyzer, UndecodableFrame
from detection.faces import Frame
from detection.identity.describer import Describer
from detection.jpeg import JpegError
from detection.rerun import Step, rerun
from detection.rules import ChangeType, Sampled
from detection.values import DetectorInfo, Kind
from server import sampling
from server.evaluation.dataset import Clip, Picture, Segment
from server.evaluation.results import ClipResult, Cost, Moment, PictureResult, Raised, Setup
from server.evaluation.stress import AS_IS, CONDITIONS, spoilt, webcam
from server.evaluation.ways import Way, detector
from server.footage import SourceError, encode, video
from server.protocol import Pace
from server.thumbnails import thumbnail

MAX_SECONDS: Final = 4 * 3600.0
"""What is looked at of one clip."""
MAX_SHOWN: Final = 12
"""Wrong moments of one clip that are kept as pictures."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that does not decode."""

    text: str
    """Which, and why."""


_detector = cache(detector)
_describer = cache(Describer.installed)


def info(way: Way, models: Path) -> DetectorInfo:
    """The detector of a way. Raises as `ways.detector`."""
    return _detector(way, models).info


# --- pictures ---------------------------------------------------------------------------------------------


def look(
    picture: Picture, setups: tuple[Setup, ...], conditions: tuple[str, ...], models: Path
) -> PictureResult | Unreadable:
    """Count the faces of one picture in every way and under every condition."""
    source = _read(picture)
    if source is None:
        return Unreadable(f"{picture.path}: cannot be read as a picture")
    found: dict[tuple[str, str], int] = {}
    shown: dict[str, bytes] = {}
    for setup in setups:
        frame = webcam(source, setup.stream.width)
        for condition in conditions:
            jpeg = sent(spoilt(frame, condition, name=picture.path), setup.stream, condition)
            observation = Analyzer(_detector(setup.way, models)).analyze(jpeg).observation
            found[setup.way.name, condition] = len(observation.faces)
            if setup is setups[0] and len(observation.faces) != picture.faces:
                shown[condition] = thumbnail(jpeg, observation)
    return PictureResult(picture, found, shown)


def sent(frame: Frame, stream: Pace, condition: str = AS_IS) -> bytes:
    """A frame as the candidate's browser sends it under a condition."""
    quality = CONDITIONS[condition].quality
    return encode(frame, width=stream.width, quality=stream.quality if quality is None else quality)


def time_looks(pictures: list[Picture], setup: Setup, models: Path) -> Cost | None:
    """What it costs to look at each of these pictures once, as they are.

    CPU time of this thread: the wall's would be other people's, too, on a shared machine.
    """
    ready, spent = Analyzer(_detector(setup.way, models)), []
    for number, picture in enumerate(pictures):
        source = _read(picture)
        if source is None:
            continue
        jpeg = sent(webcam(source, setup.stream.width), setup.stream)
        if number == 0:
            ready.analyze(jpeg)  # lazy initialisation is nobody's cost
        began = thread_time()
        ready.analyze(jpeg)
        spent.append((thread_time() - began) * 1e3)
    return Cost(round(median(spent), 3), round(fmean(spent), 3), len(spent)) if spent else None


def _read(picture: Picture) -> Frame | None:
    try:
        source = cv2.imread(str(picture.file), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if source is None else np.asarray(source, dtype=np.uint8)


# --- clips ------------------------------------------------------------------------------------------------


def run(clip: Clip, setup: Setup, models: Path) -> ClipResult | Unreadable:
    """Put one clip through the served loop, and look at the middle of every second on its own."""
    ready = Analyzer(_detector(setup.way, models), _describer())
    frames = _Frames(clip, setup.stream, ready)
    episodes: dict[tuple[Kind, float], Raised] = {}
    samples = 0
    try:
        for step in rerun(frames, ready.analyze, setup.rules):
            samples += isinstance(step.event, Sampled)
            _note(step, episodes)
    except SourceError as error:
        return Unreadable(str(error).replace(str(clip.file), clip.path))
    except (JpegError, UndecodableFrame) as error:
        return Unreadable(f"{clip.path}: its frames are none that a candidate could send: {error}")
    return ClipResult(
        clip=clip,
        way=setup.way.name,
        seconds=frames.count / setup.stream.fps,
        moments=tuple(frames.moments),
        raised=tuple(episodes.values()),
        samples=samples,
        shown=frames.shown,
    )


def _note(step: Step, episodes: dict[tuple[Kind, float], Raised]) -> None:
    """Add what a step opened; put the end to what it closed."""
    for change in step.changes:
        episode = change.episode
        key = (episode.kind, episode.opened_at)
        if change.type is ChangeType.OPENED:
            shown = None
            if isinstance(step.event, Sampled) and step.frame is not None:
                shown = thumbnail(step.frame.jpeg, step.event.observation)
            episodes[key] = Raised(episode.kind, step.at, step.at, episode.rule, shown)
        elif change.type is ChangeType.CLOSED:
            opened = episodes[key]
            episodes[key] = Raised(opened.kind, opened.opened_at, step.at, opened.rule, opened.shown)


class _Frames:
    """The frames of a clip as a browser sends them, with a look of its own at the middle of every second."""

    def __init__(self, clip: Clip, stream: Pace, analyzer: Analyzer) -> None:
        self._clip = clip
        self._stream = stream
        self._analyzer = analyzer
        self._told: set[Segment] = set()
        self.count = 0
        self.moments: list[Moment] = []
        self.shown: dict[float, bytes] = {}

    def __iter__(self) -> Iterator[sampling.Frame]:
        fps = self._stream.fps
        end = min(MAX_SECONDS, self._clip.segments[-1].end)
        source, jpeg = None, b""
        for picture in video(self._clip.file, fps):
            at = self.count / fps
            if at >= end:
                return
            if picture is not source:
                source = picture
                jpeg = encode(picture, width=self._stream.width, quality=self._stream.quality)
            if self.count == int((int(at) + 0.5) * fps):
                self._look(at, jpeg)
            yield sampling.Frame(self.count, at, at, jpeg)
            self.count += 1

    def _look(self, at: float, jpeg: bytes) -> None:
        observation = self._analyzer.analyze(jpeg).observation
        count = len(observation.faces)
        self.moments.append(Moment(at, count))
        segment = self._clip.at(at)
        if segment is None or segment.allows(count) or segment in self._told or len(self.shown) >= MAX_SHOWN:
            return
        self._told.add(segment)
        self.shown[at] = thumbnail(jpeg, observation)
