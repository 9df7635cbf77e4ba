"""The messages between the server and a detection worker: length-prefixed JSON, never pickle. No I/O.

A worker decodes hostile pixels and is therefore not trusted: whatever it answers is checked here like a stranger's
words.
"""

import json
import struct
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Final

from detection.levels import GRID
from detection.values import Box, DetectorInfo, Face, Observation, Quality

HEADER: Final = struct.Struct("!II")
"""Before every message, both ways: its id and the number of bytes that follow."""
HELLO_ID: Final = 0
"""The id of a worker's first message; requests count from 1."""
MAX_REQUEST: Final = 1024 * 1024
"""Most bytes of a picture sent to a worker."""
MAX_REPLY: Final = 256 * 1024
"""Most bytes of a worker's answer; 200 faces take about 60 KB."""
MAX_FACES: Final = 200
"""Most faces of an observation, and most that may be one."""
DESCRIPTOR_BYTES: Final = 128 * 4
"""Length of a descriptor."""
LOOK: Final = b"\0"
"""The first byte of a request ..."""
DESCRIBE: Final = b"\1"
"""... and when the face is to be described as well."""
_SLACK: Final = 1e-3
"""How far rounding may carry a box over the edge."""


class BadMessage(ValueError):
    """The other side said something that it never should."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A worker's answer: what it saw."""

    observation: Observation
    """What was seen."""
    decode_ms: float
    """Milliseconds spent on decoding the picture."""
    detect_ms: float
    """Milliseconds spent on looking at it."""
    descriptor: bytes | None = None
    """Of the only face, when it was asked for: `DESCRIPTOR_BYTES` of little-endian float32."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A worker's answer: why it saw nothing."""

    error: str
    """One sentence."""
    readable: bool = False
    """The picture decoded: the fault is the detector's, and nobody's who sent it."""


def message(number: int, payload: bytes) -> bytes:
    """One message with its header."""
    return HEADER.pack(number, len(payload)) + payload


def request(number: int, jpeg: bytes, *, describe: bool) -> bytes:
    """One message to a worker: a picture, and whether its only face is to be described."""
    return message(number, (DESCRIBE if describe else LOOK) + jpeg)


def parse_request(payload: bytes) -> tuple[bytes, bool]:
    """The picture in a request, and whether to describe its face."""
    return payload[1:], payload[:1] == DESCRIBE


def hello_bytes(info: DetectorInfo) -> bytes:
    """The payload of a worker's first message."""
    return _dump({"detector": asdict(info)})


def parse_hello(payload: bytes) -> DetectorInfo:
    """The detector that a worker loaded.

    Raises:
        BadMessage: this is no hello.
    """
    return info_from_json(_only(_load(payload), "detector")["detector"])


def reply_bytes(reply: Observed | Failed) -> bytes:
    """The payload of an answer."""
    if isinstance(reply, Failed):
        return _dump({"error": reply.error[:500], "readable": reply.readable})
    return _dump(
        {
            "observation": observation_to_json(reply.observation),
            "decode_ms": reply.decode_ms,
            "detect_ms": reply.detect_ms,
            "descriptor": None if reply.descriptor is None else _base64(reply.descriptor),
        }
    )


def parse_reply(payload: bytes) -> Observed | Failed:
    """A worker's answer.

    Raises:
        BadMessage: this is none.
    """
    value = _load(payload)
    if isinstance(value, dict) and "error" in value:
        fields = _only(value, "error", "readable")
        return Failed(_text(fields["error"]), readable=_flag(fields["readable"]))
    fields = _only(value, "observation", "decode_ms", "detect_ms", "descriptor")
    return Observed(
        observation=observation_from_json(fields["observation"]),
        decode_ms=_number(fields["decode_ms"], high=1e9),
        detect_ms=_number(fields["detect_ms"], high=1e9),
        descriptor=_descriptor(fields["descriptor"]),
    )


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """An observation as JSON has it, also as recordings keep it."""
    return {
        "faces": [_face_to_json(face) for face in observation.faces],
        "quality": asdict(observation.quality),
        "width": observation.width,
        "height": observation.height,
        "perhaps": [_face_to_json(face) for face in observation.perhaps],
        "levels": _base64(observation.levels),
    }


def observation_from_json(value: object) -> Observation:
    """The observation behind its JSON.

    Raises:
        BadMessage: a field is missing, unknown, of the wrong type, not finite or out of bounds.
    """
    fields = _only(value, "faces", "quality", "width", "height", "perhaps", "levels")
    quality = _only(fields["quality"], "brightness", "contrast", "sharpness")
    return Observation(
        faces=_faces(fields["faces"]),
        quality=Quality(
            brightness=_number(quality["brightness"]),
            contrast=_number(quality["contrast"]),
            sharpness=_number(quality["sharpness"], high=1e9),
        ),
        width=_whole(fields["width"]),
        height=_whole(fields["height"]),
        perhaps=_faces(fields["perhaps"]),
        levels=_bytes(fields["levels"], 0, GRID[0] * GRID[1]),
    )


def info_from_json(value: object) -> DetectorInfo:
    """The detector behind its JSON (`dataclasses.asdict`).

    Raises:
        BadMessage: a field is missing, unknown or of the wrong type.
    """
    fields = _only(value, "name", "model", "model_sha256", "threshold", "landmarks")
    return DetectorInfo(
        name=_text(fields["name"]),
        model=_text(fields["model"]),
        model_sha256=_text(fields["model_sha256"]),
        threshold=_number(fields["threshold"], low=-1e6, high=1e6),
        landmarks=_flag(fields["landmarks"]),
    )


def _face_to_json(face: Face) -> dict[str, Any]:
    """`box` is `[x, y, w, h]`, as on the wire."""
    return {
        "box": [face.box.x, face.box.y, face.box.w, face.box.h],
        "score": face.score,
        "landmarks": [list(point) for point in face.landmarks],
    }


def _faces(value: object) -> tuple[Face, ...]:
    return tuple(_face_from_json(face) for face in _list(value, most=MAX_FACES))


def _face_from_json(value: object) -> Face:
    fields = _only(value, "box", "score", "landmarks")
    x, y, w, h = _numbers(fields["box"], count=4)
    if x + w > 1 + _SLACK or y + h > 1 + _SLACK:
        raise BadMessage("a box reaches out of the frame")
    points = [_numbers(point, count=2) for point in _list(fields["landmarks"], most=5)]
    if len(points) not in (0, 5):
        raise BadMessage("a face has five landmarks or none")
    return Face(
        box=Box(x, y, w, h),
        score=_number(fields["score"], low=-1e6, high=1e6),
        landmarks=tuple((x, y) for x, y in points),
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(value: object, *lengths: int) -> bytes:
    """The bytes behind base64, of one of these lengths."""
    if not isinstance(value, str) or len(value) > 2 * max(lengths):
        raise BadMessage("expected bytes as base64")
    try:
        data = b64decode(value, validate=True)
    except ValueError as error:
        raise BadMessage("expected bytes as base64") from error
    if len(data) not in lengths:
        raise BadMessage(f"expected {' or '.join(map(str, lengths))} bytes")
    return data


def _descriptor(value: object) -> bytes | None:
    if value is None:
        return None
    data = _bytes(value, DESCRIPTOR_BYTES)
    # A NaN would compare as "not far" ever after.
    if not all(isfinite(number) for number in struct.unpack(f"<{DESCRIPTOR_BYTES // 4}f", data)):
        raise BadMessage("a descriptor is finite numbers")
    return data


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _load(payload: bytes) -> object:
    try:
        value: object = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
    return value


def _only(value: object, *names: str) -> dict[str, object]:
    """The object, when it has exactly these fields."""
    if not isinstance(value, dict) or value.keys() != set(names):
        raise BadMessage(f"expected an object with exactly {', '.join(names)}")
    return value


def _list(value: object, *, most: int) -> list[object]:
    if not isinstance(value, list) or len(value) > most:
        raise BadMessage(f"expected a list of at most {most}")
    return value


def _numbers(value: object, *, count: int) -> list[float]:
    values = _list(value, most=count)
    if len(values) != count:
        raise BadMessage(f"expected {count} numbers")
    return [_number(each) for each in values]


def _number(value: object, *, low: float = 0.0, high: float = 1.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMessage("expected a number")
    if not (low <= value <= high and isfinite(value)):
        raise BadMessage(f"expected a number from {low:g} to {high:g}")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise BadMessage("expected a whole number from 1 to 65535")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadMessage("expected true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise BadMessage("expected a text of at most 500 characters")
    return value
