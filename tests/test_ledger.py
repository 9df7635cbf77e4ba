"""Commit or spool: with a real PostgreSQL that goes away and comes back, and a store that does."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database, DatabaseAway, migrate
from storage.ledger import Ledger
from storage.objects import ObjectStore, ObjectStoreError
from storage.records import IncidentRecord, MeetingRecord, ParticipantRecord, ReviewRecord, Row, new_id
from storage.spool import Spool

from . import people, records
from .postgres import Postgres, postgres


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as server:
        yield server


@pytest.fixture
async def database(own: Postgres) -> AsyncIterator[Database]:
    url = await asyncio.to_thread(own.database, template="invigil_template")
    database = await Database.connect(url)
    yield database
    await database.close()
    await asyncio.to_thread(own.drop, url)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore.local(tmp_path / "evidence")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    (tmp_path / "spool").mkdir()
    return Spool(tmp_path / "spool")


def aside(tmp_path: Path) -> list[tuple[str, str]]:
    """Table and id of the rows that were put aside."""
    lines = (tmp_path / "spool" / "rejected.jsonl").read_text().splitlines()
    return [(table, row["id"]) for table, row in map(json.loads, lines)]


@pytest.fixture
def ledger(database: Database, store: ObjectStore, spool: Spool) -> Ledger:
    return Ledger(database, store, spool)


@pytest.fixture
async def meeting(database: Database) -> MeetingRecord:
    meeting = records.meeting()
    await database.insert_meeting(meeting)
    return meeting


@pytest.fixture
async def candidate(database: Database, meeting: MeetingRecord) -> ParticipantRecord:
    candidate = records.participant(meeting.id)
    await database.insert_participant(candidate)
    return candidate


async def away(own: Postgres) -> None:
    await asyncio.to_thread(own.take_away)


async def back(own: Postgres) -> None:
    await asyncio.to_thread(own.bring_back)


async def saved(database: Database, meeting: MeetingRecord) -> list[IncidentRecord]:
    return list(reversed(await database.incidents(meeting.id)))


async def drained(ledger: Ledger, spool: Spool) -> None:
    """Drain as often as the server would, until nothing waits."""

    async def once() -> bool:
        await ledger.drain()
        return not ledger.away and not await asyncio.to_thread(spool.size)

    await people.eventually(once)


async def test_a_row_and_its_picture_are_where_they_belong(
    ledger: Ledger, database: Database, store: ObjectStore, meeting: MeetingRecord, candidate: ParticipantRecord
) -> None:
    incident = records.incident(candidate, evidence=[{"key": "k", "seq": 1}])
    await ledger.keep([incident], {"k": b"picture"})
    assert await saved(database, meeting) == [incident]
    assert await store.get("k") == b"picture"
    assert await ledger.picture("k") == b"picture"


async def test_everything_of_an_incident_comes_back_as_it_was(
    ledger: Ledger, database: Database, candidate: ParticipantRecord
) -> None:
    incident = records.incident(
        candidate,
        text="Ünïcode ' \" \\ \n \u2028 😀",
        why={"boxes": [[0.1, 0.2, 0.3, 0.4]], "score": None, "rule": "%(x)s %s"},
        trace={"opened_at": "2026-01-02T03:04:05.678Z"},
        version=3,
    )
    await ledger.keep([incident], {})
    assert await database.incident(incident.id) == incident


async def test_an_older_version_never_overwrites_a_newer_one(
    ledger: Ledger, database: Database, candidate: ParticipantRecord
) -> None:
    new = records.incident(candidate, state="closed", closed_at=records.AT, version=2)
    await ledger.keep([new], {})
    await ledger.keep([replace(new, state="open", closed_at=None, version=1)], {})
    assert await database.incident(new.id) == new


async def test_while_the_database_is_away_rows_wait_in_the_spool_and_come_home_in_order(
    own: Postgres,
    ledger: Ledger,
    database: Database,
    spool: Spool,
    meeting: MeetingRecord,
    candidate: ParticipantRecord,
) -> None:
    before = records.incident(candidate)
    await ledger.keep([before], {})
    await away(own)
    during = [records.incident(candidate, text=str(n)) for n in range(5)]
    try:
        for each in during:
            await ledger.keep([each], {})
        closed = replace(before, state="closed", closed_at=records.AT, version=1)
        await ledger.keep([closed, records.activity(candidate)], {})
        await ledger.drain()
        assert ledger.away
        assert await ledger.waiting() > 0
    finally:
        await back(own)
    await drained(ledger, spool)
    assert await saved(database, meeting) == [closed, *during]
    after = records.incident(candidate)
    await ledger.keep([after], {})
    assert await asyncio.to_thread(spool.size) == 0
    assert await database.incident(after.id) == after


async def test_once_the_database_is_known_to_be_away_nobody_waits_for_it(
    own: Postgres, ledger: Ledger, spool: Spool, candidate: ParticipantRecord
) -> None:
    await away(own)
    try:
        await ledger.keep([records.incident(candidate)], {})
        async with asyncio.timeout(200 * people.MS):
            await ledger.keep([records.incident(candidate)], {})
    finally:
        await back(own)
    await drained(ledger, spool)


async def test_versions_spooled_before_and_committed_after_end_with_the_newest(
    own: Postgres, ledger: Ledger, database: Database, spool: Spool, candidate: ParticipantRecord
) -> None:
    first = records.incident(candidate)
    await away(own)
    try:
        await ledger.keep([first], {})
    finally:
        await back(own)
    newest = replace(first, text="newest", version=5)
    await people.eventually(lambda: _answers(database))
    await database.save([newest])
    await drained(ledger, spool)
    assert await database.incident(first.id) == newest


async def _answers(database: Database) -> bool:
    try:
        await database.ping()
    except DatabaseAway:
        return False
    return True


async def test_what_waits_survives_the_end_of_the_process(
    own: Postgres,
    ledger: Ledger,
    database: Database,
    store: ObjectStore,
    tmp_path: Path,
    candidate: ParticipantRecord,
) -> None:
    incident = records.incident(candidate)
    await away(own)
    try:
        await ledger.keep([incident], {})
    finally:
        await back(own)
    spool = await asyncio.to_thread(Spool, tmp_path / "spool")
    await drained(Ledger(database, store, spool), spool)
    assert await database.incident(incident.id) == incident


@pytest.mark.parametrize("size", [2, 20])
async def test_a_row_that_is_refused_is_put_aside_and_the_others_are_saved(
    size: int,
    ledger: Ledger,
    database: Database,
    spool: Spool,
    tmp_path: Path,
    meeting: MeetingRecord,
    candidate: ParticipantRecord,
) -> None:
    good = [records.incident(candidate) for _ in range(size)]
    bad = records.incident(records.participant())  # of a meeting that does not exist
    await ledger.keep([*good[: size // 2], bad, *good[size // 2 :]], {})
    await drained(ledger, spool)
    assert await saved(database, meeting) == good
    assert aside(tmp_path) == [("incidents", str(bad.id))]
    assert not ledger.away


async def test_a_review_may_come_home_before_its_incident(
    ledger: Ledger, database: Database, candidate: ParticipantRecord
) -> None:
    incident = records.incident(candidate)
    review = ReviewRecord(new_id(), incident.id, None, "confirmed", None, records.AT)
    await ledger.keep([review], {})
    await ledger.keep([incident], {})
    assert await database.latest_reviews([incident.id]) == {incident.id: review}


async def test_a_row_may_be_saved_twice(ledger: Ledger, database: Database, candidate: ParticipantRecord) -> None:
    rows: list[Row] = [records.incident(candidate), records.activity(candidate)]
    await ledger.keep(rows, {})
    await ledger.keep(rows, {})
    assert len(await database.incidents(candidate.meeting_id)) == 1


async def test_a_picture_waits_in_the_spool_while_the_store_is_away_and_can_be_seen(
    ledger: Ledger, store: ObjectStore, spool: Spool, tmp_path: Path, candidate: ParticipantRecord
) -> None:
    def take_away() -> None:
        shutil.rmtree(tmp_path / "evidence")
        (tmp_path / "evidence").write_text("a file where the folder was")

    await asyncio.to_thread(take_away)
    with pytest.raises(ObjectStoreError):
        await store.put("x", b"x")
    await ledger.keep([records.incident(candidate)], {"m/i/0.jpg": b"picture"})
    assert await asyncio.to_thread(spool.pictures) == ["m/i/0.jpg"]
    assert await ledger.picture("m/i/0.jpg") == b"picture"
    await ledger.drain()
    assert await asyncio.to_thread(spool.pictures) == ["m/i/0.jpg"]

    def bring_back() -> None:
        (tmp_path / "evidence").unlink()
        (tmp_path / "evidence").mkdir()

    await asyncio.to_thread(bring_back)
    await ledger.drain()
    assert await asyncio.to_thread(spool.pictures) == []
    assert await store.get("m/i/0.jpg") == b"picture"
    assert await ledger.picture("m/i/0.jpg") == b"picture"


async def test_a_picture_that_is_nowhere_is_none(ledger: Ledger) -> None:
    assert await ledger.picture("m/i/0.jpg") is None


async def test_what_a_crash_left_open_is_closed_at_its_last_sign_of_life(
    database: Database, meeting: MeetingRecord, candidate: ParticipantRecord
) -> None:
    orphan = records.incident(candidate)
    done = records.incident(candidate, state="closed", closed_at=records.AT)
    await database.save([orphan, done])
    assert [each.state for each in await database.close_orphans()] == ["closed"]
    assert await database.close_orphans() == []
    closed = await database.incident(orphan.id)
    assert closed == replace(orphan, state="closed", closed_at=orphan.updated_at, version=1)


async def test_a_database_that_is_away_at_the_start_is_said(own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    await away(own)
    try:
        with pytest.raises(DatabaseAway, match="cannot be reached"):
            await asyncio.to_thread(migrate, url)
        with pytest.raises(DatabaseAway, match="cannot be reached"):
            await Database.connect(url)
    finally:
        await back(own)


async def test_migrating_twice_changes_nothing(own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    await asyncio.to_thread(migrate, url)
    await asyncio.to_thread(migrate, url)
    database = await Database.connect(url)
    assert await database.meetings() == []
    await database.close()


async def test_a_page_of_meetings_goes_on_where_the_one_before_ended(database: Database) -> None:
    made = [records.meeting() for _ in range(5)]
    for each in made:
        await database.insert_meeting(each)
    first = await database.meetings(limit=3)
    rest = await database.meetings(first[-1].id, limit=3)
    assert [*first, *rest] == list(reversed(made))
