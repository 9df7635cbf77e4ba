"""The fold from descriptors to a verdict: pleasant cases as tables, everything else as properties."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.identity import LENGTH
from detection.identity.comparison import (
    Comparison,
    Described,
    Limits,
    State,
    Verdict,
    interrupted,
    on_photo,
    step,
)
from detection.networks.layers import Floats

LIMITS = Limits()
ENROLLING, SAME, UNSURE, DIFFERENT = Verdict.ENROLLING, Verdict.SAME, Verdict.UNSURE, Verdict.DIFFERENT
STILL = Limits(follow=0.0)
"""With a reference that does not follow, a distance is what the table says."""


def at_distance(distance: float, axis: int = 0) -> Floats:
    """A descriptor so far from the candidate's, which is all zeros."""
    values = np.zeros(LENGTH, dtype=np.float32)
    values[axis] = distance
    return values


def described(distance: float, at: float, *, clear: bool = True, axis: int = 0) -> Described:
    return Described(at, at_distance(distance, axis), slack=0.0 if clear else 0.06)


def fold(
    events: Iterable[Described], limits: Limits = LIMITS, state: State | None = None
) -> tuple[State, list[Comparison]]:
    state = state or State()
    told: list[Comparison] = []
    for event in events:
        state, comparison = step(state, limits, event)
        told.append(comparison)
    return state, told


def enrolled(limits: Limits = LIMITS) -> State:
    """With the candidate's reference at the origin."""
    return fold([described(0.0, 4.0 * n) for n in range(limits.references)], limits)[0]


def after(distances: str, limits: Limits = STILL, state: State | None = None) -> list[Comparison]:
    """One clear descriptor per word, a second apart; `~` before it makes it a small face's."""
    events = [
        described(float(word.strip("~")), 100.0 + n, clear=not word.startswith("~"))
        for n, word in enumerate(distances.split())
    ]
    return fold(events, limits, state or enrolled())[1]


def outline(told: Iterable[Comparison]) -> str:
    """e, s, u or d for each verdict."""
    return "".join(each.verdict[0] for each in told)


# --- verdicts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        (".2 .2 .2 .2 .2 .2", "uuuuss"),
        (".9 .9 .9 .9 .9 .9", "uuuudd"),
        (".55 .55 .55 .55 .55", "uuuuu"),
        # One stray frame is looked into and then forgotten.
        (".2 .2 .2 .2 .2 .9 .2 .2", "uuuususs"),
        (".2 .2 .2 .2 .2 .9 .9 .2", "uuuusuus"),
        # The third frame of another person turns the median.
        (".2 .2 .2 .2 .2 .9 .9 .9", "uuuusuud"),
        (".9 .9 .9 .9 .9 .2 .2 .2", "uuuuddds"),
        # At the limits.
        (".49 .49 .49 .49 .49", "uuuus"),
        (".51 .51 .51 .51 .51", "uuuuu"),
        (".59 .59 .59 .59 .59", "uuuuu"),
        (".61 .61 .61 .61 .61", "uuuud"),
        # A small face is granted 0.06.
        ("~.55 ~.55 ~.55 ~.55 ~.55", "uuuus"),
        ("~.65 ~.65 ~.65 ~.65 ~.65", "uuuuu"),
        ("~.67 ~.67 ~.67 ~.67 ~.67", "uuuud"),
    ],
)
def test_the_verdicts_of_a_candidate_with_a_reference(distances: str, expected: str) -> None:
    assert outline(after(distances)) == expected


def test_a_comparison_says_what_it_rests_on() -> None:
    told = after(".2 .3 .4 .25 .35 ~.46")
    assert [round(each.distance or 0, 3) for each in told] == [0.2, 0.3, 0.4, 0.25, 0.35, 0.4]
    assert [each.median for each in told[:4]] == [None] * 4
    assert [each.median for each in told[4:]] == [pytest.approx(0.3), pytest.approx(0.35)]


def test_after_an_interruption_it_takes_five_votes_again() -> None:
    state, told = fold([described(0.9, 100.0 + n) for n in range(5)], STILL, enrolled())
    assert told[-1].verdict is DIFFERENT
    _, told = fold([described(0.1, 200.0 + n) for n in range(5)], STILL, interrupted(state))
    assert outline(told) == "uuuus"


def test_an_interruption_keeps_the_reference() -> None:
    state = enrolled()
    assert interrupted(state).reference is state.reference


# --- the reference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(4.0 * n, True) for n in range(5)], True),
        ([(4.0 * n, True) for n in range(4)], False),
        ([(3.0 * n, True) for n in range(5)], True),
        # Too soon after one another, or not to be told from others: not counted.
        ([(2.9 * n, True) for n in range(5)], False),
        ([(2.9 * n, True) for n in range(9)], True),
        ([(4.0 * n, False) for n in range(100)], False),
        ([(4.0 * n, n % 2 == 0) for n in range(9)], True),
        ([(4.0 * n, n % 2 == 0) for n in range(8)], False),
    ],
)
def test_what_makes_a_reference(events: list[tuple[float, bool]], expected: bool) -> None:
    state, told = fold(described(0.1, at, clear=clear) for at, clear in events)
    assert {each.verdict for each in told} == {ENROLLING}
    assert (state.reference is not None) is expected


def test_the_reference_is_the_mean_and_what_made_it_is_dropped() -> None:
    state, _ = fold(described(0.1 * n, 4.0 * n) for n in range(5))
    assert state.reference == pytest.approx(at_distance(0.2))
    assert (state.enrolled, state.votes, state.recent) == ((), (), None)


def test_two_people_taking_turns_are_no_reference() -> None:
    turns = [described(0.9 * (n % 2), 4.0 * n) for n in range(40)]
    state, _ = fold(turns)
    assert state.reference is None
    state, _ = fold([described(0.9, 200.0 + 4 * n) for n in range(5)], state=state)
    assert state.reference == pytest.approx(at_distance(0.9))


def test_the_second_reference_follows_the_light() -> None:
    slowly = [described(0.02 * n, 100.0 + n) for n in range(26)]
    assert {each.verdict for each in fold(slowly, LIMITS, enrolled())[1][4:]} == {SAME}
    state, told = fold(slowly, LIMITS, enrolled())
    assert state.recent is not None
    assert state.recent[0] > 0.2
    assert (told[-1].distance or 1) < 0.3


def test_nobody_is_walked_away_step_by_step() -> None:
    far = [described(0.01 * n, 100.0 + n) for n in range(200)]
    state, told = fold(far, LIMITS, enrolled())
    assert state.recent is not None
    assert state.recent[0] <= LIMITS.reach
    assert told[-1].verdict is DIFFERENT


# --- a photo ----------------------------------------------------------------------------------------------


def streamed(distances: str, state: State | None = None) -> tuple[State, list[Comparison]]:
    """Clear faces three seconds apart, of a candidate whose photo is at the origin."""
    events = [described(float(word), 100.0 + 3 * n) for n, word in enumerate(distances.split())]
    return fold(events, STILL, state or on_photo(at_distance(0.0)))


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        (".3 .3 .3 .3 .3", "uuuus"),
        # One photo says less than five frames: between 0.50 and 0.65 nobody is accused.
        (".64 .64 .64 .64 .64", "uuuuu"),
        (".66 .66 .66 .66 .66 .66", "uuuudd"),
    ],
)
def test_a_photo_has_a_limit_of_its_own(distances: str, expected: str) -> None:
    _, told = streamed(distances)
    assert outline(told) == expected
    assert {each.limit for each in told} == {LIMITS.photo}


def test_the_stream_that_agrees_with_the_photo_and_the_photo_are_the_reference() -> None:
    state, _ = streamed(".4 .4 .4 .4")
    assert state.settled is None
    state, _ = streamed(".4", replace(state, enrolled_at=90.0))
    assert state.settled == pytest.approx(at_distance(0.2))
    assert (state.photo, state.votes, state.enrolled, state.recent) == (False, (), (), None)
    # From there on the usual limit holds.
    newest = streamed(".82 .82 .82 .82 .82", state)[1][-1]
    assert newest.verdict is DIFFERENT
    assert newest.median == pytest.approx(0.62)
    assert newest.limit == LIMITS.different


def test_somebody_else_never_becomes_the_reference_in_place_of_the_photo() -> None:
    state, told = streamed(" ".join([".9"] * 60))
    assert told[-1].verdict is DIFFERENT
    assert state.settled is None
    assert state.reference == pytest.approx(at_distance(0.0))
    # And the candidate who comes back does.
    state, told = streamed(".1 .1 .1 .1 .1 .1 .1 .1 .1", interrupted(state))
    assert state.settled == pytest.approx(at_distance(0.05))


def test_small_faces_do_not_confirm_a_photo() -> None:
    state, _ = fold([described(0.2, 100.0 + 3 * n, clear=False) for n in range(60)], STILL, on_photo(at_distance(0.0)))
    assert state.settled is None


@given(st.lists(st.tuples(st.floats(0, 1.5), st.booleans()), max_size=60))
def test_what_is_farther_than_the_photo_allows_never_settles(found: list[tuple[float, bool]]) -> None:
    state = on_photo(at_distance(0.0))
    for n, (distance, clear) in enumerate(found):
        state, _ = step(state, LIMITS, described(distance, 3.0 * n, clear=clear))
        if state.settled is not None:
            assert np.linalg.norm(state.settled) <= LIMITS.photo / 2 + 1e-5
            return


# --- properties -------------------------------------------------------------------------------------------

gaps = st.floats(0, 10)
frames = st.tuples(st.floats(0, 1.5), gaps, st.booleans(), st.integers(0, 3))


def timeline(found: list[tuple[float, float, bool, int]], start: float = 0.0) -> list[Described]:
    events = []
    for distance, gap, clear, axis in found:
        start += gap
        events.append(described(distance, start, clear=clear, axis=axis))
    return events


@given(st.lists(frames, max_size=60))
def test_every_verdict_keeps_its_promise(found: list[tuple[float, float, bool, int]]) -> None:
    state = State()
    for event in timeline(found):
        before = state
        state, told = step(state, LIMITS, event)
        if told.verdict is ENROLLING:
            assert before.reference is None
            assert (told.distance, told.median) == (None, None)
            continue
        assert told.distance is not None
        assert len(state.votes) <= LIMITS.votes
        assert (told.median is None) == (len(state.votes) < LIMITS.votes)
        if told.median is None:
            assert told.verdict is UNSURE
        elif told.median > LIMITS.different:
            assert told.verdict is DIFFERENT
        else:
            same = told.median <= LIMITS.same and told.distance <= LIMITS.same
            assert told.verdict is (SAME if same else UNSURE)
        # Between the limits nobody is accused.
        if told.median is not None and LIMITS.same < told.median <= LIMITS.different:
            assert told.verdict is UNSURE


@given(st.lists(st.floats(0, 0.5), min_size=5, max_size=20), st.floats(0, 5), st.booleans())
def test_one_frame_never_accuses(before: list[float], stray: float, clear: bool) -> None:
    state, _ = fold([described(each, 100.0 + n) for n, each in enumerate(before)], LIMITS, enrolled())
    state, told = step(state, LIMITS, described(stray, 200.0, clear=clear, axis=1))
    assert told.verdict in {SAME, UNSURE}
    assert step(state, LIMITS, described(stray, 201.0, clear=clear, axis=1))[1].verdict in {SAME, UNSURE}


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=4))
def test_fewer_than_five_never_decide(found: list[tuple[float, bool]]) -> None:
    events = [described(distance, 100.0 + n, clear=clear) for n, (distance, clear) in enumerate(found)]
    assert {each.verdict for each in fold(events, LIMITS, enrolled())[1]} <= {UNSURE}


@given(st.lists(frames, max_size=60))
def test_only_clear_frames_some_seconds_apart_become_the_reference(found: list[tuple[float, float, bool, int]]) -> None:
    state = State()
    for event in timeline(found):
        before = state
        state, _ = step(state, LIMITS, event)
        if state.enrolled_at != before.enrolled_at:
            assert before.reference is None
            assert event.clear
            assert event.at - before.enrolled_at >= LIMITS.gap
            if state.reference is None:
                assert state.enrolled[-1] is event.descriptor


@given(st.lists(frames, max_size=60))
def test_the_second_reference_follows_only_the_same_person(found: list[tuple[float, float, bool, int]]) -> None:
    state = enrolled()
    first = state.reference
    assert first is not None
    for event in timeline(found, 100.0):
        before = state
        state, told = step(state, LIMITS, event)
        assert state.reference is first
        if state.recent is not before.recent:
            assert told.verdict is SAME
            assert event.clear
            assert np.linalg.norm(event.descriptor - first) <= LIMITS.reach
            assert state.recent is not None
            assert np.linalg.norm(state.recent - first) <= LIMITS.reach + 1e-5


@given(st.lists(frames, max_size=40))
def test_the_same_descriptors_give_the_same_verdicts(found: list[tuple[float, float, bool, int]]) -> None:
    events = timeline(found)
    kept = [event.descriptor.copy() for event in events]
    assert fold(events)[1] == fold(events)[1]
    assert all(np.array_equal(event.descriptor, copy) for event, copy in zip(events, kept, strict=True))


# --- what is let in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "at"),
    [
        (np.zeros(127), 0.0),
        (np.zeros((1, 128)), 0.0),
        (np.full(128, np.nan), 0.0),
        (np.full(128, np.inf), 0.0),
        (np.zeros(128), float("nan")),
    ],
)
def test_what_is_no_descriptor_is_refused(values: np.ndarray, at: float) -> None:
    with pytest.raises(ValueError, match="128 finite numbers"):
        Described(at, values.astype(np.float32))


@pytest.mark.parametrize("slack", [-0.01, float("nan"), float("inf")])
def test_what_is_no_slack_is_refused(slack: float) -> None:
    with pytest.raises(ValueError, match="slack"):
        Described(0.0, at_distance(0.0), slack)


@pytest.mark.parametrize(
    "limits",
    [{"same": 0.7}, {"same": 0.0}, {"votes": 2}, {"references": 0}, {"photo": 0.59}, {"gap": -1.0}, {"follow": 1.1},
     {"reach": float("nan")}],
)  # fmt: skip
def test_limits_out_of_order_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not"):
        Limits(**limits)  # type: ignore[arg-type]
