"""Whether the face is still the candidate's: a pure fold over descriptors, in which time is passed in.

One still says too little: light, blur and a turned head move a descriptor by 0.2. So the reference is the mean of
several taken some seconds apart, and a verdict is the median of several distances. A second reference follows the
light of the day, but only as far as the first one allows. A photo is a weaker reference, with a limit of its own,
until the stream has agreed with it. Neither frames nor networks are known here. A state is biometric data.
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
    """Distances are Euclidean between dlib's descriptors; `view` has the measurements."""

    same: float = 0.50
    """Up to here the median says: the same person."""
    different: float = 0.60
    """Beyond it: another. Of clear faces, 4 of 7,799 lie so far from the mean of five of the same person, and 0.03 %
    of other people's nearer."""
    photo: float = 0.65
    """Beyond it: another than on the photo. One photo says less than five frames: of 302 pairs of clear stills of one
    person, 0.7 % lie farther apart than 0.60 and none than 0.65; of two people's, 1.7 % nearer."""
    votes: int = 5
    """How many distances are medianed; at least 3, so that one frame never decides."""
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
        if not (self.photo >= self.different and self.gap >= 0 and 0 <= self.follow <= 1 and self.reach >= 0):
            raise ValueError("photo must not be below different, gap and reach not negative, nor follow outside 0 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """The only face in view was described."""

    at: float
    """When the frame was received, in seconds on any steady clock."""
    descriptor: Floats
    """Its 128 numbers."""
    slack: float = 0.0
    """How much farther the view may carry it, by `view.slack`; only clear ones, with none, become the reference."""

    def __post_init__(self) -> None:
        # A NaN would compare as "not far" ever after, and a worker that decodes hostile pixels is not trusted.
        if self.descriptor.shape != (LENGTH,) or not np.isfinite(self.descriptor).all() or not isfinite(self.at):
            raise ValueError(f"a descriptor is {LENGTH} finite numbers at a finite time")
        if not 0 <= self.slack < inf:
            raise ValueError("slack must not be negative")

    @property
    def clear(self) -> bool:
        """Whether it is near and frontal."""
        return self.slack == 0


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that is remembered of one candidate. Begin with `State()`; only `step` and `interrupted` make others."""

    enrolled: tuple[Floats, ...] = ()
    """What was gathered for the reference so far; empty again once the stream has given one."""
    enrolled_at: float = -inf
    """When the newest of them was."""
    reference: Floats | None = None
    """The mean of the first ones, and of the photo if there is one. Once `settled` never changed."""
    photo: bool = False
    """Whether the reference is a photo, with which the stream has not agreed yet."""
    recent: Floats | None = None
    """The second reference, which follows; None until it first does."""
    votes: tuple[float, ...] = ()
    """The newest distances, less their slack, the oldest first; never more than `Limits.votes`."""

    @property
    def settled(self) -> Floats | None:
        """The reference that the stream has given; None while there is none."""
        return None if self.photo else self.reference


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one more descriptor led to."""

    verdict: Verdict
    """The verdict."""
    distance: float | None = None
    """Of this descriptor from the nearer reference, less its slack; None while there is none."""
    median: float | None = None
    """What the verdict rests on: an incident's score, held against `limit`. None with too few votes."""
    limit: float | None = None
    """Beyond it, it is another person; None while there is no reference."""


def step(state: State, limits: Limits, seen: Described) -> tuple[State, Comparison]:
    """The next state and the verdict after one more descriptor."""
    if state.reference is None:
        return _enrol(state, limits, seen), Comparison(Verdict.ENROLLING)
    recent = state.reference if state.recent is None else state.recent
    far = _distance(seen.descriptor, state.reference)
    distance = min(far, _distance(seen.descriptor, recent)) - seen.slack
    votes = (*state.votes, distance)[-limits.votes :]
    median = float(np.median(votes)) if len(votes) == limits.votes else None
    limit = limits.photo if state.photo else limits.different
    comparison = Comparison(_verdict(limits, limit, median, distance), distance, median, limit)
    state = replace(state, votes=votes)
    if state.photo:
        return _agree(state, limits, seen), comparison
    if comparison.verdict is Verdict.SAME and seen.clear and far <= limits.reach:
        state = replace(state, recent=_between(recent, seen.descriptor, limits.follow))
    return state, comparison


def on_photo(descriptor: Floats) -> State:
    """What is known of a candidate of whom there is a photo."""
    return State(reference=descriptor, photo=True)


def interrupted(state: State) -> State:
    """The candidate was out of sight, or the face jumped: the votes so far are about whoever was there before.

    Neither does a newcomer profit from the candidate's votes, nor does the candidate who comes back pay for theirs.
    """
    return replace(state, votes=())


def _verdict(limits: Limits, limit: float, median: float | None, newest: float) -> Verdict:
    if median is None:
        return Verdict.UNSURE
    if median > limit:
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


def _agree(state: State, limits: Limits, seen: Described) -> State:
    """One more clear face of the stream; when there are enough, and they agree with the photo, the two are one.

    Those who sit there while it says that they are another prove nothing but that.
    """
    assert state.reference is not None
    if state.votes and float(np.median(state.votes)) > limits.photo:
        return replace(state, enrolled=())
    gathered = _enrol(replace(state, reference=None), limits, seen)
    if gathered.reference is None:
        return replace(gathered, reference=state.reference)
    if _distance(gathered.reference, state.reference) > limits.photo:
        return replace(state, enrolled=())
    # As many votes as for any candidate, from the better reference on.
    return State(enrolled_at=seen.at, reference=_between(gathered.reference, state.reference, 0.5))


def _mean(descriptors: tuple[Floats, ...]) -> Floats:
    return np.asarray(np.mean(descriptors, axis=0), dtype=np.float32)


def _between(one: Floats, other: Floats, share: float) -> Floats:
    """The point that lies this share of the way from one to the other."""
    return np.asarray(one + np.float32(share) * (other - one), dtype=np.float32)


def _distance(a: Floats, b: Floats) -> float:
    return float(np.linalg.norm(a - b))
