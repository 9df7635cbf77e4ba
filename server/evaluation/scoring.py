"""Figures from results: precision, recall and F1 per signal, exact counts, time to alert, false incidents. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from detection.values import Kind
from server.evaluation.matching import JUDGED, Matched, Verdict, judge
from server.evaluation.results import ClipResult, Evaluation, Moment, PictureResult

COUNTED: Final[dict[Kind, Callable[[int], bool]]] = {
    Kind.MULTIPLE_FACES: lambda faces: faces >= 2,
    Kind.NO_FACE: lambda faces: faces == 0,
}
"""The signals that one picture alone can show."""
IN_TIME: Final = 2.0
"""Seconds within which a change of the number of people should be told. Who it is takes several comparisons."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """Seconds from the beginning of a stretch to its incident. None where there is none."""

    median: float | None
    """Of those with an incident of their own."""
    worst: float | None
    """The same, the longest."""


@dataclass(frozen=True, slots=True)
class Score:
    """How often a signal was right. Shares are None where there is nothing to divide by."""

    hits: int
    """Shown where it should be."""
    missed: int
    """Not shown where it should be."""
    false: int
    """Shown where it should not be."""

    @property
    def precision(self) -> float | None:
        """Of those shown, the share that is right."""
        return share(self.hits, self.hits + self.false)

    @property
    def recall(self) -> float | None:
        """Of those that should be shown, the share that is."""
        return share(self.hits, self.hits + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        return share(2 * self.hits, 2 * self.hits + self.missed + self.false)


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Pictures in one way under one condition, the ambiguous ones left out."""

    pictures: int
    """How many."""
    exact: float | None
    """Share whose number of faces is right."""
    one: float | None
    """Share of those with one face in which one is found."""
    signals: dict[Kind, Score]
    """By kind."""


@dataclass(frozen=True, slots=True)
class SecondFigures:
    """Clips in one way, a frame of every second on its own, before any rule over time."""

    seconds: int
    """How many have a label that says how many faces there are."""
    exact: float | None
    """Share whose number of faces is right."""
    several: float | None
    """Share in which it is right whether there are two or more."""
    signals: dict[Kind, Score]
    """By kind."""


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """Clips in one way, through the rules."""

    signals: dict[Kind, Score]
    """By kind; a second incident of one stretch is a false one."""
    stretches: int
    """How many must be raised."""
    once: float | None
    """Share of them raised as one incident."""
    in_time: float | None
    """Share of those with several people or nobody that is raised within `IN_TIME` seconds."""
    alerts: Alerts
    """Time to alert."""
    alerts_by_kind: dict[Kind, Alerts]
    """The same by kind."""
    clean_hours: float
    """How long there was nothing to raise."""
    false_in_clean: int
    """Incidents raised then."""
    false: int
    """Incidents that nothing asks for, at any time, and second ones of one stretch."""

    @property
    def false_per_hour(self) -> float | None:
        """False incidents per candidate-hour in which there was nothing to raise."""
        return self.false_in_clean / self.clean_hours if self.clean_hours else None


def share(part: float, whole: float) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def score(pairs: Iterable[tuple[bool, bool]]) -> Score:
    """From what should be shown and what is."""
    pairs = list(pairs)
    return Score(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def pictures(results: Iterable[PictureResult], way: str, condition: str) -> PictureFigures:
    """The figures of the pictures in one way under one condition."""
    key = (way, condition)
    pairs = [(each.picture.faces, each.found[key]) for each in results if not each.picture.ambiguous]
    alone = [found == 1 for faces, found in pairs if faces == 1]
    return PictureFigures(
        pictures=len(pairs),
        exact=share(sum(faces == found for faces, found in pairs), len(pairs)),
        one=share(sum(alone), len(alone)),
        signals={kind: score((is_so(a), is_so(b)) for a, b in pairs) for kind, is_so in COUNTED.items()},
    )


def seconds(results: Iterable[ClipResult]) -> SecondFigures:
    """The figures of the clips, second by second."""
    right: list[bool] = []
    pairs: dict[Kind, list[tuple[bool, bool]]] = {kind: [] for kind in COUNTED}
    for result in results:
        for moment in result.moments:
            segment = result.clip.at(moment.at)
            if segment is None or not segment.counted or segment.faces is None or segment.most is None:
                continue
            right.append(segment.allows(moment.faces))
            for kind, is_so in COUNTED.items():
                # A label such as "one to two" does not say whether there are several.
                if is_so(segment.faces) is is_so(segment.most):
                    pairs[kind].append((is_so(segment.faces), is_so(moment.faces)))
    several = pairs[Kind.MULTIPLE_FACES]
    return SecondFigures(
        seconds=len(right),
        exact=share(sum(right), len(right)),
        several=share(sum(should is is_so for should, is_so in several), len(several)),
        signals={kind: score(each) for kind, each in pairs.items()},
    )


def incidents(results: Iterable[ClipResult]) -> IncidentFigures:
    """The figures of the clips through the rules."""
    verdicts = [judge(result) for result in results]
    matched = [each for verdict in verdicts for each in verdict.matched]
    extra = sum(max(0, len(each.raised) + each.continued - 1) for each in matched)
    hours = sum(verdict.clean_seconds for verdict in verdicts) / 3600
    number = [each for each in matched if each.stretch.kind in COUNTED]
    in_time = sum(each.continued or (each.after is not None and each.after <= IN_TIME) for each in number)
    return IncidentFigures(
        signals={kind: _of_kind(verdicts, kind) for kind in JUDGED},
        stretches=len(matched),
        once=share(sum(each.once for each in matched), len(matched)),
        in_time=share(in_time, len(number)),
        alerts=_alerts(matched),
        alerts_by_kind={kind: _alerts(each for each in matched if each.stretch.kind is kind) for kind in JUDGED},
        clean_hours=hours,
        false_in_clean=sum(verdict.false_in_clean for verdict in verdicts),
        false=sum(len(verdict.false) for verdict in verdicts) + extra,
    )


def _alerts(matched: Iterable[Matched]) -> Alerts:
    after = [each.after for each in matched if each.after is not None]
    return Alerts(median(after), max(after)) if after else Alerts(None, None)


def _of_kind(verdicts: list[Verdict], kind: Kind) -> Score:
    matched = [each for verdict in verdicts for each in verdict.matched if each.stretch.kind is kind]
    extra = sum(max(0, len(each.raised) + each.continued - 1) for each in matched)
    false = sum(each.kind is kind for verdict in verdicts for each in verdict.false)
    found = sum(each.found for each in matched)
    return Score(found, len(matched) - found, false + extra)


def right_about(result: ClipResult, moment: Moment) -> bool | None:
    """Whether a moment's count is right; None where the label does not say."""
    segment = result.clip.at(moment.at)
    return segment.allows(moment.faces) if segment is not None and segment.counted else None


def wrong_pictures(evaluation: Evaluation) -> list[tuple[PictureResult, str]]:
    """Every picture that the first way counted wrongly, with the condition; those that change a verdict first."""
    way = evaluation.setups[0].way.name
    found = [
        (result, condition)
        for condition in evaluation.conditions
        for result in evaluation.pictures
        if result.found[way, condition] != result.picture.faces
    ]
    return sorted(found, key=lambda each: not misjudged(each[0].picture.faces, each[0].found[way, each[1]]))


def misjudged(faces: int, found: int) -> bool:
    """Whether a wrong count is also a wrong verdict: nobody, one, or several."""
    return min(faces, 2) != min(found, 2)
