"""What goes between a proctor's console and the server."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from server.protocol.base import Note, Text, Time, Verdict, Wire
from server.protocol.incidents import Incident
from server.protocol.meetings import Candidate, Meeting, Room


class Snapshot(Wire):
    """Event `snapshot`, out, on connect: all there is to draw the console."""

    meeting: Meeting
    candidates: list[Candidate]
    incidents: list[Incident]
    detector: str = Field(description="the detector's name, or `off`")
    notice: str | None = Field(default=None, description="what the proctors should know of the detector")
    room: Room | None = Field(default=None, description="the meeting at Dyte or RealtimeKit; null: the room is our own")
    at: Time


class IncidentEvent(Wire):
    """Event `incident`, out."""

    type: Literal["opened", "updated", "closed", "reviewed"]
    incident: Incident


class CandidateEvent(Wire):
    """Event `candidate`, out."""

    type: Literal["joined", "updated", "left"]
    candidate: Candidate


class Thumbnail(Wire):
    """Event `thumbnail`, out: the newest frame of a watched candidate."""

    candidate_id: UUID
    seq: int
    captured_at: float = Field(description="milliseconds since the epoch, by the candidate's clock")
    jpeg: bytes


class WatchMessage(Wire):
    """Event `watch`, in: whose thumbnails to send, and how often."""

    candidate_ids: list[UUID] = Field(max_length=500)
    fps: float = Field(gt=0, le=5)


class ReviewMessage(Wire):
    """Event `review`, in."""

    incident_id: UUID
    verdict: Verdict
    note: Note | None = None


class WarnMessage(Wire):
    """Event `warn`, in: words for one candidate."""

    candidate_id: UUID
    text: Text


class EndMessage(Wire):
    """Event `end`, in: end the exam of one candidate."""

    candidate_id: UUID
    reason: Text


class OfferMessage(Wire):
    """Event `offer`, in: WebRTC live view."""

    candidate_id: UUID
    sdp: str = Field(max_length=65536)
