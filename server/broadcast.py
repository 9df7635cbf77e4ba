"""What the server tells people, and to whom. Every word that goes out passes `may_receive`."""

from datetime import datetime
from typing import Any, Protocol

from detection import words
from detection.values import Kind
from server import protocol
from server.access import may_receive
from server.incidents import EventType
from server.meetings import Candidate, LiveIncident, Meeting
from server.protocol import Namespace, Role, Wire


class Sender(Protocol):
    """The part of the Socket.IO server that is needed here."""

    async def emit(self, event: str, data: Any = None, to: str | None = None, *, namespace: str | None = None) -> None:
        """Send an event to everyone in a room, or to one connection."""


def proctors_room(meeting: Meeting, role: Role) -> str:
    """The room of one role's connections in one meeting."""
    return f"{meeting.id}:{role}"


def candidate_room(candidate: Candidate) -> str:
    """The room of one candidate's connections."""
    return str(candidate.id)


def warning(incident_id: Any, kind: str, opened_at: Any) -> protocol.Warning:
    """The banner of an incident: the candidate's own words, and nothing that the proctors' have beside it."""
    return protocol.Warning(
        incident_id=incident_id, kind=Kind(kind), text=words.for_candidate(Kind(kind)), opened_at=opened_at
    )


def open_warnings(candidate: Candidate) -> list[protocol.Warning]:
    """The banners that should be up for a candidate now."""
    up = [incident_id for kind, incident_id in candidate.open.items() if kind in candidate.banners]
    found = [candidate.meeting.incidents.get(incident_id) for incident_id in up]
    return [_warning(live) for live in found if live is not None and live.told]


def _warning(live: LiveIncident) -> protocol.Warning:
    return warning(live.record.id, live.record.kind, live.record.opened_at)


class Broadcast:
    """Emits to rooms by role, so that nobody is sent what their role may not see."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def to_candidate(self, event: str, message: Wire, to: str) -> None:
        """Tell one candidate's room or connection."""
        await self._emit(Namespace.CANDIDATE, Role.CANDIDATE, event, message, to)

    async def to_proctors(self, event: str, message: Wire, meeting: Meeting) -> None:
        """Tell everyone who watches a meeting and may hear of it."""
        for role in (Role.PROCTOR, Role.REVIEWER):
            if may_receive(role, event):
                await self._emit(Namespace.PROCTOR, role, event, message, proctors_room(meeting, role))

    async def to_proctor(self, event: str, message: Wire, role: Role, to: str) -> None:
        """Tell one proctor's or reviewer's connection."""
        await self._emit(Namespace.PROCTOR, role, event, message, to)

    async def _emit(self, namespace: Namespace, role: Role, event: str, message: Wire, to: str) -> None:
        if not may_receive(role, event):
            raise PermissionError(f"{event} is not for a {role}")
        data = message.dump()
        if isinstance(message, protocol.Thumbnail):
            data["jpeg"] = message.jpeg  # as bytes: base64 would add a third
        await self._sender.emit(event, data, to, namespace=namespace)

    # --- of incidents ---

    async def incident(self, event: EventType, meeting: Meeting, view: protocol.Incident) -> None:
        """Tell the meeting's proctors."""
        await self.to_proctors(
            "incident", protocol.IncidentEvent.model_validate({"type": str(event), "incident": view}), meeting
        )

    async def warning(self, candidate: Candidate, view: protocol.Incident) -> None:
        """Raise the candidate's banner."""
        message = warning(view.id, view.kind, view.opened_at)
        await self.to_candidate("warning", message, candidate_room(candidate))

    async def warning_cleared(self, candidate: Candidate, view: protocol.Incident, at: datetime) -> None:
        """Take the candidate's banner down."""
        message = protocol.WarningCleared(incident_id=view.id, at=at)
        await self.to_candidate("warning_cleared", message, candidate_room(candidate))

    async def pace(self, candidate: Candidate, pace: protocol.Pace) -> None:
        """Tell a candidate how to stream."""
        await self.to_candidate("pace", pace, candidate_room(candidate))

    async def candidate(self, event: str, candidate: Candidate) -> None:
        """Tell the proctors who came, went or changed."""
        message = protocol.CandidateEvent.model_validate({"type": event, "candidate": candidate.view()})
        await self.to_proctors("candidate", message, candidate.meeting)

    async def room(self, meeting: Meeting, room: protocol.Room) -> None:
        """Tell the proctors how the video meeting stands."""
        await self.to_proctors("room", room, meeting)
