"""Incidents: what they rest on, their photographs and reviews."""

from uuid import UUID

from pydantic import Field

from detection.values import Kind, Severity
from server.protocol.base import IncidentState, Note, Time, Verdict, Wire, WireBox


class Why(Wire):
    """Why an incident was opened."""

    rule: str
    samples: int
    threshold: float | None = None
    score: float | None = None
    boxes: list[WireBox] = []
    detector: str | None = None
    model_sha256: str | None = None
    settings_sha256: str


class Trace(Wire):
    """When the confirming frame passed each stage."""

    captured_at: Time | None = None
    received_at: Time | None = None
    sampled_at: Time | None = None
    observed_at: Time | None = None
    opened_at: Time
    emitted_at: Time | None = None
    shown_at: Time | None = None


class Evidence(Wire):
    """One original frame of an incident."""

    url: str
    sha256: str
    captured_at: Time
    seq: int
    boxes: list[WireBox]
    deleted: bool = Field(default=False, description="the photograph is gone; a receipt says when and why")


class Review(Wire):
    """The last word of a person on an incident."""

    verdict: Verdict
    note: str | None = None
    reviewer_id: UUID | None = None
    at: Time


class Incident(Wire):
    """One episode of one signal for one candidate."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    candidate_name: str
    kind: Kind
    severity: Severity
    state: IncidentState
    opened_at: Time
    updated_at: Time
    closed_at: Time | None = None
    text: str
    why: Why
    evidence: list[Evidence] = []
    review: Review | None = None
    trace: Trace


class IncidentPage(Wire):
    """Answer to `GET /api/meetings/{id}/incidents`, newest first."""

    incidents: list[Incident]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class GiveReview(Wire):
    """Body of `POST /api/incidents/{id}/review`, in place of what was said before."""

    verdict: Verdict
    note: Note | None = None


class ShownIncident(Wire):
    """Answer to it."""

    incident: Incident
