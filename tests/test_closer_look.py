"""Two close-ups and the pass weigh together, at the roll that shows most, and then another detector is asked."""

import pytest

from detection.faces.second_look import SecondLook, Tuning

from .test_second_look import GREY, Eye, Second
from .test_views import face


@pytest.mark.parametrize(
    ("scores", "agreed", "asked", "counts"),
    [
        ([0.9, 0.9], False, 0, 0.8),
        ([0.8, 0.8], False, 0, 0.733),
        ([0.7, 0.7], None, 0, 0.667),
        ([0.7, 0.7], False, 1, None),
        ([0.7, 0.7], True, 1, 0.667),
        ([0.7, 0.3], None, 0, None),
        ([0.7, 0.3], True, 1, 0.533),
        ([0.7, 0.1], True, 0, None),
        ([0.2, 0.2, 0.2, 0.99], True, 0, None),
    ],
)
def test_a_doubtful_face_is_settled_by_close_ups_and_then_by_the_second_opinion(
    scores: list[float], agreed: bool | None, asked: int, counts: float | None
) -> None:
    second = None if agreed is None else Second(agreed)
    look = SecondLook(Eye([face(160, 120, 40, score=0.6)], scores), opinion=second)
    seen = look.detect(GREY).faces
    assert [each.score for each in seen] == ([] if counts is None else [pytest.approx(counts, abs=0.001)])
    assert all(each.score >= look.info.threshold for each in seen)
    assert (second.asked if second else 0) == asked


@pytest.mark.parametrize(("size", "asked", "count"), [(14, 0, 2), (17, 1, 1)])
def test_a_face_too_small_for_the_second_opinion_counts_without(size: int, asked: int, count: int) -> None:
    second = Second(False)
    eye = Eye([face(60, 60, 40, score=0.95), face(200, 120, size, score=0.6)], [0.71, 0.71])
    assert len(SecondLook(eye, opinion=second).detect(GREY).faces) == count
    assert second.asked == asked


@pytest.mark.parametrize(
    ("scores", "close_ups", "count"),
    [([0.9], 2, 2), ([0.1, 0.9], 3, 2), ([0.1, 0.2, 0.9], 4, 2), ([0.1], 3, 1)],
    ids=["upright", "rolled one way", "rolled the other way", "no face"],
)
def test_beside_a_face_a_candidate_is_tried_at_other_rolls(scores: list[float], close_ups: int, count: int) -> None:
    # The landmarks of the second say that its head is upright.
    eye = Eye([face(60, 60, 40, score=0.95), face(200, 120, 40, score=0.5)], scores)
    assert len(SecondLook(eye).detect(GREY).faces) == count
    assert eye.close_ups == close_ups


def test_where_nobody_is_the_frame_is_turned_and_no_candidate_is() -> None:
    eye = Eye([face(160, 120, 40, score=0.5)], [0.1])
    assert SecondLook(eye).detect(GREY).faces == ()
    assert (eye.close_ups, len(eye.sizes)) == (1, 1 + 1 + len(Tuning().turns))


def test_what_the_second_opinion_refused_is_not_asked_again_at_another_roll() -> None:
    second = Second(False)
    eye = Eye([face(60, 60, 40, score=0.95), face(200, 120, 40, score=0.5)], [0.71])
    assert len(SecondLook(eye, opinion=second).detect(GREY).faces) == 1
    assert (second.asked, eye.close_ups) == (1, 2)
