"""YuNet that looks again where it is in doubt: one quick pass over a small frame, then close-ups of what is unsure.

Nearly every face leaves at least a trace in the quick pass or in a turned one, however bad the view, and so do dogs
and posters. A close-up (all the pixels there are, upright, the light lifted) tells them apart better than any
threshold on the pass does, at a quarter of its cost. Remembers nothing from frame to frame.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from detection.faces import Frame, Sight
from detection.faces.closer_look import CloserLook, Evidence, Found, Network, Opinion
from detection.faces.rows import Floats, carry, roll, same, sight, size
from detection.faces.views import Views, invert, rotate, views
from detection.values import DetectorInfo


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is looked at again. Measured on labelled pictures, spoilt in nine ways."""

    side: int = 320
    """Longest side in pixels of the frame in the quick pass."""
    trace: float = 0.15
    """Weakest score of the quick pass that is worth a close-up."""
    crowd: float = 0.4
    """The same once two faces are known: a third changes no verdict, so only likely ones are worth it."""
    sure: float = 0.87
    """Score from which a face counts without a close-up."""
    smallest: float = 7.0
    """Side in pixels of the quick pass of the smallest face that counts; it is about 9 high."""
    most: int = 24
    """Close-ups of one frame after which no other candidate gets any, the best first: the worst frame stays bounded."""
    gain: float = 2.0
    """YuNet's landmarks show less than half of a head's roll: the first close-up takes back this much of it."""
    tilt: float = 15.0
    """Roll in degrees of the only face from which the whole frame is turned for another pass."""
    rolls: tuple[float, ...] = (-40.0, 0.0, 40.0)
    """The rolls in degrees at which an unconfirmed candidate is looked at again, when one face was found. Each close-up
    shows faces that are up to some 25 degrees off."""
    apart: float = 15.0
    """Degrees from the roll that was guessed within which another is not worth it."""
    turns: tuple[float, ...] = (40.0, -40.0)
    """How the frame is turned, in degrees, when no face was found."""
    turned_side: int = 192
    """Side in pixels of the frame when it is turned like that. An empty room costs two of these passes; with 160 more
    small faces stay unseen, with 224 hardly fewer."""
    turned_trace: float = 0.3
    """Weakest score of such a pass that is worth a close-up."""


@dataclass(slots=True)
class Search:
    """One frame, and how far the search in it has come."""

    views: Views
    """What is searched."""
    found: list[Found] = field(default_factory=list)
    """The faces so far, no two of them the same."""
    unsure: list[Found] = field(default_factory=list)
    """What was not sure, some of it confirmed since."""
    unclear: list[Found] = field(default_factory=list)
    """Those of them that were looked at closely and not seen well; perhaps at the wrong roll."""

    def known(self, row: Floats) -> bool:
        """Whether this is one of the faces found."""
        return any(same(row, each.row) for each in self.found)


class SecondLook:
    """Counts faces with YuNet: slowly where it is in doubt, and only there. For one thread."""

    def __init__(
        self,
        network: Network,
        *,
        opinion: Opinion | None = None,
        tuning: Tuning | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self._network = network
        self._tuning = tuning or Tuning()
        evidence = evidence or Evidence()
        self._close = CloserLook(network, opinion=opinion, evidence=evidence)
        model = network.info.model if opinion is None else f"{network.info.model} + {opinion.model}"
        self._info = replace(network.info, model=model, threshold=evidence.weigh)

    @property
    def info(self) -> DetectorInfo:
        """Which weights judge, and what is asked in doubt; the threshold is the lowest at which a face counts."""
        return self._info

    def detect(self, frame: Frame) -> Sight:
        """The faces of the frame, and the traces that no close-up confirmed."""
        tuning = self._tuning
        height, width = frame.shape[:2]
        search = Search(views(frame, tuning.side))
        bound = self._close.spent + tuning.most
        self._judge(search, self._network.rows(search.views.small, tuning.trace), turn=None, bound=bound)
        alone = bool(search.found)
        if alone:
            self._retry(search, bound)
        for turn in self._turns(search):
            turned, there = rotate(search.views.small, turn, side=tuning.side if alone else tuning.turned_side)
            rows = self._network.rows(turned, tuning.trace if alone else tuning.turned_trace)
            self._judge(search, carry(rows, invert(there)), turn=turn, bound=bound)
            if search.found and not alone:
                break
        found, unsure = ([each.row for each in part] for part in (search.found, search.unsure))
        return sight(found, unsure, width=width, height=height)

    def _judge(self, search: Search, rows: Floats, *, turn: float | None, bound: int) -> None:
        """Add the faces of a pass that are sure or that close-ups confirm.

        The rows are in pixels of the small frame; `turn` is how it was turned for this pass, in degrees.
        """
        for row in rows:
            if size(row) < self._tuning.smallest:
                continue
            row = np.concatenate((row[:1], row[1:] * np.float32(search.views.scale)))
            if search.known(row):
                continue
            guess = Found(row, self._close.bounded(roll(row) * self._tuning.gain) if turn is None else turn)
            if guess.score >= self._tuning.sure:
                search.found.append(guess)
                continue
            search.unsure.append(guess)
            self._consider(search, guess, (guess.roll,), bound=bound)

    def _retry(self, search: Search, bound: int) -> None:
        """Look at the unconfirmed again, at other rolls, for a second face. Where there is none at all, the turned
        passes do this for less."""
        for guess in tuple(search.unclear):
            if len(search.found) == 1 and not search.known(guess.row):
                others = [angle for angle in self._tuning.rolls if abs(angle - guess.roll) >= self._tuning.apart]
                self._consider(search, guess, others, bound=bound)

    def _consider(self, search: Search, guess: Found, rolls: Iterable[float], *, bound: int) -> None:
        """Add a candidate if close-ups confirm it, and if there are some left for it."""
        if self._close.spent < bound and (len(search.found) < 2 or guess.score >= self._tuning.crowd):
            first = self._close.upright(search.views, guess, rolls)
            if not self._close.steady(first):
                search.unclear.append(guess)
            seen = self._close.confirm(search.views, guess, first)
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
            only = self._close.upright(search.views, only, (only.roll,)) or only
        return (only.roll,) if abs(only.roll) >= self._tuning.tilt else ()
