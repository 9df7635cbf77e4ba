"""Rows for tests, with everything in them that the database keeps."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from storage.records import ActivityRecord, IncidentRecord, MeetingRecord, ParticipantRecord, new_id

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def meeting(**changed: Any) -> MeetingRecord:
    return replace(MeetingRecord(new_id(), "Exam", "builtin", "code", {}, AT), **changed)


def participant(meeting_id: UUID | None = None, **changed: Any) -> ParticipantRecord:
    return replace(ParticipantRecord(new_id(), meeting_id or new_id(), "Ada", "candidate", AT), **changed)


def incident(candidate: ParticipantRecord, **changed: Any) -> IncidentRecord:
    record = IncidentRecord(
        new_id(),
        candidate.meeting_id,
        candidate.id,
        "no_face",
        "warning",
        "open",
        AT,
        AT,
        None,
        "Nobody in view.",
        {"rule": "r", "samples": 4, "settings_sha256": "0"},
        {"opened_at": AT.isoformat()},
    )
    return replace(record, **changed)


def activity(candidate: ParticipantRecord, **changed: Any) -> ActivityRecord:
    record = ActivityRecord(new_id(), candidate.meeting_id, candidate.id, "tab_hidden", AT, {"active": True})
    return replace(record, **changed)
