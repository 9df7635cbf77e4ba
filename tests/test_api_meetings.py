"""Meetings and people over HTTP: making, adding, joining, agreeing, ending."""

import asyncio
import base64
import json
import re
from typing import Any
from uuid import UUID

import jwt
import pytest

from server.app import Running
from server.protocol import ErrorBody

from . import faces, people, shared
from .calls import ONE, activity, refused
from .conftest import Serve
from .people import Exam, Http, Json

pytestmark = shared.LOOP
server, http, room, cast = shared.server, shared.http, shared.room, shared.cast


# --- meetings ---------------------------------------------------------------------------------------------


async def test_an_operator_makes_a_meeting_and_gets_both_links(http: Http) -> None:
    answer = await http.post("/api/meetings", {"title": " Algebra "}, http.operator_token)
    assert answer.status == 201
    meeting = answer.json["meeting"]
    assert (meeting["title"], meeting["provider"], meeting["state"]) == ("Algebra", "builtin", "open")
    assert UUID(meeting["id"]).version == 7
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", meeting["created_at"])
    assert answer.json["proctor_url"].startswith(f"{http.url}/proctor#token=")
    assert answer.json["candidate_url"].startswith(f"{http.url}/join/{meeting['id']}?code=")


async def test_the_proctor_link_holds_a_proctors_token_for_that_meeting(http: Http, room: Exam) -> None:
    token = room.created["proctor_url"].partition("#token=")[2]
    assert (await http.get(room.path, token)).status == 200
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["role"], claims["meeting_id"]) == ("proctor", room.id)


async def test_the_join_code_is_in_the_link_and_nowhere_else(http: Http, room: Exam, cast: dict[str, str]) -> None:
    for name in ("proctor", "reviewer"):
        assert room.code not in (await http.get(room.path, cast[name])).content.decode()
    assert room.code not in json.dumps((await http.get("/api/meetings", http.operator_token)).json)


async def test_a_meeting_keeps_the_settings_it_was_given(http: Http) -> None:
    given = {"sample_interval": 0.5, "stream": {"fps": 2}, "no_face": {"enabled": False}}
    room = await people.exam(http, **given)
    assert (await http.get(room.path, http.operator_token)).json["meeting"]["settings"] == given


async def test_meetings_are_listed_newest_first_and_a_proctor_sees_their_own(http: Http) -> None:
    rooms = [await people.exam(http, f"Exam {n}") for n in range(3)]
    listed = (await http.get("/api/meetings", http.operator_token)).json
    assert [each["id"] for each in listed["meetings"]][:3] == [room.id for room in reversed(rooms)]
    token = (await rooms[1].add("P", "proctor"))["token"]
    assert [each["id"] for each in (await http.get("/api/meetings", token)).json["meetings"]] == [rooms[1].id]


async def test_after_a_meeting_the_list_goes_on_with_the_older_ones(http: Http) -> None:
    rooms = [await people.exam(http, f"Exam {n}") for n in range(3)]
    listed = (await http.get(f"/api/meetings?after={rooms[2].id}", http.operator_token)).json
    assert [each["id"] for each in listed["meetings"]][:2] == [rooms[1].id, rooms[0].id]


@pytest.mark.parametrize("name", ["operator", "proctor"])
async def test_a_meeting_is_ended_once_and_stays_ended(name: str, http: Http, room: Exam, cast: dict[str, str]) -> None:
    first = await http.post(f"{room.path}/end", None, cast[name])
    again = await http.post(f"{room.path}/end", None, cast[name])
    assert (first.status, first.json["meeting"]["state"]) == (200, "ended")
    assert again.json["meeting"]["ended_at"] == first.json["meeting"]["ended_at"]
    shown = await http.get(room.path, http.operator_token)
    assert shown.json["meeting"]["state"] == "ended"


async def test_a_reviewer_is_added_also_when_the_meeting_has_ended(http: Http, room: Exam) -> None:
    await room.end()
    added = await room.add("Rita", "reviewer")
    assert (await http.get(f"{room.path}/recordings", added["token"])).status == 200


async def test_nobody_comes_into_a_meeting_that_has_ended(http: Http, room: Exam, cast: dict[str, str]) -> None:
    await room.end()
    refused(await http.post(f"{room.path}/join", {"name": "A", "code": room.code}), 409, "ended")
    refused(
        await http.post(f"{room.path}/participants", {"name": "A", "role": "candidate"}, cast["proctor"]), 409, "ended"
    )
    refused(await http.frame(cast["candidate"], 1, faces.one_face()), 409, "ended")
    person = people.Candidate(http.url, {"token": cast["candidate"], "participant": {"id": "", "name": ""}})
    with pytest.raises(Exception, match=r"namespaces failed to connect"):
        await person.connect()
    assert person.refusal["code"] == "ended"
    await person.close()


async def test_what_was_found_in_a_meeting_can_be_read_after_its_end(
    http: Http, room: Exam, cast: dict[str, str]
) -> None:
    await room.end()
    assert (await http.get(f"{room.path}/incidents", cast["reviewer"])).json == {"incidents": [], "after": None}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "   "},
        {"title": 7},
        {"title": "x" * 201},
        {"title": "T", "extra": 1},
        {"title": "T", "provider": "zoom"},
        {"title": "T", "provider": "dyte"},
        {"title": "T", "settings": {"unknown": 1}},
        {"title": "T", "settings": {"stream": {"fps": 99}}},
        {"title": "T", "settings": []},
        {"title": "T\x00"},
        {"title": "\ud800"},
        [],
        "text",
        7,
        None,
    ],
    ids=lambda body: repr(body)[:50],
)
async def test_a_meeting_with_wrong_words_is_refused(body: Any, http: Http) -> None:
    answer = await http.call("POST", "/api/meetings", token=http.operator_token, data=json.dumps(body).encode())
    refused(answer, 400, "invalid")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"title":' * 50_000, b"1" * 10_000, b'{"title": NaN}', b"nul"],
    ids=lambda data: repr(data[:12]),
)
async def test_a_body_that_is_no_json_is_refused(data: bytes, http: Http) -> None:
    refused(await http.call("POST", "/api/meetings", token=http.operator_token, data=data), 400, "invalid")


async def test_a_refusal_names_every_wrong_field_and_repeats_no_value(http: Http) -> None:
    answer = await http.post("/api/meetings", {"title": 7, "provider": "hush", "extra": "hush"}, http.operator_token)
    text = answer.json["error"]["text"]
    assert all(name in text for name in ("title", "provider", "extra"))
    assert "hush" not in text


# --- participants -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "page"), [("candidate", "exam"), ("proctor", "proctor"), ("reviewer", "review")])
async def test_somebody_is_added_with_a_token_and_a_link_of_their_own(
    role: str, page: str, http: Http, room: Exam
) -> None:
    added = await room.add("Ada Lovelace", role)
    assert added["url"] == f"{http.url}/{page}#token={added['token']}"
    participant = added["participant"]
    assert (participant["name"], participant["role"], participant["meeting_id"]) == ("Ada Lovelace", role, room.id)
    claims = jwt.decode(added["token"], options={"verify_signature": False})
    assert (claims["role"], claims["participant_id"]) == (role, participant["id"])


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A"},
        {"name": "A", "role": "operator"},
        {"name": "A", "role": "admin"},
        {"name": "", "role": "candidate"},
        {"name": "A\x00", "role": "candidate"},
        {"name": "A", "role": "candidate", "id": ONE},
        {"name": "A", "role": "candidate", "reference_photo": "not base64!"},
        {"name": "A", "role": "candidate", "reference_photo": base64.b64encode(b"GIF89a").decode()},
    ],
    ids=lambda body: repr(body)[:60],
)
async def test_a_participant_with_wrong_words_is_refused(body: Json, http: Http, room: Exam) -> None:
    answer = await http.post(f"{room.path}/participants", body, http.operator_token)
    assert answer.status == 400, answer
    ErrorBody.model_validate(answer.json)


@pytest.mark.parametrize("before", ["", "data:image/jpeg;base64,"])
async def test_a_reference_photo_is_kept_and_shown_to_nobody(
    before: str, server: Running, http: Http, room: Exam
) -> None:
    photo = faces.one_face()
    body = {"name": "A", "role": "candidate", "reference_photo": before + base64.b64encode(photo).decode()}
    answer = await http.post(f"{room.path}/participants", body, http.operator_token)
    assert answer.status == 201
    assert "reference" not in answer.content.decode()
    folder = server.services.settings.data_dir / "evidence" / room.id
    kept = await asyncio.to_thread(lambda: [path.read_bytes() for path in folder.rglob("*.jpg")])
    assert kept == [photo]


async def test_whoever_has_the_candidate_link_joins_as_a_candidate(http: Http, room: Exam) -> None:
    answer = await http.post(f"{room.path}/join", {"name": "Ada", "code": room.code})
    assert answer.status == 201
    assert answer.json["participant"]["role"] == "candidate"
    assert (await http.frame(answer.json["token"], 1, faces.one_face())).status == 200


@pytest.mark.parametrize("code", ["", "wrong", "é", "x" * 200])
async def test_without_the_right_code_nobody_joins(code: str, http: Http, room: Exam) -> None:
    refused(await http.post(f"{room.path}/join", {"name": "Ada", "code": code}), 403, "not_allowed")


@pytest.mark.parametrize("meeting_id", [ONE, "1", "x" * 300])
async def test_a_link_to_no_meeting_says_the_same_as_a_wrong_code(meeting_id: str, http: Http, room: Exam) -> None:
    wrong = await http.post(f"{room.path}/join", {"name": "Ada", "code": "wrong"})
    unknown = await http.post(f"/api/meetings/{meeting_id}/join", {"name": "Ada", "code": "wrong"})
    assert (unknown.status, unknown.json) == (wrong.status, wrong.json)


async def test_a_full_meeting_takes_nobody_more(serve: Serve) -> None:
    async with serve(max_candidates=2) as server, people.calls(server) as http:
        room = await people.exam(http)
        joins = [http.post(f"{room.path}/join", {"name": f"C{n}", "code": room.code}) for n in range(5)]
        answers = await asyncio.gather(*joins)
        assert sorted(answer.status for answer in answers) == [201, 201, 429, 429, 429]
        refused(await http.post(f"{room.path}/join", {"name": "C", "code": room.code}), 429, "too_many")
        assert (await room.add("P", "proctor"))["participant"]["role"] == "proctor"


# --- what is agreed with a candidate ----------------------------------------------------------------------

AWAY = {"looking_away": {"enabled": False}, "no_face": {"enter_seconds": 60}}


async def test_accommodations_are_seen_by_the_candidate_and_by_staff(http: Http, room: Exam) -> None:
    body = {"name": "Ada", "role": "candidate", "accommodations": AWAY}
    joined = (await http.post(f"{room.path}/participants", body, http.operator_token)).json
    assert joined["participant"]["accommodations"] == AWAY
    held = (await http.get("/api/held", joined["token"])).json
    assert held["accommodations"] == AWAY
    assert "no_face" in held["looked_for"]
    assert "looking_away" not in held["looked_for"]
    async with people.proctor(room) as proctor:
        (snapshot,) = proctor.inbox.all("snapshot")
        assert [each["accommodations"] for each in snapshot["candidates"]] == [AWAY]


@pytest.mark.parametrize("name", ["operator", "proctor"])
async def test_accommodations_for_whoever_came_by_the_link_are_in_force_at_once(
    name: str, server: Running, http: Http, room: Exam, cast: dict[str, str]
) -> None:
    joined = (await http.post(f"{room.path}/join", {"name": "Ada", "code": room.code})).json
    where = f"{room.path}/participants/{joined['participant']['id']}/accommodations"
    candidate = (await server.services.lobby.meeting(UUID(room.id))).candidate(UUID(joined["participant"]["id"]))
    before = candidate.rules_sha256
    async with people.proctor(room) as proctor:
        answer = await http.call("PUT", where, token=cast[name], json={"accommodations": AWAY})
        assert (answer.status, answer.json["participant"]["accommodations"]) == (200, AWAY)
        told = await proctor.inbox.next("candidate", where=lambda each: each["candidate"]["name"] == "Ada")
        assert (told["type"], told["candidate"]["accommodations"]) == ("updated", AWAY)
    assert not candidate.rules.looking_away.enabled
    assert candidate.rules_sha256 == candidate.rules.sha256() != before
    kept = await server.services.database.participant(candidate.id)
    assert kept is not None
    assert kept.accommodations == AWAY
    assert (await http.call("PUT", where, token=cast[name], json={"accommodations": {}})).status == 200
    assert candidate.rules_sha256 == before


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"no_face": {"enter_seconds": 0.5}}, "no_face.enter_seconds: 0.5 is stricter than the meeting's 1"),
        ({"no_face": {"unknown": 1}}, "no_face.unknown: no such setting"),
        ({"sample_interval": 3}, "sample_interval: is the same for everyone"),
        ([], "accommodations"),
        (None, "accommodations"),
    ],
)
async def test_accommodations_that_would_tighten_anything_are_refused(
    given: Any, named: str, server: Running, http: Http, room: Exam
) -> None:
    body = {"name": "Ada", "role": "candidate", "reference_photo": base64.b64encode(faces.one_face()).decode()}
    answer = await http.post(f"{room.path}/participants", {**body, "accommodations": given}, http.operator_token)
    refused(answer, 400, "invalid")
    assert named in answer.json["error"]["text"]
    assert not (server.services.settings.data_dir / "evidence" / room.id / "references").exists()
    ada = await room.add("Ada")
    where = f"{room.path}/participants/{ada['participant']['id']}/accommodations"
    answer = await http.call("PUT", where, token=http.operator_token, json={"accommodations": given})
    refused(answer, 400, "invalid")
    assert (await http.get("/api/held", ada["token"])).json["accommodations"] == {}


@pytest.mark.parametrize("role", ["proctor", "reviewer"])
async def test_only_candidates_have_accommodations(role: str, http: Http, room: Exam) -> None:
    body = {"name": "P", "role": role, "accommodations": AWAY}
    refused(await http.post(f"{room.path}/participants", body, http.operator_token), 400, "invalid")
    added = await room.add("P", role)
    where = f"{room.path}/participants/{added['participant']['id']}/accommodations"
    refused(await http.call("PUT", where, token=http.operator_token, json={"accommodations": {}}), 404, "not_found")


async def test_nothing_is_agreed_with_whoever_has_finished(http: Http, room: Exam) -> None:
    ada = await room.add("Ada")
    await http.post("/api/activities", activity("finished"), ada["token"])
    where = f"{room.path}/participants/{ada['participant']['id']}/accommodations"
    answer = await http.call("PUT", where, token=http.operator_token, json={"accommodations": AWAY})
    refused(answer, 409, "ended")
