"""Our own room: it needs no other service, so there is nothing to make, to admit to or to close."""

from uuid import UUID

from server.providers import Present, Seat
from storage.records import MeetingRecord, ParticipantRecord


class BuiltinRoom:
    """The room that the server itself is."""

    away_since: float | None = None

    async def create(self, meeting: MeetingRecord) -> str | None:
        """Nothing to make."""
        return None

    async def admit(self, room: str, participant: ParticipantRecord) -> Seat | None:
        """No other service, no token of another service."""
        return None

    async def refresh(self, room: str, seat: str) -> str:
        """There are no seats."""
        raise NotImplementedError

    async def kick(self, room: str, participant_id: UUID, seat: str) -> None:
        """The sockets are hung up by whoever has them."""

    async def end(self, room: str) -> None:
        """Nothing to close."""

    async def present(self, room: str) -> Present:
        """The sockets are known to whoever has them."""
        return Present(None)

    async def close(self) -> None:
        """Nothing to hang up."""
