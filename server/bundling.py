"""Bundles of meetings and of single candidates, gathered from the database and the stores and handed on as they grow.

One candidate's rows and one file are in memory at a time, whatever the bundle's size; whoever reads slowly slows the
gathering, and whoever hangs up ends it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from server import bundle_page
from server.bundle_page import Part, Recorded
from server.errors import NotFound, TooMany
from server.journal import VERSIONS
from server.meetings import Meeting, moment
from server.protocol import Role, iso
from server.recorder import Recorder
from server.views import meeting_view, participant_view
from storage.bundle.writer import (
    MEETING,
    PARTICIPANTS,
    README,
    REPORT,
    BundleWriter,
    compaction_name,
    picture_name,
    rows,
    segment_name,
    segments_name,
    table_name,
)
from storage.database import Database
from storage.ledger import Ledger
from storage.objects import ObjectStore
from storage.recordings.chain import Added, SigningKey
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import (
    ActivityRecord,
    CompactionRecord,
    IncidentRecord,
    Json,
    ParticipantRecord,
    ReceiptRecord,
    RecordingRecord,
    ReviewRecord,
    SegmentRecord,
)
from storage.retention import Retention

AT_ONCE: Final = 4
"""Bundles that may be made at once: each reads as fast as the stores give."""
PAGE: Final = 500
"""Incidents that are asked for at once."""


Plain = ActivityRecord | CompactionRecord | IncidentRecord | ReceiptRecord | RecordingRecord | ReviewRecord


class Deleted(Exception):
    """Something was deleted while a bundle was made: half of it would be there, and no receipt would say why."""


@dataclass(slots=True)
class Wanted:
    """What goes into a bundle, as far as it is known before it begins."""

    meeting: Meeting
    candidates: list[ParticipantRecord]
    """Of whom it is. What is kept of each is read when their turn comes, which may be hours later."""
    one: bool
    """Of one candidate only."""
    complete: bool
    """All of it is over and closed: a later bundle would have the same rows, but for reviews."""
    at: datetime
    """When it is made."""
    reviewers: set[UUID] = field(default_factory=set)
    """Who reviewed, as far as the candidates are through."""
    missing: int = 0
    """Files that are gone, so far."""


class Bundling:
    """Makes bundles. Changes nothing."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        store: ObjectStore,
        recorder: Recorder,
        key: SigningKey,
        clock: Callable[[], float],
    ) -> None:
        """`store`: where recordings are kept."""
        self._database = database
        self._retention = Retention(database)
        self._ledger = ledger
        self._store = store
        self._recorder = recorder
        self._key = key
        self._clock = clock
        self.running = 0
        """Bundles that are being made."""

    async def wanted(self, meeting: Meeting, candidate_id: UUID | None) -> Wanted:
        """What a bundle would hold.

        Raises:
            NotFound: the meeting has no such candidate.
            DatabaseError: it cannot be had.
        """
        growing = self._recorder.growing(meeting.id)  # before the index: what is closed in between is there by then
        recordings = await self._database.recordings(meeting.id)
        candidates = await self._database.participants(meeting.id, Role.CANDIDATE)
        if candidate_id is not None:
            candidates = [each for each in candidates if each.id == candidate_id]
            recordings = [each for each in recordings if each.candidate_id == candidate_id]
            growing = [each for each in growing if each.local.opening.candidate_id == candidate_id]
            if not candidates:
                raise NotFound("This meeting has no such candidate.")
        over = meeting.ended or (candidate_id is not None and meeting.candidate(candidate_id).over)
        closed = not growing and all(each.closed_at is not None for each in recordings)
        complete = over and closed and not self._ledger.away
        return Wanted(meeting, candidates, candidate_id is not None, complete, moment(self._clock()))

    async def parts(self, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        """The bundle, piece by piece.

        Raises:
            TooMany: others are being made.
            Deleted: what it holds was deleted meanwhile.
            DatabaseError, ObjectStoreError: it cannot be finished.
        """
        if self.running >= AT_ONCE:
            raise TooMany(f"{AT_ONCE} bundles are being made; try again when one of them is done.")
        self.running += 1
        try:
            async for part in self._made(wanted):
                yield part
        finally:
            self.running -= 1

    async def _made(self, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        writer, shown = BundleWriter(), []
        meeting = meeting_view(wanted.meeting.record).dump()
        meeting["rules"] = wanted.meeting.settings.rules.as_dict()
        for part in [*writer.add(README, bundle_page.readme().encode()), *writer.add(MEETING, rows([meeting]))]:
            yield part
        for candidate in wanted.candidates:
            found = Part(candidate)
            async for part in self._candidate(writer, wanted, found):
                yield part
            shown.append(found)
        await self._require_not_erased(shown)
        staff = [each for role in (Role.PROCTOR, Role.REVIEWER)
                 for each in await self._database.participants(wanted.meeting.id, role)]  # fmt: skip
        if wanted.one:  # who has nothing to do with this candidate does not belong here
            staff = [each for each in staff if each.id in wanted.reviewers]
        people = [participant_view(each).dump() for each in [*(part.candidate for part in shown), *staff]]
        report = await asyncio.to_thread(
            bundle_page.html, wanted.meeting.record, shown, at=wanted.at, complete=wanted.complete, key=self._key.public
        )
        for part in [*writer.add(PARTICIPANTS, rows(people)), *writer.add(REPORT, report.encode())]:
            yield part
        said = {
            "meeting_id": str(wanted.meeting.id),
            "candidate_id": str(wanted.candidates[0].id) if wanted.one else None,
            "exported_at": iso(wanted.at),
            "complete": wanted.complete,
            "missing": wanted.missing,
            "versions": VERSIONS,
        }
        for part in writer.finish(self._key, **said):
            yield part

    # --- one candidate ------------------------------------------------------------------------------------

    async def _candidate(self, writer: BundleWriter, wanted: Wanted, found: Part) -> AsyncGenerator[bytes, None]:
        before = await self._deletions(found)
        candidate = found.candidate = await self._participant(found.candidate.id)
        # Recordings before incidents: the pictures that a signed statement names are in incidents that are read later.
        mine = await self._retention.recordings_of(candidate.id)
        wanted.complete = wanted.complete and all(each.closed_at is not None for each in mine)
        for recording in mine:
            if recording.receipt_id is not None:
                found.recordings.append(Recorded(recording))
                continue
            async for part in self._recording(writer, wanted, recording, found):
                yield part
        found.incidents = await self._incidents(wanted.meeting.id, candidate.id)
        async for part in self._pictures(writer, wanted, found):
            yield part
        found.reviews = await self._database.reviews([each.id for each in found.incidents])
        wanted.reviewers |= {each.reviewer_id for each in found.reviews if each.reviewer_id is not None}
        tables = {
            "incidents": [_incident(each) for each in found.incidents],
            "reviews": [_plain(each) for each in found.reviews],
            "activities": [_plain(each) for each in await self._database.activities(candidate.id)],
            "recordings": [_plain(each) for each in mine],
            "receipts": [_plain(each) for each in found.receipts],
        }
        if await self._deletions(found) != before:
            raise Deleted("Something of a candidate was deleted while it was read.")
        for table, values in tables.items():
            for part in await asyncio.to_thread(writer.add, table_name(candidate.id, table), rows(values)):
                yield part

    async def _deletions(self, found: Part) -> tuple[list[UUID], list[UUID]]:
        """The deletions of a candidate, those that have begun and those that are over; `found` has the receipts."""
        # In this order: one that ends in between is seen twice, not missed.
        begun = [each.id for each in await self._retention.deletions() if each.candidate_id == found.candidate.id]
        found.receipts = await self._retention.receipts(found.candidate.meeting_id, found.candidate.id)
        return begun, [each.id for each in found.receipts]

    async def _participant(self, candidate_id: UUID) -> ParticipantRecord:
        record = await self._database.participant(candidate_id)
        if record is None:
            raise Deleted("A candidate is not there any more.")
        return record

    async def _require_not_erased(self, shown: list[Part]) -> None:
        """Whoever is erased behind their turn is in what was sent, and nobody shall take that for a whole bundle."""
        for each in shown:
            if (await self._participant(each.candidate.id)).erased_at != each.candidate.erased_at:
                raise Deleted("A candidate was erased after their turn.")

    async def _pictures(self, writer: BundleWriter, wanted: Wanted, found: Part) -> AsyncGenerator[bytes, None]:
        for incident in found.incidents:
            for n, each in enumerate(incident.evidence):
                if "key" not in each:  # deleted: the receipt says when and why
                    continue
                data = await self._ledger.picture(each["key"])
                name = picture_name(found.candidate.id, incident.id, n)
                each["path"] = name
                if data is None:
                    each["missing"] = True
                    wanted.missing += 1
                    continue
                for part in await asyncio.to_thread(writer.add, name, data):
                    yield part

    async def _incidents(self, meeting_id: UUID, candidate_id: UUID) -> list[IncidentRecord]:
        """All of a candidate's, oldest first."""
        found: list[IncidentRecord] = []
        while True:
            before = found[-1].id if found else None
            page = await self._database.incidents(meeting_id, candidate_id=candidate_id, before=before, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found[::-1]

    async def _recording(
        self, writer: BundleWriter, wanted: Wanted, recording: RecordingRecord, found: Part
    ) -> AsyncGenerator[bytes, None]:
        shown = Recorded(recording)
        listed: list[Json] = []
        for segment in await self._database.segments(recording.id):
            name = segment_name(recording.id, segment.number)
            video, journal, segment = await self._pair(segment)
            row = _segment(segment)
            if video is None or journal is None:
                row["missing"] = True
                wanted.missing += 1
            else:
                for part in await asyncio.to_thread(_pair, writer, name, video, journal):
                    yield part
            listed.append(row)
            shown.add(segment)
        name = segments_name(recording.id)
        compaction = await self._retention.compaction(recording.id)
        added = [(name, rows(listed))]
        added += [] if compaction is None else [(compaction_name(recording.id), rows([_plain(compaction)]))]
        for each, data in added:
            for part in await asyncio.to_thread(writer.add, each, data):
                yield part
        for part in writer.add_parts(name.rpartition("/")[0] + "/"):
            yield part
        found.recordings.append(shown)

    async def _pair(self, segment: SegmentRecord) -> tuple[bytes | None, bytes | None, SegmentRecord]:
        """A segment's files, and its row as it is then: it may have been re-encoded since it was read."""
        keys = segment.video_key, segment.key + JOURNAL
        video, journal = await asyncio.gather(*(self._store.get(key) for key in keys))
        if video is None and segment.compacted is None:
            newest = await self._database.segment(segment.recording_id, segment.number)
            if newest is not None and newest.compacted is not None:
                return await self._store.get(newest.video_key), journal, newest
        return video, journal, segment


def _pair(writer: BundleWriter, name: str, video: bytes, journal: bytes) -> list[bytes]:
    return [*writer.add(name + VIDEO, video), *writer.add(name + JOURNAL, journal)]


def _incident(record: IncidentRecord) -> Json:
    evidence = [{name: value for name, value in each.items() if name != "key"} for each in record.evidence]
    return {**_plain(record), "evidence": evidence}


def _segment(record: SegmentRecord) -> Json:
    """As the chain has it; gaps and samples stand in the journal."""
    values = {name: getattr(record, name) for name in Added.__dataclass_fields__}
    found = {**values, "began_at": iso(record.began_at), "ended_at": iso(record.ended_at), "link": record.link}
    if record.compacted is not None:
        found["compacted"] = {name: record.compacted[name] for name in ("sha256", "bytes")}
    return found


def _plain(record: Plain) -> Json:
    return {name: _value(value) for name, value in asdict(record).items()}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    return str(value) if isinstance(value, UUID) else value
