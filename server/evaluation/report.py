"""An evaluation as JSON: the figures, and beneath them what came out for every picture and every clip."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from detection.values import Kind
from server.evaluation import matching, scoring
from server.evaluation.results import ClipResult, Evaluation, PictureResult, Raised, Setup
from server.evaluation.scoring import Alerts, IncidentFigures, PictureFigures, Score, SecondFigures

FORMAT: Final = "invigil-evaluation/1"
"""The first word of every report."""
DIGITS: Final = 4


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """All of it but the pictures. The same run gives the same, but for `run` and `cost_ms`."""
    return {
        "format": FORMAT,
        "folder": evaluation.dataset.name,
        "labels_sha256": evaluation.dataset.sha256,
        "conditions": list(evaluation.conditions),
        "ways": [_setup(setup) for setup in evaluation.setups],
        "figures": {setup.way.name: figures(evaluation, setup) for setup in evaluation.setups},
        "pictures": [_picture(result, evaluation) for result in evaluation.pictures],
        "clips": [_clip(result) for result in evaluation.clips],
        "unreadable": list(evaluation.unreadable),
        "run": {"seconds": round(evaluation.seconds, 1), "processes": evaluation.processes, "version": _version()},
    }


def figures(evaluation: Evaluation, setup: Setup) -> dict[str, Any]:
    """All figures of one way. Shares are null where there is nothing to divide by."""
    way = setup.way.name
    clips = evaluation.of(way)
    cost = evaluation.costs.get(way)
    return {
        "pictures": {
            condition: _pictures(scoring.pictures(evaluation.pictures, way, condition))
            for condition in evaluation.conditions
        },
        "seconds": _seconds(scoring.seconds(clips)),
        "incidents": _incidents(scoring.incidents(clips)),
        "cost_ms": None if cost is None else asdict(cost),
    }


def _setup(setup: Setup) -> dict[str, Any]:
    return {
        "name": setup.way.name,
        "text": setup.way.text,
        "once": setup.way.threshold is not None,
        "detector": asdict(setup.info),
        "stream": setup.stream.model_dump(mode="json"),
        "settings": setup.rules.as_dict(),
        "settings_sha256": setup.rules.sha256(),
    }


def _pictures(figures: PictureFigures) -> dict[str, Any]:
    told = {"pictures": figures.pictures, "exact": rounded(figures.exact), "one": rounded(figures.one)}
    return told | _scores(figures.signals)


def _seconds(figures: SecondFigures) -> dict[str, Any]:
    told = {"seconds": figures.seconds, "exact": rounded(figures.exact), "several_or_not": rounded(figures.several)}
    return told | _scores(figures.signals)


def _incidents(figures: IncidentFigures) -> dict[str, Any]:
    return {
        "stretches": figures.stretches,
        "once": rounded(figures.once),
        "in_time": rounded(figures.in_time),
        **_alerts(figures.alerts),
        "clean_hours": rounded(figures.clean_hours),
        "false_in_clean": figures.false_in_clean,
        "false_per_candidate_hour": rounded(figures.false_per_hour),
        "false": figures.false,
        **{
            kind: scores | _alerts(figures.alerts_by_kind[Kind(kind)])
            for kind, scores in _scores(figures.signals).items()
        },
    }


def _alerts(alerts: Alerts) -> dict[str, Any]:
    return {"alert_seconds_median": rounded(alerts.median), "alert_seconds_worst": rounded(alerts.worst)}


def _scores(signals: Mapping[Kind, Score]) -> dict[str, Any]:
    return {
        kind.value: {
            "precision": rounded(score.precision),
            "recall": rounded(score.recall),
            "f1": rounded(score.f1),
            **asdict(score),
        }
        for kind, score in signals.items()
    }


def _picture(result: PictureResult, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "path": result.picture.path,
        "faces": result.picture.faces,
        "ambiguous": result.picture.ambiguous,
        "found": {
            setup.way.name: {name: result.found[setup.way.name, name] for name in evaluation.conditions}
            for setup in evaluation.setups
        },
    }


def _clip(result: ClipResult) -> dict[str, Any]:
    verdict = matching.judge(result)
    return {
        "file": result.clip.path,
        "way": result.way,
        "seconds": rounded(result.seconds),
        "samples": result.samples,
        "faces_each_second": [moment.faces for moment in result.moments],
        "incidents": [_raised(raised, false=raised in verdict.false) for raised in result.raised],
        "expected": [
            {
                "kind": each.stretch.kind.value,
                "start": rounded(each.stretch.start),
                "end": rounded(each.stretch.end),
                "incidents": len(each.raised) + each.continued,
                "alert_seconds": rounded(each.after),
                "open_seconds_after": rounded(each.over),
            }
            for each in verdict.matched
        ],
    }


def _raised(raised: Raised, *, false: bool) -> dict[str, Any]:
    return {
        "kind": raised.kind.value,
        "opened_at": rounded(raised.opened_at),
        "closed_at": rounded(raised.closed_at),
        "rule": raised.rule,
        "false": false,
    }


def rounded(value: float | None) -> float | None:
    """As reports have it."""
    return None if value is None else round(value, DIGITS)


def _version() -> str:
    try:
        return version("invigil")
    except PackageNotFoundError:  # a checkout that was not installed
        return "unknown"
