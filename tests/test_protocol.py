"""The wire: what is refused in a message, and that the client's types are made from the same source."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from server import protocol
from server.protocol import BODIES, INBOUND, OUTBOUND, Wire

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "client"
ID, AT = str(uuid4()), "2026-01-02T03:04:05.678Z"

GOOD: dict[str, dict[str, Any]] = {
    "frame": {"seq": 1, "captured_at": 1.5, "jpeg": b"x"},
    "activity": {"kind": "tab_hidden", "at": AT, "detail": {"active": True}},
    "shown": {"incident_id": ID, "at": AT},
    "watch": {"candidate_ids": [ID], "fps": 1},
    "review": {"incident_id": ID, "verdict": "confirmed", "note": "seen"},
    "warn": {"candidate_id": ID, "text": "Please sit down."},
    "end": {"candidate_id": ID, "reason": "Enough."},
    "offer": {"candidate_id": ID, "sdp": "v=0"},
}
OPTIONAL = {("activity", "detail"), ("review", "note")}


@pytest.mark.parametrize("event", INBOUND)
def test_a_good_message_is_taken(event: str) -> None:
    INBOUND[event].model_validate(GOOD[event])


@pytest.mark.parametrize("event", INBOUND)
def test_a_message_with_an_unknown_field_is_refused(event: str) -> None:
    with pytest.raises(ValidationError):
        INBOUND[event].model_validate({**GOOD[event], "extra": 1})


@pytest.mark.parametrize(
    ("event", "field"), [(event, field) for event in INBOUND for field in GOOD[event] if (event, field) not in OPTIONAL]
)
def test_a_message_with_a_missing_field_is_refused(event: str, field: str) -> None:
    with pytest.raises(ValidationError):
        INBOUND[event].model_validate({name: value for name, value in GOOD[event].items() if name != field})


@pytest.mark.parametrize("event", INBOUND)
@pytest.mark.parametrize("data", [None, "text", 7, [], [1, 2], b"bytes", True], ids=repr)
def test_what_is_no_object_is_refused(event: str, data: object) -> None:
    with pytest.raises(ValidationError):
        INBOUND[event].model_validate(data)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("frame", {"seq": -1}),
    ("frame", {"seq": 2**53}),
    ("frame", {"seq": 1.5}),
    ("frame", {"seq": "1"}),
    ("frame", {"seq": True}),
    ("frame", {"seq": None}),
    ("frame", {"captured_at": "now"}),
    ("frame", {"captured_at": -1}),
    ("frame", {"captured_at": 1e15}),
    ("frame", {"captured_at": float("nan")}),
    ("frame", {"captured_at": float("inf")}),
    ("frame", {"jpeg": "text"}),
    ("frame", {"jpeg": [255, 216]}),
    ("frame", {"jpeg": {"_placeholder": True, "num": 0}}),
    ("activity", {"kind": "no_face"}),
    ("activity", {"kind": "stream_lost"}),
    ("activity", {"kind": "second_connection"}),
    ("activity", {"at": "yesterday"}),
    ("activity", {"at": "2026-01-02T03:04:05"}),
    ("activity", {"detail": {"a": {"b": 1}}}),
    ("activity", {"detail": [1]}),
    ("activity", {"detail": {"a": "\x00"}}),
    ("activity", {"detail": "\x00"}),
    ("activity", {"detail": {"\x00": 1}}),
    ("activity", {"detail": {"a": float("nan")}}),
    ("activity", {"detail": {"a": float("inf")}}),
    ("activity", {"detail": {"a": "\ud800"}}),
    ("shown", {"incident_id": "1"}),
    ("watch", {"fps": 0}),
    ("watch", {"fps": 6}),
    ("watch", {"fps": float("nan")}),
    ("watch", {"candidate_ids": [ID] * 501}),
    ("watch", {"candidate_ids": ID}),
    ("review", {"verdict": "maybe"}),
    ("review", {"note": "x" * 2001}),
    ("review", {"note": "a\x00b"}),
    ("warn", {"text": ""}),
    ("warn", {"text": "   "}),
    ("warn", {"text": "x" * 501}),
    ("warn", {"text": "a\x00b"}),
    ("end", {"reason": ""}),
    ("end", {"reason": "a\x00b"}),
    ("offer", {"sdp": "x" * 65537}),
]


@pytest.mark.parametrize(
    ("event", "changed"), WRONG, ids=[f"{n}-{event}-{list(what)}" for n, (event, what) in enumerate(WRONG)]
)
def test_a_message_with_a_wrong_value_is_refused(event: str, changed: dict[str, Any]) -> None:
    """PostgreSQL keeps no NUL and JSON has no NaN: taken here, they would be lost later."""
    with pytest.raises(ValidationError):
        INBOUND[event].model_validate({**GOOD[event], **changed})


@pytest.mark.parametrize(
    "body",
    [
        (protocol.CreateMeeting, {"title": ""}),
        (protocol.CreateMeeting, {"title": " "}),
        (protocol.CreateMeeting, {"title": "x" * 201}),
        (protocol.CreateMeeting, {"title": "a\x00b"}),
        (protocol.CreateMeeting, {"title": 7}),
        (protocol.CreateMeeting, {"title": "T", "provider": "zoom"}),
        (protocol.CreateMeeting, {"title": "T", "settings": []}),
        (protocol.CreateMeeting, {"title": "T", "extra": 1}),
        (protocol.AddParticipant, {"name": "A", "role": "operator"}),
        (protocol.AddParticipant, {"name": "A"}),
        (protocol.AddParticipant, {"name": "a\x00b", "role": "candidate"}),
        (protocol.AddParticipant, {"name": "A", "role": "candidate", "extra": 1}),
        (protocol.Join, {"name": "A"}),
        (protocol.Join, {"name": "A", "code": 1}),
        (protocol.Join, {"name": "a\x00b", "code": "x"}),
        (protocol.Join, {"name": "A", "code": "x", "role": "proctor"}),
    ],
    ids=lambda body: f"{body[0].__name__}-{body[1]!r}"[:60],
)
def test_a_body_with_a_wrong_value_is_refused(body: tuple[type[Wire], dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        body[0].model_validate(body[1])


@pytest.mark.parametrize("model", [*INBOUND.values(), *OUTBOUND.values(), *BODIES], ids=lambda model: model.__name__)
def test_every_message_refuses_unknown_fields(model: type[Wire]) -> None:
    assert model.model_config.get("extra") == "forbid"


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 2, 3, 4, 5, 678900, UTC),
        datetime(2026, 1, 2, 5, 4, 5, 678000, timezone(timedelta(hours=2))),
    ],
)
def test_times_are_utc_with_milliseconds(at: datetime) -> None:
    assert protocol.iso(at) == "2026-01-02T03:04:05.678Z"
    assert protocol.Ended(reason="x").dump() == {"reason": "x"}
    assert json.loads(protocol.WarningCleared(incident_id=uuid4(), at=at).model_dump_json())["at"] == protocol.iso(at)


def test_the_json_schema_is_the_same_in_every_process() -> None:
    run = [sys.executable, "-m", "server.protocol"]
    first = subprocess.run(run, check=True, capture_output=True, cwd=ROOT, env={"PYTHONHASHSEED": "1"}).stdout
    assert json.loads(first) == protocol.json_schema()
    assert first.decode().strip() == json.dumps(protocol.json_schema(), indent=2)


def test_the_clients_types_are_made_from_this_protocol() -> None:
    if not (CLIENT / "node_modules" / "json-schema-to-typescript").is_dir():
        pytest.skip("needs client/node_modules: run `make setup`")
    made = subprocess.run(
        ["node", "scripts/protocol.js", "-", "-"],
        check=True,
        capture_output=True,
        cwd=CLIENT,
        input=json.dumps(protocol.json_schema()).encode(),
        timeout=60,
    ).stdout.decode()
    kept = (CLIENT / "src" / "sdk" / "protocol.ts").read_text(encoding="utf-8")
    assert made == kept, "client/src/sdk/protocol.ts is out of date: run `make protocol`"
