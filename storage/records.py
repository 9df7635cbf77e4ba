"""The rows of the database as values. Times are aware UTC; ids are UUIDv7."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat

Json = dict[str, Any]


def new_id() -> UUID:
    """A fresh UUIDv7: unique, and later ones sort after earlier ones."""
    return uuid_utils.compat.uuid7()


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """One exam."""

    id: UUID
    title: str
    provider: str
    """`builtin`, `dyte` or `realtimekit`."""
    join_code: str
    """The secret part of the candidate link."""
    settings: Json
    """Overrides of the detection settings, as the operator gave them."""
    created_at: datetime
    ended_at: datetime | None = None
    """When it was ended; None while it is open."""


@dataclass(frozen=True, slots=True)
class ParticipantRecord:
    """Somebody who was given a token for a meeting."""

    id: UUID
    meeting_id: UUID
    name: str
    role: str
    """`candidate`, `proctor` or `reviewer`."""
    created_at: datetime
    reference_photo: str | None = None
    """Key of the reference photo in the object store."""
    ended_at: datetime | None = None
    """When a proctor ended this candidate's exam; None while it runs."""
    accommodations: Json = field(default_factory=dict)
    """Overrides that loosen the meeting's rules for this candidate."""


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One episode of one signal for one candidate, in its newest version."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    kind: str
    severity: str
    state: str
    """`open` or `closed`."""
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    text: str
    """One sentence for the proctor."""
    why: Json
    """Rule, samples, threshold, score, boxes, detector and the hashes of model and settings."""
    trace: Json
    """When the confirming frame passed each stage, ISO 8601."""
    evidence: list[Json] = field(default_factory=list)
    """One object a frame: `key` in the object store, `sha256`, `captured_at`, `seq`, `boxes`."""
    version: int = 0
    """Counts up with every change; an older version never overwrites a newer one."""


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One person's word on one incident. All are kept; the newest counts."""

    id: UUID
    incident_id: UUID
    reviewer_id: UUID | None
    """The participant who reviewed; None for the operator."""
    verdict: str
    """`confirmed` or `dismissed`."""
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """Something that a candidate's browser reported, or a proctor did to a candidate."""

    id: UUID
    meeting_id: UUID
    participant_id: UUID
    kind: str
    at: datetime
    """When the server learned of it."""
    detail: Json


Row = IncidentRecord | ReviewRecord | ActivityRecord
"""The rows that may wait in the spool while PostgreSQL is away."""
