"""Where the candidates meet: one protocol, and a module for each service that answers to it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from server.errors import Invalid
from server.metrics import Metrics
from server.protocol import Provider
from server.settings import Settings
from storage.records import MeetingRecord, ParticipantRecord


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in a room."""

    id: str
    """The service's id of the participant."""
    token: str = field(repr=False)
    """What the service's own SDK wants. Good for 100 days; kept nowhere."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection to a room, of a browser's tab or a device."""

    id: str
    """The service's id of the connection."""
    participant: str
    """The id under which the participant was added: ours, if it was us."""
    name: str = field(repr=False)
    """What they are called there."""
    joined_at: float | None
    """Seconds since the epoch, by the service's clock."""
    left_at: float | None = None
    """When they left; None while they are there."""


@dataclass(frozen=True, slots=True)
class Present:
    """Who is in a room."""

    session: str | None
    """The service's id of what goes on there; None: nobody is there."""
    peers: tuple[Peer, ...] = ()
    """The connections, those that have ended among them."""
    complete: bool = True
    """False: there may be more than were listed."""


class MeetingProvider(Protocol):
    """A service that holds the video meeting. Its calls raise ProviderAway or ProviderRefused."""

    async def create(self, meeting: MeetingRecord) -> str | None:
        """Make the room; its id there, or None where the server itself is the room."""

    async def admit(self, room: str, participant: ParticipantRecord) -> Seat | None:
        """Give somebody a seat; None for a role that has none."""

    async def refresh(self, room: str, seat: str) -> str:
        """A fresh token for a seat."""

    async def kick(self, room: str, participant_id: UUID, seat: str) -> None:
        """Send somebody out, for good."""

    async def end(self, room: str) -> None:
        """Close the room and send everybody out."""

    async def present(self, room: str) -> Present:
        """Who is in the room."""

    @property
    def away_since(self) -> float | None:
        """Since when the service cannot be reached, in seconds since the epoch; None while it can."""

    async def close(self) -> None:
        """Hang up on the service."""


class Providers:
    """The services that this server is set up for."""

    def __init__(self, known: dict[Provider, MeetingProvider]) -> None:
        self._known = known

    @classmethod
    def of(cls, settings: Settings, metrics: Metrics) -> "Providers":
        """Those whose credentials are set. Blocking: it reads the certificates of this machine."""
        from server.providers.builtin import BuiltinRoom  # noqa: PLC0415 - they know what is above
        from server.providers.hosted import hosted  # noqa: PLC0415

        return cls({Provider.BUILTIN: BuiltinRoom(), **hosted(settings, metrics)})

    def __iter__(self) -> Iterator[tuple[Provider, MeetingProvider]]:
        return iter(self._known.items())

    def get(self, provider: Provider) -> MeetingProvider:
        """The service of that name.

        Raises:
            Invalid: this server is not set up for it.
        """
        if provider not in self._known:
            known = ", ".join(self._known)
            raise Invalid(f"provider: this server is not set up for {provider}; it knows {known}.")
        return self._known[provider]

    async def close(self) -> None:
        """Hang up on all of them."""
        await asyncio.gather(*(each.close() for each in self._known.values()))
