"""YuNet that looks again where it is in doubt: one quick pass over a small frame, then close-ups of what is unsure.

Nearly every face leaves at least a trace in the quick pass or in a turned one, however bad the view, and so do dogs
and posters. A close-up (all the pixels there are, upright, the light lifted) tells them apart better than any
threshold on the pass does, at a quarter of its cost. Remembers nothing from frame to frame.
"""

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
    turns: tuple[float, ...] = (40.0, -40.0)
    """How the frame is turned, in degrees, when no face was found."""
    turned_side: int = 224
    """Side in pixels of the frame when it is turned like that."""
    turned_trace: float = 0.3
    """Weakest score of such a pass that is worth a close-up."""


@dataclass(slots=True)
class Search:
    """One frame, and how far the search in it has come."""

    views: Views
    """What is searched."""
    found: list[Found] = field(default_factory=list)
    """The faces so far, no two of them the same."""
    traces: list[Floats] = field(default_factory=list)
    """What was not taken for one, in pixels of the full frame."""

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
        for turn in self._turns(search):
            turned, there = rotate(search.views.small, turn, side=tuning.side if alone else tuning.turned_side)
            rows = self._network.rows(turned, tuning.trace if alone else tuning.turned_trace)
            self._judge(search, carry(rows, invert(there)), turn=turn, bound=bound)
            if search.found and not alone:
                break
        return sight((each.row for each in search.found), search.traces, width=width, height=height)

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
            search.traces.append(row)
            if self._close.spent < bound and (len(search.found) < 2 or guess.score >= self._tuning.crowd):
                seen = self._close.confirm(search.views, guess)
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
            only = self._close.upright(search.views, only) or only
        return (only.roll,) if abs(only.roll) >= self._tuning.tilt else ()
