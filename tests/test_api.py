"""Every HTTP call, over a real connection: who may, what is answered, and one shape for all that goes wrong."""

import asyncio
import base64
import contextlib
import hashlib
import io
import itertools
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import jwt
import pytest
import pytest_asyncio

from detection.values import Kind
from server.app import Running
from server.protocol import ErrorBody, Role
from server.tokens import Identity, Tokens
from storage.records import IncidentRecord, ReviewRecord, new_id

from . import faces, people, records, shared
from .conftest import Serve
from .people import Answer, Exam, Http, Json
from .pictures import BAD_PICTURES

pytestmark = shared.LOOP
server, http, room = shared.server, shared.http, shared.room

ONE = "00000000-0000-7000-8000-000000000001"


def refused(answer: Answer, status: int, code: str) -> None:
    """The answer is this error, in the one shape, with a sentence for people."""
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (status, "application/json"), answer
    error = ErrorBody.model_validate(answer.json).error
    assert error.code == code, answer
    assert len(error.text) > 10, answer
    assert ("last_seq" in answer.json["error"]) is (code == "replayed_seq"), answer


@pytest_asyncio.fixture(loop_scope="module")
async def cast(room: Exam) -> dict[str, str]:
    """A token of every kind, by name; `stranger` is the proctor of another meeting."""
    other = await people.exam(room.http, "Other")
    return {
        "operator": room.http.operator_token,
        "proctor": (await room.add("P", "proctor"))["token"],
        "reviewer": (await room.add("R", "reviewer"))["token"],
        "candidate": (await room.add("C", "candidate"))["token"],
        "stranger": (await other.add("S", "proctor"))["token"],
    }


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


# --- who may ----------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(("method", "path", "allowed"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
async def test_a_call_is_for_those_the_table_names_and_their_own_meeting(
    method: str, path: str, allowed: str, http: Http, room: Exam, cast: dict[str, str]
) -> None:
    where = path.format(id=room.id, participant_id=ONE)
    for name, token in cast.items():
        answer = await http.call(method, where, token=token, json=None if method == "GET" else {})
        if name in allowed.split():
            assert answer.status not in (401, 403), (name, answer)
        else:
            refused(answer, 403, "not_allowed")


@pytest.mark.parametrize("path", ["", "/frames/1.jpg", "/segments/0"])
async def test_a_recording_is_for_those_who_may_see_its_meeting(
    path: str, http: Http, room: Exam, cast: dict[str, str]
) -> None:
    for seq in (1, 2):
        assert (await http.frame(cast["candidate"], seq, faces.one_face())).status == 200
    listed = await http.get(f"/api/meetings/{room.id}/recordings", cast["reviewer"])
    where = f"/api/recordings/{listed.json['recordings'][0]['id']}{path}"

    async def written() -> bool:
        return (await http.get(where, http.operator_token)).status == 200

    await people.eventually(written)
    for name in ("operator", "proctor", "reviewer"):
        assert (await http.get(where, cast[name])).status == 200, name
    refused(await http.get(where, cast["candidate"]), 403, "not_allowed")
    refused(await http.get(where, cast["stranger"]), 404, "not_found")
    refused(await http.get(where), 401, "not_authenticated")
    for unknown in (f"/api/recordings/{ONE}{path}", f"/api/recordings/x{path}"):
        refused(await http.get(unknown, http.operator_token), 404, "not_found")


async def test_a_frame_of_a_recording_is_the_very_bytes(http: Http, room: Exam, cast: dict[str, str]) -> None:
    for seq in (1, 2):
        assert (await http.frame(cast["candidate"], seq, faces.one_face())).status == 200
    [recording] = (await http.get(f"/api/meetings/{room.id}/recordings", cast["proctor"])).json["recordings"]
    answer = await people.eventually(lambda: _there(http, f"/api/recordings/{recording['id']}/frames/1.jpg"))
    assert (answer.content, answer.headers["Content-Type"]) == (faces.one_face(), "image/jpeg")
    far = await http.get(f"/api/recordings/{recording['id']}/frames/{10**15}.jpg", http.operator_token)
    refused(far, 404, "not_found")


async def _there(http: Http, path: str) -> Answer | None:
    answer = await http.get(path, http.operator_token)
    return answer if answer.status == 200 else None


WITHOUT: dict[str, dict[str, str]] = {
    "no header": {},
    "no bearer": {"Authorization": "Basic abc"},
    "an empty bearer": {"Authorization": "Bearer "},
    "nonsense": {"Authorization": "Bearer nonsense"},
    "a token in the wrong scheme": {"Authorization": "Token abc.def.ghi"},
}


@pytest.mark.parametrize("headers", WITHOUT.values(), ids=WITHOUT.keys())
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in (*CALLS[:3], *CALLS[-3:])])
async def test_without_a_token_nothing_is_answered(
    method: str, path: str, headers: dict[str, str], http: Http, room: Exam
) -> None:
    refused(await http.call(method, path.format(id=room.id), **headers), 401, "not_authenticated")


async def test_a_token_in_bytes_that_are_no_text_is_refused(http: Http) -> None:
    answer = await raw(http, b"GET /api/meetings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 "), answer


async def test_an_expired_token_is_refused_and_says_so(serve: Serve) -> None:
    secret = "s" * 40
    async with serve(secret=secret) as server, people.calls(server) as http:
        room = await people.exam(http)
        added = await room.add("P", "proctor")
        old = Tokens(secret, "", lifetime=60, clock=lambda: time.time() - 61)
        token = old.issue(Identity(Role.PROCTOR, UUID(room.id), UUID(added["participant"]["id"])))
        answer = await http.get(room.path, token)
        refused(answer, 401, "not_authenticated")
        assert "expired" in answer.json["error"]["text"]


@pytest.mark.parametrize("claims", [{"role": "operator"}, {"role": "proctor", "alg": "none"}], ids=["operator", "none"])
async def test_a_forged_token_is_refused(claims: Json, http: Http, room: Exam) -> None:
    made = {"role": "proctor", "meeting_id": room.id, "participant_id": ONE, "exp": time.time() + 60, **claims}
    token = jwt.encode(made, "", algorithm="none") if claims.get("alg") else jwt.encode(made, "k" * 64)
    refused(await http.get(room.path, token), 401, "not_authenticated")


# --- incidents and their pictures -------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def found(server: Running, room: Exam) -> AsyncIterator[list[IncidentRecord]]:
    """Five incidents of a candidate, the last two closed, each with one picture; oldest first."""
    added = (await room.add())["participant"]
    candidate = records.participant(UUID(room.id), id=UUID(added["id"]))
    picture = faces.one_face()
    made = []
    for n in range(5):
        closed = {"state": "closed", "closed_at": records.AT} if n > 2 else {}
        kind = "multiple_faces" if n % 2 else "no_face"
        evidence = [
            {
                "key": f"{room.id}/{n}.jpg",
                "sha256": hashlib.sha256(picture).hexdigest(),
                "captured_at": "2026-01-02T03:04:05.678Z",
                "seq": n,
                "boxes": [[0.1, 0.2, 0.3, 0.4]],
            }
        ]
        made.append(records.incident(candidate, kind=kind, evidence=evidence, **closed))
        await server.services.ledger.keep([made[-1]], {f"{room.id}/{n}.jpg": picture})
    yield made


async def test_incidents_come_newest_first_and_in_pages(http: Http, room: Exam, found: list[IncidentRecord]) -> None:
    ids, after = list[str](), ""
    for _ in range(3):
        page = (await http.get(f"{room.path}/incidents?limit=2{after}", http.operator_token)).json
        ids += [each["id"] for each in page["incidents"]]
        after = f"&after={page['after']}"
    assert ids == [str(each.id) for each in reversed(found)]
    assert page["after"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=no_face", [4, 2, 0]),
        ("state=closed", [4, 3]),
        ("kind=no_face&state=open", [2, 0]),
        ("kind=voice", []),
        (f"candidate_id={ONE}", []),
    ],
)
async def test_incidents_are_chosen_by_kind_state_and_candidate(
    query: str, expected: list[int], http: Http, room: Exam, found: list[IncidentRecord]
) -> None:
    page = (await http.get(f"{room.path}/incidents?{query}", http.operator_token)).json
    assert [each["id"] for each in page["incidents"]] == [str(found[n].id) for n in expected]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("page=2", "page"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=1e2", "limit"),
        ("limit=0000005009999", "limit"),
        ("limit=" + "0" * 8 + "1" + "9" * 30, "limit"),
        ("limit=" + "0" * 8 + "1" + "9" * 5000, "limit"),
        ("limit=%D9%A1", "limit"),
        ("after=7", "after"),
        ("after=", "after"),
        ("candidate_id=ada", "candidate_id"),
        ("kind=boredom", "kind"),
        ("kind=", "kind"),
        ("state=half", "state"),
        ("kind=no_face&kinds=voice", "kinds"),
    ],
    ids=lambda text: text[:30],
)
async def test_a_query_that_cannot_be_meant_is_refused_by_name(query: str, named: str, http: Http, room: Exam) -> None:
    answer = await http.get(f"{room.path}/incidents?{query}", http.operator_token)
    refused(answer, 400, "invalid")
    assert named in answer.json["error"]["text"]


async def test_an_unknown_query_is_refused_for_meetings_too(http: Http) -> None:
    refused(await http.get("/api/meetings?limit=3", http.operator_token), 400, "invalid")


async def test_evidence_is_the_very_bytes_with_their_hash(http: Http, room: Exam, found: list[IncidentRecord]) -> None:
    shown = (await room.incidents())[0]
    evidence = shown["evidence"][0]
    answer = await http.get(evidence["url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert answer.content == faces.one_face()
    assert hashlib.sha256(answer.content).hexdigest() == evidence["sha256"]
    assert set(evidence) == {"url", "sha256", "captured_at", "seq", "boxes", "deleted"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")


async def test_a_picture_needs_its_own_link(http: Http, room: Exam, found: list[IncidentRecord]) -> None:
    first, second = [each["evidence"][0]["url"] for each in (await room.incidents())[:2]]
    path, _, query = first.partition("?")
    forged = [
        path,
        f"{path}?",
        f"{path}?{second.partition('?')[2]}",
        f"{path}?{query}0",
        f"{path}?{query.replace('expires=', 'expires=1')}",
        first.replace("/0.jpg", "/1.jpg"),
        first.replace("/0.jpg", "/00.jpg"),
        path.replace(str(found[0].id), str(found[1].id)) + "?" + query,
        f"{path}?signature=%FF%FE&expires=1",
    ]
    for url in forged:
        refused(await http.get(url), 403, "not_allowed")
    refused(await http.get(f"{first}&size=1"), 400, "invalid")


async def test_asked_again_a_picture_has_the_same_link(http: Http, room: Exam, found: list[IncidentRecord]) -> None:
    links = [[each["evidence"][0]["url"] for each in await room.incidents()] for _ in range(2)]
    assert links[0] == links[1]


# --- decisions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("name", ["operator", "proctor", "reviewer"])
async def test_a_decision_over_http_is_kept_told_and_shown_to_the_candidate(
    name: str, ended: bool, server: Running, http: Http, room: Exam, cast: dict[str, str]
) -> None:
    candidate = records.participant(UUID(room.id), id=UUID((joined := await room.add())["participant"]["id"]))
    incident = records.incident(candidate)
    await server.services.ledger.keep([incident], {})
    if ended:
        await room.end()
    where, note = f"/api/incidents/{incident.id}/review", {"verdict": "confirmed", "note": "Two people at 3:12"}
    async with people.proctor(room) if not ended else contextlib.nullcontext() as paula:
        first = await http.post(where, {"verdict": "dismissed"}, cast[name])
        assert (first.status, first.json["incident"]["review"]["verdict"]) == (200, "dismissed")
        answer = await http.post(where, note, cast[name])
        if paula is not None:
            told = [await paula.inbox.next("incident", where=lambda data: data["type"] == "reviewed") for _ in range(2)]
            assert told[1]["incident"]["review"] == answer.json["incident"]["review"]
    review = answer.json["incident"]["review"]
    assert (review["verdict"], review["note"]) == ("confirmed", "Two people at 3:12")
    [kept] = (await room.incidents())[-1:]
    assert (kept["id"], kept["review"]) == (str(incident.id), review)
    held = (await http.get("/api/held", joined["token"])).json["held"]
    assert [each["verdict"] for each in held] == ["confirmed"]
    assert len(await server.services.database.reviews([incident.id])) == 2


async def test_only_those_of_its_meeting_decide_on_an_incident(
    server: Running, http: Http, room: Exam, cast: dict[str, str]
) -> None:
    candidate = records.participant(UUID(room.id), id=UUID((await room.add())["participant"]["id"]))
    incident = records.incident(candidate)
    await server.services.ledger.keep([incident], {})
    where, body = f"/api/incidents/{incident.id}/review", {"verdict": "confirmed"}
    refused(await http.post(where, body, cast["stranger"]), 404, "not_found")
    refused(await http.post(where, body, cast["candidate"]), 403, "not_allowed")
    refused(await http.post(f"/api/incidents/{ONE}/review", body, cast["proctor"]), 404, "not_found")
    for wrong in ({}, {"verdict": "perhaps"}, {"verdict": "confirmed", "note": "x" * 2001}, {**body, "by": "me"}):
        refused(await http.post(where, wrong, cast["proctor"]), 400, "invalid")
    assert await server.services.database.reviews([incident.id]) == []


async def test_no_token_opens_a_picture(http: Http, room: Exam, found: list[IncidentRecord]) -> None:
    path = (await room.incidents())[0]["evidence"][0]["url"].partition("?")[0]
    refused(await http.get(path, http.operator_token), 403, "not_allowed")


async def test_a_link_to_a_picture_expires(serve: Serve) -> None:
    async with serve(evidence_link_lifetime=3) as server, people.calls(server) as http:
        room = await people.exam(http)
        candidate = records.participant(UUID(room.id), id=UUID((await room.add())["participant"]["id"]))
        evidence = [{"key": "k", "sha256": "0", "captured_at": "2026-01-02T03:04:05.678Z", "seq": 1, "boxes": []}]
        await server.services.ledger.keep([records.incident(candidate, evidence=evidence)], {"k": b"x"})
        url = (await room.incidents())[0]["evidence"][0]["url"]
        assert (await http.get(url)).status == 200

        async def expired() -> bool:
            return (await http.get(url)).status != 200

        await people.eventually(expired)
        refused(await http.get(url), 403, "not_allowed")


async def test_a_picture_that_is_gone_is_not_found(
    server: Running, http: Http, room: Exam, found: list[IncidentRecord]
) -> None:
    url = (await room.incidents())[0]["evidence"][0]["url"]
    picture = server.services.settings.data_dir / "evidence" / found[0].evidence[0]["key"]
    await asyncio.to_thread(picture.unlink)
    refused(await http.get(url), 404, "not_found")


# --- what a candidate may see of it -----------------------------------------------------------------------


async def test_a_candidate_sees_all_that_is_held_against_them_and_nothing_of_others(
    server: Running, http: Http, room: Exam, found: list[IncidentRecord]
) -> None:
    bob = await room.add("Bob")
    of_bob = records.incident(records.participant(UUID(room.id), id=UUID(bob["participant"]["id"])), kind="no_face")
    verdicts = [("dismissed", found[4]), ("confirmed", found[4]), ("dismissed", found[0])]
    reviews = [ReviewRecord(new_id(), each.id, None, word, "a note", datetime.now(UTC)) for word, each in verdicts]
    await server.services.ledger.keep([of_bob], {})
    for review in reviews:
        await server.services.ledger.keep([review], {})
    ada = server.services.tokens.issue(Identity(Role.CANDIDATE, UUID(room.id), found[0].candidate_id))

    for _ in range(2):
        held = (await http.get("/api/held", ada)).json["held"]
        assert [each["incident_id"] for each in held] == [str(each.id) for each in reversed(found)]
        assert [each["verdict"] for each in held] == ["confirmed", None, None, None, "dismissed"]
        assert [each["closed_at"] is None for each in held] == [False, False, True, True, True]
        for each in held:
            assert set(each) == {"incident_id", "kind", "text", "opened_at", "closed_at", "verdict"}
            assert each["text"] not in ("", found[0].text), "the proctor's words are not for the candidate"
        (only,) = (await http.get("/api/held", bob["token"])).json["held"]
        assert (only["incident_id"], only["verdict"]) == (str(of_bob.id), None)
        await room.end()  # after which it can still be read


async def test_a_candidate_against_whom_nothing_is_held_sees_nothing(http: Http, token: str) -> None:
    answer = await http.get("/api/held", token)
    looked_for = [kind.value for kind in Kind if kind not in (Kind.VOICE, Kind.STREAM_LOST)]
    nothing = {"held": [], "looked_for": looked_for, "accommodations": {}, "recorded": True}
    kept = {"stream_days": None, "evidence_days": None, "incidents_days": None}
    assert (answer.status, answer.json) == (200, nothing | {"kept": kept})


async def test_a_candidate_is_told_when_not_every_frame_is_kept(serve: Serve) -> None:
    async with serve(record=False) as server, people.calls(server) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            assert (await http.get("/api/held", str(ada.token))).json["recorded"] is False


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


# --- activities without a socket --------------------------------------------------------------------------


def activity(kind: str, **more: Any) -> Json:
    return {"kind": kind, "at": datetime.now(UTC).isoformat(), **more}


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


@pytest_asyncio.fixture(loop_scope="module")
async def token(room: Exam) -> str:
    added: str = (await room.add())["token"]
    return added


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


# --- what is always there ---------------------------------------------------------------------------------


async def test_health_is_open_and_names_the_detector(http: Http) -> None:
    answer = await http.get("/healthz")
    assert answer.status == 200
    assert {**answer.json, "version": "", "notice": "", "signing_key": ""} == {
        "ok": True,
        "status": "ok",
        "version": "",
        "detector": "off",
        "notice": "",
        "workers": {"wanted": 0, "alive": 0},
        "database": "ok",
        "video": {},
        "signing_key": "",
    }
    assert answer.json["signing_key"] == (await http.get("/api/signing-key")).json["public_key"]
    assert "off" in answer.json["notice"]


async def test_metrics_count_and_name_nobody(http: Http, room: Exam, token: str) -> None:
    before = [await http.metric(f"frames_{what}_total") for what in ("received", "refused")]
    await http.frame(token, 1, faces.one_face())
    await http.frame(token, 1, b"nonsense")
    answer = await http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    after = [await http.metric(f"frames_{what}_total") for what in ("received", "refused")]
    assert after == [each + 1 for each in before]
    text = answer.content.decode()
    assert not any(word in text for word in ("Ada", token, room.id))


@pytest.mark.parametrize(
    ("who", "statuses"), [("open", [200, 200, 200]), ("operator", [401, 403, 200]), ("off", [404, 404, 404])]
)
async def test_metrics_are_for_whom_the_setting_says(who: str, statuses: list[int], serve: Serve) -> None:
    async with serve(metrics=who) as server, people.calls(server) as http:
        proctor = (await (await people.exam(http)).add("P", "proctor"))["token"]
        answers = [await http.get("/metrics", token) for token in (None, proctor, http.operator_token)]
        assert [answer.status for answer in answers] == statuses


async def test_openapi_names_every_call_with_its_bodies_and_the_error(http: Http) -> None:
    document = (await http.get("/api/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    calls = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert {f"{method} {path}" for method, path, _ in CALLS} <= calls
    assert {
        "POST /api/meetings/{id}/join",
        "GET /api/incidents/{id}/evidence/{n}.jpg",
        "GET /api/meetings/{id}/bundle",
        "GET /api/recordings/{id}",
        "GET /api/recordings/{id}/frames/{seq}.jpg",
        "GET /api/recordings/{id}/video.mp4",
        "GET /healthz",
        "GET /metrics",
        "GET /api/openapi.json",
    } <= calls
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert reference in document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "default" in operation["responses"]


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing", f"/api/incidents/{ONE}", "/api/meetings/"],
)
async def test_an_unknown_address_is_not_found(path: str, http: Http) -> None:
    refused(await http.get(path, http.operator_token), 404, "not_found")


@pytest.mark.parametrize("path", [f"/api/meetings/{ONE}", "/api/meetings/1", f"/api/meetings/{ONE}/incidents"])
async def test_a_meeting_that_is_not_there_is_not_found(path: str, http: Http) -> None:
    refused(await http.get(path, http.operator_token), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/meetings"),
        ("PUT", "/api/frames"),
        ("GET", "/api/frames"),
        ("POST", "/healthz"),
        ("PATCH", "/metrics"),
    ],
)
async def test_a_wrong_method_is_said_to_be_one(method: str, path: str, http: Http) -> None:
    refused(await http.call(method, path, token=http.operator_token), 405, "method_not_allowed")


async def test_a_body_over_the_limit_is_refused(http: Http) -> None:
    body = b'{"title": "' + b"x" * 3_000_000 + b'"}'
    refused(
        await http.call("POST", "/api/meetings", token=http.operator_token, data=io.BytesIO(body)), 413, "too_large"
    )


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


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /api/meetings HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"POST /api/frames HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    ],
    ids=["a version", "TLS", "a long header", "a length"],
)
async def test_what_is_no_http_gets_an_answer_and_harms_nobody(data: bytes, http: Http) -> None:
    assert b" 400 " in await raw(http, data)
    assert (await http.get("/healthz")).status == 200


# --- origins ----------------------------------------------------------------------------------------------

FRIEND, FOE = "https://exams.example", "https://evil.example"


async def preflight(http: Http, origin: str) -> Answer:
    return await http.call(
        "OPTIONS",
        "/api/frames",
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization, content-type, x-captured-at, x-seq",
    )


async def test_pages_of_an_allowed_origin_may_use_the_api(serve: Serve) -> None:
    async with serve(allowed_origins=[FRIEND]) as server, people.calls(server) as http:
        asked = await preflight(http, FRIEND)
        assert asked.status in (200, 204), asked
        allowed = {name.strip() for name in asked.headers["Access-Control-Allow-Headers"].lower().split(",")}
        assert {"authorization", "content-type", "x-seq", "x-captured-at"} <= allowed
        for answer in (asked, await http.get("/api/meetings", http.operator_token, Origin=FRIEND)):
            assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        wrong = await http.get("/api/meetings", "wrong", Origin=FRIEND)
        assert (wrong.status, wrong.headers["Access-Control-Allow-Origin"]) == (401, FRIEND)


async def test_pages_of_other_origins_may_not(serve: Serve) -> None:
    async with serve(allowed_origins=[FRIEND]) as server, people.calls(server) as http:
        answers = [await preflight(http, FOE), await http.get("/api/meetings", http.operator_token, Origin=FOE)]
        assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)


async def test_links_are_made_for_the_public_address(serve: Serve) -> None:
    async with serve(public_url="https://exams.example/invigil/") as server:
        assert server.url == "https://exams.example/invigil"
        port = server.services.settings.port
        assert port == 0


async def test_the_links_of_a_meeting_lead_to_the_address_that_was_asked(http: Http) -> None:
    answer = await http.call(
        "POST", "/api/meetings", token=http.operator_token, json={"title": "T"}, Host="exams.example:81"
    )
    assert urlsplit(answer.json["candidate_url"]).netloc == "exams.example:81"
    assert parse_qs(urlsplit(answer.json["candidate_url"]).query)["code"]


async def test_a_missing_script_is_not_found(http: Http) -> None:
    assert (await http.get("/assets/nothing.js")).status == 404


async def test_every_page_has_the_headers_that_keep_others_out(http: Http) -> None:
    answer = await http.get(f"/join/{uuid4()}")
    if answer.status == 404:
        pytest.skip("the client is not built: run `make setup`")
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
