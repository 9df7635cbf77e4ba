"""An evaluation as one HTML page that needs nothing else: no script, no other file, no network."""

import json
from collections.abc import Iterator
from typing import Any, Final

from detection.values import Kind
from server.evaluation import matching, scoring, timeline
from server.evaluation.results import ClipResult, Evaluation, PictureResult
from server.evaluation.stress import AS_IS, CONDITIONS
from server.evaluation.tables import number
from server.markup import Markup, document, element, graded, joined, picture, table

AIM: Final = {"exact": 0.99, "several": 1.0, "nobody": 1.0, "one": 0.97, "spoilt several": 0.95, "once": 1.0}
"""Figures from here on are marked as good, and up to 0.05 below as near."""
SHOWN: Final = 60
"""Most pictures of one group; the rest is counted."""


def html(evaluation: Evaluation) -> str:
    """The page."""
    way = evaluation.setups[0].way.name
    title = f"Accuracy of {way} on {evaluation.dataset.name}"
    sections = [_head(evaluation, title), _cards(evaluation)]
    if evaluation.pictures:
        sections += [_side_by_side(evaluation), *_stress(evaluation)]
    if evaluation.clips:
        sections.append(_clips(evaluation))
    sections += [*_mistakes(evaluation), *_ambiguous(evaluation), *_unreadable(evaluation), _settings(evaluation)]
    return document(title, sections)


def _head(evaluation: Evaluation, title: str) -> Markup:
    dataset = evaluation.dataset
    unsure = sum(each.ambiguous for each in dataset.pictures)
    return joined(
        [
            element("h1", title),
            element(
                "p",
                f"{len(dataset.pictures)} pictures, {unsure} of them ambiguous and in no figure; {len(dataset.clips)} "
                f"clips. {evaluation.seconds:.0f} s on {evaluation.processes} processes. Labels ",
                element("code", dataset.sha256[:12]),
                class_="soft",
            ),
        ]
    )


def _cards(evaluation: Evaluation) -> Markup:
    """The first way at a glance."""
    way = evaluation.setups[0].way.name
    cards: list[tuple[str, object, str]] = []
    if evaluation.pictures:
        figures = scoring.pictures(evaluation.pictures, way, evaluation.conditions[0])
        several, nobody = figures.signals[Kind.MULTIPLE_FACES], figures.signals[Kind.NO_FACE]
        cards += [
            ("Exact count", number(figures.exact), f"of {figures.pictures} pictures"),
            ("Two or more", number(several.f1), f"F1; {several.missed} missed, {several.false} false"),
            ("Nobody", number(nobody.f1), f"F1; {nobody.missed} missed, {nobody.false} false"),
        ]
    if evaluation.clips:
        incidents, seconds = scoring.incidents(evaluation.of(way)), scoring.seconds(evaluation.of(way))
        alerts = incidents.alerts
        cards += [
            ("Seconds right", number(seconds.several), f"two or more or not, of {seconds.seconds}"),
            ("Raised as one incident", number(incidents.once), f"of {incidents.stretches} stretches"),
            ("Time to alert", f"{number(alerts.median, 1)} s", f"worst {number(alerts.worst, 1)} s"),
            ("False incidents", number(incidents.false_per_hour, 1), f"an hour; {incidents.clean_hours:.2f} clean h"),
        ]
    if cost := evaluation.costs.get(way):
        cards.append(("Cost of a sample", f"{cost.mean:.1f} ms", f"of one core; median {cost.median:.1f}"))
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value, element("small", of))) for name, value, of in cards),
        class_="cards",
    )


def _side_by_side(evaluation: Evaluation) -> Markup:
    rows = []
    for setup in evaluation.setups:
        figures = scoring.pictures(evaluation.pictures, setup.way.name, evaluation.conditions[0])
        cost = evaluation.costs.get(setup.way.name)
        cells: list[object] = [setup.way.name, setup.way.text, setup.stream.width]
        for kind, aim in ((Kind.MULTIPLE_FACES, AIM["several"]), (Kind.NO_FACE, AIM["nobody"])):
            score = figures.signals[kind]
            cells += [graded(share, aim=aim) for share in (score.precision, score.recall, score.f1)]
        cells += [graded(figures.one, aim=AIM["one"]), graded(figures.exact, aim=AIM["exact"])]
        rows.append((*cells, "-" if cost is None else f"{cost.mean:.1f}"))
    head = ("way", "", "px", "multi P", "R", "F1", "none P", "R", "F1", "one right", "exact", "ms, mean")
    return joined(
        [
            element("h2", "Pictures, side by side"),
            table("P: precision, R: recall; multi: two or more faces, none: nobody", head, rows, words=2),
        ]
    )


def _stress(evaluation: Evaluation) -> Iterator[Markup]:
    if len(evaluation.conditions) < 2:
        return
    rows = []
    for condition in evaluation.conditions:
        cells: list[object] = [CONDITIONS[condition].text]
        for setup in evaluation.setups:
            figures = scoring.pictures(evaluation.pictures, setup.way.name, condition)
            several = figures.signals[Kind.MULTIPLE_FACES].recall
            pair = (
                graded(figures.one, aim=AIM["one"], digits=2), " ",
                graded(several, aim=AIM["spoilt several"], digits=2), " ",
                graded(figures.signals[Kind.NO_FACE].recall, aim=AIM["one"], digits=2),
            )  # fmt: skip
            cells.append(joined(pair))
        rows.append(cells)
    caption = "Share of one-face pictures counted right, of two or more found as such, of empty ones found empty"
    yield element("h2", "When the view is bad")
    yield table(caption, ("condition", *(setup.way.name for setup in evaluation.setups)), rows)


# --- clips ------------------------------------------------------------------------------------------------


def _clips(evaluation: Evaluation) -> Markup:
    rows, kinds = [], []
    for setup in evaluation.setups:
        clips = evaluation.of(setup.way.name)
        figures, seconds = scoring.incidents(clips), scoring.seconds(clips)
        rows.append(
            (setup.way.name, graded(seconds.several, aim=0.98),
             graded(seconds.signals[Kind.MULTIPLE_FACES].recall, aim=0.98),
             graded(figures.once, aim=AIM["once"]), graded(figures.in_time, aim=AIM["once"]),
             figures.false, number(figures.false_per_hour, 1), number(figures.clean_hours, 2))
        )  # fmt: skip
        for kind, score in figures.signals.items():
            if score.hits or score.missed or score.false:
                shares = (graded(each, aim=1.0) for each in (score.precision, score.recall, score.f1))
                alerts = figures.alerts_by_kind[kind]
                counts = (score.hits, score.missed, score.false, number(alerts.median, 1), number(alerts.worst, 1))
                kinds.append((setup.way.name, kind.value, *shares, *counts))
    head = ("way", "seconds right", "two found", "as one", "number in 2 s", "false", "per clean hour", "clean h")
    by_kind = ("way", "incident", "P", "R", "F1", "raised", "missed", "false", "alert s", "worst")
    first = evaluation.of(evaluation.setups[0].way.name)
    return joined(
        [
            element("h2", "Clips"),
            table("Second by second before any rule, then through the rules", head, rows),
            table("Incidents by kind", by_kind, kinds, words=2) if kinds else "",
            timeline.key(),
            *(_clip(result) for result in first if not _quiet(result)),
            _quiet_clips([result for result in first if _quiet(result)]),
        ]
    )


def _quiet(result: ClipResult) -> bool:
    """Whether there was nothing to raise, nothing was raised and every count is right."""
    wrong = any(scoring.right_about(result, moment) is False for moment in result.moments)
    return not (result.raised or matching.judge(result).matched or wrong)


def _quiet_clips(results: list[ClipResult]) -> Markup:
    if not results:
        return Markup()
    words = f"Nothing to raise, nothing raised, every second counted right: {len(results)} clips"
    return element("details", element("summary", words), *(_clip(result) for result in results))


def _clip(result: ClipResult) -> Markup:
    box = element("div", timeline.drawing(result), class_="wide", tabindex=0, role="region", aria_label="Timeline")
    return element("div", element("h3", element("code", result.clip.path)), box, class_="clip")


# --- pictures of the mistakes -----------------------------------------------------------------------------


def _mistakes(evaluation: Evaluation) -> Iterator[Markup]:
    yield element("h2", f"Mistakes of {evaluation.setups[0].way.name}")
    wrong = [each for each in scoring.wrong_pictures(evaluation) if not each[0].picture.ambiguous]
    groups = {name: [each for each, condition in wrong if condition == name] for name in evaluation.conditions}
    moments = _clip_mistakes(evaluation)
    if not wrong and not moments:
        yield element("p", "None.")
    for condition, results in groups.items():
        if results:
            shown = [_counted(result, evaluation, condition) for result in results]
            yield _group(f"Pictures, {CONDITIONS[condition].text}", shown)
    if moments:
        yield _group("Clips", moments)


def _group(title: str, figures: list[Markup]) -> Markup:
    more = [element("p", f"And {len(figures) - SHOWN} more.")] if len(figures) > SHOWN else []
    return joined(
        [
            element("h3", f"{title}: {len(figures)}"),
            element("div", *figures[:SHOWN], class_="pictures"),
            *more,
        ]
    )


def _counted(result: PictureResult, evaluation: Evaluation, condition: str) -> Markup:
    found = result.found[evaluation.setups[0].way.name, condition]
    words = f"{result.picture.faces} there, {found} found"
    if not scoring.misjudged(result.picture.faces, found):
        words += ", same verdict"
    small = f"{result.picture.path}. {result.picture.note}".rstrip(". ")
    return picture(result.shown[condition], words, small=small, alt=f"The judged frame, {found} faces in boxes")


def _clip_mistakes(evaluation: Evaluation) -> list[Markup]:
    """Wrong seconds, and incidents that nothing asks for."""
    figures = []
    for result in evaluation.of(evaluation.setups[0].way.name):
        counts = {moment.at: moment.faces for moment in result.moments}
        for at, jpeg in result.shown.items():
            segment = result.clip.at(at)
            there = segment.faces if segment is not None else None
            words = f"{there} there, {counts[at]} found"
            small = f"{result.clip.path} at {at:.1f} s. The first such second of its stretch."
            figures.append(picture(jpeg, words, small=small, alt=f"The judged frame, {counts[at]} faces in boxes"))
        for raised in matching.judge(result).false:
            if raised.shown is not None:
                small = f"{result.clip.path} at {raised.opened_at:.1f} s. {raised.rule}"
                words = f"False: {raised.kind.value}"
                figures.append(picture(raised.shown, words, small=small, alt="The frame that confirmed it"))
    return figures


def _ambiguous(evaluation: Evaluation) -> Iterator[Markup]:
    first = evaluation.conditions[0]
    unsure = [each for each in evaluation.pictures if each.picture.ambiguous and first in each.shown]
    if unsure:
        yield element("h2", "Ambiguous, counted otherwise than labelled")
        yield element("p", "An honest reader could count as was found here: these are in no figure.", class_="soft")
        yield _group(f"Pictures, {AS_IS}", [_counted(result, evaluation, first) for result in unsure])


def _unreadable(evaluation: Evaluation) -> Iterator[Markup]:
    if evaluation.unreadable:
        yield element("h2", "Not readable, and in no figure")
        yield element("ul", *(element("li", each) for each in evaluation.unreadable))


def _settings(evaluation: Evaluation) -> Markup:
    rows = [
        (setup.way.name, setup.info.name, setup.info.model, element("code", setup.info.model_sha256[:16]),
         f"{setup.info.threshold:g}", f"{setup.stream.width} px, {setup.stream.fps:g}/s, q {setup.stream.quality:g}",
         element("code", setup.rules.sha256()[:16]))
        for setup in evaluation.setups
    ]  # fmt: skip
    head = ("way", "detector", "model", "its SHA-256", "score", "stream", "settings' SHA-256")
    rules: dict[str, Any] = evaluation.setups[0].rules.as_dict()
    return joined(
        [
            element("h2", "Models and settings"),
            table("What judged", head, rows, words=3),
            element(
                "details",
                element("summary", f"The rules of {evaluation.setups[0].way.name}"),
                element("pre", json.dumps(rules, indent=2)),
            ),
        ]
    )
