"""Meetings and the people in them."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from detection.values import Kind
from server.protocol.base import Accommodations, CandidateState, MeetingState, Name, Provider, Role, Time, Wire, Word


class Meeting(Wire):
    """One exam."""

    id: UUID
    title: str
    provider: Provider
    state: MeetingState
    settings: dict[str, Any]
    created_at: Time
    ended_at: Time | None = None


class Participant(Wire):
    """Somebody with a token for one meeting."""

    id: UUID
    meeting_id: UUID
    name: str
    role: Role
    created_at: Time
    ended_at: Time | None = None
    accommodations: Accommodations = {}


class Candidate(Wire):
    """A candidate as the console shows them."""

    id: UUID
    meeting_id: UUID
    name: str
    state: CandidateState
    connected: bool
    joined_at: Time
    last_frame_at: Time | None = None
    frames: int = Field(default=0, description="received in this run of the server")
    dropped: int = Field(default=0, description="frames that were replaced before they were sampled")
    refused: int = Field(default=0, description="frames that were no usable picture")
    not_recorded: int = Field(default=0, description="frames that are missing in the recording: disk slow or full")
    sample_interval: float | None = Field(default=None, description="seconds between the last two samples")
    open_incidents: list[Kind] = []
    accommodations: Accommodations = {}
    in_meeting: bool | None = Field(
        default=None, description="whether they are in Dyte's or RealtimeKit's meeting; null: there is none, or unknown"
    )


class Stranger(Wire):
    """Somebody in the video meeting whom this server did not let in."""

    peer_id: str
    name: str = Field(description="what they are called there")
    since: Time | None = None


class Room(Wire):
    """Event `room`, out: the meeting at Dyte or RealtimeKit, as far as is known of it."""

    provider: Provider
    reachable: bool
    notice: str | None = Field(default=None, description="what the proctors should know of it")
    strangers: list[Stranger] = Field(default=[], max_length=50)


class CreateMeeting(Wire):
    """Body of `POST /api/meetings`."""

    title: Name
    provider: Provider = Provider.BUILTIN
    settings: dict[str, Any] = {}


class CreatedMeeting(Wire):
    """Answer to `POST /api/meetings`."""

    meeting: Meeting
    proctor_url: str
    candidate_url: str


class ShownMeeting(Wire):
    """Answer to `GET /api/meetings/{id}` and `POST /api/meetings/{id}/end`; the links are for the operator."""

    meeting: Meeting
    proctor_url: str | None = None
    candidate_url: str | None = None


class MeetingList(Wire):
    """Answer to `GET /api/meetings`, newest first."""

    meetings: list[Meeting]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class AddParticipant(Wire):
    """Body of `POST /api/meetings/{id}/participants`."""

    name: Name
    role: Literal[Role.CANDIDATE, Role.PROCTOR, Role.REVIEWER]
    reference_photo: str | None = Field(default=None, max_length=1_400_000, description="a JPEG, base64 or data: URL")
    accommodations: Accommodations = Field(default={}, description="for a candidate: what was agreed with them")


class Accommodate(Wire):
    """Body of `PUT /api/meetings/{id}/participants/{participant_id}/accommodations`, in place of what was agreed."""

    accommodations: Accommodations


class ShownParticipant(Wire):
    """Answer to it."""

    participant: Participant


class Join(Wire):
    """Body of `POST /api/meetings/{id}/join`."""

    name: Name
    code: Word


class JoinedParticipant(Wire):
    """Answer to both ways of joining."""

    participant: Participant
    token: str
    url: str
    provider_token: str | None = Field(default=None, description="for Dyte's or RealtimeKit's own SDK")
    notice: str | None = Field(
        default=None, description="why there is none just now; `POST /api/provider-token` asks again"
    )


class ProviderToken(Wire):
    """Answer to `POST /api/provider-token`."""

    provider: Provider
    provider_token: str | None = Field(description="null: the room is our own, or the role has no place in the video")
