"""Recordings written as a server in virtual time would: hours in seconds, since no picture is looked at twice."""

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from detection import jpeg
from detection.analyzer import Analysis, Analyzer
from detection.faces import Frame
from detection.rerun import Begun, Happened, rerun
from detection.rules import Change, RuleSettings, Sampled
from server import journal, sampling
from server.meetings import Sample
from storage.recordings.segment import SegmentWriter
from storage.records import Json

from . import faces

AT = 1_767_323_045.0
"""When they begin."""
RECORDING = "00000000-0000-0000-0000-000000000000"


def ada() -> list[bytes]:
    """Somebody who sits there: they move a little."""
    return _swaying(faces.portrait())


def bob() -> list[bytes]:
    """The same portrait, so wide that it is somebody else's."""
    return _swaying(faces.portrait()[:, 96:352])


def _swaying(portrait: Frame) -> list[bytes]:
    width = portrait.shape[1]
    return [faces.encode(faces.resize(portrait[:, n : width - 6 + n], 480, 360)) for n in (0, 2, 4, 6, 4, 2)]


def frames(pictures: list[bytes], seconds: float, *, fps: int = 5, first: int = 0) -> list[sampling.Frame]:
    """So many seconds of these pictures, each twice and in turn. `first`: frames that were before them."""
    return [
        sampling.Frame(n + 1, AT + n / fps, AT + n / fps, pictures[n // 2 % len(pictures)])
        for n in range(first, first + round(seconds * fps))
    ]


def record(
    folder: Path, happened: Iterable[Happened], analyzer: Analyzer, settings: RuleSettings, *, segment: int = 50
) -> list[Change]:
    """Write a recording of what happens.

    Args:
        folder: is made.
        happened: frames, and restarts of the server between them.
        analyzer: what judges.
        settings: what is in force.
        segment: frames of one.

    Returns: what the rules said.
    """
    folder.mkdir()
    seen: dict[tuple[bytes, bool], Analysis] = {}
    described = False

    def look(data: bytes, /, *, describe: bool) -> Analysis:
        nonlocal described
        described = describe
        if (data, describe) not in seen:
            seen[data, describe] = analyzer.analyze(data, describe=describe)
        return seen[data, describe]

    happened = list(happened)
    received = [each for each in happened if isinstance(each, sampling.Frame)]
    detector = analyzer.detector.info
    lines: list[tuple[float, Json]] = [(AT, journal.begun(settings, detector))]
    changes: list[Change] = []
    restarts = deque(
        (after.received_at, journal.begun(each.settings, detector))
        for each, after in pairwise(happened)
        if isinstance(each, Begun) and isinstance(after, sampling.Frame)
    )
    for step in rerun(happened, look, settings):
        if restarts and step.at >= restarts[0][0]:
            lines.append(restarts.popleft())
        changes += step.changes
        if isinstance(step.event, Sampled):
            assert isinstance(step.frame, sampling.Frame)
            sample = Sample(step.frame, step.event.observation, detector, step.at, step.at)
            lines.append((step.at, journal.sampled(sample, described=described)))
        else:
            lines.append((step.at, journal.told(step.event)))
    _write(folder, received, deque(lines), segment)
    return changes


def _write(folder: Path, received: list[sampling.Frame], lines: deque[tuple[float, Json]], count: int) -> None:
    """The frames, so many in a segment, and behind each the lines up to then."""
    for number, start in enumerate(range(0, len(received), count)):
        writer = SegmentWriter(folder / f"{number:06d}", began_at=AT, size=jpeg.dimensions)
        writer.note({"type": "segment", "recording_id": RECORDING, "number": number})
        for frame in received[start : start + count]:
            writer.add(frame)
            while lines and (lines[0][0] <= frame.received_at or frame is received[-1]):
                writer.note(lines.popleft()[1])
        writer.close()
