"""What was told to other services."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from server.protocol.base import Time, Wire


class DeliveryState(StrEnum):
    """Where an event is on its way to another service."""

    WAITING = "waiting"
    """It will be sent, or sent again."""
    FAILED = "failed"
    """It was given up; it can be replayed."""
    DELIVERED = "delivered"


class Delivery(Wire):
    """One event on its way to another service."""

    id: UUID = Field(description="the header `webhook-id`")
    host: str = Field(description="where to; the rest of the address may be secret")
    event: str
    meeting_id: UUID
    state: DeliveryState
    created_at: Time
    attempts: int
    due_at: Time | None = None
    delivered_at: Time | None = None
    problem: str | None = Field(default=None, description="what was wrong with the last attempt")


class DeliveryPage(Wire):
    """Answer to `GET /api/deliveries`, newest first."""

    deliveries: list[Delivery]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class ReplayDeliveries(Wire):
    """Body of `POST /api/deliveries/replay`."""

    ids: list[UUID] = Field(default=[], max_length=1000)
    failed: bool = Field(default=False, description="all that were given up")


class Replayed(Wire):
    """How many will be sent again."""

    replayed: int
