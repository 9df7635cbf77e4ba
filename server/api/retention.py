"""How long things are kept, holds, receipts, and what is deleted."""

from itertools import groupby
from typing import Final

from server import protocol
from server.api.calls import Call
from server.errors import Invalid
from server.meetings import Meeting
from server.protocol import SetRetention
from server.views import receipt_view
from storage.days import PARTS
from storage.records import Due, HoldRecord

DAYS: Final = tuple(f"{part}_days" for part in PARTS)


async def show(call: Call) -> protocol.Retention:
    """What is in force for a meeting."""
    return await _shown(call, await call.services.lobby.meeting(call.meeting_id()))


async def change(call: Call) -> protocol.Retention:
    """Change the days, hold the meeting or let it go."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    body = await call.body(SetRetention)
    keeper = call.services.keeper
    assert call.identity is not None
    if body.hold and body.hold_reason is None:
        raise Invalid("hold_reason: say why nothing may be deleted.")
    if not body.hold and body.hold_reason is not None:
        raise Invalid("hold_reason: only with `hold: true`.")
    # The hold first: what it must save may be due by the days that come with it.
    if body.hold and body.hold_reason is not None:
        await keeper.place_hold(meeting.id, body.hold_reason, call.identity.participant_id)
    own = {part: getattr(body, name) for part, name in zip(PARTS, DAYS, strict=True) if name in body.model_fields_set}
    if own:
        await keeper.change(meeting.id, own)
    if body.hold is False:
        await keeper.lift_hold(meeting.id, call.identity.participant_id)
    return await _shown(call, meeting)


async def receipts(call: Call) -> protocol.ReceiptList:
    """What was deleted of a meeting."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    found = await call.services.keeper.receipts(meeting.id)
    return protocol.ReceiptList(receipts=[receipt_view(each) for each in found])


async def erase(call: Call) -> protocol.ErasedCandidate:
    """Delete all that is kept of a candidate."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    found = await call.services.keeper.erase(meeting, call.id("participant_id"))
    return protocol.ErasedCandidate(receipt=receipt_view(found))


async def due(call: Call) -> protocol.DueList:
    """What is kept no longer, of all meetings."""
    found = await call.services.keeper.due()
    return protocol.DueList(due=[_due(list(each)) for _, each in groupby(found, key=lambda each: each.meeting_id)])


async def delete_due(call: Call) -> protocol.DeletedDue:
    """Delete some of it now."""
    found, more = await call.services.keeper.delete_due()
    return protocol.DeletedDue(receipts=found, more=more)


async def _shown(call: Call, meeting: Meeting) -> protocol.Retention:
    keeper = call.services.keeper
    days, holds = await keeper.days(meeting.id), await keeper.holds(meeting.id)
    force = next((each for each in holds if each.lifted_at is None), None)
    return protocol.Retention(
        stream_days=days.stream,
        evidence_days=days.evidence,
        incidents_days=days.incidents,
        hold=force is not None,
        hold_reason=None if force is None else force.reason,
        holds=[_hold(each) for each in holds],
        unreviewed=sum(each.unreviewed for each in await keeper.due(meeting.id)),
        candidates=[
            protocol.KeptCandidate(id=each.id, name=each.record.name, over=each.over)
            for each in meeting.candidates.values()
        ],
    )


def _hold(record: HoldRecord) -> protocol.Hold:
    return protocol.Hold(
        reason=record.reason,
        placed_by=record.placed_by,
        placed_at=record.placed_at,
        lifted_by=record.lifted_by,
        lifted_at=record.lifted_at,
    )


def _due(candidates: list[Due]) -> protocol.DueMeeting:
    first = candidates[0]
    return protocol.DueMeeting(
        meeting_id=first.meeting_id,
        title=first.title,
        ended_at=first.ended_at,
        hold=first.held,
        parts=[part for part in PARTS if any(getattr(each, part) for each in candidates)],
        candidates=len(candidates),
        recordings=sum(each.recordings for each in candidates if each.stream),
        bytes=sum(each.bytes for each in candidates if each.stream),
        pictures=sum(each.pictures for each in candidates if each.evidence),
        incidents=sum(each.incident_count for each in candidates),
        unreviewed=sum(each.unreviewed for each in candidates),
    )
