"""How long things are kept, legal hold, erasing, and the receipts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from server.protocol.base import Text, Time, Wire
from server.protocol.recordings import Signature

Days = Annotated[int, Field(ge=1, le=36_500)]


class SetRetention(Wire):
    """Body of `PUT /api/meetings/{id}/retention`; what is left out stays as it is."""

    stream_days: Days | None = None
    evidence_days: Days | None = None
    incidents_days: Days | None = None
    hold: bool | None = None
    hold_reason: Text | None = Field(default=None, description="why nothing may be deleted; with `hold: true`")


class Hold(Wire):
    """A time in which nothing of a meeting may be deleted or re-encoded."""

    reason: str
    placed_by: UUID | None = Field(description="the participant who did; null for the operator")
    placed_at: Time
    lifted_by: UUID | None = None
    lifted_at: Time | None = Field(default=None, description="null while it is in force")


class KeptCandidate(Wire):
    """A candidate of whom something is kept."""

    id: UUID
    name: str
    over: bool = Field(description="their exam is over: they can be erased")


class Retention(Wire):
    """Answer to `GET` and `PUT /api/meetings/{id}/retention`."""

    stream_days: int | None = Field(description="days after the meeting's end; null: until somebody deletes it")
    evidence_days: int | None
    incidents_days: int | None
    hold: bool
    hold_reason: str | None = None
    holds: list[Hold] = Field(default=[], description="every time that it was held, oldest first")
    unreviewed: int = Field(default=0, description="incidents, once the meeting is over, of which nobody said anything")
    candidates: list[KeptCandidate] = []


class Receipt(Wire):
    """What is left of what was deleted of a candidate."""

    id: UUID
    candidate_id: UUID
    at: Time
    deleted: list[Literal["stream", "evidence", "incidents"]]
    by_rule: bool = Field(description="its time was over; else somebody asked for it")
    recordings: int
    pictures: int
    incidents: int = Field(description="there were so many then, whether or not they were deleted")
    unreviewed: int = Field(description="of those, how many nobody had said anything of")
    signed: Signature


class ReceiptList(Wire):
    """Answer to `GET /api/meetings/{id}/receipts`, oldest first."""

    receipts: list[Receipt]


class ErasedCandidate(Wire):
    """Answer to `POST /api/meetings/{id}/participants/{participant_id}/erase`."""

    receipt: Receipt


class DueMeeting(Wire):
    """A meeting of which something is kept no longer."""

    meeting_id: UUID
    title: str
    ended_at: Time
    hold: bool = Field(description="it is held: nothing of it is deleted")
    parts: list[Literal["stream", "evidence", "incidents"]]
    candidates: int
    recordings: int
    bytes: int = Field(description="of the recordings' frames")
    pictures: int
    incidents: int
    unreviewed: int


class DueList(Wire):
    """Answer to `GET /api/retention`: what is deleted within the next hour, longest over first."""

    due: list[DueMeeting]


class DeletedDue(Wire):
    """Answer to `POST /api/retention`."""

    receipts: list[UUID]
    more: bool = Field(description="there is more that is due: call again")
