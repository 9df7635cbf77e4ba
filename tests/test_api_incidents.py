"""Incidents over HTTP: their pictures, decisions on them, and what a candidate may see of it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import pytest_asyncio

from detection.values import Kind
from server.app import Running
from server.protocol import Role
from server.tokens import Identity
from storage.records import IncidentRecord, ReviewRecord, new_id

from . import faces, people, records, shared
from .calls import ONE, refused
from .conftest import Serve
from .people import Exam, Http

pytestmark = shared.LOOP
server, http, room, cast, token = shared.server, shared.http, shared.room, shared.cast, shared.token


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
