"""What tests of HTTP calls share: tokens of every kind, and what a refusal looks like."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from server.protocol import ErrorBody

from . import people
from .people import Answer, Http, Json

ONE = "00000000-0000-7000-8000-000000000001"


def refused(answer: Answer, status: int, code: str) -> None:
    """The answer is this error, in the one shape, with a sentence for people."""
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (status, "application/json"), answer
    error = ErrorBody.model_validate(answer.json).error
    assert error.code == code, answer
    assert len(error.text) > 10, answer
    assert ("last_seq" in answer.json["error"]) is (code == "replayed_seq"), answer


CALLS = [
    ("POST", "/api/meetings", "operator"),
    ("GET", "/api/meetings", "operator proctor reviewer stranger"),
    ("GET", "/api/meetings/{id}", "operator proctor reviewer"),
    ("POST", "/api/meetings/{id}/end", "operator proctor"),
    ("POST", "/api/meetings/{id}/participants", "operator proctor"),
    ("PUT", "/api/meetings/{id}/participants/{participant_id}/accommodations", "operator proctor"),
    ("GET", "/api/meetings/{id}/incidents", "operator proctor reviewer"),
    ("GET", "/api/meetings/{id}/recordings", "operator proctor reviewer"),
    ("GET", "/api/meetings/{id}/bundle", "operator proctor reviewer"),
    ("POST", "/api/incidents/{id}/review", "operator proctor reviewer stranger"),
    ("POST", "/api/provider-token", "candidate proctor reviewer stranger"),
    ("POST", "/api/frames", "candidate"),
    ("POST", "/api/activities", "candidate"),
    ("GET", "/api/held", "candidate"),
]
"""Calls, and who of `cast` may make them."""


def activity(kind: str, **more: Any) -> Json:
    """What a browser reports."""
    return {"kind": kind, "at": datetime.now(UTC).isoformat(), **more}


async def raw(http: Http, data: bytes) -> bytes:
    """What is answered to these very bytes."""
    host, _, port = http.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        async with asyncio.timeout(people.PATIENCE):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
