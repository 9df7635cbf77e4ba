"""Who a candidate is outlives a restart, sealed, and nothing else: not the exam, not another key."""

import asyncio
import json
import logging
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection import rules
from detection.identity.comparison import Limits
from detection.rules import signs
from server import templates
from server.app import Running, running
from server.templates import Seal, Templates, Unsealable
from storage.database import Database

from . import faces, people, records
from .conftest import leaving_no_task, settings_for
from .people import Exam
from .postgres import TEMPLATE, Postgres, postgres

ADA, BOB = UUID(int=1), UUID(int=2)
TEMPLATE_BYTES = np.linspace(-0.3, 0.3, 128, dtype="<f4").tobytes()
SOMEBODY_ELSE = np.full(128, 0.5, dtype="<f4").tobytes()
SECRET = "s" * 32


# --- the seal ---------------------------------------------------------------------------------------------


@given(st.binary(min_size=512, max_size=512), st.uuids())
def test_what_was_sealed_is_opened_again(template: bytes, candidate_id: UUID) -> None:
    sealed = Seal(SECRET).close(candidate_id, template)
    assert Seal(SECRET).open(candidate_id, sealed) == template


def test_nothing_of_a_template_is_seen_through_the_seal() -> None:
    seal = Seal(SECRET)
    one, other = seal.close(ADA, TEMPLATE_BYTES), seal.close(ADA, TEMPLATE_BYTES)
    assert len(one) == 12 + 512 + 16
    assert all(TEMPLATE_BYTES[n : n + 4] not in one for n in range(0, 512, 4))
    # Never twice under the same nonce.
    assert one[:12] != other[:12]


def test_another_key_opens_nothing() -> None:
    sealed = Seal(SECRET).close(ADA, TEMPLATE_BYTES)
    with pytest.raises(Unsealable):
        Seal("t" * 32).open(ADA, sealed)


def test_a_template_is_nobody_elses() -> None:
    sealed = Seal(SECRET).close(ADA, TEMPLATE_BYTES)
    with pytest.raises(Unsealable):
        Seal(SECRET).open(BOB, sealed)


@given(st.integers(0, (12 + 512 + 16) * 8 - 1))
def test_one_flipped_bit_is_noticed(bit: int) -> None:
    sealed = bytearray(Seal(SECRET).close(ADA, TEMPLATE_BYTES))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unsealable):
        Seal(SECRET).open(ADA, bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 11, 12, 20, 28, 539])
def test_what_is_cut_short_is_noticed(length: int) -> None:
    sealed = Seal(SECRET).close(ADA, TEMPLATE_BYTES)
    with pytest.raises(Unsealable):
        Seal(SECRET).open(ADA, sealed[:length])


def test_a_template_of_another_length_is_noticed() -> None:
    sealed = Seal(SECRET).close(ADA, b"short")
    with pytest.raises(Unsealable):
        Seal(SECRET).open(ADA, sealed)


# --- kept and deleted -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as server:
        yield server


@pytest.fixture
async def database(own: Postgres) -> AsyncIterator[Database]:
    url = await asyncio.to_thread(own.database, template=TEMPLATE)
    database = await Database.connect(url)
    yield database
    await database.close()
    await asyncio.to_thread(own.drop, url)


@pytest.fixture
async def keeper(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Templates]:
    monkeypatch.setattr(templates, "RETRY_SECONDS", 0.05)
    keeper = Templates(Seal(SECRET), database, lambda: 1_700_000_000.0)
    keeper.start()
    yield keeper
    await keeper.close()


async def candidate(database: Database) -> tuple[UUID, UUID]:
    """Meeting and id of a new candidate."""
    meeting = records.meeting()
    person = records.participant(meeting.id)
    await database.insert_meeting(meeting)
    await database.insert_participant(person)
    return meeting.id, person.id


async def settled(keeper: Templates) -> None:
    async with asyncio.timeout(people.PATIENCE):
        await keeper._idle.wait()


async def test_the_newest_template_is_the_one_that_is_kept(database: Database, keeper: Templates) -> None:
    meeting_id, ada = await candidate(database)
    for template in (SOMEBODY_ELSE, TEMPLATE_BYTES):
        keeper.keep(ada, template)
        await settled(keeper)
    assert await keeper.kept(meeting_id) == {ada: TEMPLATE_BYTES}
    keeper.keep(ada, SOMEBODY_ELSE)
    keeper.forget([ada])
    await settled(keeper)
    assert await keeper.kept(meeting_id) == {}


async def test_while_the_database_is_away_the_last_wish_waits(
    own: Postgres, database: Database, keeper: Templates, caplog: pytest.LogCaptureFixture
) -> None:
    meeting_id, ada = await candidate(database)
    bob = records.participant(meeting_id)
    await database.insert_participant(bob)
    keeper.keep(bob.id, TEMPLATE_BYTES)
    await settled(keeper)
    await asyncio.to_thread(own.take_away)
    try:
        keeper.keep(ada, TEMPLATE_BYTES)
        keeper.forget([bob.id])
        await asyncio.sleep(0.3)
        assert not keeper._idle.is_set()
    finally:
        await asyncio.to_thread(own.bring_back)
    await settled(keeper)
    assert await keeper.kept(meeting_id) == {ada: TEMPLATE_BYTES}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("over", ["meeting", "participant"])
async def test_the_end_takes_the_template_along_and_lets_none_in_after(
    over: str, database: Database, keeper: Templates
) -> None:
    meeting_id, ada = await candidate(database)
    keeper.keep(ada, TEMPLATE_BYTES)
    await settled(keeper)
    if over == "meeting":
        assert await database.end_meeting(meeting_id, records.AT) is not None
    else:
        await database.end_participant(ada, records.AT)
    assert await database.templates(meeting_id) == {}
    keeper.keep(ada, TEMPLATE_BYTES)
    await settled(keeper)
    assert await database.templates(meeting_id) == {}


async def test_what_a_crash_left_of_those_who_finished_is_swept(database: Database, keeper: Templates) -> None:
    meeting_id, ada = await candidate(database)
    bob = records.participant(meeting_id)
    await database.insert_participant(bob)
    for each in (ada, bob.id):
        keeper.keep(each, TEMPLATE_BYTES)
    await settled(keeper)
    finished = replace(records.activity(bob), kind="finished")
    await database.save([finished])
    await keeper.sweep()
    assert set(await keeper.kept(meeting_id)) == {ada}


async def test_a_row_that_cannot_be_opened_is_a_warning_that_names_no_person(
    database: Database, keeper: Templates, caplog: pytest.LogCaptureFixture
) -> None:
    meeting_id, ada = await candidate(database)
    bob = records.participant(meeting_id)
    await database.insert_participant(bob)
    keeper.keep(ada, TEMPLATE_BYTES)
    await settled(keeper)
    await database.keep_template(bob.id, os.urandom(540), records.AT)
    assert await keeper.kept(meeting_id) == {ada: TEMPLATE_BYTES}
    assert await Templates(Seal("t" * 32), database, lambda: 0.0).kept(meeting_id) == {}
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 3
    assert "Ada" not in "".join(warnings)


# --- in an exam -------------------------------------------------------------------------------------------

RULES = {"sample_interval": 0.2, "stream": {"fps": 15}, "stream_lost": {"enabled": False}}


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrolling takes a second, not fifteen."""
    monkeypatch.setattr(signs, "_limits", lambda rule: Limits(different=rule.distance, gap=0.2))
    monkeypatch.setattr(signs, "USUAL", Limits(gap=0.2))
    monkeypatch.setattr(signs, "VOTES_APART", 0.1)


def _rows(server: Running, statement: str) -> list[tuple[Any, ...]]:
    url = server.services.settings.database_url
    assert url is not None
    connection = psycopg2.connect(url.get_secret_value())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


async def rows(server: Running, statement: str) -> list[tuple[Any, ...]]:
    return await asyncio.to_thread(_rows, server, statement)


async def templates_of(server: Running) -> list[tuple[Any, ...]]:
    return await rows(server, "SELECT participant_id, sealed FROM templates")


async def enrol(server: Running, ada: people.Candidate) -> bytes:
    """Show a face until it is known and kept; the reference."""

    async def kept() -> bool:
        return bool(await templates_of(server))

    await ada.stream(faces.one_face(), asyncio.ensure_future(people.eventually(kept)))
    meeting = await server.services.lobby.meeting(UUID(ada.joined["participant"]["meeting_id"]))
    reference = rules.newly_enrolled(rules.State(), meeting.candidate(UUID(ada.id)).state)
    assert reference is not None
    return reference


@faces.needs_models
@pytest.mark.usefixtures("_quickly")
async def test_no_descriptor_is_anywhere_but_sealed_and_nothing_is_left_after_the_end(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = settings_for(database_url, tmp_path, workers=1)
    async with leaving_no_task(), running(settings) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            reference = await enrol(server, ada)
            # An incident, so that there is one to look into.
            opened = asyncio.ensure_future(paula.inbox.next("incident"))
            await ada.stream(faces.two_faces(), opened)
            async with people.proctor(room, "Pit") as pit:
                heard = json.dumps([paula.inbox.everything, pit.inbox.everything, ada.inbox.everything], default=repr)
            held = (await http.get("/api/held", ada.joined["token"])).content.decode()
            listed = json.dumps(await room.incidents())
            metrics = (await http.get("/metrics")).content.decode()
            tables = [
                name for (name,) in await rows(server, "SELECT tablename FROM pg_tables WHERE schemaname='public'")
            ]
            assert "templates" in tables
            kept = "".join([str(await rows(server, f"SELECT t::text FROM {name} t")) for name in tables])
            files = await asyncio.to_thread(
                lambda: b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
            )
            everything = "".join([heard, held, listed, metrics, kept, caplog.text])
            for n in range(0, 512, 16):
                part = reference[n : n + 16]
                number = np.frombuffer(part, dtype="<f4")[0]
                assert part not in files
                for trace in (
                    part.hex(),
                    b64encode(reference[n : n + 15]).decode(),
                    f"{number:.6f}",
                    repr(float(number)),
                ):
                    assert trace not in everything
            assert (await room.end()).status == 200
            assert await templates_of(server) == []


@faces.needs_models
@pytest.mark.usefixtures("_quickly")
@pytest.mark.parametrize("how", ["finished", "dismissed"])
async def test_who_is_done_is_forgotten(how: str, database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path, workers=1)
    async with leaving_no_task(), running(settings) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await enrol(server, ada)
            if how == "finished":
                await ada.send("activity", {"kind": "finished", "at": "2026-01-01T00:00:00Z"})
            else:
                await paula.send("end", {"candidate_id": ada.id, "reason": "Enough."})

            async def gone() -> bool:
                return not await templates_of(server)

            await people.eventually(gone)


@faces.needs_models
@pytest.mark.usefixtures("_quickly")
@pytest.mark.parametrize("who", ["ada", "somebody else", "another key"])
async def test_after_a_restart_the_candidate_is_known_and_somebody_else_is_not(
    who: str, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = settings_for(database_url, tmp_path, workers=1, secret="a" * 32)
    async with leaving_no_task(), running(first) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        joined = await room.add()
        async with people.candidate(room, joined=joined) as ada:
            await enrol(server, ada)
            if who == "somebody else":
                server.services.templates.keep(UUID(ada.id), SOMEBODY_ELSE)
    second = settings_for(database_url, tmp_path, workers=1, secret=("b" if who == "another key" else "a") * 32)
    async with leaving_no_task(), running(second) as server, people.calls(server) as http:
        there = Exam(http, room.created)
        candidate = (await server.services.lobby.meeting(UUID(room.id))).candidate(UUID(joined["participant"]["id"]))
        assert rules.knows_candidate(candidate.state) is (who != "another key")
        if who == "another key":
            assert "enrolling anew" in caplog.text
            return
        async with people.proctor(there) as paula, people.candidate(there, joined=joined) as ada:
            ada.seq = 1000  # a browser goes on counting
            if who == "somebody else":
                opened = asyncio.ensure_future(paula.inbox.next("incident"))
                incident = (await ada.stream(faces.one_face(), opened))["incident"]
                assert incident["kind"] == "different_person"
                assert incident["why"]["score"] > incident["why"]["threshold"] == 0.6
            else:
                same = asyncio.ensure_future(people.eventually(lambda: candidate.state.scene.verdict == "same"))
                await ada.stream(faces.one_face(), same)
                assert await there.incidents() == []
