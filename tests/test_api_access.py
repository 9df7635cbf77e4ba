"""Who may make which call, over a real connection: the whole table, tokens of every kind, and none."""

import time
from uuid import UUID

import jwt
import pytest

from server.protocol import Role
from server.tokens import Identity, Tokens

from . import faces, people, shared
from .calls import CALLS, ONE, raw, refused
from .conftest import Serve
from .people import Answer, Exam, Http, Json

pytestmark = shared.LOOP
server, http, room, cast = shared.server, shared.http, shared.room, shared.cast


# --- who may ----------------------------------------------------------------------------------------------


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
