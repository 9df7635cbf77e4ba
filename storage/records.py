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
    erased_at: datetime | None = None
    """When all that was kept of them was deleted, their name too."""


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A meeting that is over here and not yet where its video was."""

    meeting_id: UUID
    provider: str
    room: str
    """The service's id of it."""
    tries: int
    """How often it was tried in vain to end it there."""


@dataclass(frozen=True, slots=True)
class OpenSeat:
    """A candidate whose exam was ended and who was not yet sent out of the video."""

    participant_id: UUID
    provider: str
    room: str
    """The service's id of the meeting."""
    seat: str
    """The service's id of the participant."""
    tries: int
    """How often it was tried in vain to send them out."""


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
    """One object a frame: `key` in the object store, `sha256`, `captured_at`, `seq`, `boxes`. One that was deleted has
    `receipt`, an id, in place of `key`."""
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


@dataclass(frozen=True, slots=True)
class RecordingRecord:
    """One candidate's whole stream."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    began_at: datetime
    closed_at: datetime | None = None
    """When it was closed and signed; None while it may grow."""
    head: str | None = None
    """The last link of its chain."""
    statement: str | None = None
    """What was signed: canonical JSON."""
    signature: str | None = None
    """Ed25519, hexadecimal."""
    public_key: str | None = None
    """The key that checks it, hexadecimal."""
    receipt_id: UUID | None = None
    """Of the receipt, once its segments were deleted."""
    compacted_at: datetime | None = None
    """Since when there is nothing left in it that could be re-encoded."""


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """About ten seconds of a recording, as the index has them; `storage.recordings.chain.Added` is in the chain."""

    recording_id: UUID
    number: int
    """Its place in the recording, from 0."""
    key: str
    """Of its two files in the object store, without `.mkv` and `.jsonl`."""
    began_at: datetime
    """When its first line was noted."""
    ended_at: datetime
    """When its last one was."""
    first_seq: int | None
    last_seq: int | None
    frames: int
    bytes: int
    """Bytes of its frames."""
    not_recorded: int
    """Frames that were received and are missing."""
    sha256: str
    journal_sha256: str
    link: str
    """The chain's link behind it."""
    gaps: list[Json]
    """Its journal's lines about what is missing."""
    samples: list[Json]
    """Its samples in brief: `seq`, `at` (seconds since the epoch) and the `boxes` of the faces."""
    compacted: Json | None = None
    """What took the place of its Matroska file: `key` (whole), `sha256` and `bytes` of the file that is smaller."""

    @property
    def video_key(self) -> str:
        """Where its frames are in the object store."""
        return f"{self.key}.mkv" if self.compacted is None else str(self.compacted["key"])

    @property
    def video_sha256(self) -> str:
        """Of what is there: the hash in the chain, unless it was re-encoded."""
        return self.sha256 if self.compacted is None else str(self.compacted["sha256"])


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the index knows of one recording."""

    recording_id: UUID
    segments: int
    number: int
    """Of the next segment."""
    frames: int
    bytes: int
    not_recorded: int
    gaps: int
    last_seq: int | None
    ended_at: datetime
    head: str
    compacted_frames: int = 0
    """Those that were re-encoded."""


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A time in which nothing of a meeting may be deleted or re-encoded."""

    id: UUID
    meeting_id: UUID
    reason: str
    placed_by: UUID | None
    """The participant who did; None for the operator."""
    placed_at: datetime
    lifted_by: UUID | None = None
    lifted_at: datetime | None = None
    """None while it is in force."""


@dataclass(frozen=True, slots=True)
class DeletionRecord:
    """What has begun to be deleted of a candidate."""

    id: UUID
    """That of the receipt that will stand for it."""
    meeting_id: UUID
    candidate_id: UUID
    parts: list[str]
    """`stream`, `evidence`, `incidents`."""
    rule: Json | None
    """The days that were over, by part, and `ended_at`; None: somebody asked for it."""
    began_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """What is left of what was deleted."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    at: datetime
    statement: str
    """Canonical JSON."""
    signature: str
    public_key: str


@dataclass(frozen=True, slots=True)
class CompactionRecord:
    """Which hashes took the place of which, of one recording."""

    recording_id: UUID
    at: datetime
    statement: str
    """Canonical JSON."""
    signature: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Due:
    """What is kept of a candidate of a meeting that is over, in figures, and what of it is kept no longer."""

    meeting_id: UUID
    title: str
    candidate_id: UUID
    ended_at: datetime
    stream_days: int | None
    """Days after the end of the meeting; None: for good."""
    evidence_days: int | None
    incidents_days: int | None
    stream: bool
    """There are recordings, and their time is over."""
    evidence: bool
    """There are photographs, and theirs is."""
    incidents: bool
    """There are incidents or a name, and theirs is."""
    held: bool
    recordings: int
    bytes: int
    """Of the recordings' frames."""
    pictures: int
    incident_count: int
    unreviewed: int
    """Incidents of which no person has said anything."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One event on its way to one other service."""

    id: UUID
    """The same in every attempt: the receiver knows a repetition by it."""
    url: str
    """Where to."""
    event: str
    """Its type, such as `incident.opened`."""
    meeting_id: UUID
    body: str
    """What is sent, to the byte."""
    created_at: datetime
    attempts: int = 0
    """Made so far."""
    due_at: datetime | None = None
    """When the next one is; None: there is none."""
    delivered_at: datetime | None = None
    """When it was taken."""
    problem: str | None = None
    """What was wrong with the last attempt."""


Row = IncidentRecord | ReviewRecord | ActivityRecord | RecordingRecord | SegmentRecord | DeliveryRecord
"""The rows that may wait in the spool while PostgreSQL is away."""
