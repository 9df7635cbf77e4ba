"""What was told to other services, and telling it again."""

from urllib.parse import urlsplit

from server import protocol
from server.api.calls import Call
from server.api.incidents import page_limit
from server.api.meetings import query_id
from server.errors import Invalid
from server.meetings import moment
from server.protocol import DeliveryState
from storage.records import DeliveryRecord


async def index(call: Call) -> protocol.DeliveryPage:
    """Deliveries, newest first."""
    query = call.query("state", "after", "limit")
    state, limit = query.get("state"), page_limit(query.get("limit", "100"))
    if state is not None and state not in set(DeliveryState):
        raise Invalid(f"state: one of {', '.join(DeliveryState)}.")
    found = await call.services.database.deliveries(state, query_id(query.get("after"), "after"), limit)
    return protocol.DeliveryPage(
        deliveries=[_view(each) for each in found], after=str(found[-1].id) if len(found) == limit else None
    )


async def replay(call: Call) -> protocol.Replayed:
    """Send some once more."""
    body = await call.body(protocol.ReplayDeliveries)
    now = moment(call.services.clock())
    return protocol.Replayed(replayed=await call.services.database.replay_deliveries(body.ids, now, failed=body.failed))


def _view(record: DeliveryRecord) -> protocol.Delivery:
    done = DeliveryState.FAILED if record.due_at is None else DeliveryState.WAITING
    return protocol.Delivery(
        id=record.id,
        host=urlsplit(record.url).hostname or "?",
        event=record.event,
        meeting_id=record.meeting_id,
        state=done if record.delivered_at is None else DeliveryState.DELIVERED,
        created_at=record.created_at,
        attempts=record.attempts,
        due_at=record.due_at,
        delivered_at=record.delivered_at,
        problem=record.problem,
    )
