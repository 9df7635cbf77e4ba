"""Recordings: what there is, what is in one, and its frames."""

import asyncio
from uuid import UUID

from aiohttp import web

from server import protocol
from server.api.calls import Call
from server.errors import Invalid, InvigilError, NotFound
from server.meetings import LiveIncident, Meeting, moment
from server.playback import Shown
from server.protocol import GapCause, RecordingState
from server.segment_views import segment_view
from storage.recordings.segment import SegmentError
from storage.records import Json, RecordingRecord, SegmentRecord

MAX_INCIDENTS = 1000
"""Incidents of one candidate that are shown with their recording."""


async def index(call: Call) -> protocol.RecordingList:
    """The recordings of a meeting."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    found = await call.services.playback.of_meeting(meeting)
    held = await call.services.keeper.hold(meeting.id) is not None
    return protocol.RecordingList(
        recordings=[_view(meeting, each, held=held) for each in found],
        bundle_url=call.services.links.bundle(meeting.id),
    )


async def show(call: Call) -> web.StreamResponse:
    """Everything of a recording but its frames; segments, gaps and samples `from` a segment on."""
    first = segment_number(call.query("from").get("from", "0"), "from")
    shown = await mine(call)
    record, services = shown.record, call.services
    meeting = await services.lobby.meeting(record.meeting_id)
    segments = await services.playback.segments(record.id, first=first)
    found = await services.database.incidents(meeting.id, candidate_id=record.candidate_id, limit=MAX_INCIDENTS)
    reviews = await services.database.latest_reviews([each.id for each in found])
    state, seconds = await services.videos.state(shown)
    held = await services.keeper.hold(meeting.id) is not None
    reviewers = await services.database.names([each.reviewer_id for each in reviews.values() if each.reviewer_id])

    def answer() -> web.StreamResponse:
        whole = protocol.ShownRecording(
            recording=_view(meeting, shown, held=held),
            segments=[_segment(each) for each in segments],
            gaps=[_gap(line) for each in segments for line in each.gaps],
            incidents=[
                services.views.incident(meeting, LiveIncident(each, reviews.get(each.id))) for each in reversed(found)
            ],
            samples=[_sample(line) for each in segments for line in each.samples],
            signed=_signature(record),
            video=protocol.RecordingVideo(state=state, seconds=seconds),
            video_url=services.links.video(record.id, _last(shown)),
            bundle_url=services.links.bundle(meeting.id, record.candidate_id),
            reviewers=reviewers,
        )
        return web.json_response(whole.dump())

    # In a thread: three hours of samples take a sixth of a second.
    return await asyncio.to_thread(answer)


def _signature(record: RecordingRecord) -> protocol.Signature | None:
    if record.statement is None or record.signature is None or record.public_key is None:
        return None
    return protocol.Signature(statement=record.statement, signature=record.signature, public_key=record.public_key)


async def segment(call: Call) -> protocol.ShownSegment:
    """What stands in a segment's journal."""
    shown = await there(call)
    number = int(call.request.match_info["n"])
    try:
        lines = await call.services.playback.lines(shown.record.id, number)
        return segment_view(number, shown.record.began_at.timestamp(), lines)
    except SegmentError as error:
        raise InvigilError(str(error), code="damaged") from None
    except (KeyError, TypeError, ValueError):  # its hash fits: it was written like that
        raise InvigilError("This part of the recording's journal cannot be read.", code="damaged") from None


async def frame(call: Call) -> web.StreamResponse:
    """A frame: the very bytes that the candidate's browser sent, or else `X-Invigil-Exact: no`."""
    shown = await there(call)
    try:
        still = await call.services.playback.frame(shown.record.id, int(call.request.match_info["seq"]))
    except SegmentError as error:
        raise InvigilError(str(error), code="damaged") from None
    headers = {
        "Cache-Control": "private, max-age=3600, immutable",
        "X-Content-Type-Options": "nosniff",
        "X-Invigil-Exact": "yes" if still.is_exact else "no",
    }
    return web.Response(body=still.jpeg, content_type="image/jpeg", headers=headers)


async def signing_key(call: Call) -> protocol.SigningKey:
    """The key that checks our signatures."""
    return protocol.SigningKey(public_key=call.services.signing_key.public)


async def mine(call: Call) -> Shown:
    """The recording in the path, when the caller may know of it."""
    shown = await call.services.playback.one(call.id())
    if not call.may_see(shown.record.meeting_id):
        raise NotFound("There is no such recording.")  # nothing tells that it is another meeting's
    return shown


async def there(call: Call) -> Shown:
    """The same, when its frames are still kept."""
    shown = await mine(call)
    if shown.record.receipt_id is not None:
        raise NotFound(f"This recording was deleted; receipt {shown.record.receipt_id}.")
    return shown


def segment_number(text: str, name: str) -> int:
    """A segment's number in a query.

    Raises:
        Invalid: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f"{name}: the number of a segment, from 0 on.")
    return int(text)


def _last(shown: Shown) -> int | None:
    """The segment up to which a link to the video goes, so that what it leads to stays what it is."""
    return shown.next_segment - 1 if shown.record.closed_at is None and shown.next_segment else None


def _view(meeting: Meeting, shown: Shown, *, held: bool) -> protocol.Recording:
    record = shown.record
    return protocol.Recording(
        id=record.id,
        meeting_id=record.meeting_id,
        candidate_id=record.candidate_id,
        candidate_name=_name(meeting, record.candidate_id),
        state=RecordingState.OPEN if record.closed_at is None else RecordingState.CLOSED,
        began_at=record.began_at,
        ended_at=moment(shown.ended_at),
        closed_at=record.closed_at,
        seconds=shown.seconds,
        frames=shown.frames,
        bytes=shown.bytes,
        not_recorded=shown.not_recorded,
        compacted_frames=shown.compacted_frames,
        held=held,
        receipt_id=record.receipt_id,
        gaps=shown.gaps,
    )


def _name(meeting: Meeting, candidate_id: UUID) -> str:
    candidate = meeting.candidates.get(candidate_id)
    return candidate.record.name if candidate else "?"


def _segment(record: SegmentRecord) -> protocol.Segment:
    return protocol.Segment(
        number=record.number,
        began_at=record.began_at,
        ended_at=record.ended_at,
        first_seq=record.first_seq,
        last_seq=record.last_seq,
        frames=record.frames,
        sha256=record.sha256 or None,
        journal_sha256=record.journal_sha256 or None,
        link=record.link or None,
    )


def _gap(line: Json) -> protocol.Gap:
    return protocol.Gap(
        cause=GapCause(line["cause"]),
        began_at=moment(line["began_at"]),
        ended_at=moment(line["ended_at"]),
        frames=line["frames"],
        lines=line["lines"],
    )


def _sample(line: Json) -> protocol.RecordedSample:
    return protocol.RecordedSample(seq=line["seq"], at=moment(line["at"]), boxes=line["boxes"])
