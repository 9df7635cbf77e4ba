"""What a webhook of Dyte or RealtimeKit says, read with suspicion. Pure.

The bodies are camelCase, unlike everything else that they say, and have no id by which a participant can be found but
the one that we gave them (`customParticipantId`).
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.errors import Invalid
from server.protocol import Provider
from server.providers import Peer, answers
from storage.records import Json

MAX_TEXT: Final = 200
"""Characters that are kept of any text in a webhook."""


class EventKind(StrEnum):
    """Those events that say who is there."""

    STARTED = "meeting.started"
    ENDED = "meeting.ended"
    JOINED = "meeting.participantJoined"
    LEFT = "meeting.participantLeft"


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """One event of one room."""

    provider: Provider
    kind: EventKind
    room: str
    """The service's id of the meeting."""
    session: str | None
    """The service's id of what goes on there."""
    peer: Peer | None = None
    """Who joined or left."""
    by_host: bool = False
    """Whether it was a host who ended it."""


def read(provider: Provider, body: bytes) -> RoomEvent | None:
    """The event of a webhook's body; None for those that say nothing of who is there.

    Raises:
        Invalid: it is no JSON object, or such an event without what must be in it.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Invalid("The body is no JSON object.")
    try:
        kind = EventKind(str(found.get("event")))
    except ValueError:
        return None
    try:
        return _event(provider, kind, found)
    except answers.Malformed as error:
        raise Invalid(f"The event lacks what must be in it: {error}.") from None


def _event(provider: Provider, kind: EventKind, found: Json) -> RoomEvent:
    meeting = found.get("meeting")
    if not isinstance(meeting, dict):
        raise answers.Malformed("no object under `meeting`")
    session = meeting.get("sessionId")
    reason = found.get("reason", meeting.get("reason"))
    return RoomEvent(
        provider,
        kind,
        answers.identifier(meeting, "id"),
        session[:MAX_TEXT] if isinstance(session, str) else None,
        _peer(found) if kind in (EventKind.JOINED, EventKind.LEFT) else None,
        by_host=reason == "HOST_ENDED_MEETING",
    )


def _peer(found: Json) -> Peer:
    participant = found.get("participant")
    if not isinstance(participant, dict):
        raise answers.Malformed("no object under `participant`")
    ours = participant.get("customParticipantId") or participant.get("clientSpecificId")
    name = participant.get("userDisplayName")
    return Peer(
        answers.identifier(participant, "peerId"),
        ours[:MAX_TEXT] if isinstance(ours, str) else "",
        name[:MAX_TEXT] if isinstance(name, str) else "",
        answers.seconds(participant.get("joinedAt")),
        answers.seconds(participant.get("leftAt")),
    )
