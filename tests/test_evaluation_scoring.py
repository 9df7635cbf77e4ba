"""Figures from results."""

from pathlib import Path
from typing import Any

import pytest

from detection.values import Kind
from server.evaluation import scoring
from server.evaluation.dataset import Picture
from server.evaluation.results import PictureResult
from server.evaluation.scoring import Score

from .test_evaluation_matching import AWAY, raised, result, segment

MULTIPLE, NOBODY = Kind.MULTIPLE_FACES, Kind.NO_FACE


def counted(*pairs: tuple[int, int], ambiguous: bool = False) -> list[PictureResult]:
    """Pictures as labelled and found."""
    return [
        PictureResult(Picture(f"{n}.jpg", Path(), faces, ambiguous, ""), {("way", "as is"): found}, {})
        for n, (faces, found) in enumerate(pairs)
    ]


def figures(results: list[PictureResult]) -> Any:
    return scoring.pictures(results, "way", "as is")


def test_shares_are_those_of_the_text_books() -> None:
    score = Score(hits=6, missed=2, false=4)
    assert (score.precision, score.recall) == (0.6, 0.75)
    assert score.f1 == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))


def test_of_nothing_there_is_no_share() -> None:
    score = Score(0, 0, 0)
    assert (score.precision, score.recall, score.f1) == (None, None, None)
    assert figures([]).exact is None


def test_pictures_are_scored_by_count_and_by_signal() -> None:
    told = figures(counted((1, 1), (1, 0), (2, 2), (3, 2), (2, 1), (0, 0), (0, 2)))
    assert told.exact == pytest.approx(3 / 7)
    assert told.one == 0.5
    assert told.signals[MULTIPLE] == Score(hits=2, missed=1, false=1)
    assert told.signals[NOBODY] == Score(hits=1, missed=1, false=1)


def test_ambiguous_pictures_are_in_no_figure() -> None:
    assert figures(counted((1, 1)) + counted((1, 0), ambiguous=True)).exact == 1
    assert figures(counted((1, 1)) + counted((1, 0), ambiguous=True)).pictures == 1


def test_seconds_are_scored_one_by_one() -> None:
    told = scoring.seconds([result(segment(0, 2), segment(2, 4, 2), counts=[1, 2, 2, 3])])
    assert (told.seconds, told.exact, told.several) == (4, 0.5, 0.75)
    assert told.signals[MULTIPLE] == Score(hits=2, missed=0, false=1)


def test_a_label_that_leaves_it_open_whether_there_are_two_is_right_either_way() -> None:
    told = scoring.seconds([result(segment(0, 3, 1, most=2), counts=[1, 2, 3])])
    assert told.exact == pytest.approx(2 / 3)
    assert told.several is None


def test_incidents_are_scored_over_all_clips() -> None:
    good = result(*AWAY, incidents=[raised(NOBODY, 11, 21)])
    missed = result(*AWAY)
    slow = result(*AWAY, incidents=[raised(NOBODY, 13, 14), raised(NOBODY, 18, 21), raised(MULTIPLE, 40)])
    told = scoring.incidents([good, missed, slow])
    assert told.signals[NOBODY] == Score(hits=2, missed=1, false=1)
    assert told.signals[MULTIPLE] == Score(hits=0, missed=0, false=1)
    assert told.once == pytest.approx(1 / 3)
    assert told.in_time == pytest.approx(1 / 3)
    assert (told.alerts.median, told.alerts.worst) == (2, 3)
    assert told.alerts_by_kind[MULTIPLE].median is None
    assert told.false == 2
    assert told.false_per_hour == pytest.approx(1 / (3 * 50 / 3600))


def test_who_it_is_may_take_longer_than_how_many_there_are() -> None:
    segments = (segment(0, 10, identity="ada"), segment(10, 30, identity="bob"))
    told = scoring.incidents([result(*segments, incidents=[raised(Kind.DIFFERENT_PERSON, 16)])])
    assert (told.once, told.in_time) == (1, None)
