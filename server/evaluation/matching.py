"""Which incidents a clip's labels ask for, and which of those raised are the ones. Pure.

The labels become stretches, one kind each:

* `multiple_faces` where two or more faces can be seen, `no_face` where none can.
* `different_person` where one face can be seen and it is not the person whom the clip's first such label names. A
  blank identity is unknown, and so is who it is among several faces. Where a clip names nobody, one stretch of one
  face is one person.
* Whatever `signals` names. A stretch that names some is asked for those alone; what would follow from its faces may
  then be raised and need not. Neither need what `may` names.

Stretches of one kind that touch are one. Where a label is ambiguous, or leaves it open whether there are two, anything
may be raised and nothing need be; the same goes for stretches shorter than `SHORTEST`. What else is wrong with a view
in which nobody or several can be seen is not labelled unless `signals` is, and so may be raised, too.

An incident is that of a stretch when it opens within it, or up to `LATE` after its end, or up to `EARLY` before its
beginning. A stretch that begins while the incident of an earlier one is still open is raised by that.
"""

from dataclasses import dataclass, replace
from typing import Final

from detection.values import Kind
from server.evaluation.dataset import Clip, Segment
from server.evaluation.results import ClipResult, Raised

EARLY: Final = 0.3
"""Seconds: times of labels are read off a player."""
LATE: Final = 2.0
"""Seconds: a rule may be sure only after what it saw is over."""
SHORTEST: Final = 2.0
"""Seconds: nobody is asked to raise a glimpse."""
TOUCH: Final = 0.1
"""Seconds between two stretches that are one."""
JUDGED: Final = (
    Kind.MULTIPLE_FACES, Kind.NO_FACE, Kind.DIFFERENT_PERSON, Kind.LOOKING_AWAY, Kind.UNCLEAR_VIEW,
    Kind.CAMERA_BLOCKED, Kind.CAMERA_FROZEN,
)  # fmt: skip
"""What a camera's pictures can raise."""
VIEW: Final = frozenset(JUDGED) - {Kind.MULTIPLE_FACES, Kind.NO_FACE, Kind.DIFFERENT_PERSON}
"""Those that only `signals` labels."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a clip in which one kind must be raised, or may be."""

    kind: Kind
    """What kind."""
    start: float
    """Seconds from the beginning of the clip."""
    end: float
    """The same."""
    must: bool
    """False: it may be raised, and need not."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A stretch that must be raised, and what was."""

    stretch: Stretch
    """Which."""
    raised: tuple[Raised, ...]
    """The incidents that are its own; more than one are too many."""
    continued: bool
    """An earlier stretch's incident was still open when it began."""

    @property
    def found(self) -> bool:
        """Whether it was raised at all."""
        return bool(self.raised) or self.continued

    @property
    def once(self) -> bool:
        """Whether it was raised as one incident."""
        return len(self.raised) + self.continued == 1

    @property
    def after(self) -> float | None:
        """Seconds from its beginning to the incident; None when there is none of its own."""
        return max(0.0, self.raised[0].opened_at - self.stretch.start) if self.raised else None

    @property
    def over(self) -> float | None:
        """Seconds from its end to the end of its incident; None when there is none of its own."""
        return max(0.0, self.raised[-1].closed_at - self.stretch.end) if self.raised else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One clip's incidents against its labels."""

    matched: tuple[Matched, ...]
    """Every stretch that must be raised, by its beginning."""
    false: tuple[Raised, ...]
    """Incidents that no label asks for or allows."""
    clean_seconds: float
    """How long one person is to be seen and nothing must or may be raised."""
    false_in_clean: int
    """False incidents that opened in that time."""


def judge(result: ClipResult) -> Verdict:
    """Set a clip's incidents against its labels."""
    stretches = expected(result.clip, result.seconds)
    matched: list[Matched] = []
    taken: set[int] = set()
    for stretch in (each for each in stretches if each.must):
        same = [each for each in result.raised if each.kind is stretch.kind]
        own = [each for each in same if id(each) not in taken and _opens_in(each, stretch)]
        open_before = [each for each in same if id(each) in taken and each.closed_at > stretch.start]
        taken.update(map(id, own))
        matched.append(Matched(stretch, tuple(own), bool(open_before)))
    false = tuple(
        each
        for each in result.raised
        if id(each) not in taken and not any(each.kind is other.kind and _opens_in(each, other) for other in stretches)
    )
    clean = [each for each in result.clip.segments if _clean(each, stretches) and each.start < result.seconds]
    return Verdict(
        tuple(matched),
        false,
        sum(min(each.end, result.seconds) - each.start for each in clean),
        sum(any(each.start <= raised.opened_at <= each.end for each in clean) for raised in false),
    )


def expected(clip: Clip, seconds: float) -> tuple[Stretch, ...]:
    """What must and what may be raised in a clip of so many seconds, by the beginning."""
    own = _owner(clip)
    found: list[Stretch] = []
    for kind in JUDGED:
        newest: Stretch | None = None
        for segment in clip.segments:
            end = min(segment.end, seconds)
            must = _asked(segment, kind, own)
            if must is None or end <= segment.start:
                continue
            if newest is not None and newest.must is must and segment.start - newest.end <= TOUCH:
                newest = found[-1] = replace(newest, end=end)
            else:
                newest = Stretch(kind, segment.start, end, must)
                found.append(newest)
    # A glimpse may be raised.
    found = [replace(each, must=each.must and each.end - each.start >= SHORTEST) for each in found]
    return tuple(sorted(found, key=lambda each: (each.start, each.kind)))


def _owner(clip: Clip) -> str | None:
    """Who the candidate is; empty: nobody is named and there is one person; None: it cannot be known."""
    alone = [each for each in clip.segments if each.faces == each.most == 1]
    named = [each.identity for each in alone if each.identity]
    return named[0] if named else "" if len(alone) < 2 else None


def _asked(segment: Segment, kind: Kind, own: str | None) -> bool | None:
    """Whether a kind must be raised in a stretch (True), may be (False), or must not (None)."""
    if segment.ambiguous or kind in segment.may:
        return False
    follows = _follows(segment, kind, own)
    if segment.signals is None:
        return follows
    if kind in segment.signals:
        return True
    # `none` is an answer about all of them; other words are one about themselves.
    return None if follows is None or not segment.signals or kind in VIEW else False


def _follows(segment: Segment, kind: Kind, own: str | None) -> bool | None:
    """The same, from faces and identity alone."""
    faces, most = segment.faces, segment.most
    if faces is None or most is None:
        return False
    if kind is Kind.MULTIPLE_FACES:
        return True if faces >= 2 else False if most >= 2 else None
    if kind is Kind.NO_FACE:
        return True if most == 0 else False if faces == 0 else None
    if kind is Kind.DIFFERENT_PERSON:
        if most == 0 or (faces == most == 1 and segment.identity == own):
            return None
        return bool(faces == most == 1 and segment.identity and own)
    return None if faces == most == 1 else False


def _opens_in(raised: Raised, stretch: Stretch) -> bool:
    return stretch.start - EARLY <= raised.opened_at <= stretch.end + LATE


def _clean(segment: Segment, stretches: tuple[Stretch, ...]) -> bool:
    """Whether one person is to be seen and none of the others' kinds is asked for."""
    alone = segment.faces == segment.most == 1 or segment.signals == frozenset()
    asked = any(each.must and each.start < segment.end and each.end > segment.start for each in stretches)
    return alone and not segment.ambiguous and not asked
