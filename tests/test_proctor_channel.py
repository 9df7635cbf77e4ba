"""The proctors' socket: everything about their own meeting, and decisions that reach the right candidate."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from server import proctor_channel
from server.protocol import ErrorBody, IncidentEvent, Snapshot

from . import faces, people, shared
from .people import Candidate, Exam, Proctor

pytestmark = shared.LOOP
server, http, room = shared.server, shared.http, shared.room


def refused(answer: Any, code: str) -> None:
    """The acknowledgement is this error, in the one shape."""
    assert ErrorBody.model_validate(answer).error.code == code, answer


async def trouble(candidate: Candidate, kind: str = "second_screen") -> Any:
    """The candidate's browser reports something; the warning that came of it."""
    at = datetime.now(UTC).isoformat()
    assert (await candidate.send("activity", {"kind": kind, "at": at, "detail": {"active": True}}))["ok"]
    return await candidate.inbox.next("warning", where=lambda data: data["kind"] == kind)


async def test_the_first_word_is_a_snapshot_of_everything(room: Exam) -> None:
    async with people.candidate(room) as ada:
        await ada.frame()
        warning = await trouble(ada)
        async with people.proctor(room) as paula:
            name, data = paula.inbox.everything[0]
            assert name == "snapshot"
            snapshot = Snapshot.model_validate({**data})
            assert str(snapshot.meeting.id) == room.id
            assert [(str(each.id), each.name, each.connected) for each in snapshot.candidates] == [
                (ada.id, "Ada", True)
            ]
            assert snapshot.candidates[0].state == "streaming"
            assert [str(each.id) for each in snapshot.incidents] == [warning["incident_id"]]
            assert (snapshot.detector, snapshot.notice is not None) == ("off", True)


async def test_a_snapshot_of_an_empty_meeting_is_empty(room: Exam) -> None:
    async with people.proctor(room) as paula:
        data = paula.inbox.everything[0][1]
        assert (data["candidates"], data["incidents"]) == ([], [])


async def test_proctors_see_candidates_come_change_and_go(room: Exam) -> None:
    async with people.proctor(room) as paula:
        joined = await room.add("Ada")
        event = await paula.inbox.next("candidate")
        assert (event["type"], event["candidate"]["state"], event["candidate"]["name"]) == ("joined", "waiting", "Ada")
        async with people.candidate(room, joined=joined) as ada:
            assert (await paula.inbox.next("candidate"))["candidate"]["connected"] is True
            await ada.frame()
            streaming = await paula.inbox.next("candidate", where=lambda d: d["candidate"]["state"] == "streaming")
            assert streaming["type"] == "updated"
        gone = await paula.inbox.next("candidate", where=lambda d: not d["candidate"]["connected"])
        assert gone["candidate"]["id"] == joined["participant"]["id"]


async def test_an_incident_reaches_every_proctor_and_reviewer_of_its_meeting_and_nobody_else(http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with (
        people.proctor(room) as paula,
        people.proctor(room, "Pete") as pete,
        people.proctor(room, "Rita", "reviewer") as rita,
        people.proctor(other, "Olga") as olga,
        people.candidate(room) as ada,
    ):
        warning = await trouble(ada)
        for person in (paula, pete, rita):
            event = IncidentEvent.model_validate(await person.inbox.next("incident"))
            assert (event.type, str(event.incident.id)) == ("opened", warning["incident_id"])
        await olga.inbox.none("incident")
        assert {name for name, _ in olga.inbox.everything} == {"snapshot"}


async def test_a_warning_reaches_its_candidate_and_nobody_else(room: Exam) -> None:
    async with (
        people.proctor(room) as paula,
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
    ):
        assert await paula.send("warn", {"candidate_id": ada.id, "text": "Please turn on a light."}) == {"ok": True}
        message = await ada.inbox.next("message")
        assert message["text"] == "Please turn on a light."
        assert set(message) == {"id", "text", "at"}
        await bob.inbox.none("message")
        await paula.inbox.none("message", 50 * people.MS)


async def test_a_message_to_a_candidate_who_is_away_waits_for_them(room: Exam) -> None:
    joined = await room.add()
    async with people.proctor(room) as paula:
        words = {"candidate_id": joined["participant"]["id"], "text": "Please come back."}
        assert await paula.send("warn", words) == {"ok": True}
        async with people.candidate(room, joined=joined) as ada:
            message = await ada.inbox.next("message")
            assert message["text"] == "Please come back."
        async with people.candidate(room, joined=joined) as again:
            assert await again.inbox.next("message") == message
        answer = await room.http.frame(joined["token"], 1, faces.one_face())
        assert answer.json["messages"] == [message]


async def test_a_message_that_was_read_has_the_same_id_after_a_new_connection(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        assert (await paula.send("warn", {"candidate_id": ada.id, "text": "Please look here."}))["ok"]
        message = await ada.inbox.next("message")
        async with people.candidate(room, joined=ada.joined) as again:
            assert await again.inbox.next("message") == message
        answer = await room.http.frame(bob.token, 1, faces.one_face())  # type: ignore[arg-type]
        assert "messages" not in answer.json


async def test_a_candidate_who_has_finished_cannot_be_warned(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        assert (await ada.send("activity", {"kind": "finished", "at": datetime.now(UTC).isoformat()}))["ok"]
        refused(await paula.send("warn", {"candidate_id": ada.id, "text": "Wait."}), "ended")
        await ada.inbox.none("message")


async def test_a_proctor_ends_an_exam_and_it_stays_ended(room: Exam) -> None:
    async with (
        people.proctor(room) as paula,
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
    ):
        await trouble(ada)
        assert await paula.send("end", {"candidate_id": ada.id, "reason": "That will do."}) == {"ok": True}
        assert await ada.inbox.next("ended") == {"reason": "That will do."}
        async with asyncio.timeout(people.PATIENCE):
            await ada.gone.wait()
        assert (await paula.inbox.next("incident", where=lambda d: d["type"] == "closed"))["incident"]["closed_at"]
        left = await paula.inbox.next("candidate", where=lambda d: d["type"] == "left")
        assert (left["candidate"]["id"], left["candidate"]["state"]) == (ada.id, "ended")
        again = Candidate(ada.url, ada.joined)
        with pytest.raises(SocketRefused):
            await again.connect()
        assert again.refusal["code"] == "ended"
        await again.close()
        answer = await room.http.frame(ada.token, 9, faces.one_face())  # type: ignore[arg-type]
        assert (answer.status, answer.json["error"]["code"]) == (409, "ended")
        assert await bob.frame() == {"ok": True}
        assert await paula.send("end", {"candidate_id": ada.id, "reason": "Again."}) == {"ok": True}


async def test_the_end_of_a_meeting_reaches_everybody_in_it(http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with (
        people.proctor(room) as paula,
        people.candidate(room) as ada,
        people.candidate(other, "Cy") as cy,
    ):
        warning = await trouble(ada)
        assert (await room.end()).status == 200
        for person in (ada, paula):
            over = await person.inbox.next("ended")
            assert (set(over), "ended" in over["reason"]) == ({"reason"}, True)
        closed = await paula.inbox.next("incident", where=lambda d: d["type"] == "closed")
        assert closed["incident"]["id"] == warning["incident_id"]
        # The proctor may go on to review what was found.
        answer = await paula.send("review", {"incident_id": warning["incident_id"], "verdict": "dismissed"})
        assert answer == {"ok": True}
        assert await cy.frame() == {"ok": True}
        assert not cy.inbox.all("ended")
        incidents = await room.incidents()
        assert [(each["state"], each["review"]["verdict"]) for each in incidents] == [("closed", "dismissed")]


async def test_a_proctor_can_look_at_a_meeting_that_has_ended(room: Exam) -> None:
    async with people.candidate(room) as ada:
        warning = await trouble(ada)
        paula = Proctor(room.http.url, await room.add("Paula", "proctor"))
        await room.end()
        await paula.connect()
        snapshot = await paula.inbox.next("snapshot")
        assert snapshot["meeting"]["state"] == "ended"
        assert [each["id"] for each in snapshot["incidents"]] == [warning["incident_id"]]
        answer = await paula.send("review", {"incident_id": warning["incident_id"], "verdict": "confirmed"})
        assert answer == {"ok": True}
        await paula.close()


async def test_a_review_is_told_to_all_and_kept_with_the_newest_counting(room: Exam) -> None:
    async with (
        people.proctor(room) as paula,
        people.proctor(room, "Rita", "reviewer") as rita,
        people.candidate(room) as ada,
    ):
        incident_id = (await trouble(ada))["incident_id"]
        for person, verdict, note in ((paula, "confirmed", "I saw it."), (rita, "dismissed", None)):
            assert await person.send("review", {"incident_id": incident_id, "verdict": verdict, "note": note}) == {
                "ok": True
            }
            for other in (paula, rita):
                event = await other.inbox.next("incident", where=lambda d: d["type"] == "reviewed")
                review = event["incident"]["review"]
                assert (event["incident"]["id"], review["verdict"], review["note"]) == (incident_id, verdict, note)
                assert review["reviewer_id"] == person.id
        kept = (await room.incidents())[0]["review"]
        assert (kept["verdict"], kept["reviewer_id"]) == ("dismissed", rita.id)
        assert not [data for name, data in ada.inbox.everything if name not in ("pace", "warning")]


async def test_an_incident_of_another_meeting_cannot_be_reviewed(http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with people.candidate(room) as ada, people.proctor(other, "Olga") as olga, people.proctor(room) as paula:
        incident_id = (await trouble(ada))["incident_id"]
        for unknown in (incident_id, str(uuid4())):
            refused(await olga.send("review", {"incident_id": unknown, "verdict": "confirmed"}), "not_found")
        await paula.inbox.none("incident", 50 * people.MS) if not paula.inbox.all("incident") else None
        assert (await room.incidents())[0]["review"] is None


@pytest.mark.parametrize("event", ["warn", "end"])
async def test_a_candidate_of_another_meeting_cannot_be_reached(event: str, http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with people.candidate(room) as ada, people.proctor(other, "Olga") as olga:
        for unknown in (ada.id, str(uuid4())):
            refused(await olga.send(event, {"candidate_id": unknown, _words(event): "x"}), "not_found")
        assert await ada.frame() == {"ok": True}
        assert not ada.inbox.all("message")


def _words(event: str) -> str:
    return "text" if event == "warn" else "reason"


@pytest.mark.parametrize("event", ["warn", "end", "offer"])
async def test_a_reviewer_can_neither_warn_nor_end_nor_watch_live(event: str, room: Exam) -> None:
    async with people.candidate(room) as ada, people.proctor(room, "Rita", "reviewer") as rita:
        data = {"candidate_id": ada.id, "text": "x", "reason": "x", "sdp": "x"}
        refused(await rita.send(event, data), "not_allowed")
        assert await ada.frame() == {"ok": True}
        assert {name for name, _ in ada.inbox.everything} == {"pace"}


@pytest.mark.parametrize("event", ["frame", "activity", "shown"])
async def test_a_candidates_event_is_not_a_proctors_to_send(event: str, room: Exam) -> None:
    async with people.proctor(room) as paula:
        refused(await paula.send(event, {}), "not_allowed")
        assert await paula.send("watch", {"candidate_ids": [], "fps": 1}) == {"ok": True}


WRONG: list[tuple[str, Any]] = [
    ("watch", {"candidate_ids": [], "fps": 0}),
    ("watch", {"candidate_ids": "all", "fps": 1}),
    ("watch", {"candidate_ids": [str(uuid4())] * 501, "fps": 1}),
    ("review", {"incident_id": "1", "verdict": "confirmed"}),
    ("review", {"incident_id": str(uuid4()), "verdict": "perhaps"}),
    ("review", {"incident_id": str(uuid4()), "verdict": "confirmed", "note": "x" * 2001}),
    ("review", {"incident_id": str(uuid4()), "verdict": "confirmed", "note": "a\x00b"}),
    ("warn", {"candidate_id": str(uuid4()), "text": ""}),
    ("warn", {"candidate_id": str(uuid4()), "text": "a\x00b"}),
    ("warn", {"candidate_id": str(uuid4()), "text": "x", "extra": 1}),
    ("end", {"candidate_id": str(uuid4())}),
    ("watch", None),
    ("review", []),
    ("warn", "text"),
    ("end", b"bytes"),
]


@pytest.mark.parametrize(("event", "data"), WRONG, ids=[f"{event}-{n}" for n, (event, _) in enumerate(WRONG)])
async def test_an_event_with_wrong_words_is_refused_and_the_console_goes_on(event: str, data: Any, room: Exam) -> None:
    async with people.proctor(room) as paula:
        refused(await paula.send(event, data), "invalid")
        assert await paula.send("watch", {"candidate_ids": [], "fps": 1}) == {"ok": True}


async def test_live_video_says_that_it_is_not_built_yet(room: Exam) -> None:
    async with people.candidate(room) as ada, people.proctor(room) as paula:
        refused(await paula.send("offer", {"candidate_id": ada.id, "sdp": "v=0"}), "not_implemented")


async def test_thumbnails_are_the_newest_frames_of_those_who_are_watched(room: Exam) -> None:
    async with (
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
        people.proctor(room) as paula,
        people.proctor(room, "Pete") as pete,
    ):
        await bob.frame()
        await ada.frame(faces.no_face())
        assert (await paula.send("watch", {"candidate_ids": [ada.id], "fps": 5}))["ok"]
        first = await paula.inbox.next("thumbnail")
        assert (first["candidate_id"], first["seq"], first["jpeg"]) == (ada.id, ada.seq, faces.no_face())
        await ada.frame()
        newest = await paula.inbox.next("thumbnail")
        assert (newest["seq"], newest["jpeg"]) == (ada.seq, faces.one_face())
        assert (await paula.send("watch", {"candidate_ids": [], "fps": 1}))["ok"]
        await ada.frame()
        await paula.inbox.none("thumbnail")
        assert not pete.inbox.all("thumbnail")


async def test_nobody_watches_the_candidates_of_another_meeting(http: people.Http) -> None:
    room, other = await people.exam(http), await people.exam(http, "Other")
    async with people.candidate(room) as ada, people.proctor(other, "Olga") as olga:
        await ada.frame()
        assert (await olga.send("watch", {"candidate_ids": [ada.id, str(uuid4())], "fps": 5}))["ok"]
        await olga.inbox.none("thumbnail")


async def test_no_more_proctors_than_the_limit_are_let_in(room: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proctor_channel, "MAX_PROCTORS", 1)
    async with people.proctor(room):
        late = Proctor(room.http.url, await room.add("Late", "proctor"))
        with pytest.raises(SocketRefused):
            await late.connect()
        assert late.refusal["code"] == "too_many"
        await late.close()
    async with people.proctor(room, "Next"):
        pass
