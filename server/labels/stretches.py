"""What a recording's reviewed incidents say about it: clips, and what is known of every moment in them. Pure.

Decided here:

* Incidents that overlap share a clip: each is told once. One clip has the time before them in which the rules come to
  know the candidate; for `different_person`, also the beginning of the recording, where they were enrolled.
* A confirmed incident is to be raised between some seconds before its first photograph and its end; where one was
  dismissed, nothing is. Kinds that nobody reviewed may be raised meanwhile.
* Of all the rest nothing is known: whatever is raised there is right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from detection.rules import CAMERA_KINDS
from detection.values import Kind

BEFORE: Final = 30.0
"""Seconds of a clip before its first incident."""
LEARNT: Final[Mapping[Kind, float]] = {Kind.LOOKING_AWAY: 150.0, Kind.CAMERA_FROZEN: 60.0}
"""At least so many for kinds that rest on more: on where the candidate usually looks, on what did not move."""
LEAST_LEAD: Final = 2.5
"""Seconds by which an incident may have begun before its first photograph. More than `evaluate` allows an incident to
be late, or whatever is raised again where one was dismissed would belong to what lies before it."""
LEAD: Final[Mapping[Kind, float]] = {
    Kind.LOOKING_AWAY: 30.0, Kind.CAMERA_FROZEN: 15.0, Kind.UNCLEAR_VIEW: 8.0, Kind.CAMERA_BLOCKED: 5.0
}  # fmt: skip
"""For kinds of which the rules want to see more: the photographs are of the last samples of those."""
AFTER: Final = 10.0
"""Seconds of a clip after its last one."""
ENROLMENT: Final = 40.0
"""Seconds at the beginning of a recording in which the candidate is enrolled."""
LONGEST: Final = 600.0
"""Seconds that incidents of one clip may take. What goes on is left out."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One incident. Times are seconds since the epoch."""

    id: str
    kind: Kind
    began_at: float
    """When it may have begun."""
    ended_at: float
    """When it was over."""
    verdict: str | None
    """`confirmed` or `dismissed`; None: nobody reviewed it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a clip. Times are seconds since the epoch."""

    began_at: float
    ended_at: float
    signals: frozenset[Kind] | None = None
    """What is to be raised; empty: nothing; None: it is not known."""
    may: frozenset[Kind] = frozenset()
    """What may be raised and need not be."""
    ids: tuple[str, ...] = ()
    """The incidents that say so."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A clip to be made."""

    name: str
    """The id of its first incident."""
    spans: tuple[tuple[float, float], ...]
    """What of the recording is in it, in order; seconds since the epoch."""
    stretches: tuple[Stretch, ...]
    """What is known of the last of them, without a gap."""


def is_seen(kind: Kind) -> bool:
    """Whether pictures alone can show this kind."""
    return kind in CAMERA_KINDS


def cuts(
    happenings: Iterable[Happening], began_at: float, *, before: float = BEFORE, after: float = AFTER
) -> list[Cut]:
    """The clips of one recording, in order.

    Args:
        happenings: its incidents.
        began_at: when it began, seconds since the epoch.
        before: seconds of a clip before its first incident.
        after: seconds behind its last one.
    """
    seen = sorted((each for each in happenings if is_seen(each.kind)), key=lambda each: (each.began_at, each.id))
    groups: list[list[Happening]] = []
    for each in (each for each in seen if each.verdict is not None):
        newest = groups[-1] if groups else [each]
        long = each.began_at >= newest[0].began_at + LONGEST
        if groups and not long and each.began_at <= max(other.ended_at for other in newest):
            groups[-1].append(each)
        else:
            groups.append([each])
    return [_cut(group, seen, began_at, before, after) for group in groups]


def _cut(
    group: list[Happening], seen: list[Happening], began_at: float, before: float, after: float
) -> Cut:  # fmt: skip
    start = group[0].began_at
    end = min(max(each.ended_at for each in group), start + LONGEST)
    early = max([before, *(LEARNT.get(each.kind, 0.0) for each in group)])
    first, last = max(began_at, start - early), end + after
    spans = [(first, last)]
    if any(each.kind is Kind.DIFFERENT_PERSON for each in group) and first > began_at:
        enrolled = began_at + ENROLMENT
        spans = [(began_at, enrolled), (first, last)] if enrolled < first else [(began_at, last)]
    others = [
        replace(each, verdict=None) for each in seen if each not in group
    ]  # they have clips of their own, or none
    known = _stretches([*group, *others], start, end)
    return Cut(
        group[0].id,
        tuple(spans),
        (Stretch(spans[-1][0], start), *known, Stretch(end, last)),
    )


def _stretches(happenings: list[Happening], start: float, end: float) -> list[Stretch]:
    """What is known from `start` to `end`, cut wherever something begins or is over."""
    inside = [each for each in happenings if each.began_at < end and each.ended_at > start]
    times = sorted({start, end, *(at for each in inside for at in (each.began_at, each.ended_at) if start < at < end)})
    found: list[Stretch] = []
    for begin, until in pairwise(times):
        there = [each for each in inside if each.began_at < until and each.ended_at > begin]
        reviewed = [each for each in there if each.verdict is not None]
        stretch = Stretch(
            begin,
            until,
            frozenset(each.kind for each in there if each.verdict == "confirmed") if reviewed else None,
            frozenset(each.kind for each in there if each.verdict is None),
            tuple(each.id for each in reviewed),
        )
        if found and replace(found[-1], ended_at=until) == replace(stretch, began_at=found[-1].began_at):
            found[-1] = replace(found[-1], ended_at=until)
        else:
            found.append(stretch)
    return found
