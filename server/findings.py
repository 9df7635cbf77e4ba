"""What the rules found, as rows to keep. Pure but for the ids."""

import hashlib
from dataclasses import replace

from detection import words
from detection.rules import Change, ChangeType, Episode
from detection.values import Box, DetectorInfo
from server import protocol
from server.meetings import Candidate, Sample, moment
from storage.records import IncidentRecord, Json, new_id

FIRST_EVIDENCE = 3
"""Photographs of the samples that opened an incident."""

MAX_EVIDENCE = 6
"""Photographs that it keeps at most: those, and one for each time it grew worse."""


def confirming(candidate: Candidate, episode: Episode) -> list[Sample]:
    """The newest samples that an episode rests on, oldest first; none for kinds without a picture."""
    return [sample for sample in candidate.samples if sample.frame.seq in episode.seqs][-FIRST_EVIDENCE:]


def opened(candidate: Candidate, episode: Episode, shots: list[Sample], at: float) -> IncidentRecord:
    """The first version of an incident. `at`: now, in seconds since the epoch."""
    return IncidentRecord(
        id=new_id(),
        meeting_id=candidate.record.meeting_id,
        candidate_id=candidate.id,
        kind=episode.kind,
        severity=episode.severity,
        state="open",
        opened_at=moment(episode.opened_at),
        updated_at=moment(episode.updated_at),
        closed_at=None,
        text=words.for_proctor(episode),
        why=_why(episode, shots[-1].detector if shots else None, candidate.rules_sha256),
        trace=_trace(shots[-1] if shots else None, at),
    )


def changed(record: IncidentRecord, change: Change) -> IncidentRecord:
    """The next version of an incident."""
    episode, closed = change.episode, change.type is ChangeType.CLOSED
    return replace(
        record,
        severity=episode.severity,
        state="closed" if closed else "open",
        updated_at=moment(episode.updated_at),
        closed_at=moment(episode.closed_at or episode.updated_at) if closed else None,
        text=words.for_proctor(episode),
        why={**record.why, "samples": episode.samples, "rule": episode.rule},
        version=record.version + 1,
    )


def with_evidence(record: IncidentRecord, shots: list[Sample]) -> tuple[IncidentRecord, dict[str, bytes]]:
    """The incident with these samples as evidence, as far as there is room, and the pictures to keep by key."""
    evidence, pictures = list(record.evidence), {}
    known = {each["seq"] for each in evidence}
    for sample in shots:
        if sample.frame.seq in known or len(evidence) >= MAX_EVIDENCE:
            continue
        key = f"{record.meeting_id}/{record.id}/{len(evidence)}.jpg"
        pictures[key] = sample.frame.jpeg
        evidence.append(_evidence(key, sample))
    return replace(record, evidence=evidence), pictures


def _boxes(boxes: tuple[Box, ...]) -> list[list[float]]:
    return [[round(value, 4) for value in (box.x, box.y, box.w, box.h)] for box in boxes]


def _why(episode: Episode, detector: DetectorInfo | None, settings_sha256: str) -> Json:
    # Of faces, the score is held against the detector's own threshold.
    threshold = episode.threshold if episode.threshold is not None or detector is None else detector.threshold
    return {
        "rule": episode.rule,
        "samples": episode.samples,
        "threshold": threshold,
        "score": episode.score,
        "boxes": _boxes(episode.boxes),
        "detector": detector.name if detector else None,
        "model_sha256": detector.model_sha256 if detector else None,
        "settings_sha256": settings_sha256,
    }


def _trace(sample: Sample | None, opened_at: float) -> Json:
    trace = {"opened_at": protocol.iso(moment(opened_at))}
    if sample is not None:
        stages = {
            "captured_at": sample.frame.captured_at,
            "received_at": sample.frame.received_at,
            "sampled_at": sample.sampled_at,
            "observed_at": sample.observed_at,
        }
        trace |= {name: protocol.iso(moment(at)) for name, at in stages.items()}
    return trace


def _evidence(key: str, sample: Sample) -> Json:
    return {
        "key": key,
        "sha256": hashlib.sha256(sample.frame.jpeg).hexdigest(),
        "captured_at": protocol.iso(moment(sample.frame.captured_at)),
        "seq": sample.frame.seq,
        "boxes": _boxes(tuple(face.box for face in sample.observation.faces)),
    }
