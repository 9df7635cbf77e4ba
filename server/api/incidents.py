"""Incidents and their photographs."""

from aiohttp import web

from detection.values import Kind
from server import protocol
from server.api.calls import Call
from server.api.meetings import query_id
from server.errors import Invalid, NotFound
from server.meetings import LiveIncident
from server.protocol import IncidentState
from server.views import held_view, kept_view

MAX_PAGE = 500


async def index(call: Call) -> protocol.IncidentPage:
    """Incidents of a meeting, newest first."""
    query = call.query("candidate_id", "kind", "state", "after", "limit")
    meeting = await call.services.lobby.meeting(call.meeting_id())
    limit = page_limit(query.get("limit", "100"))
    database = call.services.database
    found = await database.incidents(
        meeting.id,
        candidate_id=query_id(query.get("candidate_id"), "candidate_id"),
        kind=_one_of(Kind, query.get("kind"), "kind"),
        state=_one_of(IncidentState, query.get("state"), "state"),
        before=query_id(query.get("after"), "after"),
        limit=limit,
    )
    reviews = await database.latest_reviews([each.id for each in found])
    shown = [call.services.views.incident(meeting, LiveIncident(each, reviews.get(each.id))) for each in found]
    return protocol.IncidentPage(incidents=shown, after=str(found[-1].id) if len(found) == limit else None)


async def review(call: Call) -> protocol.ShownIncident:
    """Take a person's word on an incident, as the proctors' socket does."""
    given = await call.body(protocol.GiveReview)
    services, incident_id = call.services, call.id()
    # In memory first: while the database is away, what is open there can still be reviewed.
    recent = services.lobby.recent_incident(incident_id)
    record = recent.record if recent else await services.database.incident(incident_id)
    if record is None or not call.may_see(record.meeting_id):
        raise NotFound("There is no such incident.")  # nothing tells that it is another meeting's
    assert call.identity is not None
    meeting = await services.lobby.meeting(record.meeting_id)
    message = protocol.ReviewMessage(incident_id=incident_id, verdict=given.verdict, note=given.note)
    live = await services.incidents.review(meeting, call.identity, message)
    return protocol.ShownIncident(incident=services.views.incident(meeting, live))


async def held(call: Call) -> protocol.HeldList:
    """All that is held against the candidate who asks, in the words that they were shown."""
    assert call.identity is not None
    identity, database = call.identity, call.services.database
    candidate = await call.services.lobby.known(identity)
    meeting = candidate.meeting
    found = await database.incidents(meeting.id, candidate_id=identity.participant_id, limit=MAX_PAGE)
    reviews = await database.latest_reviews([each.id for each in found])
    return protocol.HeldList(
        held=[held_view(each, reviews.get(each.id)) for each in found],
        looked_for=[kind for kind in candidate.rules.kinds if call.services.monitor.judges(kind)],
        accommodations=candidate.record.accommodations,
        recorded=call.services.settings.record,
        kept=kept_view(await call.services.keeper.days(meeting.id)),
    )


async def evidence(call: Call) -> web.StreamResponse:
    """A photograph: the very bytes that the candidate's browser sent."""
    query = call.query("expires", "signature")
    call.services.tokens.check(call.request.path, query.get("expires", ""), query.get("signature", ""))
    # In memory first: while the database is away, its photographs can still be had.
    recent = call.services.lobby.recent_incident(call.id())
    incident = recent.record if recent else await call.services.database.incident(call.id())
    n = int(call.request.match_info["n"])
    if incident is None or n >= len(incident.evidence):
        raise NotFound("There is no such picture.")
    key = incident.evidence[n].get("key")
    data = None if key is None else await call.services.ledger.picture(key)
    if data is None:
        raise NotFound("This picture is gone.")
    headers = {"Cache-Control": "private, max-age=3600, immutable", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=data, content_type="image/jpeg", headers=headers)


def page_limit(text: str) -> int:
    """How many a page may hold, as the query says.

    Raises:
        Invalid: it is no such number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_PAGE):
        raise Invalid(f"limit: a number from 1 to {MAX_PAGE}.")
    return int(text)


def _one_of(words: type[Kind] | type[IncidentState], text: str | None, name: str) -> str | None:
    if text is not None and text not in set(words):
        raise Invalid(f"{name}: one of {', '.join(words)}.")
    return text
