"""Our own room: it needs no other service, so there is nothing to make, to admit to or to close."""

from storage.records import MeetingRecord, ParticipantRecord


class BuiltinRoom:
    """The room that the server itself is."""

    async def create(self, meeting: MeetingRecord) -> None:
        """Nothing to make."""

    async def admit(self, meeting: MeetingRecord, participant: ParticipantRecord) -> str | None:
        """No other service, no token of another service."""
        return None

    async def end(self, meeting: MeetingRecord) -> None:
        """Nothing to close."""
