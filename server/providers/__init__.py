"""Where the candidates meet: one protocol, and a module for each service that answers to it."""

from typing import Protocol

from server.errors import Invalid
from server.protocol import Provider
from server.providers.builtin import BuiltinRoom
from storage.records import MeetingRecord, ParticipantRecord


class MeetingProvider(Protocol):
    """A service that holds the video meeting."""

    async def create(self, meeting: MeetingRecord) -> None:
        """Make the room."""

    async def admit(self, meeting: MeetingRecord, participant: ParticipantRecord) -> str | None:
        """Let somebody in; the token that the service's own SDK wants, or None where there is none."""

    async def end(self, meeting: MeetingRecord) -> None:
        """Close the room and send everybody out."""


class Providers:
    """The services that this server is set up for."""

    def __init__(self) -> None:
        self._known: dict[Provider, MeetingProvider] = {Provider.BUILTIN: BuiltinRoom()}

    def get(self, provider: Provider) -> MeetingProvider:
        """The service of that name.

        Raises:
            Invalid: this server is not set up for it.
        """
        if provider not in self._known:
            known = ", ".join(self._known)
            raise Invalid(f"provider: this server is not set up for {provider}; it knows {known}.")
        return self._known[provider]
