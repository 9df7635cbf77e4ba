"""Meetings and the people in them."""

import base64
import binascii
from urllib.parse import quote
from uuid import UUID

from server import protocol
from server.api.calls import Call
from server.checks import check_picture
from server.errors import Conflict, Invalid, NotAllowed, NotFound, ProviderFailed
from server.meetings import Meeting
from server.protocol import Provider, Role
from server.tokens import Identity
from server.views import meeting_view, participant_view
from storage.records import ParticipantRecord, new_id

PAGE = 200
"""Meetings in one answer."""
PAGES = {Role.CANDIDATE: "exam", Role.PROCTOR: "proctor", Role.REVIEWER: "review"}
"""Where somebody's link leads."""


async def create(call: Call) -> protocol.CreatedMeeting:
    """Make a meeting, with a first proctor's link and the candidates' link."""
    body = await call.body(protocol.CreateMeeting)
    meeting = await call.services.lobby.create(body.title.strip(), body.provider, body.settings)
    return await _with_links(call, meeting)


async def index(call: Call) -> protocol.MeetingList:
    """The operator's meetings, newest first; a proctor's own."""
    before = call.query("after").get("after")
    assert call.identity is not None
    if call.identity.role is not Role.OPERATOR:
        meeting = await call.services.lobby.meeting(call.identity.meeting_id)
        return protocol.MeetingList(meetings=[meeting_view(meeting.record)], after=None)
    found = await call.services.database.meetings(query_id(before, "after"), PAGE)
    after = str(found[-1].id) if len(found) == PAGE else None
    return protocol.MeetingList(meetings=[meeting_view(each) for each in found], after=after)


async def show(call: Call) -> protocol.ShownMeeting:
    """One meeting; for the operator with its links."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    assert call.identity is not None
    if call.identity.role is not Role.OPERATOR:
        return protocol.ShownMeeting(meeting=meeting_view(meeting.record))
    return protocol.ShownMeeting.model_validate((await _with_links(call, meeting)).model_dump())


async def end(call: Call) -> protocol.ShownMeeting:
    """End a meeting for everyone in it."""
    meeting = await call.services.lobby.end(call.meeting_id())
    return protocol.ShownMeeting(meeting=meeting_view(meeting.record))


async def add_participant(call: Call) -> protocol.JoinedParticipant:
    """Add somebody; the answer holds their own link."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    body = await call.body(protocol.AddParticipant)
    if body.role is not Role.REVIEWER:
        meeting.require_open()
    if body.accommodations and body.role is not Role.CANDIDATE:
        raise Invalid("accommodations: for candidates only.")
    meeting.rules_for(body.accommodations)  # before a photograph is kept for somebody who is refused
    photo = await _keep_reference(call, meeting.id, body.reference_photo) if body.reference_photo else None
    record = await call.services.lobby.add(
        meeting, body.name, Role(body.role), photo, accommodations=body.accommodations
    )
    return await _joined(call, meeting, record)


async def accommodate(call: Call) -> protocol.ShownParticipant:
    """Agree on accommodations with a candidate, whichever way they came."""
    meeting = await call.services.lobby.meeting(call.meeting_id())
    candidate = meeting.candidate(call.id("participant_id"))
    body = await call.body(protocol.Accommodate)
    assert call.identity is not None
    await call.services.lobby.accommodate(candidate, body.accommodations, call.identity.participant_id)
    return protocol.ShownParticipant(participant=participant_view(candidate.record))


async def join(call: Call) -> protocol.JoinedParticipant:
    """Let somebody with the candidates' link in."""
    body = await call.body(protocol.Join)
    try:
        meeting_id = call.id()
    except NotFound:
        raise NotAllowed("This link is not valid. Ask for a new one.") from None
    meeting, record = await call.services.lobby.join(meeting_id, body.name, body.code)
    return await _joined(call, meeting, record)


async def provider_token(call: Call) -> protocol.ProviderToken:
    """A fresh token for whoever asks, with which the service's own SDK comes into the video meeting."""
    services, identity = call.services, call.identity
    assert identity is not None
    if identity.role is Role.CANDIDATE:
        candidate = await services.lobby.candidate(identity)
        meeting, record = candidate.meeting, candidate.record
    else:
        meeting, record = await services.lobby.staff(identity)
        meeting.require_open()
    token = await services.rooms.admit(meeting.record, record)
    if meeting.ended or (identity.role is Role.CANDIDATE and meeting.candidate(record.id).over):
        raise Conflict("This exam is over.")
    return protocol.ProviderToken(provider=Provider(meeting.record.provider), provider_token=token)


def query_id(text: str | None, name: str) -> UUID | None:
    """An id in the query.

    Raises:
        Invalid: it is none.
    """
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise Invalid(f"{name}: an id, taken from an answer of this server.") from None


async def _with_links(call: Call, meeting: Meeting) -> protocol.CreatedMeeting:
    # Tokens are made anew at every showing and kept nowhere, so that they cannot leak from the database.
    proctor = await call.services.lobby.first_proctor(meeting)
    token = call.services.tokens.issue(Identity(Role.PROCTOR, meeting.id, proctor.id))
    return protocol.CreatedMeeting(
        meeting=meeting_view(meeting.record),
        proctor_url=_page(call, Role.PROCTOR, token),
        candidate_url=f"{call.origin()}/join/{meeting.id}?code={quote(meeting.record.join_code)}",
    )


async def _joined(call: Call, meeting: Meeting, record: ParticipantRecord) -> protocol.JoinedParticipant:
    provider_token, notice = None, None
    try:
        provider_token = await call.services.rooms.admit(meeting.record, record, first=True)
    except ProviderFailed as error:  # they are to be proctored all the same, and ask for the video again
        notice = error.text
    token = call.services.tokens.issue(Identity(Role(record.role), record.meeting_id, record.id))
    return protocol.JoinedParticipant(
        participant=participant_view(record),
        token=token,
        url=_page(call, Role(record.role), token),
        provider_token=provider_token,
        notice=notice,
    )


def _page(call: Call, role: Role, token: str) -> str:
    """The page of a role. The token is behind the #, where no proxy's log and no Referer ever has it."""
    return f"{call.origin()}/{PAGES[role]}#token={token}"


async def _keep_reference(call: Call, meeting_id: UUID, text: str) -> str:
    """Keep a reference photo, sent as base64 with or without `data:image/jpeg;base64,` before it."""
    try:
        data = base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("reference_photo: not base64.") from None
    check_picture(data)
    await call.services.photos.check(data)
    key = f"{meeting_id}/references/{new_id()}.jpg"
    await call.services.ledger.keep([], {key: data})
    return key
