"""An evaluation as text of 100 columns."""

from collections.abc import Sequence
from typing import Final

from detection.values import Kind
from server.evaluation import matching, scoring
from server.evaluation.results import ClipResult, Evaluation
from server.evaluation.scoring import Score
from server.evaluation.stress import AS_IS, CONDITIONS

COLUMNS: Final = 100
LISTED: Final = 30
"""Most lines of one list; the rest is counted."""


def text(evaluation: Evaluation) -> str:
    """All tables."""
    parts = [_head(evaluation)]
    if evaluation.pictures:
        parts += [_pictures(evaluation), _wrong(evaluation), _ambiguous(evaluation)]
        if len(evaluation.conditions) > 1:
            parts.insert(2, _stress(evaluation))
    if evaluation.clips:
        parts += [_seconds(evaluation), _incidents(evaluation), _stretches(evaluation)]
    if evaluation.unreadable:
        parts.append("Not readable, and in no figure:\n" + "\n".join(f"  {each}" for each in evaluation.unreadable))
    return "\n\n".join(part for part in parts if part)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """Columns as wide as they need, the first `words` of them to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def listed(title: str, lines: list[str]) -> str:
    """A list under its title, cut to what is bearable; nothing when it is empty."""
    if not lines:
        return ""
    more = [f"  and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join([title, *(f"  {line}"[:COLUMNS] for line in lines[:LISTED]), *more])


def _head(evaluation: Evaluation) -> str:
    dataset = evaluation.dataset
    unsure = sum(picture.ambiguous for picture in dataset.pictures)
    rows = [
        (setup.way.name, str(setup.stream.width), setup.info.model_sha256[:12], setup.rules.sha256()[:12],
         setup.way.text)
        for setup in evaluation.setups
    ]  # fmt: skip
    return (
        f"{dataset.name}: {len(dataset.pictures)} pictures ({unsure} ambiguous), {len(dataset.clips)} clips; "
        f"labels {dataset.sha256[:12]}; {evaluation.seconds:.0f} s on {evaluation.processes} processes\n\n"
        + table(("way", "width", "model", "settings", ""), rows, words=5)
    )


def _three(score: Score) -> list[str]:
    return [number(score.precision), number(score.recall), number(score.f1)]


def _pictures(evaluation: Evaluation) -> str:
    rows = []
    for setup in evaluation.setups:
        figures = scoring.pictures(evaluation.pictures, setup.way.name, evaluation.conditions[0])
        cost = evaluation.costs.get(setup.way.name)
        cells = [*_three(figures.signals[Kind.MULTIPLE_FACES]), *_three(figures.signals[Kind.NO_FACE])]
        ms = ("-", "-") if cost is None else (f"{cost.median:.1f}", f"{cost.mean:.1f}")
        rows.append((setup.way.name, *cells, number(figures.one), number(figures.exact), *ms))
    counted = sum(not result.picture.ambiguous for result in evaluation.pictures)
    head = ("way", "multi P", "R", "F1", "none P", "R", "F1", "one right", "exact", "ms median", "mean")
    return (
        f"Pictures {AS_IS}, {counted} without the ambiguous (multi: multiple_faces, none: no_face; ms of one core)\n"
        + table(head, rows)
    )


def _stress(evaluation: Evaluation) -> str:
    """Two tables of the same form: the figures that candidates and proctors feel, and the others."""
    ways = [setup.way.name for setup in evaluation.setups]
    first, second = [], []
    for condition in evaluation.conditions:
        figures = [scoring.pictures(evaluation.pictures, way, condition) for way in ways]
        several = [each.signals[Kind.MULTIPLE_FACES].recall for each in figures]
        nobody = [each.signals[Kind.NO_FACE].recall for each in figures]
        words = CONDITIONS[condition].text
        first.append((words, *(_two(each.one, other) for each, other in zip(figures, several, strict=True))))
        second.append((words, *(_two(each.exact, other) for each, other in zip(figures, nobody, strict=True))))
    return (
        "Pictures spoilt on purpose: share of one-face pictures counted right / of two or more faces found as such\n"
        + table(("condition", *ways), first)
        + "\n\nThe same: share of pictures with the exact count / of empty pictures in which nobody is found\n"
        + table(("condition", *ways), second)
    )


def _two(first: float | None, second: float | None) -> str:
    return f"{number(first, 2)} / {number(second, 2)}"


def _wrong(evaluation: Evaluation) -> str:
    lines = [
        f"{condition:<11} {result.picture.faces:>2} seen, {result.found[evaluation.setups[0].way.name, condition]:>2} "
        f"found  {result.picture.path}"
        for result, condition in scoring.wrong_pictures(evaluation)
        if not result.picture.ambiguous
    ]
    return listed(f"Counted wrongly by {evaluation.setups[0].way.name}: {len(lines)}", lines)


def _ambiguous(evaluation: Evaluation) -> str:
    way = evaluation.setups[0].way.name
    rows = [
        f"{result.picture.faces:>2} seen, {result.found[way, evaluation.conditions[0]]:>2} found  {result.picture.path}"
        for result in evaluation.pictures
        if result.picture.ambiguous
    ]
    return listed(f"Ambiguous, in no figure: {len(rows)}", rows)


def _seconds(evaluation: Evaluation) -> str:
    rows = []
    for setup in evaluation.setups:
        figures = scoring.seconds(evaluation.of(setup.way.name))
        cells = [*_three(figures.signals[Kind.MULTIPLE_FACES]), *_three(figures.signals[Kind.NO_FACE])]
        rows.append((setup.way.name, *cells, number(figures.several), number(figures.exact), str(figures.seconds)))
    head = ("way", "multi P", "R", "F1", "none P", "R", "F1", "several?", "exact", "seconds")
    return "Clips, one frame of every second, before any rule over time (several?: two or more or not)\n" + table(
        head, rows
    )


def _incidents(evaluation: Evaluation) -> str:
    by_kind, rows = [], []
    for setup in evaluation.setups:
        figures = scoring.incidents(evaluation.of(setup.way.name))
        rows.append(
            (setup.way.name, str(figures.stretches), number(figures.once), number(figures.in_time),
             str(figures.false), number(figures.false_per_hour, 1), number(figures.clean_hours, 3))
        )  # fmt: skip
        for kind, score in figures.signals.items():
            if score.hits or score.missed or score.false:
                alerts = figures.alerts_by_kind[kind]
                counts = [str(score.hits), str(score.missed), str(score.false)]
                after = [number(alerts.median, 1), number(alerts.worst, 1)]
                by_kind.append((setup.way.name, kind.value, *_three(score), *counts, *after))
    head = ("way", "to raise", "as one", "number in 2 s", "false", "per clean hour", "clean hours")
    kinds = ("way", "incident", "P", "R", "F1", "raised", "missed", "false", "alert s", "worst")
    return (
        "Clips through the rules (number in 2 s: changes of the number of people told in time;\n"
        "alert s: from the beginning of a stretch to its incident, median)\n"
        + table(head, rows)
        + ("\n\n" + table(kinds, by_kind, words=2) if by_kind else "")
    )


def _stretches(evaluation: Evaluation) -> str:
    """What had to be raised in each clip, and what was raised besides, in the first way."""
    lines = []
    for result in evaluation.of(evaluation.setups[0].way.name):
        verdict = matching.judge(result)
        for each in verdict.matched:
            told = "missed" if not each.found else "once" if each.once else f"{len(each.raised)} times"
            after = "" if each.after is None else f" after {each.after:.1f} s, closed {each.over:.1f} s late"
            stretch = each.stretch
            lines.append(f"{stretch.kind:<17} {_span(stretch.start, stretch.end)}  {told}{after}  {_name(result)}")
        for raised in verdict.false:
            lines.append(f"{raised.kind:<17} {_span(raised.opened_at, raised.closed_at)}  FALSE  {_name(result)}")
    return listed(f"To raise, and raised, in {evaluation.setups[0].way.name}", lines)


def _span(start: float, end: float) -> str:
    return f"{start:>7.1f} to {end:>7.1f} s"


def _name(result: ClipResult) -> str:
    return result.clip.path
