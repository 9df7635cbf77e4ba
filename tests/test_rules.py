"""The fold from samples to episodes: pleasant cases as tables, everything else as properties."""

import ast
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection import rules as package
from detection.levels import GRID
from detection.rules import (
    CAMERA_KINDS,
    NOTICED_KINDS,
    Change,
    ChangeType,
    Enrolled,
    Event,
    Finished,
    Noticed,
    PeopleRule,
    RuleSettings,
    Sampled,
    State,
    StreamExpected,
    Tick,
    step,
)
from detection.values import Box, Face, Kind, Observation, Quality, Severity

from .faces import observation

DEFAULTS = RuleSettings()
PLAIN = RuleSettings.from_overrides({"multiple_faces": {"merge_seconds": 0}, "no_face": {"merge_seconds": 0}})
"""Episodes close as soon as they are left."""
STEP = 0.2
BANNERS = (ChangeType.RAISED, ChangeType.CLEARED)
OPENED, UPDATED, CLOSED = ChangeType.OPENED, ChangeType.UPDATED, ChangeType.CLOSED


def fold(
    events: Iterable[Event], rules: RuleSettings = PLAIN, state: State | None = None
) -> tuple[State, list[Change]]:
    """The last state and what changed of the episodes."""
    state, told = fold_all(events, rules, state)
    return state, [change for change in told if change.type not in BANNERS]


def fold_all(
    events: Iterable[Event], rules: RuleSettings = DEFAULTS, state: State | None = None
) -> tuple[State, list[Change]]:
    """The same with the candidate's banners."""
    state = state or State()
    told: list[Change] = []
    for event in events:
        state, changes = step(state, rules, event)
        told += changes
    return state, told


def samples(counts: str, *, start: float = 100.0, every: float = STEP) -> list[Event]:
    """One sample per digit: how many faces it has."""
    return [Sampled(round(start + n * every, 3), n, observation(int(digit))) for n, digit in enumerate(counts)]


def ticks(first: float, last: float, frame_at: float | None) -> list[Event]:
    return [Tick(first + n, frame_at) for n in range(round(last - first) + 1)]


def outline(changes: Iterable[Change]) -> str:
    """`+kind` for opened, `!kind` for updated, `-kind` for closed; `^kind` and `_kind` for its banner."""
    signs = {OPENED: "+", UPDATED: "!", CLOSED: "-", ChangeType.RAISED: "^", ChangeType.CLEARED: "_"}
    return " ".join(signs[change.type] + change.episode.kind.value for change in changes)


# --- the camera -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ("1111111111", ""),
        ("1211111111", ""),
        ("1221111111", ""),
        ("12121212", ""),
        ("1222", "+multiple_faces"),
        ("1222111", "+multiple_faces"),
        ("12122", "+multiple_faces"),
        ("121122", ""),
        ("1211222", "+multiple_faces"),
        ("1222111111", "+multiple_faces -multiple_faces"),
        ("12221112111211", "+multiple_faces"),
        ("1222111111222", "+multiple_faces -multiple_faces +multiple_faces"),
        ("10000", ""),
        ("1000000", "+no_face"),
        ("10100000", "+no_face"),
        ("1000111000", ""),
        ("1000000111111", "+no_face -no_face"),
        ("222000000", "+multiple_faces -multiple_faces +no_face"),
    ],
)
def test_samples_at_the_stream_rate(counts: str, expected: str) -> None:
    assert outline(fold(samples(counts))[1]) == expected


def test_an_alert_takes_less_than_a_second_at_five_frames_a_second() -> None:
    (opened,) = fold(samples("2222"))[1]
    assert opened.episode.opened_at - opened.episode.began_at == pytest.approx(0.4)


def test_an_episode_says_what_it_rests_on() -> None:
    (opened,) = fold(samples("112122"))[1]
    episode = opened.episode
    assert episode.rule == "2 or more faces in 3 of 4 samples over 0.6 s"
    assert (episode.seqs, episode.samples, episode.faces) == ((2, 4, 5), 3, 2)
    assert (episode.score, len(episode.boxes), episode.threshold) == (0.9, 2, None)
    assert (episode.began_at, episode.opened_at, episode.closed_at) == (100.4, 101.0, None)


def test_a_fast_stream_still_needs_the_seconds_and_counts_every_sample() -> None:
    rules = RuleSettings.from_overrides({"multiple_faces": {"enter_seconds": 1.0}})
    (opened,) = fold(samples("2" * 20, every=0.1), rules)[1]
    assert opened.episode.rule == "2 or more faces in 11 of 11 samples over 1.0 s"
    assert opened.episode.seqs == (7, 8, 9, 10)


def test_more_faces_are_told_once_two_samples_show_them() -> None:
    _, told = fold(samples("222" + "3" + "22" + "33" + "3333" + "2"))
    assert outline(told) == "+multiple_faces !multiple_faces"
    assert (told[1].episode.faces, told[1].episode.seqs) == (3, (0, 1, 2, 7))
    assert told[1].episode.updated_at == 101.4


def test_it_becomes_critical_with_time_and_stays_so() -> None:
    _, told = fold(samples("2" * 80 + "1" * 10))
    assert outline(told) == "+multiple_faces !multiple_faces -multiple_faces"
    assert [change.episode.severity for change in told] == [Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL]
    assert told[1].episode.updated_at - told[0].episode.opened_at == pytest.approx(10, abs=STEP)


def test_a_kind_that_is_disabled_never_opens() -> None:
    rules = RuleSettings.from_overrides({"no_face": {"enabled": False}})
    state, told = fold(samples("0" * 30), rules)
    assert (told, state.unsettled) == ([], False)


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        ("multiple_faces", samples("2222")),
        ("tab_hidden", [Noticed(100, Kind.TAB_HIDDEN, active=True)]),
        ("stream_lost", [StreamExpected(80), Tick(100, 90)]),
    ],
)
def test_a_kind_that_is_switched_off_while_it_goes_on_ends_with_the_next_tick(kind: str, before: list[Event]) -> None:
    state, told = fold(before)
    assert outline(told) == f"+{kind}"
    off = PLAIN.overridden({kind: {"enabled": False}})
    state, told = fold([Tick(101, 101)], off, state)
    assert (outline(told), state.open) == (f"-{kind}", ())


def test_samples_far_apart_say_nothing_about_each_other() -> None:
    assert fold(samples("222", every=DEFAULTS.stale_after + 1))[1] == []


@pytest.mark.parametrize(
    ("counts", "unsettled"),
    [("", False), ("1", False), ("12", True), ("1211", False), ("1222", False), ("12221", True), ("122212", False),
     ("1222111111", False), ("10", True)],
)  # fmt: skip
def test_unsettled_while_the_newest_samples_disagree(counts: str, unsettled: bool) -> None:
    assert fold(samples(counts))[0].unsettled is unsettled


# --- lulls, banners, severity -----------------------------------------------------------------------------

RAISED, CLEARED = ChangeType.RAISED, ChangeType.CLEARED
PEOPLE = "multiple_faces"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ("1222", "+ ^"),
        ("1222" + "1" * 6, "+ ^ _"),
        ("1222" + "1" * 7 + "2", "+ ^ _"),
        ("1222" + "1" * 7 + "2" * 9, "+ ^ _ ^"),
        ("1222" + "1" * 15, "+ ^ _"),
        ("1222" + "1" * 16, "+ ^ _ -"),
        ("1222" + "1" * 16 + "222", "+ ^ _ - + ^"),
    ],
)
def test_what_comes_back_soon_is_one_episode_and_its_banner_goes_meanwhile(counts: str, expected: str) -> None:
    told = outline(fold_all(samples(counts))[1]).replace(PEOPLE, "")
    assert told == expected


def test_a_banner_that_was_just_up_waits_while_the_episode_opens_at_once() -> None:
    rules = RuleSettings.from_overrides({PEOPLE: {"merge_seconds": 0, "banner_pause": 4}})
    _, told = fold_all(samples("222" + "1" * 8 + "2" * 15), rules)
    assert outline(told).replace(PEOPLE, "") == "+ ^ - + ^"
    first, second = (change.episode for change in told if change.type is RAISED)
    assert second.opened_at - first.opened_at == pytest.approx(2.2)
    assert second.last_seen_at - first.last_seen_at == pytest.approx(4, abs=STEP)


def test_a_tick_raises_a_banner_that_had_to_wait() -> None:
    rules = RuleSettings.from_overrides({"tab_hidden": {"merge_seconds": 0, "banner_pause": 5}})
    events = [hidden(100, True), hidden(101, False), hidden(102, True), *ticks(103, 106, None)]
    assert outline(fold_all(events, rules)[1]).replace("tab_hidden", "") == "+ ^ - + ^"


def test_a_long_silence_about_a_kind_ends_its_episode() -> None:
    events = samples("2222") + [Tick(100.6 + n, 100.6 + n) for n in range(1, 17)]
    assert outline(fold(events, DEFAULTS)[1]).endswith("-" + PEOPLE)


def test_an_episode_grows_to_a_warning_and_then_critical() -> None:
    rules = RuleSettings.from_overrides({PEOPLE: {"severity": "info", "warning_after": 2, "critical_after": 4}})
    _, told = fold(samples("2" * 40), rules)
    assert [change.episode.severity for change in told] == [Severity.INFO, Severity.WARNING, Severity.CRITICAL]


# --- the stream -------------------------------------------------------------------------------------------

EXPECTED: list[Event] = [StreamExpected(100)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (ticks(100, 200, None), ""),
        (EXPECTED + ticks(101, 115, None), ""),
        (EXPECTED + ticks(101, 116, None), "+stream_lost"),
        (EXPECTED + ticks(101, 116, 99.0), "+stream_lost"),
        (EXPECTED + ticks(101, 105, 100.5), ""),
        (EXPECTED + ticks(101, 106, 100.5), "+stream_lost"),
        (EXPECTED + ticks(101, 180, 100.5), "+stream_lost !stream_lost"),
        (EXPECTED + ticks(101, 110, 100.5) + [Tick(111, 111), Tick(112, 112)], "+stream_lost"),
        (EXPECTED + ticks(101, 110, 100.5) + [Tick(111, 111), Tick(113, 113)], "+stream_lost -stream_lost"),
        (EXPECTED + ticks(101, 110, 100.5) + [Tick(111, 111), Tick(117, 111), Tick(118, 118)], "+stream_lost"),
        ([*EXPECTED, StreamExpected(110), *ticks(111, 116, None)], "+stream_lost"),
        ([*EXPECTED, Finished(103), *ticks(104, 200, None)], ""),
        ([*EXPECTED, Finished(103), StreamExpected(150), *ticks(150, 165, 102)], ""),
        ([*EXPECTED, Finished(103), StreamExpected(150), *ticks(150, 166, 102)], "+stream_lost"),
    ],
)
def test_frames_that_do_not_come(events: list[Event], expected: str) -> None:
    assert outline(fold(events)[1]) == expected


def test_a_lost_stream_says_since_when_and_for_how_long() -> None:
    (opened,) = fold(EXPECTED + ticks(101, 106, 100.5))[1]
    assert (opened.episode.began_at, opened.episode.score, opened.episode.threshold) == (100.5, 5.5, 5.0)
    assert opened.episode.rule == "no frame for 5.5 s, more than 5 s"


def test_when_the_stream_is_lost_the_camera_accuses_nobody() -> None:
    events = EXPECTED + samples("0" * 8) + ticks(102, 108, 101.4)
    assert outline(fold(events)[1]) == "+no_face -no_face +stream_lost"


def test_who_may_be_silent_for_longer_is_not_judged_by_what_was_seen_before() -> None:
    patient = PLAIN.overridden({"stream_lost_after": 60, "forget_after": 5})
    told = fold([*EXPECTED, *samples("2222"), *ticks(101, 110, 100.6), *samples("2", start=111)], patient)[1]
    assert outline(told) == "+multiple_faces -multiple_faces"
    assert told[-1].episode.closed_at == 106


def test_it_accuses_nobody_then_even_with_the_signal_disabled() -> None:
    rules = RuleSettings.from_overrides({"stream_lost": {"enabled": False}})
    events = EXPECTED + samples("0" * 8) + ticks(102, 108, 101.4)
    assert outline(fold(events, rules)[1]) == "+no_face -no_face"


def test_without_samples_the_camera_accuses_nobody() -> None:
    events = [*EXPECTED, *samples("0" * 8), *[Tick(at, at) for at in range(102, 120)]]
    assert outline(fold(events)[1]) == "+no_face -no_face"


def test_a_suspicion_does_not_survive_a_lost_stream() -> None:
    state, _ = fold(EXPECTED + samples("122") + ticks(101, 107, 100.5))
    assert state.unsettled is False


# --- what is noticed --------------------------------------------------------------------------------------


def hidden(at: float, active: bool | None) -> Noticed:
    return Noticed(at, Kind.TAB_HIDDEN, active)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([hidden(100, True)], "+tab_hidden"),
        ([hidden(100, True), *ticks(101, 120, None)], "+tab_hidden"),
        ([hidden(100, True), *ticks(101, 140, None)], "+tab_hidden !tab_hidden"),
        ([hidden(100, True), hidden(103, True), hidden(105, False)], "+tab_hidden -tab_hidden"),
        ([hidden(100, False)], ""),
        ([hidden(100, True), hidden(100.5, False)], "+tab_hidden"),
        ([hidden(100, True), hidden(100.5, False), *ticks(101, 103, None)], "+tab_hidden -tab_hidden"),
        ([hidden(100, True), hidden(100.5, False), hidden(101, True), *ticks(102, 110, None)], "+tab_hidden"),
        ([hidden(100, None), *ticks(101, 102, None)], "+tab_hidden -tab_hidden"),
        ([hidden(100, None), hidden(101, None), Tick(102, None)], "+tab_hidden"),
        ([hidden(100, None), hidden(101, True), *ticks(102, 110, None)], "+tab_hidden"),
        ([Noticed(100, Kind.NO_FACE, True), Noticed(100, Kind.STREAM_LOST)], ""),
    ],
)
def test_what_the_browser_notices(events: list[Event], expected: str) -> None:
    assert outline(fold(events)[1]) == expected


def test_a_flapping_browser_makes_few_episodes() -> None:
    events: list[Event] = [hidden(100 + n / 10, n % 2 == 0) for n in range(100)]
    assert outline(fold(events)[1]).count("+") <= 10 / DEFAULTS.tab_hidden.merge_seconds


def test_a_notice_keeps_its_words() -> None:
    (opened,) = fold([Noticed(100, Kind.VIRTUAL_CAMERA, detail="OBS Virtual Camera")])[1]
    assert opened.episode.detail == "OBS Virtual Camera"


# --- properties -------------------------------------------------------------------------------------------

ADA, BOB = (np.full(128, value, dtype="<f4").tobytes() for value in (0.05, -0.05))
LEVELS = tuple(
    bytes(grey + change * (n % 7 == 0) for n in range(GRID[0] * GRID[1])) for grey in (0, 90) for change in (0, 1, 40)
)
FRONTAL = ((0.16, 0.2), (0.24, 0.2), (0.2, 0.26), (0.17, 0.32), (0.23, 0.32))
times = st.one_of(st.floats(0, 300), st.floats(allow_nan=True, allow_infinity=True))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Observation, bytes | None]:
    """What may be seen: faces that live or do not, other people, every quality of view; and whose face it is."""
    count = draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3]))
    turned = draw(st.sampled_from([0.0, 0.0, 0.05]))
    landmarks = tuple((x + turned * (n == 2), y) for n, (x, y) in enumerate(FRONTAL))
    seen = replace(
        observation(count),
        quality=draw(st.sampled_from([Quality(0.5, 0.2, 500.0), Quality(0.03, 0.2, 500.0), Quality(0.1, 0.01, 5.0)])),
        levels=draw(st.sampled_from([b"", *LEVELS])),
        perhaps=draw(st.sampled_from([(), (Face(Box(0.1, 0.1, 0.2, 0.3), 0.4),)])),
    )
    seen = replace(seen, faces=tuple(replace(face, landmarks=landmarks) for face in seen.faces))
    return seen, draw(st.sampled_from([None, ADA, ADA, BOB])) if count == 1 else None


@st.composite
def sampled(draw: st.DrawFn, at: float | None = None) -> Sampled:
    seen, descriptor = draw(scenes())
    return Sampled(draw(times) if at is None else at, draw(st.integers(0, 50)), seen, descriptor)


event = st.one_of(
    st.builds(StreamExpected, times),
    sampled(),
    st.builds(Enrolled, times, st.sampled_from([ADA, BOB]), photo=st.booleans()),
    st.builds(Noticed, times, st.sampled_from(Kind), st.sampled_from([True, False, None])),
    st.builds(Tick, times, st.none() | times),
    st.builds(Finished, times),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    """A believable exam: time goes on, most events are samples that keep to their count for a while."""
    at, events = 100.0, list(EXPECTED)
    for seq in range(draw(st.integers(0, 60))):
        at += draw(st.sampled_from([0.1, 0.2, 0.2, 1.0, 7.0]))
        what = draw(st.sampled_from("ssssssttn"))
        if what == "s":
            events.append(replace(draw(sampled(at)), seq=seq))
        elif what == "t":
            events.append(Tick(at, draw(st.sampled_from([None, at - 8, at]))))
        else:
            events.append(Noticed(at, draw(st.sampled_from(NOTICED_KINDS)), draw(st.sampled_from([True, False, None]))))
    return events


events_of_all_sorts = st.one_of(st.lists(event, max_size=60), streams())


@st.composite
def rule_settings(draw: st.DrawFn) -> RuleSettings:
    def camera() -> dict[str, float | None]:
        enter = draw(st.integers(2, 5))
        return {
            "enter_samples": enter,
            "window": enter + draw(st.integers(0, 3)),
            "enter_seconds": draw(st.sampled_from([0.0, 0.3, 2.0])),
            "leave_samples": draw(st.integers(1, 4)),
            "leave_seconds": draw(st.sampled_from([0.0, 0.6])),
            "merge_seconds": draw(st.sampled_from([0.0, 0.5, 3.0])),
            "banner_pause": draw(st.sampled_from([0.0, 1.0, 10.0])),
            "warning_after": draw(st.sampled_from([None, 0.5])),
            "critical_after": draw(st.sampled_from([None, 0, 1])),
        }

    return RuleSettings.from_overrides({kind.value: camera() for kind in CAMERA_KINDS})


@given(events_of_all_sorts, rule_settings())
@settings(deadline=None, max_examples=300)
def test_every_episode_opens_once_then_closes_at_most_once(events: list[Event], rules: RuleSettings) -> None:
    state, told = fold(events, rules)
    open_now: dict[Kind, Change] = {}
    for change in told:
        kind, episode = change.episode.kind, change.episode
        if change.type is OPENED:
            assert kind not in open_now
            open_now[kind] = change
            assert episode.closed_at is None
            continue
        before = open_now[kind].episode
        assert (before.opened_at, before.began_at) == (episode.opened_at, episode.began_at)
        assert list(Severity).index(before.severity) <= list(Severity).index(episode.severity)
        assert before.updated_at <= episode.updated_at
        if change.type is CLOSED:
            assert episode.closed_at is not None
            assert episode.closed_at >= episode.opened_at >= episode.began_at
            del open_now[kind]
        else:
            open_now[kind] = change
    assert {episode.kind for episode in state.open} == set(open_now)


@given(events_of_all_sorts, rule_settings())
@settings(deadline=None, max_examples=300)
def test_no_single_frame_opens_a_camera_episode(events: list[Event], rules: RuleSettings) -> None:
    for change in fold(events, rules)[1]:
        if change.type is OPENED and change.episode.kind in CAMERA_KINDS:
            assert len(change.episode.supports) >= 2
            assert len(change.episode.supports) >= rules.camera(change.episode.kind).enter_samples
            assert change.episode.samples >= len(change.episode.supports)
            assert set(change.episode.seqs) <= {each.seq for each in events if isinstance(each, Sampled)}


@given(events_of_all_sorts, rule_settings())
@settings(deadline=None, max_examples=300)
def test_a_banner_is_up_only_while_its_episode_is_open_and_goes_up_and_down_in_turn(
    events: list[Event], rules: RuleSettings
) -> None:
    state, told = fold_all(events, rules)
    open_now: set[Kind] = set()
    up: set[Kind] = set()
    for change in told:
        kind = change.episode.kind
        match change.type:
            case ChangeType.OPENED:
                open_now.add(kind)
            case ChangeType.CLOSED:
                open_now.remove(kind)
                up.discard(kind)
            case ChangeType.RAISED:
                assert kind in open_now
                assert kind not in up
                up.add(kind)
            case ChangeType.CLEARED:
                assert kind in open_now
                up.remove(kind)
    assert state.banners == up


@given(events_of_all_sorts, rule_settings(), st.sampled_from(CAMERA_KINDS))
@settings(deadline=None, max_examples=200)
def test_no_kind_depends_on_another_being_judged(events: list[Event], rules: RuleSettings, kind: Kind) -> None:
    others = {each.value: {"enabled": False} for each in CAMERA_KINDS if each is not kind}
    # Who is there is compared only where somebody asks; the descriptors are in the events here.
    alone = rules.overridden(others)
    theirs, mine = (
        [change for change in fold_all(events, each)[1] if change.episode.kind is kind] for each in (rules, alone)
    )
    assert theirs == mine


@given(events_of_all_sorts, rule_settings())
@settings(deadline=None)
def test_within_a_step_the_kinds_come_in_their_order(events: list[Event], rules: RuleSettings) -> None:
    order = list(Kind)
    state = State()
    for each in events:
        state, changes = step(state, rules, each)
        opened = [change.episode.kind for change in changes if change.type is OPENED]
        assert all(order.index(one) < order.index(other) for one, other in pairwise(opened))


def test_no_file_of_the_rules_can_read_a_clock() -> None:
    """Neither they nor what they import of ours know a module that tells the time."""
    root = Path(package.__file__).parents[2]
    seen: set[Path] = set()
    waiting = list((root / "detection" / "rules").glob("*.py"))
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [f"{node.module}.{each.name}" for each in node.names]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert name.split(".")[0] not in {"time", "datetime", "asyncio", "random", "secrets", "os"}, (
                    path,
                    name,
                )
                for ours in (name, name.rpartition(".")[0]):
                    found = root.joinpath(*ours.split("."))
                    waiting += [each for each in (found.with_suffix(".py"), found / "__init__.py") if each.is_file()]
    assert len(seen) > 10


@given(events_of_all_sorts, times)
@settings(deadline=None)
def test_nothing_stays_open_after_the_end(events: list[Event], at: float) -> None:
    state, told = fold([*events, Finished(at)])
    assert state.open == ()
    assert not state.unsettled
    assert sum(change.type is OPENED for change in told) == sum(change.type is CLOSED for change in told)
    _, after = fold([each for each in events if not isinstance(each, StreamExpected)], state=state)
    assert after == []


@given(events_of_all_sorts)
@settings(deadline=None)
def test_the_same_events_give_the_same_changes(events: list[Event]) -> None:
    assert fold_all(events)[1] == fold_all(events)[1]


@given(events_of_all_sorts)
@settings(deadline=None)
def test_a_step_leaves_the_state_before_it_as_it_was(events: list[Event]) -> None:
    state = State()
    for each in events:
        before = repr(state)
        following, _ = step(state, DEFAULTS, each)
        assert repr(state) == before
        state = following


@given(events_of_all_sorts)
@settings(deadline=None)
def test_what_is_remembered_stays_small(events: list[Event]) -> None:
    state, _ = fold(events)
    for track in state.tracks.values():
        assert len(track.marks) <= 5


@given(st.integers(2, 5), st.integers(0, 3), st.text("12", max_size=40))
def test_n_of_m_is_exactly_n_of_m(enter: int, more: int, counts: str) -> None:
    """Against the plain definition: open at the first sample where n of the last m show it."""
    window = enter + more
    rule = PeopleRule(enter_samples=enter, window=window, enter_seconds=0)
    rules = RuleSettings(multiple_faces=rule)
    opened = [change for change in fold(samples(counts), rules)[1] if change.type is OPENED]
    plain = (
        n for n, digit in enumerate(counts)
        if digit == "2" and counts[max(0, n + 1 - window) : n + 1].count("2") >= enter
    )  # fmt: skip
    first = next(plain, None)
    assert (opened[0].episode.seqs[-1] if opened else None) == first


def test_a_clock_that_steps_back_changes_nothing_but_the_order() -> None:
    state, told = fold([*samples("2222", start=200), *samples("2222", start=100), Tick(nan, nan)])
    assert outline(told) == "+multiple_faces"
    assert state.now == pytest.approx(200.6)
