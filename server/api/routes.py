"""Every HTTP call of the server, in one table: path, who may, what goes in and out."""

from aiohttp import web

from server import protocol
from server.api import (
    bundle,
    deliveries,
    frames,
    health,
    incidents,
    meetings,
    openapi,
    pages,
    provider_webhooks,
    recordings,
    retention,
    video,
)
from server.api.calls import Call, Route
from server.protocol import Role

OPERATOR = frozenset({Role.OPERATOR})
STAFF = frozenset({Role.OPERATOR, Role.PROCTOR})
REVIEW = frozenset({Role.OPERATOR, Role.PROCTOR, Role.REVIEWER})
CANDIDATE = frozenset({Role.CANDIDATE})
IN_MEETING = frozenset({Role.CANDIDATE, Role.PROCTOR, Role.REVIEWER})


async def _document(call: Call) -> web.StreamResponse:
    return web.json_response(openapi.document(ROUTES))


ROUTES = (
    Route("POST", "/api/meetings", meetings.create, "Make a meeting.", OPERATOR,
          protocol.CreateMeeting, protocol.CreatedMeeting, 201),
    Route("GET", "/api/meetings", meetings.index, "List meetings.", REVIEW, answer=protocol.MeetingList),
    Route("GET", "/api/meetings/{id}", meetings.show, "Show a meeting.", REVIEW, answer=protocol.ShownMeeting),
    Route("POST", "/api/meetings/{id}/end", meetings.end, "End a meeting.", STAFF, answer=protocol.ShownMeeting),
    Route("POST", "/api/meetings/{id}/participants", meetings.add_participant, "Add somebody.", STAFF,
          protocol.AddParticipant, protocol.JoinedParticipant, 201),
    Route("PUT", "/api/meetings/{id}/participants/{participant_id}/accommodations", meetings.accommodate,
          "Agree on accommodations with a candidate, in force at once.", STAFF,
          protocol.Accommodate, protocol.ShownParticipant),
    Route("POST", "/api/meetings/{id}/join", meetings.join, "Join by the candidates' link.", None,
          protocol.Join, protocol.JoinedParticipant, 201),
    Route("POST", "/api/provider-token", meetings.provider_token,
          "A fresh token for the video meeting, for the candidate or proctor who asks.", IN_MEETING,
          answer=protocol.ProviderToken),
    Route("POST", "/api/webhooks/{provider}", provider_webhooks.receive, "Signed webhooks of Dyte or RealtimeKit.",
          answer=protocol.Done),
    Route("GET", "/api/meetings/{id}/incidents", incidents.index, "List incidents.", REVIEW,
          answer=protocol.IncidentPage),
    Route("POST", "/api/incidents/{id}/review", incidents.review, "Confirm or dismiss an incident.", REVIEW,
          protocol.GiveReview, protocol.ShownIncident),
    Route("GET", r"/api/incidents/{id}/evidence/{n:\d\d?\d?}.jpg", incidents.evidence, "A photograph, by signed link."),
    Route("GET", "/api/meetings/{id}/recordings", recordings.index, "List recordings.", REVIEW,
          answer=protocol.RecordingList),
    Route("GET", "/api/meetings/{id}/bundle", bundle.export,
          "All of a meeting, or of one candidate, as a zip; by token or signed link.", REVIEW, linked=True),
    Route("GET", "/api/meetings/{id}/retention", retention.show, "How long a meeting is kept, and whether it is held.",
          STAFF, answer=protocol.Retention),
    Route("PUT", "/api/meetings/{id}/retention", retention.change, "Change that.", OPERATOR,
          protocol.SetRetention, protocol.Retention),
    Route("GET", "/api/meetings/{id}/receipts", retention.receipts, "What was deleted of a meeting.", REVIEW,
          answer=protocol.ReceiptList),
    Route("POST", "/api/meetings/{id}/participants/{participant_id}/erase", retention.erase,
          "Delete all that is kept of a candidate.", OPERATOR, answer=protocol.ErasedCandidate),
    Route("GET", "/api/retention", retention.due, "What is kept no longer.", OPERATOR, answer=protocol.DueList),
    Route("POST", "/api/retention", retention.delete_due, "Delete some of that now.", OPERATOR,
          answer=protocol.DeletedDue),
    Route("GET", "/api/recordings/{id}", recordings.show, "Show a recording.", REVIEW, answer=protocol.ShownRecording),
    Route("GET", r"/api/recordings/{id}/segments/{n:\d{1,9}}", recordings.segment,
          "What stands in a segment's journal.", REVIEW, answer=protocol.ShownSegment),
    Route("GET", r"/api/recordings/{id}/frames/{seq:\d{1,16}}.jpg", recordings.frame, "One exact frame.", REVIEW),
    *(Route(method, "/api/recordings/{id}/video.mp4", video.show,
            "A recording as H.264, made when it is asked for; by token or signed link.", REVIEW, linked=True)
      for method in ("GET", "HEAD")),
    Route("POST", "/api/frames", frames.receive, "Send a frame without a socket.", CANDIDATE,
          answer=protocol.FrameAck),
    Route("POST", "/api/activities", frames.note, "Report an activity without a socket.", CANDIDATE,
          protocol.ActivityMessage, protocol.Done),
    Route("GET", "/api/held", incidents.held, "All that is held against the candidate who asks.", CANDIDATE,
          answer=protocol.HeldList),
    Route("GET", "/api/deliveries", deliveries.index, "What was told to other services.", OPERATOR,
          answer=protocol.DeliveryPage),
    Route("POST", "/api/deliveries/replay", deliveries.replay, "Tell it once more.", OPERATOR,
          protocol.ReplayDeliveries, protocol.Replayed),
    Route("GET", "/api/signing-key", recordings.signing_key, "The key that checks signed recordings.",
          answer=protocol.SigningKey),
    Route("GET", "/healthz", health.health, "How the server is."),
    Route("GET", "/metrics", health.metrics, "What is counted."),
    Route("GET", "/api/openapi.json", _document, "This table."),
)  # fmt: skip


def add_routes(app: web.Application) -> None:
    """Put the table and the pages into the application."""
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.__call__)
    pages.add_assets(app)
    # A page's address is looked at by the page itself: an unknown one gets a page that says so.
    page = Route("GET", "", pages.page, "")
    app.router.add_get(r"/{page:(?!api(?:/|$)|socket\.io(?:/|$)|assets/).*}", page.__call__)
