"""PostgreSQL, and the only file that imports its driver. Rows leave it as records, errors as ours."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from importlib import resources
from typing import TypeVar
from uuid import UUID

import aiopg
import psycopg2
import psycopg2.extras
from yoyo import get_backend, read_migrations

from storage.records import (
    ActivityRecord,
    DeliveryRecord,
    IncidentRecord,
    Json,
    MeetingRecord,
    OpenRoom,
    OpenSeat,
    ParticipantRecord,
    Recorded,
    RecordingRecord,
    ReviewRecord,
    Row,
    SegmentRecord,
)

logger = logging.getLogger(__name__)
logging.getLogger("yoyo").setLevel(logging.WARNING)

TIMEOUT = 2.0
"""Seconds for one statement. A database that takes longer is treated as away: an alert must not wait for it."""

LOCK_SECONDS = 0.1
"""Between two tries for what another process has."""

TABLES: dict[str, type[Row]] = {
    "incidents": IncidentRecord,
    "reviews": ReviewRecord,
    "activities": ActivityRecord,
    "recordings": RecordingRecord,
    "segments": SegmentRecord,
    "deliveries": DeliveryRecord,
}
R = TypeVar("R")


class DatabaseError(Exception):
    """The database refused a statement: a fault of ours."""


class DatabaseAway(DatabaseError):
    """The database cannot be reached, or does not answer in time."""


def _queries() -> dict[str, str]:
    """The statements of queries.sql by name."""
    text = resources.files("storage").joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def table_of(row: Row) -> str:
    """The table that a row belongs to."""
    return next(table for table, record in TABLES.items() if isinstance(row, record))


def to_json(row: Row) -> Json:
    """A row as JSON, the form in which it is spooled and saved."""
    data: Json = json.loads(json.dumps(asdict(row), default=_encode))
    return data


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def migrate(url: str) -> None:
    """Bring the schema up to date. Blocking: call it from a thread.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    try:
        psycopg2.connect(url, connect_timeout=5).close()
        backend = get_backend(re.sub(r"^postgres(ql)?://", "postgresql://", url))
    except psycopg2.Error as error:
        raise DatabaseAway(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
    try:
        with resources.as_file(resources.files("storage").joinpath("migrations")) as folder, backend.lock():
            backend.apply_migrations(backend.to_apply(read_migrations(str(folder))))
    finally:
        backend.connection.close()


class Database:
    """Every statement that the product runs."""

    def __init__(self, pool: aiopg.Pool) -> None:
        self._pool = pool
        self._sql = _queries()

    @classmethod
    async def connect(cls, url: str) -> "Database":
        """Open a pool of connections.

        Raises:
            DatabaseAway: the database cannot be reached.
        """
        try:
            # aiopg's own timeout also closes the connection, so that a late answer meets nobody.
            pool = await aiopg.create_pool(url, minsize=1, maxsize=8, timeout=TIMEOUT, enable_hstore=False)
        except (psycopg2.Error, TimeoutError, OSError) as error:
            raise DatabaseAway(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
        return cls(pool)

    async def close(self) -> None:
        """Close every connection. May be called twice."""
        self._pool.terminate()
        await self._pool.wait_closed()

    async def _run(self, name: str, /, **parameters: object) -> list[Json]:
        """Run a named statement and return its rows.

        Raises:
            DatabaseAway: no connection or no answer in time.
            DatabaseError: the statement was refused.
        """
        return await self._execute(name, self._sql[name], parameters)

    async def _execute(self, name: str, sql: str, parameters: Json) -> list[Json]:
        """Run statements, several of them as one transaction; `name` is for the log."""
        try:
            async with asyncio.timeout(TIMEOUT), self._pool.acquire() as connection:
                cursor = await connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
                await cursor.execute(sql, parameters)
                return [dict(row) for row in await cursor.fetchall()] if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError, TimeoutError, OSError) as error:
            raise DatabaseAway(f"{name}: {type(error).__name__} {str(error).strip()}") from error
        except psycopg2.Error as error:
            # Not its whole text: the detail of a constraint holds the row, and the row holds names.
            primary = error.diag.message_primary or type(error).__name__
            raise DatabaseError(f"{name}: {primary}") from None

    async def _records(self, record: type[R], name: str, /, **parameters: object) -> list[R]:
        rows = await self._run(name, **parameters)
        names = {field.name for field in fields(record)}  # type: ignore[arg-type]
        return [record(**{key: value for key, value in row.items() if key in names}) for row in rows]

    async def rows(self, name: str, /, **parameters: object) -> list[Json]:
        """The rows of a named statement, for the files of this package that have statements of their own."""
        return await self._run(name, **parameters)

    async def records(self, record: type[R], name: str, /, **parameters: object) -> list[R]:
        """The same as records."""
        return await self._records(record, name, **parameters)

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Only one of all processes is inside at a time; the others wait. The end of the process ends it, too.

        Raises:
            DatabaseAway: no connection, or none that lasts.
        """
        try:
            async with self._pool.acquire() as connection:
                cursor = await connection.cursor()
                while True:  # no statement that waits: one that takes long counts as a database that is away
                    await cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
                    if (await cursor.fetchone())[0]:
                        break
                    await asyncio.sleep(LOCK_SECONDS)
                try:
                    yield
                finally:
                    await cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise DatabaseAway(f"{name}: {type(error).__name__} {str(error).strip()}") from error

    async def ping(self) -> None:
        """Raise DatabaseAway unless the database answers."""
        await self._run("ping")

    # --- meetings and participants ---

    async def insert_meeting(self, meeting: MeetingRecord, room: str | None = None) -> None:
        """Keep a new meeting, with the room of another service in which it is held."""
        values = {**_values(meeting), "settings": json.dumps(meeting.settings)}
        await self._run("insert_meeting", **values, room=room)

    async def meeting(self, meeting_id: UUID) -> MeetingRecord | None:
        """One meeting."""
        return _first(await self._records(MeetingRecord, "meeting", id=meeting_id))

    async def meetings(self, before: UUID | None = None, limit: int = 200) -> list[MeetingRecord]:
        """Meetings, newest first, those older than `before`."""
        return await self._records(MeetingRecord, "meetings", before=before, limit=limit)

    async def end_meeting(self, meeting_id: UUID, at: datetime) -> MeetingRecord | None:
        """End a meeting once, its templates with it; a second call changes nothing."""
        return _first(await self._records(MeetingRecord, "end_meeting", id=meeting_id, at=at))

    async def insert_participant(self, participant: ParticipantRecord) -> None:
        """Keep a new participant."""
        values = {**_values(participant), "accommodations": json.dumps(participant.accommodations)}
        await self._run("insert_participant", **values)

    async def participant(self, participant_id: UUID) -> ParticipantRecord | None:
        """One participant."""
        return _first(await self._records(ParticipantRecord, "participant", id=participant_id))

    async def participants(self, meeting_id: UUID, role: str) -> list[ParticipantRecord]:
        """Everyone of one role in a meeting, oldest first."""
        return await self._records(ParticipantRecord, "participants", meeting_id=meeting_id, role=role)

    async def names(self, participant_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The names of these participants."""
        if not participant_ids:
            return {}
        rows = await self._run("names", ids=[str(each) for each in participant_ids])
        return {row["id"]: row["name"] for row in rows}

    async def finished_candidates(self, meeting_id: UUID) -> set[UUID]:
        """The candidates who said that they are done."""
        rows = await self._run("finished_candidates", meeting_id=meeting_id)
        return {row["participant_id"] for row in rows}

    async def interrupted_candidates(self, since: datetime) -> list[tuple[UUID, UUID]]:
        """Meeting and candidate of everyone who connected after `since`, is not done, and whose meeting is open."""
        rows = await self._run("interrupted_candidates", since=since)
        return [(row["meeting_id"], row["candidate_id"]) for row in rows]

    async def end_participant(self, participant_id: UUID, at: datetime) -> None:
        """End one candidate's exam, and delete their template."""
        await self._run("end_participant", id=participant_id, at=at)

    async def accommodate(self, participant_id: UUID, accommodations: Json) -> None:
        """Keep what was agreed with a candidate, in place of what was agreed before."""
        await self._run("accommodate", id=participant_id, accommodations=json.dumps(accommodations))

    # --- rooms of other services ---

    async def room(self, meeting_id: UUID) -> str | None:
        """The room of a meeting."""
        rows = await self._run("room", meeting_id=meeting_id)
        return rows[0]["room"] if rows else None

    async def meeting_in_room(self, provider: str, room: str) -> UUID | None:
        """The open meeting that is held in a room."""
        rows = await self._run("meeting_in_room", provider=provider, room=room)
        return rows[0]["id"] if rows else None

    async def rooms_to_close(self, at: datetime, *, most: int, limit: int) -> list[OpenRoom]:
        """Rooms of meetings that are over, whose next try is due at `at`; none after `most` tries."""
        return await self._records(OpenRoom, "rooms_to_close", at=at, most=most, limit=limit)

    async def room_closed(self, meeting_id: UUID, at: datetime) -> None:
        """A room was closed."""
        await self._run("room_closed", id=meeting_id, at=at)

    async def room_not_closed(self, meeting_id: UUID, next_at: datetime) -> None:
        """A room could not be closed; the next try is due at `next_at`."""
        await self._run("room_not_closed", id=meeting_id, next_at=next_at)

    async def keep_seat(self, participant_id: UUID, seat: str) -> None:
        """Keep which seat a participant has, in place of any other."""
        await self._run("keep_seat", participant_id=participant_id, seat=seat)

    async def seat(self, participant_id: UUID) -> str | None:
        """The seat of a participant."""
        rows = await self._run("seat", participant_id=participant_id)
        return rows[0]["seat"] if rows else None

    async def seats_to_close(self, at: datetime, *, most: int, limit: int) -> list[OpenSeat]:
        """Seats of candidates whose exam was ended, as `rooms_to_close`."""
        return await self._records(OpenSeat, "seats_to_close", at=at, most=most, limit=limit)

    async def seat_closed(self, participant_id: UUID, at: datetime) -> None:
        """Somebody was sent out."""
        await self._run("seat_closed", id=participant_id, at=at)

    async def seat_not_closed(self, participant_id: UUID, next_at: datetime) -> None:
        """Somebody could not be sent out; the next try is due at `next_at`."""
        await self._run("seat_not_closed", id=participant_id, next_at=next_at)

    async def reopen_seat(self, participant_id: UUID) -> None:
        """Somebody who was sent out is there again."""
        await self._run("reopen_seat", id=participant_id)

    async def hear_webhook(self, keys: Sequence[str], at: datetime, *, before: datetime) -> bool:
        """Keep the keys of a webhook that came, and forget those from before `before`; False when one was known."""
        return len(await self._run("hear_webhook", keys=list(keys), at=at, before=before)) == len(set(keys))

    # --- templates ---

    async def keep_template(self, participant_id: UUID, sealed: bytes, at: datetime) -> None:
        """Keep a candidate's sealed template in place of any other; not when their exam is over."""
        await self._run("keep_template", id=participant_id, sealed=sealed, at=at)

    async def templates(self, meeting_id: UUID) -> dict[UUID, bytes]:
        """The sealed templates of a meeting's candidates."""
        rows = await self._run("templates", meeting_id=meeting_id)
        return {row["participant_id"]: bytes(row["sealed"]) for row in rows}

    async def forget_templates(self, participant_ids: Sequence[UUID]) -> None:
        """Delete the templates of these candidates, as far as there are any."""
        await self._run("forget_templates", ids=[str(each) for each in participant_ids])

    async def forget_stale_templates(self) -> int:
        """Delete the templates of everyone whose exam is over, and say how many there were."""
        return len(await self._run("forget_stale_templates"))

    # --- incidents ---

    async def save(self, rows: Sequence[Row]) -> None:
        """Save rows, all of them or none. May be repeated with the same rows."""
        found: dict[str, list[Json]] = {}
        for row in rows:
            found.setdefault(table_of(row), []).append(to_json(row))
        sql = [self._sql[f"save_{table}"].replace("%(rows)s", f"%({table})s") for table in TABLES if table in found]
        if sql:
            parameters = {table: json.dumps(each) for table, each in found.items()}
            await self._execute(f"save {', '.join(found)}", "".join(sql), parameters)

    async def save_json(self, table: str, rows: Iterable[Json]) -> None:
        """Save rows of one table as `to_json` made them."""
        if found := list(rows):
            await self._run(f"save_{table}", rows=json.dumps(found))

    async def incident(self, incident_id: UUID) -> IncidentRecord | None:
        """One incident."""
        return _first(await self._records(IncidentRecord, "incident", id=incident_id))

    async def incidents(
        self,
        meeting_id: UUID,
        *,
        candidate_id: UUID | None = None,
        kind: str | None = None,
        state: str | None = None,
        before: UUID | None = None,
        limit: int = 100,
    ) -> list[IncidentRecord]:
        """Incidents of a meeting, newest first, those older than `before`."""
        return await self._records(
            IncidentRecord,
            "incidents",
            meeting_id=meeting_id,
            candidate_id=candidate_id,
            kind=kind,
            state=state,
            before=before,
            limit=limit,
        )

    async def latest_reviews(self, incident_ids: Sequence[UUID]) -> dict[UUID, ReviewRecord]:
        """The newest review of each incident that has one."""
        found = await self._records(ReviewRecord, "latest_reviews", ids=[str(each) for each in incident_ids])
        return {review.incident_id: review for review in found}

    async def reviews(self, incident_ids: Sequence[UUID]) -> list[ReviewRecord]:
        """All reviews of these incidents, oldest first."""
        return await self._records(ReviewRecord, "reviews", ids=[str(each) for each in incident_ids])

    async def activities(self, participant_id: UUID) -> list[ActivityRecord]:
        """What was reported of a participant, oldest first."""
        return await self._records(ActivityRecord, "activities", participant_id=participant_id)

    async def close_orphans(self) -> list[IncidentRecord]:
        """Close what a crash left open; what it was."""
        return await self._records(IncidentRecord, "close_orphans")

    # --- recordings ---

    async def recording(self, recording_id: UUID) -> RecordingRecord | None:
        """One recording."""
        return _first(await self._records(RecordingRecord, "recording", id=recording_id))

    async def recordings(self, meeting_id: UUID) -> list[RecordingRecord]:
        """The recordings of a meeting, oldest first."""
        return await self._records(RecordingRecord, "recordings", meeting_id=meeting_id)

    async def all_recordings(self) -> list[RecordingRecord]:
        """Every recording, oldest first."""
        return await self._records(RecordingRecord, "all_recordings")

    async def recordings_among(self, ids: Sequence[UUID]) -> set[UUID]:
        """Those of these ids that are recordings'."""
        return {row["id"] for row in await self._run("recordings_among", ids=[str(each) for each in ids])}

    async def open_recordings(self) -> list[RecordingRecord]:
        """Recordings that may still grow."""
        return await self._records(RecordingRecord, "open_recordings")

    async def recorded(self, recording_ids: Sequence[UUID]) -> dict[UUID, Recorded]:
        """What the index has of each of these recordings that has a segment."""
        found = await self._records(Recorded, "recorded", ids=[str(each) for each in recording_ids])
        return {each.recording_id: each for each in found}

    async def candidates_done(self, candidate_ids: Sequence[UUID]) -> set[UUID]:
        """Those of these candidates of whom no frame is expected any more."""
        rows = await self._run("candidates_done", ids=[str(each) for each in candidate_ids])
        return {row["id"] for row in rows}

    async def segments(self, recording_id: UUID, *, first: int = 0) -> list[SegmentRecord]:
        """The segments of a recording in their order, from number `first` on."""
        return await self._records(SegmentRecord, "segments", recording_id=recording_id, first=first)

    async def segment(self, recording_id: UUID, number: int) -> SegmentRecord | None:
        """One segment."""
        return _first(await self._records(SegmentRecord, "segment", recording_id=recording_id, number=number))

    async def segment_with(self, recording_id: UUID, seq: int) -> SegmentRecord | None:
        """The segment in which a frame of this number is, if it is in any."""
        return _first(await self._records(SegmentRecord, "segment_with", recording_id=recording_id, seq=seq))

    async def evidence_of(self, candidate_id: UUID) -> list[Json]:
        """Every picture held against a candidate: `incident_id`, `key`, `sha256`; oldest first."""
        return await self._run("evidence_of", candidate_id=candidate_id)

    # --- deliveries ---

    async def due_deliveries(self, url: str, now: datetime, limit: int) -> list[DeliveryRecord]:
        """What is to be sent to this address now, oldest first."""
        return await self._records(DeliveryRecord, "due_deliveries", url=url, now=now, limit=limit)

    async def delivered(self, delivery_id: UUID, at: datetime) -> None:
        """It was taken."""
        await self._run("delivered", id=delivery_id, at=at)

    async def not_delivered(self, delivery_id: UUID, problem: str, due_at: datetime | None) -> None:
        """It was not taken; `due_at` None: it is given up."""
        await self._run("not_delivered", id=delivery_id, problem=problem, due_at=due_at)

    async def deliveries(self, state: str | None, before: UUID | None, limit: int) -> list[DeliveryRecord]:
        """Those that are `waiting`, `failed` or `delivered`, or all; newest first, those older than `before`."""
        return await self._records(DeliveryRecord, "deliveries", state=state, before=before, limit=limit)

    async def replay_deliveries(self, ids: Sequence[UUID], at: datetime, *, failed: bool) -> int:
        """Send these once more, and with `failed` all that were given up; how many there are."""
        return len(await self._run("replay_deliveries", ids=[str(each) for each in ids], at=at, failed=failed))

    async def forget_deliveries(self, before: datetime) -> None:
        """Delete those that were made before that."""
        await self._run("forget_deliveries", before=before)

    async def count_waiting_deliveries(self) -> int:
        """How many are to be sent, now or later."""
        return int((await self._run("count_waiting_deliveries"))[0]["waiting"])


def _values(record: MeetingRecord | ParticipantRecord) -> Json:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _first(found: list[R]) -> R | None:
    return found[0] if found else None
