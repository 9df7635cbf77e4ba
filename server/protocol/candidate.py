"""What goes between a candidate's browser and the server."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from detection.values import Kind
from server.protocol.base import Accommodations, ActivityKind, Number, Time, Verdict, Wire, Word


class Pace(Wire):
    """How the candidate's browser should stream."""

    fps: float = Field(default=5.0, gt=0, le=15)
    width: int = Field(default=480, ge=160, le=1280)
    quality: float = Field(default=0.6, ge=0.3, le=0.95)


class FrameMessage(Wire):
    """Event `frame`."""

    model_config = ConfigDict(strict=True)  # text is no picture, and true is no number

    seq: int = Field(ge=0, le=2**53 - 1)
    captured_at: float = Field(ge=0, le=1e14, description="milliseconds since the epoch, by the browser's clock")
    jpeg: bytes


class ActivityMessage(Wire):
    """Event `activity`."""

    kind: ActivityKind
    at: Time
    detail: Annotated[dict[Word, bool | Number | Word | None], Field(max_length=20)] | Word | None = None
    """`{"active": true}` begins a lasting kind and `{"active": false}` ends it; without it the kind is a moment."""


class ShownMessage(Wire):
    """Event `shown`: the banner of this incident is on the candidate's screen."""

    incident_id: UUID
    at: Time


class Warning(Wire):  # noqa: A001 - the wire's word
    """Event `warning`: raise the banner."""

    incident_id: UUID
    kind: Kind
    text: str
    opened_at: Time


class WarningCleared(Wire):
    """Event `warning_cleared`: take the banner down."""

    incident_id: UUID
    at: Time


class Message(Wire):
    """Event `message`: a proctor's words."""

    id: UUID
    text: str
    at: Time


class Ended(Wire):
    """Event `ended`: the exam is over for this candidate; or, for a proctor, the meeting is."""

    sparse: ClassVar[bool] = True

    reason: str
    code: Literal["replaced"] | None = None
    """`replaced`: it goes on in another window, which this one may take it back from."""


class Kept(Wire):
    """For how many days after the end of the meeting something is kept; null: until somebody deletes it."""

    stream_days: int | None = Field(description="every frame")
    evidence_days: int | None = Field(description="photographs of incidents, and the reference photo")
    incidents_days: int | None = Field(description="incidents, reviews, what browsers reported, and the name")


class Held(Wire):
    """One thing that is held against a candidate, as they may see it."""

    incident_id: UUID
    kind: Kind
    text: str
    opened_at: Time
    closed_at: Time | None = None
    verdict: Verdict | None = None


class HeldList(Wire):
    """Answer to `GET /api/held`: all that is held against the candidate who asks, newest first, and by what rules."""

    held: list[Held]
    looked_for: list[Kind] = Field(default=[], description="the kinds that can be held against this candidate at all")
    accommodations: Accommodations = Field(default={}, description="what was agreed with this candidate")
    recorded: bool = Field(default=True, description="whether every frame is kept, not only those of incidents")
    kept: Kept | None = Field(default=None, description="for how long")


class FrameAck(Wire):
    """Answer to `frame` and to `POST /api/frames`."""

    sparse: ClassVar[bool] = True

    ok: Literal[True] = True
    pace: Pace | None = None
    warnings: list[Warning] | None = Field(
        default=None, description="over HTTP only: the warnings open now, since nothing can be pushed there"
    )
    messages: list[Message] | None = Field(
        default=None, description="over HTTP only: the proctors' newest messages; those seen before have the same id"
    )
