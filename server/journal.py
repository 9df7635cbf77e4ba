"""The lines of a recording's journal that the server writes: what was in force, sampled, and told to the rules.

With them and the frames, detection and rules can be run again: the lines stand in the order in which `rules.step` took
the events. A face's descriptor is never among them, only whether it was asked for. Pure.
"""

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Final

from detection import codec
from detection.rules import Enrolled, Event, Finished, Noticed, Sampled, StreamExpected, Tick
from detection.rules.settings import RuleSettings
from detection.values import DetectorInfo, Kind
from server import VERSION
from server.meetings import Sample
from storage.records import Json

FORMAT: Final = 1
"""Counts up when a line changes its meaning."""

VERSIONS: Final[Json] = {
    "invigil": VERSION,
    "python": platform.python_version(),
    **{name: metadata.version(name) for name in ("av", "numpy", "onnxruntime", "opencv-python-headless")},
}
"""Of what has a say in a verdict."""


def begun(settings: RuleSettings, detector: DetectorInfo | None) -> Json:
    """The rules begin anew here: at the first line of a recording, and after every restart of the server."""
    return {
        "type": "begun",
        "format": FORMAT,
        "settings": settings.as_dict(),
        "settings_sha256": settings.sha256(),
        "detector": None if detector is None else asdict(detector),
        "versions": VERSIONS,
    }


def changed(settings: RuleSettings) -> Json:
    """Other settings are in force from here on."""
    return {"type": "settings", "settings": settings.as_dict(), "settings_sha256": settings.sha256()}


def sampled(sample: Sample, *, described: bool) -> Json:
    """A frame was looked at, and the rules told what was seen. `described`: the face's descriptor was asked for."""
    return {
        "type": "sample",
        "seq": sample.frame.seq,
        "at": sample.frame.received_at,
        "sampled_at": sample.sampled_at,
        "observed_at": sample.observed_at,
        "described": described,
        "detector": sample.detector.name,
        "observation": codec.observation_to_json(sample.observation),
    }


def failed(seq: int, received_at: float, sampled_at: float, *, readable: bool) -> Json:
    """A frame was looked at in vain: no picture, or (`readable`) the detector's fault. The rules were told nothing."""
    return {"type": "failed", "seq": seq, "at": received_at, "sampled_at": sampled_at, "readable": readable}


def told(event: Event) -> Json:
    """The rules were told something that is no sample."""
    line: Json = {"type": "event", "at": event.at}
    match event:
        case StreamExpected():
            return {**line, "event": "expected"}
        case Noticed():
            return {**line, "event": "noticed", "kind": event.kind, "active": event.active, "detail": event.detail}
        case Tick():
            return {**line, "event": "tick", "last_frame_at": event.last_frame_at}
        case Finished():
            return {**line, "event": "finished"}
        case Enrolled():
            return {**line, "event": "enrolled", "photo": event.photo}
        case Sampled():
            raise ValueError("a sample has a line of its own")


def event_of(line: Json) -> Event | None:
    """What the rules were told, as `told` and `sampled` wrote it down; None for any other line, and for an enrolment,
    which must be made anew. A sample comes without a descriptor.

    Raises:
        codec.BadMessage, KeyError, ValueError: the line is damaged.
    """
    if line["type"] == "sample":
        return Sampled(line["at"], line["seq"], codec.observation_from_json(line["observation"]))
    if line["type"] != "event":
        return None
    match line["event"]:
        case "expected":
            return StreamExpected(line["at"])
        case "noticed":
            return Noticed(line["at"], Kind(line["kind"]), active=line["active"], detail=line["detail"])
        case "tick":
            return Tick(line["at"], line["last_frame_at"])
        case "finished":
            return Finished(line["at"])
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Digest:
    """A segment's journal in brief, for the index."""

    began_at: float
    """When its first line was noted, seconds since the epoch."""
    ended_at: float
    """When its last one was."""
    first_seq: int | None
    """The first frame's number; None without frames."""
    last_seq: int | None
    """The last one's."""
    frames: int
    """Frames in it."""
    bytes: int
    """Bytes of them."""
    not_recorded: int
    """Frames that were received and are missing."""
    gaps: list[Json]
    """Its lines about what is missing."""
    samples: list[Json]
    """Its samples: `seq`, `at` and the faces' `boxes`."""


def digest(lines: list[Json]) -> Digest:
    """A segment's journal in brief."""
    frames = [line for line in lines if line["type"] == "frame"]
    gaps = [line for line in lines if line["type"] == "gap"]
    times = [at for line in lines if (at := line.get("received_at") or line.get("at")) is not None]
    times += [line["ended_at"] for line in gaps]
    return Digest(
        began_at=min(times, default=0.0),
        ended_at=max(times, default=0.0),
        first_seq=frames[0]["seq"] if frames else None,
        last_seq=frames[-1]["seq"] if frames else None,
        frames=len(frames),
        bytes=sum(line["bytes"] for line in frames),
        not_recorded=sum(line["frames"] for line in gaps),
        gaps=[{key: value for key, value in line.items() if key != "type"} for line in gaps],
        samples=[_brief(line) for line in lines if line["type"] == "sample"],
    )


def _brief(line: Json) -> Json:
    boxes = [[round(value, 4) for value in face["box"]] for face in line["observation"]["faces"]]
    return {"seq": line["seq"], "at": line["at"], "boxes": boxes}
