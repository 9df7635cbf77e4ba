"""Frames and activities over HTTP, for whoever cannot have a socket."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from . import faces, people, shared
from .calls import activity, refused
from .people import Exam, Http, Json
from .pictures import BAD_PICTURES

pytestmark = shared.LOOP
server, http, room, token = shared.server, shared.http, shared.room, shared.token


# --- activities without a socket --------------------------------------------------------------------------


async def test_an_activity_without_a_socket_counts_like_any_other(http: Http, room: Exam, token: str) -> None:
    hidden = await http.post("/api/activities", activity("tab_hidden", detail={"active": True}), token)
    assert (hidden.status, hidden.json) == (200, {"ok": True})
    assert (await http.post("/api/activities", activity("consent_given"), token)).json == {"ok": True}
    count = itertools.count(1)

    async def told() -> list[Json]:
        warnings: list[Json] = (await http.frame(token, next(count), faces.one_face())).json["warnings"]
        return warnings

    (warning,) = await people.eventually(told)
    assert [(each["id"], each["kind"]) for each in await room.incidents()] == [(warning["incident_id"], "tab_hidden")]


async def test_a_candidate_without_a_socket_can_finish(http: Http, room: Exam, token: str) -> None:
    assert (await http.frame(token, 1, faces.one_face())).status == 200
    assert (await http.post("/api/activities", activity("finished"), token)).json == {"ok": True}
    refused(await http.frame(token, 2, faces.one_face()), 409, "ended")
    refused(await http.post("/api/activities", activity("tab_hidden"), token), 409, "ended")


WRONG_ACTIVITIES: dict[str, Any] = {
    "nothing": {},
    "a list": [],
    "null": None,
    "text": "text",
    "an unknown kind": activity("boredom"),
    "a kind that the server alone finds": activity("second_connection"),
    "no time": {"kind": "tab_hidden"},
    "an unknown field": activity("tab_hidden", extra=1),
    "a deep detail": activity("tab_hidden", detail={"a": {"b": 1}}),
    "a NUL": activity("tab_hidden", detail={"why": "a\x00b"}),
}


@pytest.mark.parametrize("body", WRONG_ACTIVITIES.values(), ids=WRONG_ACTIVITIES.keys())
async def test_an_activity_with_wrong_words_is_refused(body: Any, http: Http, token: str) -> None:
    refused(await http.post("/api/activities", body, token), 400, "invalid")


async def test_an_activity_that_is_no_json_is_refused(http: Http, token: str) -> None:
    refused(await http.call("POST", "/api/activities", token=token, data=b"{"), 400, "invalid")


# --- frames without a socket ------------------------------------------------------------------------------


async def test_a_frame_is_acknowledged_with_the_pace_and_the_open_warnings(http: Http, token: str) -> None:
    answer = await http.frame(token, 1, faces.one_face())
    assert answer.status == 200
    fps = answer.json["pace"].pop("fps")
    assert 1 <= fps <= 5  # less than asked for while this machine lags
    assert answer.json == {"ok": True, "pace": {"width": 480, "quality": 0.6}, "warnings": []}


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_frame_that_is_no_usable_picture_is_refused_and_the_next_is_taken(
    name: str, http: Http, token: str
) -> None:
    picture, code = BAD_PICTURES[name]
    refused(await http.frame(token, 1, picture), 413 if code == "too_large" else 400, code)
    assert (await http.frame(token, 1, faces.one_face())).status == 200


async def test_a_frame_in_chunks_over_the_limit_is_refused_too(http: Http, token: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(700):
            yield b"x" * 1024

    refused(await http.frame(token, 1, chunks()), 413, "too_large")


HEADERS: dict[str, tuple[object, object]] = {
    "no count": ("", 1),
    "a count in words": ("one", 1),
    "a negative count": (-1, 1),
    "a count beyond what JavaScript has": (2**53, 1),
    "a long count": ("9" * 4000, 1),
    "half a count": (1.5, 1),
    "no time": (1, ""),
    "a time in words": (1, "now"),
    "a time that is no number": (1, "nan"),
    "an endless time": (1, "inf"),
    "a negative time": (1, -1),
    "a time too far away": (1, 1e15),
}


@pytest.mark.parametrize(("seq", "at"), HEADERS.values(), ids=HEADERS.keys())
async def test_a_frame_with_wrong_headers_is_refused(seq: object, at: object, http: Http, token: str) -> None:
    refused(await http.frame(token, seq, faces.one_face(), at), 400, "invalid")
    assert (await http.frame(token, 1, faces.one_face())).status == 200


@pytest.mark.parametrize("seq", [5, 4, 0])
async def test_a_replayed_frame_is_refused(seq: int, http: Http, token: str) -> None:
    assert (await http.frame(token, 5, faces.one_face())).status == 200
    refused(await http.frame(token, seq, faces.one_face()), 400, "replayed_seq")


async def test_a_flood_of_frames_is_refused_and_others_are_not_disturbed(http: Http, room: Exam, token: str) -> None:
    other = (await room.add("Bob"))["token"]
    answers = [await http.frame(token, n, faces.one_face()) for n in range(80)]
    assert answers[0].status == 200
    refused(answers[-1], 429, "too_many")
    assert (await http.frame(other, 1, faces.one_face())).status == 200
