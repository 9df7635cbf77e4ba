"""What was decided live beside what would be, of one recording: put together, in words, and as JSON."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detection.values import DetectorInfo
from server.command_words import counted
from server.processes import Here
from server.replay import work
from server.replay.difference import Difference, Incident, Pair, compare
from server.replay.exact import Replay
from server.replay.loop import again
from server.replay.running import Crew, Plan, Progress, detector_of, exact, plan
from server.replay.sources import Recording, Segment
from storage.records import Json


@dataclass(frozen=True, slots=True)
class Differing:
    """One recording, decided twice."""

    name: str
    """Of the recording."""
    began_at: float
    """When its first frame came, seconds since the epoch."""
    ended_at: float
    """When its last one did."""
    live: tuple[Incident, ...]
    """What was decided live."""
    other: tuple[Incident, ...]
    """What would be."""
    difference: Difference
    """Between them, with pictures."""
    notes: tuple[str, ...]
    """What cannot be told exactly, and why."""
    samples: int
    """Frames that were looked at."""
    detector: DetectorInfo | None
    """What looked at them."""


def anew(
    recording: Recording,
    pool: Executor,
    processes: int,
    models: Path,
    overrides: Mapping[str, Any],
    detector: str | None,
    progress: Progress | None,
) -> Differing:
    """Decide a recording with something else in force.

    Args:
        recording: which.
        pool: processes to look in.
        processes: how many there are; 0: only this one.
        models: folder with the weights.
        overrides: settings over those that were in force.
        detector: what looks; None: the one that did.
        progress: is told of every segment.

    Raises:
        DetectorUnavailable, ModelMismatch: the detector cannot run.
        JournalError: the journal cannot be used.
        SettingsError: the settings cannot be.
    """
    crew = Crew.ready(pool, processes, detector or detector_of(recording) or "auto", models)
    where: dict[int, Segment] = {}
    found = again(crew, recording, overrides, where, progress)
    live = _live(replace(crew, info=None), recording)
    before = live.incidents()[0].incidents
    return Differing(
        name=recording.name,
        began_at=found.began_at,
        ended_at=found.ended_at,
        live=before,
        other=found.incidents,
        difference=_shown(crew, where, compare(before, found.incidents)),
        notes=tuple(live.notes),
        samples=found.samples,
        detector=crew.info,
    )


def alone(recording: Recording, models: Path, overrides: Mapping[str, Any], detector: str | None) -> Differing:
    """Decide a recording in this process alone: nothing is looked at in vain. Else as `anew`."""
    return anew(recording, Here(), 0, models, overrides, detector, None)


def _live(crew: Crew, recording: Recording) -> Replay:
    """What was decided live, by the journal; only descriptors are made anew."""
    replay = None
    described = plan(recording, only_described=True)
    for replay, _ in exact(crew, recording.name, described, None):  # noqa: B007 - the last one has all
        pass
    assert replay is not None
    return replay


def differing(crew: Crew, planned: Plan, replay: Replay) -> Differing:
    """An exact replay, put beside what was live. `planned`: by what it was made."""
    live, now = (each.incidents for each in replay.incidents())
    return Differing(
        name=replay.name,
        began_at=planned.began_at,
        ended_at=planned.ended_at,
        live=live,
        other=now,
        difference=_shown(crew, planned.where, compare(live, now)),
        notes=tuple(replay.notes),
        samples=replay.counts.samples,
        detector=crew.info,
    )


def _shown(crew: Crew, where: Mapping[int, Segment], difference: Difference) -> Difference:
    """With pictures of what differs."""

    def shown(incident: Incident) -> Incident:
        seq = next((seq for seq in reversed(incident.seqs) if seq in where), None)
        if seq is None or crew.info is None:
            return incident
        return replace(incident, shown=crew.pool.submit(work.picture, where[seq], seq, crew.eyes).result())

    return Difference(
        gained=tuple(map(shown, difference.gained)),
        lost=tuple(map(shown, difference.lost)),
        both=tuple(Pair(pair.live, shown(pair.other)) if pair.moved else pair for pair in difference.both),
    )


def text(each: Differing) -> str:
    """In words, for a terminal."""
    difference = each.difference
    lines = [
        f"{each.name}: {counted(each.samples, 'sample')}; {counted(len(each.live), 'incident')} live, "
        f"{len(each.other)} now: "
        f"{len(difference.gained)} gained, {len(difference.lost)} lost, {len(difference.moved)} moved"
    ]
    lines += [f"  gained {_words(incident)}" for incident in difference.gained]
    lines += [f"  lost   {_words(incident)}" for incident in difference.lost]
    lines += [f"  moved  {_words(pair.live)}: {pair.seconds:+.1f} s" for pair in difference.moved]
    return "\n".join(lines + [f"  {note}" for note in each.notes])


def _words(incident: Incident) -> str:
    return f"{incident.kind.value} at {clock(incident.opened_at)}"


def clock(at: float) -> str:
    """A time of day in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-5]


def as_json(each: Differing) -> Json:
    """For a report."""
    difference = each.difference
    return {
        "recording": each.name,
        "began_at": each.began_at,
        "ended_at": each.ended_at,
        "samples": each.samples,
        "detector": None if each.detector is None else each.detector.name,
        "model_sha256": None if each.detector is None else each.detector.model_sha256,
        "live": len(each.live),
        "other": len(each.other),
        "gained": [_as_json(incident) for incident in difference.gained],
        "lost": [_as_json(incident) for incident in difference.lost],
        "moved": [{**_as_json(pair.live), "seconds": pair.seconds} for pair in difference.moved],
        "notes": list(each.notes),
    }


def _as_json(incident: Incident) -> Json:
    return {
        "kind": incident.kind.value,
        "began_at": incident.began_at,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "severity": incident.severity,
        "rule": incident.rule,
        "seqs": list(incident.seqs),
    }
