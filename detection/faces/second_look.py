"""YuNet that looks again where it is in doubt: one quick pass over a small frame, then close-ups of what is unsure.

Nearly every face leaves at least a trace in the quick pass, and so do dogs and posters. A close-up (all the pixels
there are, upright, the light lifted) tells them apart better than any threshold on the pass does, at a quarter of
its cost; what close-ups leave open is put to another detector. Remembers nothing from frame to frame.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from detection.faces import Frame, Sight
from detection.faces.rows import Floats, carry, middle, roll, same, sight, size
from detection.faces.views import CloseUp, Views, cut, invert, rotate, views
from detection.values import DetectorInfo


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is looked at again and what then counts. Measured on labelled pictures, spoilt in nine ways."""

    worthwhile: int = 480
    """Longest side in pixels of the smallest frame that is looked at twice. Close-ups of smaller ones have no pixels to
    add: at 320 px they lost more blurred faces than they found."""
    plain: float = 0.7
    """Score from which a face counts in a smaller frame."""
    side: int = 320
    """Longest side in pixels of the frame in the quick pass."""
    trace: float = 0.15
    """Weakest score of the quick pass that is worth a close-up."""
    crowd: float = 0.4
    """The same once two faces are known: a third changes no verdict, so only likely ones are worth it."""
    sure: float = 0.87
    """Score from which a face counts without a close-up."""
    smallest: float = 9.0
    """Side in pixels of the quick pass of the smallest face that counts; it is about 11 high."""
    refuse: float = 0.55
    """A close-up below this settles that it is no face."""
    weigh: float = 0.6
    """Mean score of the close-ups from which the second opinion is asked."""
    accept: float = 0.84
    """Mean score of the close-ups from which it need not be."""
    most: int = 10
    """Candidates of one frame that get close-ups, the best first: the worst frame stays bounded."""
    gain: float = 2.0
    """YuNet's landmarks show less than half of a head's roll: the first close-up takes back this much of it."""
    steepest: float = 50.0
    """Degrees of roll that are taken back at most."""
    tilt: float = 15.0
    """Roll in degrees of the only face from which the whole frame is turned for another pass."""
    turns: tuple[float, ...] = (40.0, -40.0)
    """How the frame is turned, in degrees, when no face was found."""
    turned_side: int = 224
    """Side in pixels of the frame when it is turned like that."""
    turned_trace: float = 0.3
    """Weakest score of a turned pass that is worth a close-up."""


CLOSE_UPS: Final = (CloseUp(128, 64.0), CloseUp(96, 48.0, mirrored=True))
"""Unlike each other, so that they err apart."""
FOR_OPINION: Final = CloseUp(160, 88.0)
"""A little more than the 80 px of the window of dlib's detector, which then need not enlarge it."""
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
    close: bool
    """True when a close-up has shown the roll; else it is a guess."""


@dataclass(slots=True)
class Search:
    """One frame, and how far the search in it has come."""

    views: Views
    """What is searched."""
    left: int
    """Candidates that may still get close-ups."""
    found: list[Found] = field(default_factory=list)
    """The faces so far, no two of them the same."""
    traces: list[Floats] = field(default_factory=list)
    """What was not taken for one, in pixels of the full frame."""

    def known(self, row: Floats) -> bool:
        """Whether this is one of the faces found."""
        return any(same(row, each.row) for each in self.found)


class SecondLook:
    """Counts faces with YuNet: slowly where it is in doubt, and only there. For one thread."""

    def __init__(self, network: Network, *, opinion: Opinion | None = None, tuning: Tuning | None = None) -> None:
        self._network = network
        self._opinion = opinion
        self._tuning = tuning or Tuning()
        model = network.info.model if opinion is None else f"{network.info.model} + {opinion.model}"
        self._info = replace(network.info, model=model, threshold=self._tuning.plain)

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge, and what is asked in doubt; the threshold is the lowest at which a face counts."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """The faces of the frame, and the traces that no close-up confirmed."""
        tuning = self._tuning
        height, width = frame.shape[:2]
        if max(height, width) < tuning.worthwhile:
            rows = self._network.rows(frame, tuning.trace)
            count = int(np.count_nonzero(rows[:, 0] >= tuning.plain))
            return sight(rows[:count], rows[count:], width=width, height=height)
        search = Search(views(frame, tuning.side), tuning.most)
        self._judge(search, self._network.rows(search.views.small, tuning.trace), turn=None)
        alone = bool(search.found)
        for turn in self._turns(search):
            turned, there = rotate(search.views.small, turn, side=tuning.side if alone else tuning.turned_side)
            rows = self._network.rows(turned, tuning.turned_trace)
            self._judge(search, carry(rows, invert(there)), turn=turn)
            if search.found and not alone:
                break
        return sight((each.row for each in search.found), search.traces, width=width, height=height)

    def _judge(self, search: Search, rows: Floats, *, turn: float | None) -> None:
        """Add the faces of a pass that are sure or that close-ups confirm.

        The rows are in pixels of the small frame; `turn` is how it was turned for this pass, in degrees.
        """
        for row in rows:
            if size(row) < self._tuning.smallest:
                continue
            row = np.concatenate((row[:1], row[1:] * np.float32(search.views.scale)))
            if search.known(row):
                continue
            rolled = self._bounded(roll(row) * self._tuning.gain) if turn is None else turn
            guess = Found(row, rolled, close=False)
            if row[0] >= self._tuning.sure:
                search.found.append(guess)
                continue
            search.traces.append(row)
            if search.left and (len(search.found) < 2 or row[0] >= self._tuning.crowd):
                search.left -= 1
                seen = self._confirm(search.views, guess)
                if seen and not search.known(seen.row):
                    search.found.append(seen)

    def _turns(self, search: Search) -> tuple[float, ...]:
        """How the frame is to be turned for further passes. Two faces need none: the verdict stands."""
        if not search.found:
            return self._tuning.turns
        only = search.found[0]
        if len(search.found) > 1 or abs(only.roll) < self._tuning.tilt:
            return ()
        if not only.close:
            only = self._look(search.views, only, CLOSE_UPS[0]) or only
        return (only.roll,) if abs(only.roll) >= self._tuning.tilt else ()

    def _confirm(self, views: Views, guess: Found) -> Found | None:
        """The face that close-ups of a candidate show, or nothing. Its score is at least the threshold."""
        at = guess
        scores: list[float] = []
        for form in CLOSE_UPS:
            seen = self._look(views, at, form)
            if seen is None or seen.row[0] < self._tuning.refuse:
                return None
            at = seen
            scores.append(float(seen.row[0]))
        mean = sum(scores) / len(scores)
        if mean < self._tuning.accept and not (mean >= self._tuning.weigh and self._agreed(views, at)):
            return None
        # A face that counts because another detector agreed is shown with the score that would just have sufficed.
        score = np.array([max(mean, self._tuning.accept)], dtype=np.float32)
        return replace(at, row=np.concatenate((score, at.row[1:])))

    def _agreed(self, views: Views, at: Found) -> bool:
        """Whether there is a second opinion, and it takes this for a face."""
        if self._opinion is None:
            return False
        picture, _ = cut(views, FOR_OPINION, row=at.row, roll=at.roll)
        return self._opinion.agrees(picture)

    def _look(self, views: Views, at: Found, form: CloseUp) -> Found | None:
        """The face in the middle of a close-up of a candidate."""
        picture, there = cut(views, form, row=at.row, roll=at.roll)
        for row in self._network.rows(picture, self._tuning.trace):
            x, y = middle(row)
            off = math.hypot(x - form.side / 2, y - form.side / 2)
            if off < OFF_CENTRE * form.face and form.face / 2 < size(row) < form.face * 2:
                rest = -roll(row) if form.mirrored else roll(row)
                (seen,) = carry(row[np.newaxis], invert(there))
                return Found(seen, self._bounded(at.roll + rest), close=True)
        return None

    def _bounded(self, angle: float) -> float:
        """The angle, no steeper than what is taken back."""
        return max(-self._tuning.steepest, min(self._tuning.steepest, angle))
