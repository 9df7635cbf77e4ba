"""A segment's journal as the wire shows it: what a player needs to step by frame and to draw what was seen. Pure."""

from typing import Final

from detection import codec, words
from detection.values import Face, Kind
from server import protocol
from server.meetings import moment
from server.protocol import RecordedEventKind
from storage.records import Json

_ENDINGS: Final = {True: ": it began", False: ": it ended", None: ""}


def segment_view(number: int, began_at: float, lines: list[Json]) -> protocol.ShownSegment:
    """A segment.

    Args:
        number: its place in the recording.
        began_at: when its first line was noted, seconds since the epoch.
        lines: its journal.

    Raises:
        KeyError, TypeError, ValueError: a line is damaged.
    """
    frames, samples, missed, events = [], [], [], []
    at = began_at
    for line in lines:
        at = line.get("received_at") or line.get("at") or at
        match line["type"]:
            case "frame":
                frames.append(_frame(line))
            case "sample":
                samples.append(_sample(line))
            case "failed":
                missed.append(
                    protocol.MissedSample(seq=line["seq"], at=moment(line["at"]), readable=line["readable"])
                )  # fmt: skip
            case "begun" | "settings" | "event" if (event := _event(line, at)) is not None:
                events.append(event)
    return protocol.ShownSegment(number=number, frames=frames, samples=samples, missed=missed, events=events)


def _frame(line: Json) -> protocol.RecordedFrame:
    return protocol.RecordedFrame(
        seq=line["seq"], at=moment(line["received_at"]), captured_at=moment(line["captured_at"])
    )


def _sample(line: Json) -> protocol.SeenSample:
    seen = codec.observation_from_json(line["observation"])
    return protocol.SeenSample(
        seq=line["seq"],
        at=moment(line["at"]),
        faces=[_face(each) for each in seen.faces],
        quality=protocol.SeenQuality(
            brightness=seen.quality.brightness, contrast=seen.quality.contrast, sharpness=seen.quality.sharpness
        ),
    )


def _face(face: Face) -> protocol.SeenFace:
    box = face.box
    return protocol.SeenFace(
        box=[box.x, box.y, box.w, box.h], score=face.score, landmarks=[list(point) for point in face.landmarks]
    )


def _event(line: Json, at: float) -> protocol.RecordedEvent | None:
    kind: str = line["event"] if line["type"] == "event" else line["type"]
    if kind == "tick":  # that a second passed without a frame is to be seen without it
        return None
    settings = {name: line[name] for name in ("settings", "settings_sha256") if name in line}
    detector = line["detector"]["name"] if line.get("detector") else None
    return protocol.RecordedEvent(
        at=moment(at), kind=RecordedEventKind(kind), text=_text(kind, line), detector=detector, **settings
    )


def _text(kind: str, line: Json) -> str:
    match kind:
        case "begun":
            detector = line["detector"]
            return f"Judged by {detector['name']} from here on" if detector else "Detection is off from here on"
        case "settings":
            return "Other settings are in force from here on"
        case "expected":
            return "Frames are expected from here on"
        case "noticed":
            return f"The browser reported: {words.notice(Kind(line['kind']))}{_ENDINGS[line['active']]}"
        case "enrolled":
            return f"The candidate's face is known, {'from a photo' if line['photo'] else 'from before a restart'}"
        case _:
            return "The candidate is done"
