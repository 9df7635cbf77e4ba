"""What the simulator counts, and how it is shown. Its memory does not grow with the length of a run."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, log
from typing import Any

_GROWTH = 1.02
"""Ratio of neighbouring bounds: a percentile is right to one per cent."""

_SMALLEST = 1e-6
"""Seconds; all that is shorter counts as this."""

STAGES = ("captured_at", "received_at", "sampled_at", "observed_at", "opened_at", "emitted_at")
"""Of an incident's trace, in order."""


class Latencies:
    """Durations in classes that grow by 2 %: a run of days takes as much memory as one of seconds."""

    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()
        self.count = 0
        """How many were added."""
        self.longest = 0.0
        """The longest, exactly, in seconds."""

    def add(self, seconds: float) -> None:
        """Take one more."""
        self._classes[round(log(max(seconds, _SMALLEST) / _SMALLEST, _GROWTH))] += 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def quantile(self, share: float) -> float | None:
        """Seconds that `share` of them did not exceed, right to one per cent; None without any."""
        rank = max(1, ceil(share * self.count))
        for each in sorted(self._classes):
            rank -= self._classes[each]
            if rank <= 0:
                return min(_SMALLEST * _GROWTH**each, self.longest)
        return None

    def milliseconds(self) -> dict[str, float | int | None]:
        """Count, percentiles and maximum."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        found = {name: _ms(self.quantile(share)) for name, share in shares.items()}
        return {"count": self.count, **found, "max": _ms(self.longest) if self.count else None}


@dataclass(slots=True)
class Tally:
    """All that is counted in one run."""

    captured: int = 0
    """Frames that the cameras gave. Each is sent, dropped or still waiting."""
    sent: int = 0
    """Frames sent. Each is acknowledged, refused, lost or still under way."""
    acknowledged: int = 0
    dropped: int = 0
    """Replaced by a newer frame while two were unacknowledged, or given while there was no connection."""
    lost: int = 0
    """Sent and never answered: the connection broke or the answer did not come in time."""
    skipped: int = 0
    """Frames that this machine was too slow to give. Any of these, and the figures are about the simulator."""
    refused: Counter[str] = field(default_factory=Counter)
    """By the code of the error."""
    opened: Counter[str] = field(default_factory=Counter)
    """Incidents that the proctor saw open, by kind."""
    closed: Counter[str] = field(default_factory=Counter)
    """Incidents that the proctor saw close, by kind."""
    reconnections: int = 0
    """Of candidates and the proctor."""
    alert: Latencies = field(default_factory=Latencies)
    """Confirming frame received by the server, until the incident is with the proctor."""
    answer: Latencies = field(default_factory=Latencies)
    """Frame sent, until it is acknowledged."""
    lateness: Latencies = field(default_factory=Latencies)
    """How late this process gave its frames: its own part in the figures above."""
    stages: dict[str, Latencies] = field(default_factory=dict)
    """The parts of `alert`, by `from_to`."""
    ahead: int = 0
    """Incidents that arrived before their frame: the clocks are not synchronized."""

    def line(self, seconds: float) -> str:
        """The state of things, in one line."""
        return (
            f"{seconds:.0f} s: {self.sent} frames sent, {self.acknowledged} acknowledged, {self.dropped} dropped, "
            f"{self.refused.total()} refused; {self.opened.total()} incidents"
        )

    def stage(self, trace: dict[str, float], arrived_at: float) -> None:
        """Take the times of an incident that has just opened; seconds since the epoch."""
        received_at = trace.get("received_at")
        if received_at is None:
            return  # not from a frame: a stream that was lost, say
        # The server gives milliseconds, cut off: that alone can make a duration longer, never negative.
        self.ahead += arrived_at < received_at
        self.alert.add(arrived_at - received_at)
        passed = [(name, trace[name]) for name in STAGES[1:] if name in trace] + [("arrived_at", arrived_at)]
        for (start, since), (end, at) in pairwise(passed):
            name = f"{start.removesuffix('_at')}_to_{end.removesuffix('_at')}"
            self.stages.setdefault(name, Latencies()).add(at - since)


@dataclass(frozen=True, slots=True)
class Report:
    """A run that is over."""

    meeting_id: str
    candidates: int
    """How many took part."""
    seconds: float
    """How long frames were sent."""
    detector: str
    """As the server told the proctor."""
    tally: Tally

    def as_json(self) -> dict[str, Any]:
        """Everything, in milliseconds where it is a time."""
        tally = self.tally
        counts = ("captured", "sent", "acknowledged", "dropped", "lost", "skipped")
        return {
            "meeting_id": self.meeting_id,
            "candidates": self.candidates,
            "seconds": round(self.seconds, 3),
            "detector": self.detector,
            "frames": {name: getattr(tally, name) for name in counts} | {"refused": dict(tally.refused)},
            "incidents": {"opened": dict(tally.opened), "closed": dict(tally.closed)},
            "reconnections": tally.reconnections,
            "received_to_incident_ms": tally.alert.milliseconds(),
            "stages_ms": {name: each.milliseconds() for name, each in tally.stages.items()},
            "sent_to_acknowledged_ms": tally.answer.milliseconds(),
            "simulator_lateness_ms": tally.lateness.milliseconds(),
            "clocks_differ": tally.ahead > 0,
        }

    def as_table(self) -> str:
        """The same for people."""
        tally = self.tally
        refused = f" ({_by_word(tally.refused)})" if tally.refused else ""
        lines = [
            f"{self.candidates} candidates, {self.seconds:.1f} s, detector {self.detector}, meeting {self.meeting_id}",
            f"frames         sent {tally.sent}, acknowledged {tally.acknowledged}, dropped {tally.dropped}, "
            f"refused {tally.refused.total()}{refused}, lost {tally.lost}",
            f"incidents      opened {_by_word(tally.opened) or 'none'}; closed {_by_word(tally.closed) or 'none'}",
            f"reconnections  {tally.reconnections}",
            f"{'milliseconds':<34}{'count':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}",
            _row("frame received -> incident", tally.alert),
            *(_row(f"  {name.replace('_', ' ')}", each) for name, each in tally.stages.items()),
            _row("frame sent -> acknowledged", tally.answer),
            _row("lateness of this simulator", tally.lateness),
        ]
        return "\n".join([*lines, *self._warnings()])

    def _warnings(self) -> list[str]:
        found = []
        if self.tally.ahead:
            found.append("The clocks of this machine and of the server differ: frame received -> incident is wrong.")
        if self.tally.skipped:
            found.append(f"This machine was too slow to give {self.tally.skipped} frames: take fewer candidates.")
        return found


def _row(name: str, latencies: Latencies) -> str:
    values = latencies.milliseconds()
    cells = "".join(
        "        -" if values[key] is None else f"{values[key]:>9.1f}" for key in ("p50", "p95", "p99", "max")
    )
    return f"{name:<34}{latencies.count:>8}{cells}"


def _by_word(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
