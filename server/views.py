"""Records as the wire shows them."""

import json

from detection import words
from detection.values import Kind
from server import protocol
from server.links import Links
from server.meetings import LiveIncident, Meeting
from server.protocol import MeetingState, Provider, Role, Verdict
from storage.days import PARTS, Days
from storage.records import IncidentRecord, Json, MeetingRecord, ParticipantRecord, ReceiptRecord, ReviewRecord


def meeting_view(record: MeetingRecord) -> protocol.Meeting:
    """A meeting; the join code is not part of it."""
    return protocol.Meeting(
        id=record.id,
        title=record.title,
        provider=Provider(record.provider),
        state=MeetingState.OPEN if record.ended_at is None else MeetingState.ENDED,
        settings=record.settings,
        created_at=record.created_at,
        ended_at=record.ended_at,
    )


def participant_view(record: ParticipantRecord) -> protocol.Participant:
    """A participant; the reference photo is not part of it."""
    return protocol.Participant(
        id=record.id,
        meeting_id=record.meeting_id,
        name=record.name,
        role=Role(record.role),
        created_at=record.created_at,
        ended_at=record.ended_at,
        accommodations=record.accommodations,
    )


def held_view(record: IncidentRecord, review: ReviewRecord | None) -> protocol.Held:
    """An incident as the candidate may see it."""
    return protocol.Held(
        incident_id=record.id,
        kind=Kind(record.kind),
        text=words.for_candidate(Kind(record.kind)),
        opened_at=record.opened_at,
        closed_at=record.closed_at,
        verdict=None if review is None else Verdict(review.verdict),
    )


def kept_view(days: Days) -> protocol.Kept:
    """How long things are kept."""
    return protocol.Kept(stream_days=days.stream, evidence_days=days.evidence, incidents_days=days.incidents)


def receipt_view(record: ReceiptRecord) -> protocol.Receipt:
    """A receipt; its statement has more."""
    statement = json.loads(record.statement)
    return protocol.Receipt(
        id=record.id,
        candidate_id=record.candidate_id,
        at=record.at,
        deleted=[part for part in PARTS if part in statement["deleted"]],
        by_rule=statement["rule"] is not None,
        recordings=len(statement.get("recordings", [])),
        pictures=len(statement.get("evidence", [])) + bool(statement.get("reference_photo")),
        incidents=statement["incidents"]["count"],
        unreviewed=statement["incidents"]["unreviewed"],
        signed=protocol.Signature(statement=record.statement, signature=record.signature, public_key=record.public_key),
    )


class IncidentViews:
    """Incidents with links to their pictures, signed so that an <img> can show them without a token."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def incident(self, meeting: Meeting, live: LiveIncident) -> protocol.Incident:
        """An incident; its links expire."""
        record = live.record
        candidate = meeting.candidates.get(record.candidate_id)
        return protocol.Incident.model_validate(
            {
                "id": record.id,
                "meeting_id": record.meeting_id,
                "candidate_id": record.candidate_id,
                "candidate_name": candidate.record.name if candidate else "?",
                "kind": record.kind,
                "severity": record.severity,
                "state": record.state,
                "opened_at": record.opened_at,
                "updated_at": record.updated_at,
                "closed_at": record.closed_at,
                "text": record.text,
                "why": record.why,
                "trace": record.trace,
                "evidence": [self._linked(record, n) for n in range(len(record.evidence))],
                "review": None if live.review is None else _review(live.review),
            }
        )

    def _linked(self, record: IncidentRecord, n: int) -> Json:
        shown = {key: value for key, value in record.evidence[n].items() if key not in ("key", "receipt")}
        shown["deleted"] = "receipt" in record.evidence[n]
        return {**shown, "url": self._links.picture(record.id, n)}


def _review(review: ReviewRecord) -> Json:
    return {
        "verdict": review.verdict,
        "note": review.note,
        "reviewer_id": review.reviewer_id,
        "at": review.at,
    }
