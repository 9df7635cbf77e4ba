"""A closer look at what may be a face: cut out, turned upright, the light lifted, and judged again.

A head that is tilted leaves a weak trace whose landmarks are often wrong, so that one guess of its roll does not do:
on labelled pictures spoilt in nine ways, trying a few rolls cut the faces missed from 19 % to 6 % at the same number
of false ones.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from detection.faces import Frame
from detection.faces.rows import Floats, carry, middle, roll, size
from detection.faces.views import CloseUp, Views, cut, invert
from detection.values import DetectorInfo


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a closer look has to show. The score that is meant is the mean of the pass and two close-ups: of three
    looks that err apart, and better than any one of them or than letting each refuse."""

    trace: float = 0.15
    """Weakest score in a close-up that is a face at all."""
    steady: float = 0.7
    """Score of the first close-up from which no further roll is tried."""
    refuse: float = 0.3
    """A first close-up that is weaker settles that at this roll there is no face."""
    weigh: float = 0.5
    """Mean score from which the second opinion is asked; below it nearly nothing is a face."""
    enough: float = 0.65
    """Mean score from which a face counts that is too small for the second opinion, or when there is none."""
    accept: float = 0.7
    """Mean score from which any does. Only one dog of all labelled pictures reaches it, when it is blurred or tilted;
    at 0.8 that dog stays out, and so do people in profile, with a hand at the mouth or in hard shadow."""
    small: float = 32.0
    """Side in pixels of the full frame below which the second opinion, which needs 80, sees too few of them."""
    steepest: float = 60.0
    """Degrees of roll that are taken back at most."""


FIRST: Final = CloseUp(128, 64.0)
SECOND: Final = CloseUp(96, 48.0, mirrored=True)
"""Unlike the first, so that they err apart."""
FOR_OPINION: Final = CloseUp(144, 90.0)
"""A little more than the 80 px of the window of dlib's detectors, which then need not enlarge it."""
OFF_CENTRE: Final = 0.35
"""A face this far from the middle of a close-up, in sides of the face, is another one."""


class Network(Protocol):
    """What gives rows: YuNet."""

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge."""
        ...

    def rows(self, frame: Frame, least: float) -> Floats:
        """One row in pixels of the frame per face whose score reaches `least`, best score first."""
        ...


class Opinion(Protocol):
    """Another detector that is asked about one upright close-up."""

    @property
    def model(self) -> str:
        """What it is, for an incident's record."""
        ...

    def agrees(self, picture: Frame) -> bool:
        """Whether the picture shows a face."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A face, or what may be one, and the roll of its head."""

    row: Floats
    """As the network gives it, in pixels of the full frame."""
    roll: float
    """Degrees, clockwise positive."""
    close: bool = False
    """True when a close-up has shown the roll; else it is a guess."""

    @property
    def score(self) -> float:
        """The network's, 0 to 1."""
        return float(self.row[0])


class CloserLook:
    """Judges one candidate of a frame. For one thread."""

    def __init__(self, network: Network, *, opinion: Opinion | None, evidence: Evidence) -> None:
        self._network = network
        self._opinion = opinion
        self._evidence = evidence
        self.spent = 0
        """Close-ups made so far, of all frames."""

    def confirm(self, views: Views, guess: Found, first: Found | None) -> Found | None:
        """The face that a candidate is, of which the first close-up shows this, or nothing."""
        if first is None or first.score < self._evidence.refuse:
            return None
        second = self._look(views, first, SECOND)
        at = second or first
        mean = (guess.score + first.score + (second.score if second else 0.0)) / 3
        if not self._suffices(views, at, mean):
            return None
        return replace(at, row=np.concatenate((np.array([mean], dtype=np.float32), at.row[1:])))

    def upright(self, views: Views, guess: Found, rolls: Iterable[float]) -> Found | None:
        """What the first close-up shows at the roll that shows most; the first that shows enough will do."""
        best: Found | None = None
        for angle in rolls:
            seen = self._look(views, replace(guess, roll=angle), FIRST)
            if seen and (best is None or seen.score > best.score):
                best = seen
            if self.steady(best):
                break
        return best

    def steady(self, first: Found | None) -> bool:
        """Whether a first close-up shows so much of a face that its roll is the right one."""
        return first is not None and first.score >= self._evidence.steady

    def bounded(self, angle: float) -> float:
        """The angle, no steeper than what is taken back."""
        return max(-self._evidence.steepest, min(self._evidence.steepest, angle))

    def _suffices(self, views: Views, at: Found, mean: float) -> bool:
        """Whether this is a face; in doubt the second opinion says."""
        evidence = self._evidence
        alone = self._opinion is None or size(at.row) < evidence.small
        if mean >= (evidence.enough if alone else evidence.accept):
            return True
        if self._opinion is None or mean < evidence.weigh:
            return False
        picture, _ = cut(views, FOR_OPINION, row=at.row, roll=at.roll)
        return self._opinion.agrees(picture)

    def _look(self, views: Views, at: Found, form: CloseUp) -> Found | None:
        """The face in the middle of a close-up of a candidate."""
        self.spent += 1
        picture, there = cut(views, form, row=at.row, roll=at.roll)
        for row in self._network.rows(picture, self._evidence.trace):
            x, y = middle(row)
            off = math.hypot(x - form.side / 2, y - form.side / 2)
            if off < OFF_CENTRE * form.face and form.face / 2 < size(row) < form.face * 2:
                rest = -roll(row) if form.mirrored else roll(row)
                (seen,) = carry(row[np.newaxis], invert(there))
                return Found(seen, self.bounded(at.roll + rest), close=True)
        return None
