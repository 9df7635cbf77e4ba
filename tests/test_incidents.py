"""Commit or spool, then tell: what happens to incidents and their pictures while their homes are away."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from detection.values import Kind
from server.app import Running, running
from server.meetings import LiveIncident, Meeting
from server.protocol import Incident, ReviewMessage, Role, Verdict
from server.tokens import Identity
from storage import spool as spool_module

from . import faces, people, records
from .conftest import leaving_no_task, settings_for
from .people import Candidate, Exam, Http
from .postgres import TEMPLATE, Postgres, postgres

KINDS = ("tab_hidden", "focus_lost", "fullscreen_exited", "second_screen", "virtual_camera")


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as server:
        yield server


@pytest.fixture
async def server(own: Postgres, tmp_path: Path) -> AsyncIterator[Running]:
    url = await asyncio.to_thread(own.database, template=TEMPLATE)
    async with leaving_no_task(), running(settings_for(url, tmp_path)) as server:
        yield server


async def report(candidate: Candidate, kind: str, *, active: bool = True) -> None:
    at = datetime.now(UTC).isoformat()
    answer = await candidate.send("activity", {"kind": kind, "at": at, "detail": {"active": active}})
    assert answer == {"ok": True}


async def test_what_can_neither_be_committed_nor_spooled_is_told_to_nobody_until_it_can(
    own: Postgres, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        monkeypatch.setattr(spool_module, "MAX_BYTES", 0)
        await asyncio.to_thread(own.take_away)
        try:
            at = datetime.now(UTC).isoformat()
            hidden = {"kind": "tab_hidden", "at": at, "detail": {"active": True}}
            await ada.send("activity", hidden)
            await paula.inbox.none("incident")
            assert not ada.inbox.all("warning")
            assert await ada.frame() == {"ok": True}
        finally:
            await asyncio.to_thread(own.bring_back)
        await people.eventually(lambda: _reported(ada))
        told = (await paula.inbox.next("incident"))["incident"]
        assert told["kind"] == "tab_hidden"
        assert [each["id"] for each in await room.incidents()] == [told["id"]]


async def _reported(ada: Candidate) -> bool:
    """The candidate's browser says it again, as the client does after `away`."""
    at = datetime.now(UTC).isoformat()
    return bool((await ada.send("activity", {"kind": "tab_hidden", "at": at, "detail": {"active": True}}))["ok"])


async def test_while_the_database_is_away_people_who_are_known_come_back_and_see_everything(
    own: Postgres, room: Exam
) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        pete = people.Proctor(room.http.url, await room.add("Pete", "proctor"))
        await asyncio.to_thread(own.take_away)
        try:
            await report(ada, "tab_hidden")
            told = (await paula.inbox.next("incident"))["incident"]
            await pete.connect()
            snapshot = await pete.inbox.next("snapshot")
            assert [each["id"] for each in snapshot["incidents"]] == [told["id"]]
            async with people.candidate(room, joined=ada.joined) as again:
                assert (await again.inbox.next("warning"))["incident_id"] == told["id"]
                assert await again.frame(seq=1) == {"ok": True}
            answer = await room.http.post(f"{room.path}/join", {"name": "New", "code": room.code})
            assert (answer.status, answer.json["error"]["code"]) == (503, "away")
        finally:
            await asyncio.to_thread(own.bring_back)
        await people.eventually(lambda: _joined(room))
        await pete.close()


async def _joined(room: Exam) -> bool:
    return (await room.http.post(f"{room.path}/join", {"name": "New", "code": room.code})).status == 201


async def test_many_incidents_at_once_are_told_in_their_order_and_each_once(room: Exam) -> None:
    async with people.proctor(room) as paula:
        crew = [Candidate(room.http.url, await room.add(f"C{n}")) for n in range(8)]
        await asyncio.gather(*(each.connect() for each in crew))
        await asyncio.gather(*(report(each, kind) for each in crew for kind in KINDS))
        for _ in range(len(crew) * len(KINDS)):
            await paula.inbox.next("incident")
        ids = [each["incident"]["id"] for each in paula.inbox.all("incident")]
        assert len(set(ids)) == len(ids) == len(crew) * len(KINDS)
        assert ids == sorted(ids)
        assert [each["id"] for each in await room.incidents()] == ids
        for each in crew:
            mine = {warning["incident_id"] for warning in each.inbox.all("warning")}
            assert len(mine) == len(KINDS)
            assert len(each.inbox.all("warning")) == len(KINDS)
        await asyncio.gather(*(each.close() for each in crew))


async def test_a_snapshot_and_the_events_after_it_leave_no_gap(room: Exam) -> None:
    async with people.candidate(room) as ada:
        late = [people.Proctor(room.http.url, await room.add(f"P{n}", "proctor")) for n in range(6)]
        for kind, each in zip(KINDS, late, strict=False):
            await asyncio.gather(report(ada, kind), each.connect())
        await ada.inbox.next("warning", where=lambda data: data["kind"] == KINDS[-1])
        kept = {each["id"] for each in await room.incidents()}
        assert len(kept) == len(KINDS)
        for each in late[: len(KINDS)]:

            def known(inbox: people.Inbox = each.inbox) -> bool:
                snapshot = {known["id"] for known in (inbox.all("snapshot") or [{"incidents": []}])[0]["incidents"]}
                told = [event["incident"]["id"] for event in inbox.all("incident") if event["type"] == "opened"]
                assert len(told) == len(set(told))
                return snapshot | set(told) == kept

            await people.eventually(known)
            await each.close()


async def test_a_picture_is_shown_while_the_object_store_is_away_and_reaches_it_later(
    own: Postgres, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(own.database, template=TEMPLATE)
    evidence = tmp_path / "data" / "evidence"

    def take_away() -> None:
        shutil.rmtree(evidence)
        evidence.write_text("a file where the folder was")

    def bring_back() -> None:
        evidence.unlink()
        evidence.mkdir()

    async with running(settings_for(url, tmp_path, workers=1)) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.3, stream={"fps": 15})
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await ada.frame()
            await asyncio.to_thread(take_away)
            waiting = asyncio.ensure_future(paula.inbox.next("incident"))
            opened = (await ada.stream(faces.two_faces(), waiting))["incident"]
            for each in opened["evidence"]:
                assert (await http.get(each["url"])).content == faces.two_faces()
            await asyncio.to_thread(bring_back)
            count = len(opened["evidence"])
            await people.eventually(lambda: len(list(evidence.rglob("*.jpg"))) >= count)
            for each in opened["evidence"]:
                assert (await http.get(each["url"])).content == faces.two_faces()


async def test_an_incident_is_committed_before_anybody_hears_of_it(http: Http, room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        for kind in KINDS:
            await report(ada, kind)
            told = (await paula.inbox.next("incident"))["incident"]
            assert told["id"] in {each["id"] for each in await room.incidents()}


async def test_a_fault_in_telling_one_incident_stops_neither_the_next_nor_a_review(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    incidents, monitor = server.services.incidents, server.services.monitor
    view = incidents._view

    def faulty(meeting: Meeting, live: LiveIncident) -> Incident:
        if live.record.kind == "focus_lost":
            raise RuntimeError("this incident cannot be shown")
        return view(meeting, live)

    monkeypatch.setattr(incidents, "_view", faulty)
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await report(ada, "tab_hidden")
        told = (await paula.inbox.next("incident"))["incident"]
        meeting = await server.services.lobby.meeting(UUID(room.id))
        candidate = meeting.candidate(UUID(ada.id))
        # The first is on its way to the database when the others come, so that these are kept and told together.
        monitor.notice(candidate, Kind.SECOND_SCREEN, active=True, detail="")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        monitor.notice(candidate, Kind.FOCUS_LOST, active=True, detail="")
        reviewer = Identity(Role.PROCTOR, meeting.id, UUID(paula.id))
        async with asyncio.timeout(people.PATIENCE):
            word = ReviewMessage(incident_id=UUID(told["id"]), verdict=Verdict.CONFIRMED)
            await incidents.review(meeting, reviewer, word)
        await report(ada, "virtual_camera")
        kinds = [(await paula.inbox.next("incident"))["incident"]["kind"] for _ in range(3)]
        assert kinds == ["second_screen", "tab_hidden", "virtual_camera"]
        kept = {each["kind"]: each["review"] for each in await room.incidents()}
        assert set(kept) == {"tab_hidden", "second_screen", "focus_lost", "virtual_camera"}
        assert kept["tab_hidden"]["verdict"] == "confirmed"


@pytest.mark.parametrize("telling", ["incident", "warning", "candidate"])
async def test_a_fault_of_the_sockets_stops_no_later_incident(
    telling: str, server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(*_: object) -> None:
        raise RuntimeError("nobody can be told this")

    async with people.proctor(room) as paula, people.candidate(room) as ada:
        with monkeypatch.context() as patch:
            patch.setattr(server.services.incidents._announcer, telling, faulty)
            await report(ada, "focus_lost")
            await people.eventually(lambda: _count(room, 1))
        await report(ada, "tab_hidden")
        told = await paula.inbox.next("incident", where=lambda data: data["incident"]["kind"] == "tab_hidden")
        assert (await ada.inbox.next("warning", where=lambda data: data["kind"] == "tab_hidden"))[
            "incident_id"
        ] == told["incident"]["id"]


async def _count(room: Exam, count: int) -> bool:
    return len(await room.incidents()) == count


async def test_the_pictures_of_a_live_incident_can_be_had_while_the_database_is_away(
    own: Postgres, server: Running, http: Http, room: Exam
) -> None:
    added = (await room.add())["participant"]
    meeting = await server.services.lobby.meeting(UUID(room.id))
    candidate = meeting.candidate(UUID(added["id"])).record
    evidence = [{"key": "k", "sha256": "0", "captured_at": "2026-01-02T03:04:05.678Z", "seq": 1, "boxes": []}]
    record = records.incident(candidate, evidence=evidence)
    await server.services.ledger.keep([record], {"k": faces.one_face()})
    meeting.remember(LiveIncident(record, told=True))
    async with people.proctor(room) as paula:
        (shown,) = paula.inbox.all("snapshot")[0]["incidents"]
        url = shown["evidence"][0]["url"]
        await asyncio.to_thread(own.take_away)
        try:
            answer = await http.get(url)
            assert (answer.status, answer.content) == (200, faces.one_face())
            missing = await http.get(url.replace("/0.jpg", "/1.jpg"))
            assert missing.status == 403  # without a link of its own nothing is even looked for
        finally:
            await asyncio.to_thread(own.bring_back)
