"""What holds for every HTTP call: what is always there, one shape for all that goes wrong, and origins."""

import io
import json
import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from . import faces, people, shared
from .calls import CALLS, ONE, raw, refused
from .conftest import Serve
from .people import Answer, Exam, Http

pytestmark = shared.LOOP
server, http, room, token = shared.server, shared.http, shared.room, shared.token


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
