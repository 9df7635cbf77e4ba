"""The incidents that were kept beside what the rules said, by the journal: what is missing, too much, or otherwise.

Every incident is one of the rules, also a lost stream's. What was open when the server was killed is closed at its last
sign of life by the next one, which no rule says; and the last seconds before that may be in only one of the two, so
nothing that falls into them is compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

from detection.values import Kind
from server.replay.difference import Incident

NEAR: Final = 0.002
"""Seconds within which two times are one: exported rows have milliseconds."""
EARLY: Final = 1.0
"""Seconds before a recording in which what it begins with may have happened."""
FRESH: Final = 2.0
"""Seconds after which both the row and the journal are kept."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One incident as it was kept. Times are seconds since the epoch."""

    id: str
    kind: str
    severity: str
    opened_at: float
    updated_at: float
    """When it last changed."""
    closed_at: float | None
    """None: it is open."""
    rule: str
    """The rule that it met."""
    seqs: tuple[int, ...]
    """The frames of its photographs."""
    verdict: str | None = None
    """`confirmed` or `dismissed`, by its newest review; None: nobody reviewed it, or it is not known here."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of one recording's candidate."""

    rows: tuple[Row, ...]
    """Oldest first; also those of the candidate's other recordings."""
    began_at: float
    """When this recording began."""
    until: float = inf
    """When it was closed."""
    asked_at: float = inf
    """When the rows were read, of what still grew."""

    @property
    def own(self) -> tuple[Row, ...]:
        """Those of this recording. What it begins with may have happened just before."""
        return tuple(each for each in self.rows if self.began_at - EARLY <= each.opened_at <= self.until + NEAR)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it."""

    rows: int
    """Incidents that were compared."""
    faults: tuple[str, ...]
    """What differs, in words."""


def row(value: Mapping[str, Any], verdict: str | None = None) -> Row:
    """A row of the database, or of a bundle. `verdict`: of its newest review.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Row(
        id=str(value["id"]),
        kind=str(value["kind"]),
        severity=str(value["severity"]),
        opened_at=seconds(value["opened_at"]),
        updated_at=seconds(value["updated_at"]),
        closed_at=None if value["closed_at"] is None else seconds(value["closed_at"]),
        rule=str(value["why"]["rule"]),
        seqs=tuple(int(each["seq"]) for each in value["evidence"]),
        verdict=verdict,
    )


def seconds(value: datetime | str) -> float:
    """A time as rows have it, in seconds since the epoch."""
    return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).timestamp()


def compare(
    kept: Kept, incidents: Iterable[Incident], *, unsure: Iterable[Span] = (), untold: frozenset[Kind] = frozenset()
) -> Compared:
    """Hold the rows against what the rules said live.

    Args:
        kept: the rows.
        incidents: what the rules said.
        unsure: spans in which either of them may have lost something.
        untold: kinds of which it cannot be told what the rules said.
    """
    spans = [*unsure, (kept.asked_at - FRESH, inf)]
    rows = [each for each in kept.own if each.kind not in untold]
    faults: list[str] = []
    compared = 0
    for incident in (each for each in incidents if each.kind not in untold):
        found = next((each for each in rows if _same(each, incident)), None)
        if found is not None:
            rows.remove(found)
        if _within(spans, incident.opened_at):
            continue
        compared += 1
        if found is None:
            faults.append(f"{_words(incident)} is not among the incidents that were kept")
        elif not _within(spans, incident.updated_at, incident.closed_at, found.updated_at, found.closed_at):
            faults += [f"{_words(incident)} was kept with {each}" for each in _faults(found, incident)]
    for each in rows:
        if not _within(spans, each.opened_at):
            compared += 1
            faults.append(f"{each.kind} at {_clock(each.opened_at)} was kept, and the rules never said it")
    return Compared(compared, tuple(faults))


def _same(row: Row, incident: Incident) -> bool:
    return row.kind == incident.kind and abs(row.opened_at - incident.opened_at) <= NEAR


def _within(spans: list[Span], *times: float | None) -> bool:
    return any(begin <= at <= end for at in times if at is not None for begin, end in spans)


def _faults(row: Row, incident: Incident) -> list[str]:
    faults = []
    if row.severity != incident.severity:
        faults.append(f"severity {row.severity} in place of {incident.severity}")
    # The next server closes what a killed one left open, with the time of its last change.
    end = row.updated_at if incident.closed_at is None and row.closed_at is not None else incident.closed_at
    if (end is None) != (row.closed_at is None) or abs((end or 0) - (row.closed_at or 0)) > NEAR:
        faults.append(f"its end at {_clock(row.closed_at)} in place of {_clock(end)}")
    if row.rule != incident.rule:
        faults.append("another rule")
    if not set(row.seqs) <= set(incident.seqs):
        faults.append("photographs of other frames than it rests on")
    return faults


def _words(incident: Incident) -> str:
    return f"{incident.kind.value} at {_clock(incident.opened_at)}"


def _clock(at: float | None) -> str:
    return "no time" if at is None else datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
