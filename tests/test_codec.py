"""What the server and a worker say to each other survives the way, and nothing else is believed."""

import copy
import json
import struct
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection import codec
from detection.codec import BadMessage, Failed, Observed
from detection.levels import GRID
from detection.values import Box, DetectorInfo, Face, Observation, Quality

from .faces import observation

CELLS = GRID[0] * GRID[1]
unit = st.floats(0, 1)
points = st.one_of(st.just(()), st.tuples(*[st.tuples(unit, unit)] * 5))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(unit), draw(unit)
    return Box(x, y, draw(st.floats(0, 1 - x)), draw(st.floats(0, 1 - y)))


some_faces = st.lists(st.builds(Face, boxes(), st.floats(-100, 100), points), max_size=5).map(tuple)
observations = st.builds(
    Observation,
    faces=some_faces,
    quality=st.builds(Quality, unit, st.floats(0, 0.5), st.floats(0, 1e6)),
    width=st.integers(1, 1920),
    height=st.integers(1, 1920),
    perhaps=some_faces,
    levels=st.just(b"") | st.binary(min_size=CELLS, max_size=CELLS),
)
descriptors = st.lists(st.floats(-10, 10, width=32), min_size=128, max_size=128).map(lambda each: floats(*each))


def floats(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


@given(observations, st.floats(0, 1e6), st.floats(0, 1e6), st.none() | descriptors)
def test_an_answer_survives_the_way(
    seen: Observation, decode_ms: float, detect_ms: float, descriptor: bytes | None
) -> None:
    reply = Observed(seen, decode_ms=decode_ms, detect_ms=detect_ms, descriptor=descriptor)
    assert codec.parse_reply(codec.reply_bytes(reply)) == reply


@given(st.binary(max_size=100), st.booleans())
def test_a_request_survives_the_way(jpeg: bytes, describe: bool) -> None:
    whole = codec.request(7, jpeg, describe=describe)
    assert codec.HEADER.unpack(whole[: codec.HEADER.size]) == (7, len(jpeg) + 1)
    assert codec.parse_request(whole[codec.HEADER.size :]) == (jpeg, describe)


@given(st.text(max_size=500), st.booleans())
def test_a_failure_survives_the_way(error: str, readable: bool) -> None:
    reply = Failed(error, readable=readable)
    assert codec.parse_reply(codec.reply_bytes(reply)) == reply


def test_a_hello_survives_the_way() -> None:
    info = DetectorInfo(name="yunet", model="y.onnx", model_sha256="ab" * 32, threshold=0.7)
    assert codec.parse_hello(codec.hello_bytes(info)) == info


def test_a_message_begins_with_its_id_and_length() -> None:
    assert codec.message(7, b"abc") == b"\0\0\0\7\0\0\0\3abc"


def test_a_crowd_fits_into_the_largest_answer() -> None:
    face = Face(Box(0.123456789, 0.123456789, 0.1, 0.1), 0.123456789012, ((0.12345678901, 0.1234567890123),) * 5)
    crowd = (face,) * codec.MAX_FACES
    seen = Observation(crowd, Quality(0.5, 0.2, 1.0), 320, 240, perhaps=crowd, levels=bytes(CELLS))
    assert len(codec.reply_bytes(Observed(seen, 1.0, 1.0, descriptor=floats(*[0.1] * 128)))) < codec.MAX_REPLY


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def good() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(codec.reply_bytes(Observed(observation(2), 1.0, 2.0)))
    return value


def bad(*path: str | int, value: object = None) -> bytes:
    """A good answer with one thing in it replaced."""
    whole = copy.deepcopy(good())
    at: Any = whole
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return json.dumps(whole).encode()


FACE = ("observation", "faces", 0)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"error": "x"}',
        b'{"error": 3, "readable": true}',
        b'{"error": "x", "readable": 1}',
        b'{"error": "x", "observation": 1}',
        bad("extra", value=1),
        bad("decode_ms", value=-1),
        bad("decode_ms", value=True),
        bad("decode_ms", value="1"),
        bad("detect_ms", value=float("nan")),
        bad("observation", value=[]),
        bad("observation", "width", value=0),
        bad("observation", "width", value=1.5),
        bad("observation", "height", value=10**9),
        bad("observation", "quality", "brightness", value=1.1),
        bad("observation", "quality", "sharpness", value=float("inf")),
        bad("observation", "faces", value={}),
        bad("observation", "faces", value=[good()["observation"]["faces"][0]] * (codec.MAX_FACES + 1)),
        bad("observation", "perhaps", value=None),
        bad("observation", "perhaps", value=[{}]),
        bad("observation", "perhaps", value=[good()["observation"]["faces"][0]] * (codec.MAX_FACES + 1)),
        bad("observation", "levels", value=None),
        bad("observation", "levels", value="*" * 8),
        bad("observation", "levels", value=base64(bytes(CELLS - 1))),
        bad("observation", "levels", value=base64(bytes(CELLS + 1))),
        bad("observation", "levels", value="A" * 10**6),
        bad("descriptor", value=[0.0] * 128),
        bad("descriptor", value=""),
        bad("descriptor", value=base64(floats(*[0.1] * 127))),
        bad("descriptor", value=base64(floats(*[0.1] * 127, float("nan")))),
        bad("descriptor", value=base64(floats(*[0.1] * 127, float("-inf")))),
        bad(*FACE, value=None),
        bad(*FACE, "score", value=float("-inf")),
        bad(*FACE, "score", value=10**400),
        bad(*FACE, "box", value=[0, 0, 1]),
        bad(*FACE, "box", value=[0, 0, 1, 1, 1]),
        bad(*FACE, "box", value=[-0.1, 0, 1, 1]),
        bad(*FACE, "box", value=[0.5, 0, 0.6, 1]),
        bad(*FACE, "landmarks", value=[[0, 0]]),
        bad(*FACE, "landmarks", value=[[0, 0, 0]] * 5),
        bad(*FACE, "landmarks", value=[[2, 0]] * 5),
    ],
)
def test_an_answer_that_never_should_be_is_refused(payload: bytes) -> None:
    with pytest.raises(BadMessage):
        codec.parse_reply(payload)


@given(st.one_of(st.binary(max_size=100), st.recursive(st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "observation", "faces"]), inner))
    .map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_whatever_comes_is_an_answer_or_a_bad_message(payload: bytes) -> None:
    for parse in (codec.parse_reply, codec.parse_hello):
        try:
            parse(payload)
        except BadMessage:
            continue
