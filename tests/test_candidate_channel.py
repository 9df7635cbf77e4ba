"""The candidates' socket: what is taken, what is refused, and that a refusal costs nobody anything."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from server import candidate_channel
from server.protocol import ErrorBody

from . import faces, people, shared
from .conftest import Serve
from .people import Candidate, Exam, Json, Proctor
from .pictures import BAD_PICTURES, padded

pytestmark = shared.LOOP
server, http, room = shared.server, shared.http, shared.room


def now() -> str:
    return datetime.now(UTC).isoformat()


def refused(answer: Any, code: str) -> None:
    """The acknowledgement is this error, in the one shape."""
    error = ErrorBody.model_validate(answer).error
    assert error.code == code, answer
    assert len(error.text) > 10
    assert ("last_seq" in answer["error"]) is (code == "replayed_seq"), answer


async def all_is_well(*candidates: Candidate) -> None:
    """Each of them can still send a frame."""
    for each in candidates:
        assert await each.frame() == {"ok": True}


async def test_a_candidate_is_told_how_to_stream_and_frames_are_acknowledged(room: Exam) -> None:
    person = Candidate(room.http.url, await room.add())
    await person.connect()
    pace = await person.inbox.next("pace")
    assert 1 <= pace.pop("fps") <= 5  # less than asked for while this machine lags
    assert pace == {"width": 480, "quality": 0.6}
    assert [await person.frame() for _ in range(3)] == [{"ok": True}] * 3
    await person.close()


async def test_a_meetings_own_pace_is_told(http: people.Http) -> None:
    room = await people.exam(http, stream={"fps": 2, "width": 480, "quality": 0.8})
    person = Candidate(room.http.url, await room.add())
    await person.connect()
    pace = await person.inbox.next("pace")
    assert pace.pop("fps") <= 2
    assert pace == {"width": 480, "quality": 0.8}
    await person.close()


async def test_polling_is_good_enough_where_a_websocket_cannot_be_had(serve: Serve) -> None:
    async with contextlib.AsyncExitStack() as after, serve() as server, people.calls(server) as http:
        person = Candidate(server.url, await (await people.exam(http)).add())
        await person.connect(transports=("polling",))
        after.push_async_callback(person.close)  # when the server has hung up: a poll is not cut short
        await person.inbox.next("pace")
        assert await person.frame() == {"ok": True}


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_frame_that_is_no_usable_picture_is_refused_and_nothing_else_happens(name: str, room: Exam) -> None:
    picture, code = BAD_PICTURES[name]
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        refused(await ada.frame(picture), code)
        await all_is_well(ada, bob)
        assert not ada.gone.is_set()


async def test_after_a_message_over_a_megabyte_the_candidate_can_connect_again_and_goes_on(room: Exam) -> None:
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        await all_is_well(ada)
        sending = asyncio.create_task(ada.frame(padded(1536 * 1024)))
        async with asyncio.timeout(people.PATIENCE):
            await ada.gone.wait()  # the connection is cut: Engine.IO does not read on
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await ada.close()
        again = Candidate(ada.url, ada.joined)
        again.seq = ada.seq
        await again.connect()
        await all_is_well(again, bob)
        await again.close()


WRONG_FRAMES: dict[str, Json] = {
    "text instead of bytes": {"jpeg": "text"},
    "a list instead of bytes": {"jpeg": [255, 216]},
    "an unknown field": {"extra": 1},
    "no count": {"seq": None},
    "a count in words": {"seq": "1"},
    "a count that is true": {"seq": True},
    "a negative count": {"seq": -1},
    "a count too large": {"seq": 2**53},
    "no time": {"captured_at": None},
    "a time that is no number": {"captured_at": float("nan")},
    "an endless time": {"captured_at": float("inf")},
    "a time too far away": {"captured_at": 1e15},
}


@pytest.mark.parametrize("changed", WRONG_FRAMES.values(), ids=WRONG_FRAMES.keys())
async def test_a_frame_with_wrong_words_is_refused_and_nothing_else_happens(changed: Json, room: Exam) -> None:
    async with people.candidate(room) as ada:
        refused(await ada.frame(**changed), "invalid")
        await all_is_well(ada)


@pytest.mark.parametrize("field", ["seq", "captured_at", "jpeg"])
async def test_a_frame_with_a_field_missing_is_refused(field: str, room: Exam) -> None:
    data = {"seq": 1, "captured_at": time.time() * 1000, "jpeg": faces.one_face()}
    async with people.candidate(room) as ada:
        refused(await ada.send("frame", {name: value for name, value in data.items() if name != field}), "invalid")
        await all_is_well(ada)


@pytest.mark.parametrize("seq", [5, 4, 0])
async def test_a_replayed_frame_is_refused_by_socket_by_http_and_after_a_new_connection(seq: int, room: Exam) -> None:
    async with people.candidate(room) as ada:
        assert await ada.frame(seq=5) == {"ok": True}
        by_socket = await ada.frame(seq=seq)
        by_http = (await room.http.frame(ada.token, seq, faces.one_face())).json  # type: ignore[arg-type]
        async with people.candidate(room, joined=ada.joined) as again:
            for answer in (by_socket, by_http, await again.frame(seq=seq)):
                refused(answer, "replayed_seq")
                assert answer["error"]["last_seq"] == 5
            assert await again.frame(seq=6) == {"ok": True}


@pytest.mark.parametrize("arguments", [(), ({}, {}), (None,), ([],), ("text",), (7,), (b"bytes",), ({"a": {"b": []}},)])
@pytest.mark.parametrize("event", ["frame", "activity", "shown"])
async def test_an_event_with_odd_arguments_is_refused_and_nothing_else_happens(
    event: str, arguments: tuple[Any, ...], room: Exam
) -> None:
    async with people.candidate(room) as ada:
        refused(await ada.send(event, *arguments), "invalid")
        await all_is_well(ada)


@pytest.mark.parametrize("event", ["", "Frame", "hello", "trigger_event", "on_frame", "__class__", "*", "x" * 10_000])
async def test_an_unknown_event_is_refused(event: str, room: Exam) -> None:
    async with people.candidate(room) as ada:
        refused(await ada.send(event, {}), "unknown_event")
        await all_is_well(ada)


@pytest.mark.parametrize("event", ["watch", "review", "warn", "end", "offer"])
async def test_a_proctors_event_is_not_a_candidates_to_send(event: str, room: Exam) -> None:
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        refused(await ada.send(event, {"candidate_id": bob.id, "text": "x", "reason": "x"}), "not_allowed")
        await all_is_well(ada, bob)
        assert not bob.inbox.all("message")


@pytest.mark.parametrize("event", ["warning", "snapshot", "incident", "ended", "pace"])
async def test_an_event_that_only_the_server_sends_is_refused(event: str, room: Exam) -> None:
    async with people.candidate(room) as ada, people.proctor(room) as paula:
        refused(await ada.send(event, {}), "unknown_event")
        refused(await paula.send(event, {}), "unknown_event")


@pytest.mark.parametrize("event", ["connect", "disconnect"])
@pytest.mark.parametrize("arguments", [(), ({"token": "x"},), ("reason",), ({}, {}, {})])
async def test_a_forged_connect_or_disconnect_changes_nothing(
    event: str, arguments: tuple[Any, ...], room: Exam
) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await paula.inbox.next("candidate", where=lambda data: data["candidate"]["connected"])
        for person in (ada, paula):
            refused(await person.send(event, *arguments), "unknown_event")
        await all_is_well(ada)
        refused(await ada.send("review", {}), "not_allowed")
        assert await paula.send("watch", {"candidate_ids": [], "fps": 1}) == {"ok": True}
        presence = [each["candidate"]["connected"] for each in paula.inbox.all("candidate")]
        assert presence == sorted(presence), "somebody was said to have left"
        shown = Proctor(room.http.url, await room.add("Pete", "proctor"))
        await shown.connect()
        assert (await shown.inbox.next("snapshot"))["candidates"][0]["connected"] is True
        await shown.close()


async def test_a_flood_of_frames_is_refused_and_others_are_not_disturbed(room: Exam) -> None:
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        answers = [await ada.frame() for _ in range(80)]
        assert answers[0] == {"ok": True}
        refused(answers[-1], "too_many")
        await all_is_well(bob)
        await people.eventually(lambda: _taken(ada))


async def _taken(candidate: Candidate) -> bool:
    return bool((await candidate.frame())["ok"])


async def test_a_flood_of_activities_is_refused_and_frames_go_on(room: Exam) -> None:
    async with people.candidate(room) as ada:
        answers = [await ada.send("activity", {"kind": "clipboard", "at": now()}) for _ in range(60)]
        assert answers[0] == {"ok": True}
        refused(answers[-1], "too_many")
        await all_is_well(ada)


DETAILS: list[Any] = [
    {"text": "x" * 201},
    {"x" * 201: 1},
    {str(n): n for n in range(21)},
    "x" * 201,
    {"a": "\x00"},
    "\x00",
    {"a": float("nan")},
    {"a": {"b": 1}},
]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: repr(detail)[:30])
async def test_an_activity_with_a_detail_that_cannot_be_kept_is_refused(detail: Any, room: Exam) -> None:
    async with people.candidate(room) as ada:
        refused(await ada.send("activity", {"kind": "clipboard", "at": now(), "detail": detail}), "invalid")
        await all_is_well(ada)


async def test_whatever_a_candidate_reports_the_proctor_hears_of_it_and_the_database_has_it(room: Exam) -> None:
    """A detail that the database will not have must not take the incident out of the record."""
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True, "why": "a\x00b"}})
        await ada.send("activity", {"kind": "focus_lost", "at": now(), "detail": {"active": True}})
        told = await paula.inbox.next("incident", where=lambda data: data["incident"]["kind"] == "focus_lost")
        everything = {each["incident"]["id"] for each in paula.inbox.all("incident")}
        assert told["incident"]["id"] in everything
        assert {each["id"] for each in await room.incidents()} >= everything


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00Z"])
async def test_a_candidates_clock_may_be_wrong_by_any_time(at: str, room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.send("activity", {"kind": "tab_hidden", "at": at, "detail": {"active": True}})
        opened = await paula.inbox.next("incident")
        answer = await ada.send("shown", {"incident_id": opened["incident"]["id"], "at": at})
        assert answer["ok"] or answer["error"]["code"] == "invalid", answer
        await all_is_well(ada)


async def test_nobody_can_say_that_anothers_banner_was_shown(room: Exam) -> None:
    async with people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True}})
        warning = await ada.inbox.next("warning")
        for incident_id in (warning["incident_id"], str(uuid4())):
            refused(await bob.send("shown", {"incident_id": incident_id, "at": now()}), "not_found")
        assert (await room.incidents())[0]["trace"].get("shown_at") is None


async def test_a_second_socket_replaces_the_first_which_is_told_why(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as first:
        await all_is_well(first)
        async with people.candidate(room, joined=first.joined) as second:
            over = await first.inbox.next("ended")
            assert (over["code"], "another window" in over["reason"]) == ("replaced", True)
            async with asyncio.timeout(people.PATIENCE):
                await first.gone.wait()
            second.seq = first.seq
            await all_is_well(second)
            # The end of the first must not look like the end of the candidate.
            states = [each["candidate"]["connected"] for each in paula.inbox.all("candidate")]
            assert states[-1] is True
        gone = await paula.inbox.next("candidate", where=lambda data: not data["candidate"]["connected"])
        assert gone["candidate"]["id"] == first.id


async def test_two_windows_at_once_are_an_incident(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room, page="one") as first:
        await all_is_well(first)
        async with people.candidate(room, joined=first.joined, page="two") as second:
            told = (await paula.inbox.next("incident"))["incident"]
            assert (told["kind"], told["candidate_id"]) == ("second_connection", first.id)
            assert (await second.inbox.next("warning"))["incident_id"] == told["id"]
            second.seq = first.seq
            await all_is_well(second)


PAGES: dict[str, tuple[object, object]] = {
    "a reload": ("one", "one"),
    "a client that says no page": (None, None),
    "a page only now": (None, "two"),
    "a page no more": ("one", None),
    "pages that are no text": (1, {"two": 2}),
}


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES.keys())
async def test_the_same_window_again_is_no_incident(pages: tuple[object, object], room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room, page=pages[0]) as first:
        await all_is_well(first)
        async with people.candidate(room, joined=first.joined, page=pages[1]) as second:
            second.seq = first.seq
            await all_is_well(second)
            await paula.inbox.none("incident")


@pytest.mark.parametrize("frames", [0, 1], ids=["no frame yet", "no frame lately"])
async def test_a_window_whose_frames_have_ceased_is_not_open_any_more(
    frames: int, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate_channel, "SECOND_WITHIN", 0.0)
    async with people.proctor(room) as paula, people.candidate(room, page="one") as first:
        for _ in range(frames):
            await all_is_well(first)
        async with people.candidate(room, joined=first.joined, page="two"):
            await paula.inbox.none("incident")


async def test_of_many_sockets_at_once_one_remains(room: Exam) -> None:
    joined = await room.add()
    crowd = [Candidate(room.http.url, joined) for _ in range(6)]
    await asyncio.gather(*(each.connect() for each in crowd), return_exceptions=True)
    alive = await people.eventually(lambda: _one([each for each in crowd if each.socket.connected]))
    await all_is_well(alive)
    await asyncio.gather(*(each.close() for each in crowd))


def _one(found: list[Candidate]) -> Candidate | None:
    return found[0] if len(found) == 1 else None


async def test_a_candidate_who_has_finished_sends_nothing_more_and_does_not_come_back(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await all_is_well(ada)
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True}})
        opened = await paula.inbox.next("incident")
        assert await ada.send("activity", {"kind": "finished", "at": now()}) == {"ok": True}
        closed = await paula.inbox.next("incident", where=lambda data: data["type"] == "closed")
        assert closed["incident"]["id"] == opened["incident"]["id"]
        left = await paula.inbox.next("candidate", where=lambda data: data["type"] == "left")
        assert left["candidate"]["state"] == "finished"
        refused(await ada.frame(), "ended")
        again = Candidate(ada.url, ada.joined)
        with pytest.raises(SocketRefused):
            await again.connect()
        assert again.refusal["code"] == "ended"
        await again.close()


async def test_consent_is_kept_and_is_no_incident(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        assert await ada.send("activity", {"kind": "consent_given", "at": now()}) == {"ok": True}
        await paula.inbox.none("incident")


async def test_a_tab_that_is_hidden_is_an_incident_until_it_is_shown_again(http: people.Http) -> None:
    room = await people.exam(http, tab_hidden={"merge_seconds": 0})
    async with people.proctor(room) as paula, people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True}})
        opened = (await paula.inbox.next("incident", where=lambda data: data["type"] == "opened"))["incident"]
        assert (opened["kind"], opened["state"], opened["candidate_id"]) == ("tab_hidden", "open", ada.id)
        assert opened["candidate_name"] == ada.name
        warning = await ada.inbox.next("warning")
        assert (warning["incident_id"], warning["kind"]) == (opened["id"], "tab_hidden")
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True}})
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": False}})
        closed = (await paula.inbox.next("incident", where=lambda data: data["type"] == "closed"))["incident"]
        assert (closed["id"], closed["state"]) == (opened["id"], "closed")
        assert (await ada.inbox.next("warning_cleared"))["incident_id"] == opened["id"]
        assert [each["id"] for each in await room.incidents()] == [opened["id"]]
        assert {name for name, _ in bob.inbox.everything} <= {"pace"}


async def test_what_was_open_when_a_candidate_comes_back_is_shown_to_them(room: Exam) -> None:
    async with people.candidate(room) as ada, people.proctor(room) as paula:
        await room.http.post(f"{room.path}/join", {"name": "x", "code": room.code})
        await ada.send("activity", {"kind": "second_screen", "at": now(), "detail": {"active": True}})
        opened = await paula.inbox.next("incident")
        snapshot_at_return = Candidate(ada.url, ada.joined)
        await snapshot_at_return.connect()
        warning = await snapshot_at_return.inbox.next("warning")
        assert warning["incident_id"] == opened["incident"]["id"]
        await snapshot_at_return.close()


async def test_a_candidate_without_a_socket_sees_their_warnings_in_the_answers(room: Exam) -> None:
    async with people.candidate(room) as ada:
        await all_is_well(ada)
        await ada.send("activity", {"kind": "second_screen", "at": now(), "detail": {"active": True}})
        warning = await ada.inbox.next("warning")
        answer = await room.http.frame(ada.token, 99, faces.one_face())  # type: ignore[arg-type]
        assert answer.json["warnings"] == [warning]


async def test_a_candidate_hears_nothing_of_others(http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with (
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
        people.candidate(other, "Cy") as cy,
        people.proctor(other) as paul,
        people.proctor(room) as paula,
    ):
        await ada.send("activity", {"kind": "tab_hidden", "at": now(), "detail": {"active": True}})
        await paula.send("warn", {"candidate_id": ada.id, "text": "Please look here."})
        await all_is_well(ada)
        await ada.inbox.next("warning")
        await ada.inbox.next("message")
        for person in (bob, cy):
            await person.inbox.none("warning")
            assert {name for name, _ in person.inbox.everything} <= {"pace"}
        assert not paul.inbox.all("incident")
        assert not any(each["candidate"]["id"] == ada.id for each in paul.inbox.all("candidate"))
        seen = {name for name, _ in ada.inbox.everything}
        assert seen <= {"pace", "warning", "message"}


DOORS: dict[str, Any] = {
    "no token": None,
    "an empty token": "",
    "nonsense": "nonsense",
    "a number": 7,
    "an object": {"token": "x"},
    "a lone surrogate": "\ud800",
    "a megabyte": "x" * 900_000,
}


@pytest.mark.parametrize("namespace", ["/candidate", "/proctor"])
@pytest.mark.parametrize("token", DOORS.values(), ids=DOORS.keys())
async def test_without_a_good_token_nobody_comes_in_and_is_told_why(token: object, namespace: str, room: Exam) -> None:
    stranger = people.Person(room.http.url, token, namespace)
    with pytest.raises(SocketRefused):
        await stranger.connect()
    assert stranger.refusal["code"] == "not_authenticated"
    await stranger.close()


@pytest.mark.parametrize(
    ("role", "namespace"),
    [
        ("candidate", "/proctor"),
        ("proctor", "/candidate"),
        ("reviewer", "/candidate"),
        ("operator", "/proctor"),
        ("operator", "/candidate"),
    ],
)
async def test_a_token_opens_its_own_namespace_and_no_other(role: str, namespace: str, room: Exam) -> None:
    token = room.http.operator_token if role == "operator" else (await room.add("X", role))["token"]
    stranger = people.Person(room.http.url, token, namespace)
    with pytest.raises(SocketRefused):
        await stranger.connect()
    assert stranger.refusal["code"] == "not_allowed"
    await stranger.close()


async def opens(room: Exam, origin: str | None = None, host: str | None = None) -> bool:
    """Whether a page of this origin may open a socket, by this name of the server's, and use it."""
    headers: Any = {name: value for name, value in (("Origin", origin), ("Host", host)) if value}
    person = Candidate(room.http.url, await room.add())
    try:
        await person.connect(**headers)
        await all_is_well(person)
    except SocketRefused:
        return False
    finally:
        await person.close()
    return True


async def only_our_own_may(room: Exam) -> None:
    """Pages of our own may open a socket, also behind a TLS proxy, and those of a stranger may not."""
    own = room.http.url
    assert await opens(room)
    assert await opens(room, own)
    assert await opens(room, own.replace("http", "https", 1))
    assert await opens(room, "https://invigil.example", "invigil.example")
    assert not await opens(room, "https://evil.example")
    assert not await opens(room, "null")
    assert not await opens(room, own + "0")
    assert not await opens(room, "https://evil.example", "invigil.example")


async def test_pages_of_our_own_and_of_allowed_origins_may_open_a_socket(serve: Serve) -> None:
    async with serve(allowed_origins=["https://exams.example"]) as server, people.calls(server) as http:
        room = await people.exam(http)
        assert await opens(room, "https://exams.example")
        assert not await opens(room, "http://exams.example")
        await only_our_own_may(room)


async def test_without_allowed_origins_only_pages_of_our_own_may(room: Exam) -> None:
    await only_our_own_may(room)
