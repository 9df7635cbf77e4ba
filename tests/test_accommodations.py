"""What is agreed with one candidate loosens the rules and never tightens them, whatever it says."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.pose import FACE
from detection.rules import (
    CAMERA_KINDS,
    NOTICED_KINDS,
    ChangeType,
    Event,
    Noticed,
    RuleSettings,
    Sampled,
    SettingsError,
    State,
    StreamExpected,
    Tick,
    accommodated,
    step,
)
from detection.rules.accommodations import OF_ALL, OF_RULES, Looser
from detection.rules.settings import Rule
from detection.values import Box, Face, Kind, Observation, Quality, Severity

from .faces import observation

MEETING = RuleSettings()
RULES: dict[str, Rule] = {name: rule for name, rule in MEETING if isinstance(rule, Rule)}

# --- which way each setting may go ------------------------------------------------------------------------


def test_every_setting_has_its_direction() -> None:
    of_rules = {field for rule in RULES.values() for field in type(rule).model_fields}
    assert set(OF_RULES) == of_rules
    assert set(OF_ALL) == set(RuleSettings.model_fields) - set(RULES)


STRICTER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"no_face": {"enabled": False}}, {"no_face": {"enabled": True}}),
    ({"no_face": {"severity": "info"}}, {"no_face": {"severity": "warning"}}),
    ({"no_face": {"warning_after": None}}, {"no_face": {"warning_after": 60}}),
    ({"no_face": {"critical_after": 30}}, {"no_face": {"critical_after": 29}}),
    ({"no_face": {"enter_samples": 4}}, {"no_face": {"enter_samples": 3}}),
    ({"no_face": {"enter_seconds": 2}}, {"no_face": {"enter_seconds": 1.5}}),
    ({"no_face": {"window": 5}}, {"no_face": {"window": 6}}),
    ({"looking_away": {"glances": 10}}, {"looking_away": {"glances": 9}}),
    ({"looking_away": {"within": 120}}, {"looking_away": {"within": 121}}),
    ({"camera_frozen": {"still_after": 30}}, {"camera_frozen": {"still_after": 29}}),
    ({"different_person": {"every": 10}}, {"different_person": {"every": 9}}),
    ({"stream_lost_after": 5}, {"stream_lost_after": 4}),
    ({"first_frame_within": 15}, {"first_frame_within": 14}),
]


@pytest.mark.parametrize(("looser", "stricter"), STRICTER, ids=lambda each: str(each)[:50])
def test_what_is_stricter_is_refused_and_the_way_back_is_not(looser: dict[str, Any], stricter: dict[str, Any]) -> None:
    meeting = RuleSettings.from_overrides(looser)
    with pytest.raises(SettingsError, match="is stricter than the meeting's"):
        accommodated(meeting, stricter)
    other = RuleSettings.from_overrides(stricter)
    assert accommodated(other, looser).overridden({"forget_after": None}) == meeting


def test_the_table_of_stricter_ones_has_every_setting_with_a_direction() -> None:
    directed = {name for name, looser in {**OF_RULES, **OF_ALL}.items() if looser in (Looser.HIGHER, Looser.LOWER)}
    tried = [
        field for _, stricter in STRICTER for value in stricter.values() if isinstance(value, dict) for field in value
    ]
    assert {*tried, *(name for _, stricter in STRICTER for name in stricter if name in OF_ALL)} == directed


@pytest.mark.parametrize("name", ["sample_interval", "max_interval", "forget_after"])
def test_how_often_somebody_is_looked_at_is_no_candidates_own(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: is the same for everyone"):
        accommodated(MEETING, {name: 3})


@pytest.mark.parametrize("value", [0.5, 3.5])
@pytest.mark.parametrize("field", ["leave_seconds", "merge_seconds"])
def test_what_keeps_an_incident_open_is_no_candidates_own(field: str, value: float) -> None:
    with pytest.raises(SettingsError, match=rf"no_face\.{field}: is the same for everyone"):
        accommodated(MEETING, {"no_face": {field: value}})


@pytest.mark.parametrize("pause", [0, 60])
def test_how_often_the_banner_comes_may_be_agreed_either_way(pause: float) -> None:
    assert accommodated(MEETING, {"no_face": {"banner_pause": pause}}).no_face.banner_pause == pause


def test_every_fault_is_named_with_both_values() -> None:
    with pytest.raises(SettingsError) as caught:
        accommodated(MEETING, {"no_face": {"enter_samples": 2, "critical_after": 5}, "stream_lost_after": 2})
    assert str(caught.value) == (
        "stream_lost_after: 2 is stricter than the meeting's 5; "
        "no_face.critical_after: 5 is stricter than the meeting's 30; "
        "no_face.enter_samples: 2 is stricter than the meeting's 4"
    )


@pytest.mark.parametrize(
    "wrong", [{"voice": {}}, {"no_face": {"patience": 1}}, {"no_face": 3}, {"no_face": {"window": "x"}}]
)
def test_what_is_no_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        accommodated(MEETING, wrong)


def test_without_any_the_meetings_rules_are_in_force() -> None:
    assert accommodated(MEETING, {}) == MEETING
    assert accommodated(MEETING, {}).sha256() == MEETING.sha256()


# --- that it is so, whatever happens ----------------------------------------------------------------------

ROOM, OTHER = bytes(768), bytes(range(256)) * 3
DIM = Quality(brightness=0.04, contrast=0.2, sharpness=12)
ME, STRANGER = (np.full(128, value, dtype="<f4").tobytes() for value in (0.0, 0.1))


def turned(degrees: float) -> Observation:
    """The candidate with the head turned to the side by so much, near enough to be compared."""
    yaw = np.radians(degrees)
    across = FACE[:, 0] * np.cos(yaw) + FACE[:, 2] * np.sin(yaw)
    landmarks = tuple((0.5 + float(x) / 320, 0.5 + float(y) / 240) for x, y in zip(across, FACE[:, 1], strict=True))
    face = Face(Box(0.3, 0.2, 0.4, 0.6), score=0.95, landmarks=landmarks)
    return replace(observation(0), faces=(face,))


def seen(what: str) -> tuple[Observation, bytes | None]:
    """What a sample of such a view shows, and the descriptor of its face."""
    match what:
        case "one" | "stranger":
            return turned(0), ME if what == "one" else STRANGER
        case "two" | "nobody":
            return observation(2 if what == "two" else 0), None
        case "covered" | "dim":
            quality = Quality(0.01, 0, 1) if what == "covered" else DIM
            return replace(observation(0), quality=quality), None
        case "photo" | "frozen":
            return replace(observation(1), levels=ROOM), None
        case "moved":
            return replace(observation(1), levels=OTHER), None
    return turned(float(what)), ME


VIEWS = ["one", "one", "stranger", "two", "nobody", "covered", "dim", "photo", "moved", "25", "35", "50"]


@st.composite
def exams(draw: st.DrawFn) -> list[Event]:
    """An exam as a server sees it: runs of like samples with ticks between them, silences, and what browsers say."""
    at, last = 100.0, 100.0
    events: list[Event] = [StreamExpected(at)]
    events += [Sampled(at + 4 * n, n, *seen("one")) for n in range(draw(st.sampled_from([0, 9])))]
    at = last = events[-1].at
    for _ in range(draw(st.integers(1, 14))):
        every = draw(st.sampled_from([0.2, 0.2, 1.0, 3.0]))
        what = draw(st.sampled_from([*VIEWS, "silence", "unsampled", "noticed"]))
        for _ in range(draw(st.integers(1, 12))):
            at += every
            if what in VIEWS:
                last = at
                events.append(Sampled(at, len(events), *seen(what)))
            elif what == "unsampled":
                last = at
            elif what == "noticed":
                events.append(
                    Noticed(at, draw(st.sampled_from(NOTICED_KINDS)), draw(st.sampled_from([True, False, None])))
                )
            events.append(Tick(at, last))
    return events


STRETCHES = [0, 0, 1, 2, 10]


@st.composite
def meetings(draw: st.DrawFn) -> RuleSettings:
    """A meeting's rules: as they come, or quick ones."""
    camera = {
        "enter_samples": draw(st.sampled_from([2, 3])),
        "window": draw(st.integers(3, 8)),
        "enter_seconds": draw(st.sampled_from([0, 0.3, 2])),
        "leave_seconds": draw(st.sampled_from([0, 1])),
        "merge_seconds": draw(st.sampled_from([0, 2])),
    }
    quick = {kind.value: camera for kind in CAMERA_KINDS}
    quick["looking_away"] = {**camera, "glances": 4}
    quick["camera_frozen"] = {**camera, "still_after": 10}
    overrides: dict[str, Any] = {**draw(st.sampled_from([{}, quick])), "max_interval": draw(st.sampled_from([1, 5]))}
    return RuleSettings.from_overrides({**overrides, "stream_lost_after": draw(st.sampled_from([2, 5]))})


def _loosened(draw: st.DrawFn, name: str, value: Any, looser: Looser) -> Any:
    """A value at least as loose as this one."""
    if looser is Looser.NEITHER or value is None:
        return value
    if isinstance(value, Severity):
        return draw(st.sampled_from(list(Severity)[: list(Severity).index(value) + 1]))
    if isinstance(value, bool):
        return draw(st.sampled_from([value, value, value, False]))
    step = draw(st.sampled_from(STRETCHES))
    return value + step if looser is not Looser.LOWER else max(value - step, {"within": 10}.get(name, 2))


@st.composite
def agreed(draw: st.DrawFn, meeting: RuleSettings) -> dict[str, Any]:
    """Accommodations that this meeting may give."""
    given: dict[str, Any] = {name: _loosened(draw, name, getattr(meeting, name), way) for name, way in OF_ALL.items()}
    for name in RULES:
        rule = getattr(meeting, name)
        fields = {field: _loosened(draw, field, value, OF_RULES[field]) for field, value in rule}
        if "window" in fields:
            fields["enter_samples"] = min(fields["enter_samples"], rule.window)
            fields["window"] = max(fields["window"], fields["enter_samples"])
        given[name] = fields
    return given


def history(rules: RuleSettings, events: list[Event]) -> Iterator[tuple[State, list[tuple[Kind, float]]]]:
    """The state after each event, and which kinds it opened with when each of them was first seen."""
    state = State()
    for event in events:
        state, changes = step(state, rules, event)
        opened = [change.episode for change in changes if change.type is ChangeType.OPENED]
        yield state, [(episode.kind, episode.began_at) for episode in opened]


@given(st.data(), meetings(), exams())
@settings(deadline=None, max_examples=150)
def test_no_incident_opens_that_the_meetings_rules_would_not_have_had(
    data: st.DataObject, meeting: RuleSettings, events: list[Event]
) -> None:
    loosened = accommodated(meeting, data.draw(agreed(meeting)))
    would: list[tuple[float, set[Kind]]] = []
    for (strict, _), (_, opened) in zip(history(meeting, events), history(loosened, events), strict=True):
        would.append((strict.now, {episode.kind for episode in strict.open}))
        for kind, began_at in opened:
            assert any(at >= began_at and kind in kinds for at, kinds in would), (kind, began_at)
