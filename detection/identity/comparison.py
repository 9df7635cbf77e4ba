"""Whether the face is still the candidate's: a pure fold over descriptors, in which time is passed in.

One still says too little: light, blur and a turned head move a descriptor by 0.2. So the reference is the mean of
several taken some seconds apart, and a verdict is the median of several distances. A second reference follows the
light of the day, but only as far as the first one allows. Neither frames nor networks are known here, and there is
nothing to store: a state is biometric data, kept in memory and dropped with the exam.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf, isfinite

import numpy as np

from detection.identity import LENGTH
from detection.networks.layers import Floats


class Verdict(StrEnum):
    """What the newest descriptors say together."""

    ENROLLING = "enrolling"
    """There is no reference yet."""
    SAME = "same"
    """It is the person of the reference."""
    UNSURE = "unsure"
    """Too few votes, or neither near nor far: nobody is accused, and one looks again soon."""
    DIFFERENT = "different"
    """It is another person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Distances are Euclidean between dlib's descriptors; measured at 320 px, JPEG quality 60."""

    same: float = 0.50
    """Up to here the median says: the same person."""
    different: float = 0.60
    """Beyond it: another."""
    votes: int = 5
    """How many distances are medianed; at least 3, so that one frame never decides."""
    discount: float = 0.06
    """Taken off a distance measured on a small or much turned face: those lie farther from their own reference."""
    references: int = 5
    """How many descriptors make the reference."""
    gap: float = 3.0
    """Seconds at least between two of them: neighbours share their blur and their pose."""
    follow: float = 0.2
    """The weight of a new descriptor in the second reference, 0 to 1; 0 never follows."""
    reach: float = 0.55
    """Farthest from the first reference that a descriptor is still followed, or one could walk away step by step."""

    def __post_init__(self) -> None:
        if not (0 < self.same <= self.different and self.votes >= 3 and self.references >= 1):
            raise ValueError("same must not exceed different, votes not be below 3 nor references below 1")
        if not (self.discount >= 0 and self.gap >= 0 and 0 <= self.follow <= 1 and self.reach >= 0):
            raise ValueError("discount, gap and reach must not be negative, nor follow outside 0 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """The only face in view was described."""

    at: float
    """When the frame was received, in seconds on any steady clock."""
    descriptor: Floats
    """Its 128 numbers."""
    clear: bool
    """Whether it is near and frontal, by `view.is_clear`; only such ones become the reference."""

    def __post_init__(self) -> None:
        # A NaN would compare as "not far" ever after, and a worker that decodes hostile pixels is not trusted.
        if self.descriptor.shape != (LENGTH,) or not np.isfinite(self.descriptor).all() or not isfinite(self.at):
            raise ValueError(f"a descriptor is {LENGTH} finite numbers at a finite time")


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that is remembered of one candidate. Begin with `State()`; only `step` and `interrupted` make others."""

    enrolled: tuple[Floats, ...] = ()
    """What was gathered for the reference so far; empty again once there is one."""
    enrolled_at: float = -inf
    """When the newest of them was."""
    reference: Floats | None = None
    """The mean of the first ones. Never changed."""
    recent: Floats | None = None
    """The second reference, which follows; None until it first does."""
    votes: tuple[float, ...] = ()
    """The newest distances, discounted, the oldest first; never more than `Limits.votes`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one more descriptor led to."""

    verdict: Verdict
    """The verdict."""
    distance: float | None = None
    """Of this descriptor from the nearer reference, discounted; None while there is none."""
    median: float | None = None
    """What the verdict rests on: an incident's score, held against `Limits.different`. None with too few votes."""


def step(state: State, limits: Limits, seen: Described) -> tuple[State, Comparison]:
    """The next state and the verdict after one more descriptor."""
    if state.reference is None:
        return _enrol(state, limits, seen), Comparison(Verdict.ENROLLING)
    recent = state.reference if state.recent is None else state.recent
    far = _distance(seen.descriptor, state.reference)
    near = min(far, _distance(seen.descriptor, recent))
    distance = near if seen.clear else near - limits.discount
    votes = (*state.votes, distance)[-limits.votes :]
    median = float(np.median(votes)) if len(votes) == limits.votes else None
    verdict = _verdict(limits, median, distance)
    if verdict is Verdict.SAME and seen.clear and far <= limits.reach:
        recent = np.asarray(recent + np.float32(limits.follow) * (seen.descriptor - recent), dtype=np.float32)
        return replace(state, votes=votes, recent=recent), Comparison(verdict, distance, median)
    return replace(state, votes=votes), Comparison(verdict, distance, median)


def interrupted(state: State) -> State:
    """The candidate was out of sight, or the face jumped: the votes so far are about whoever was there before.

    Neither does a newcomer profit from the candidate's votes, nor does the candidate who comes back pay for theirs.
    """
    return replace(state, votes=())


def _verdict(limits: Limits, median: float | None, newest: float) -> Verdict:
    if median is None:
        return Verdict.UNSURE
    if median > limits.different:
        return Verdict.DIFFERENT
    # The newest alone cannot accuse, but it is reason enough to look again at once.
    return Verdict.UNSURE if max(median, newest) > limits.same else Verdict.SAME


def _enrol(state: State, limits: Limits, seen: Described) -> State:
    """One more for the reference, if it is clear and the one before is old enough."""
    if not seen.clear or seen.at - state.enrolled_at < limits.gap:
        return state
    before = state.enrolled
    if before and _distance(seen.descriptor, _mean(before)) > limits.different:
        before = ()  # two people took turns: begin again with the one who is there now
    enrolled = (*before, seen.descriptor)
    if len(enrolled) < limits.references:
        return replace(state, enrolled=enrolled, enrolled_at=seen.at)
    return State(enrolled_at=seen.at, reference=_mean(enrolled))


def _mean(descriptors: tuple[Floats, ...]) -> Floats:
    return np.asarray(np.mean(descriptors, axis=0), dtype=np.float32)


def _distance(a: Floats, b: Floats) -> float:
    return float(np.linalg.norm(a - b))
