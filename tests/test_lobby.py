"""The meetings that are going on: they end for everybody, load under any settings, and are not flooded."""

import asyncio
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from server.app import Running, running
from server.meetings import Allowance, Candidate
from storage.spool import SpoolFull

from . import people, shared
from .conftest import leaving_no_task, settings_for
from .people import Exam, Http, Proctor

pytestmark = shared.LOOP
server, http, room = shared.server, shared.http, shared.room


async def test_a_meeting_ends_for_everybody_though_one_cannot_be_told(
    server: Running, http: Http, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby = server.services.lobby
    tell = lobby._presence.ended

    async def faulty(candidate: Candidate, reason: str) -> None:
        if candidate.record.name == "Ada":
            raise RuntimeError("nobody can be told this")
        await tell(candidate, reason)

    monkeypatch.setattr(lobby._presence, "ended", faulty)
    async with (
        people.proctor(room) as paula,
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
    ):
        assert (await ada.frame(), await bob.frame()) == ({"ok": True}, {"ok": True})
        answers = [await room.end() for _ in range(2)]
        assert [(answer.status, answer.json["meeting"]["state"]) for answer in answers] == [(200, "ended")] * 2
        await bob.inbox.next("ended")
        await paula.inbox.next("ended")
        for each in (ada, bob):
            answer = await http.frame(each.joined["token"], 9, b"")
            assert (answer.status, answer.json["error"]["code"]) == (409, "ended")
        assert not any(each.meeting.id == UUID(room.id) for each in lobby.candidates())


async def test_a_meeting_whose_settings_clash_with_new_ones_of_the_server_goes_on_and_can_be_ended(
    database_url: str, tmp_path: Path
) -> None:
    async with leaving_no_task(), running(settings_for(database_url, tmp_path)) as first, people.calls(first) as http:
        room = await people.exam(http, sample_interval=4)
        joined = await room.add()
        async with people.candidate(room, joined=joined) as ada:
            assert await ada.frame() == {"ok": True}
    changed = settings_for(database_url, tmp_path, max_interval=2)
    async with leaving_no_task(), running(changed) as second, people.calls(second) as http:
        there = Exam(http, room.created)
        assert (await http.get(there.path, http.operator_token)).json["meeting"]["settings"] == {"sample_interval": 4}
        paula = Proctor(second.url, await there.add("Paula", "proctor"))
        await paula.connect()
        await paula.inbox.next("snapshot")
        await paula.close()
        meeting = await second.services.lobby.meeting(UUID(room.id))
        assert (meeting.settings.rules.sample_interval, meeting.settings.rules.max_interval) == (1, 2)
        assert (await there.end()).status == 200
        again = people.Candidate(second.url, joined)
        with pytest.raises(SocketRefused):
            await again.connect()
        assert again.refusal["code"] == "ended"
        await again.close()


async def test_what_was_agreed_outlives_a_restart_and_what_cannot_be_given_any_more_locks_nobody_out(
    database_url: str, tmp_path: Path
) -> None:
    agreed = {"no_face": {"enter_seconds": 60}}
    same = settings_for(database_url, tmp_path)
    async with leaving_no_task(), running(same) as first, people.calls(first) as http:
        room = await people.exam(http)
        ids = [UUID((await room.add(name))["participant"]["id"]) for name in ("Ada", "Bob")]
        await first.services.database.accommodate(ids[0], agreed)
        await first.services.database.accommodate(ids[1], {"no_face": {"enter_seconds": 0.5}})
    async with leaving_no_task(), running(same) as second:
        meeting = await second.services.lobby.meeting(UUID(room.id))
        ada, bob = (meeting.candidate(each) for each in ids)
        assert (ada.rules.no_face.enter_seconds, ada.view().accommodations) == (60, agreed)
        assert (bob.rules, bob.view().accommodations) == (meeting.settings.rules, {})


@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
async def test_a_meeting_that_lost_its_proctor_gets_one_when_it_is_looked_at(
    ended: bool, server: Running, http: Http, room: Exam
) -> None:
    """The database may go away between the meeting's row and that of its first proctor."""
    await asyncio.to_thread(_forget_proctors, server, room)
    if ended:
        await room.end()
    shown = [await http.get(room.path, http.operator_token) for _ in range(2)]
    assert [answer.status for answer in shown] == [200, 200]
    if not ended:
        token = shown[0].json["proctor_url"].partition("#token=")[2]
        assert (await http.get(room.path, token)).status == 200
        participants = await server.services.database.participants(UUID(room.id), "proctor")
        assert len(participants) == 1


def _forget_proctors(server: Running, room: Exam) -> None:
    url = server.services.settings.database_url
    assert url is not None
    connection = psycopg2.connect(url.get_secret_value())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM participants WHERE meeting_id = %s AND role = 'proctor'", (room.id,))
    finally:
        connection.close()


async def test_too_many_who_join_by_one_link_at_once_are_told_to_wait(server: Running, http: Http, room: Exam) -> None:
    meeting = await server.services.lobby.meeting(UUID(room.id))
    meeting.joins = Allowance(rate=0.001, burst=3)
    wrong = await http.post(f"{room.path}/join", {"name": "X", "code": "wrong"})
    assert wrong.status == 403  # whoever has no link takes nobody's place
    joins = [http.post(f"{room.path}/join", {"name": f"C{n}", "code": room.code}) for n in range(5)]
    answers = await asyncio.gather(*joins)
    assert sorted(answer.status for answer in answers) == [201, 201, 201, 429, 429]
    late = next(answer for answer in answers if answer.status == 429)
    assert late.json["error"]["code"] == "too_many"
    assert len(meeting.candidates) == 3
    assert (await room.add("Invited"))["participant"]["role"] == "candidate"


async def test_a_finish_that_cannot_be_kept_is_refused_and_can_be_tried_again(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise SpoolFull("no room anywhere")

    async with people.candidate(room) as ada:
        assert await ada.frame() == {"ok": True}
        finished = {"kind": "finished", "at": "2026-01-01T00:00:00Z"}
        with monkeypatch.context() as storage:
            storage.setattr(server.services.ledger, "keep", full)
            assert (await ada.send("activity", finished))["error"]["code"] == "away"
        assert await ada.frame() == {"ok": True}, "the exam was over though nobody would know of it"
        assert await ada.send("activity", finished) == {"ok": True}
        assert (await ada.frame())["error"]["code"] == "ended"
