"""Incidents of one recording, put side by side: which are in both, and how far they moved. Pure."""

from dataclasses import dataclass
from typing import Final

from detection.rules import Change, ChangeType
from detection.values import Kind

NEAR_SECONDS: Final = 5.0
"""Two incidents of a kind that begin so near each other are one, even when they do not overlap."""
MOVED_SECONDS: Final = 0.1
"""From here on an incident has moved."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of the rules. Times are seconds since the epoch."""

    kind: Kind
    """What kind."""
    began_at: float
    """When it was first seen."""
    opened_at: float
    """When it was told."""
    updated_at: float
    """When anything of it last changed."""
    closed_at: float | None
    """When it was over; None: not before the end of the recording."""
    severity: str
    """At its end."""
    rule: str
    """The rule that it met."""
    seqs: tuple[int, ...]
    """The frames that it rests on."""
    shown: bytes | None = None
    """The newest of those, small and with boxes."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An incident in both."""

    live: Incident
    """As it was decided."""
    other: Incident
    """As it would be decided."""

    @property
    def seconds(self) -> float:
        """How much later it is told."""
        return round(self.other.opened_at - self.live.opened_at, 3)

    @property
    def moved(self) -> bool:
        """Whether that is to be mentioned."""
        return abs(self.seconds) >= MOVED_SECONDS


@dataclass(frozen=True, slots=True)
class Difference:
    """What came of it."""

    gained: tuple[Incident, ...]
    """Those that were not decided live."""
    lost: tuple[Incident, ...]
    """Those that only were decided live."""
    both: tuple[Pair, ...]
    """Those in both."""

    @property
    def moved(self) -> tuple[Pair, ...]:
        """Those in both that are told at another time."""
        return tuple(pair for pair in self.both if pair.moved)


class Collector:
    """Makes incidents of changes."""

    def __init__(self) -> None:
        self._found: dict[tuple[Kind, float], Incident] = {}

    def copy(self) -> "Collector":
        """Another one with the same incidents."""
        other = Collector()
        other._found = dict(self._found)
        return other

    def add(self, change: Change) -> None:
        """Take one change, in the order in which the rules told them."""
        if change.type in (ChangeType.OPENED, ChangeType.UPDATED, ChangeType.CLOSED):
            each = change.episode
            self._found[each.kind, each.opened_at] = Incident(
                each.kind, each.began_at, each.opened_at, each.updated_at, each.closed_at, each.severity.value,
                each.rule, each.seqs,
            )  # fmt: skip

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """In the order in which they were opened."""
        return tuple(self._found.values())


def compare(live: tuple[Incident, ...], other: tuple[Incident, ...]) -> Difference:
    """Which incidents belong together: of one kind, and at the same time or nearly so. The nearest first."""
    near = sorted(
        (abs(a.began_at - b.began_at), n, m)
        for n, a in enumerate(live)
        for m, b in enumerate(other)
        if a.kind is b.kind and _together(a, b)
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, n, m in near:
        if n not in partner and m not in taken:
            partner[n] = m
            taken.add(m)
    return Difference(
        gained=tuple(each for m, each in enumerate(other) if m not in taken),
        lost=tuple(each for n, each in enumerate(live) if n not in partner),
        both=tuple(Pair(live[n], other[m]) for n, m in sorted(partner.items())),
    )


def _together(one: Incident, other: Incident) -> bool:
    if abs(one.began_at - other.began_at) <= NEAR_SECONDS:
        return True
    return one.began_at <= _end(other) and other.began_at <= _end(one)


def _end(incident: Incident) -> float:
    return incident.closed_at if incident.closed_at is not None else float("inf")
