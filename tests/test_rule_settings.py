"""Overrides change what they name, and every fault in them is named."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from detection.rules import CAMERA_KINDS, NOTICED_KINDS, CameraRule, RuleSettings, SettingsError
from detection.values import Kind, Severity


def test_overrides_change_only_what_they_name() -> None:
    rules = RuleSettings.from_overrides({"multiple_faces": {"enter_samples": 2}, "sample_interval": 0.5})
    assert (rules.multiple_faces.enter_samples, rules.multiple_faces.window) == (2, 4)
    assert (rules.sample_interval, rules.no_face) == (0.5, RuleSettings().no_face)


def test_a_meeting_overrides_what_the_operator_overrode() -> None:
    operator = RuleSettings.from_overrides({"no_face": {"enter_seconds": 3}})
    meeting = operator.overridden({"no_face": {"severity": "critical"}})
    assert (meeting.no_face.enter_seconds, meeting.no_face.severity) == (3, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        ({"unknown": 1}, ["unknown: no such setting"]),
        ({"voice": {}}, ["voice: no such setting"]),
        ({"multiple_faces": {"unknown": 1}}, ["multiple_faces.unknown: no such setting"]),
        ({"multiple_faces": {"enter_samples": 1}}, ["multiple_faces.enter_samples"]),
        ({"multiple_faces": {"enter_samples": 6}}, ["multiple_faces: window (4) must be at least enter_samples (6)"]),
        ({"multiple_faces": {"enter_seconds": float("nan")}}, ["multiple_faces.enter_seconds"]),
        ({"multiple_faces": {"enter_seconds": float("inf")}}, ["multiple_faces.enter_seconds"]),
        ({"multiple_faces": {"severity": "loud"}}, ["multiple_faces.severity"]),
        ({"multiple_faces": 3}, ["multiple_faces"]),
        ({"multiple_faces": None}, ["multiple_faces"]),
        ({"sample_interval": -1, "stream_lost_after": "x"}, ["sample_interval", "stream_lost_after"]),
        ({"sample_interval": 20}, ["max_interval (5) must be at least sample_interval (20)"]),
        ({"a": 1, "no_face": {"window": 0, "b": 2}}, ["a:", "no_face.window", "no_face.b"]),
    ],
)
def test_every_fault_is_named(overrides: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        RuleSettings.from_overrides(overrides)
    for name in names:
        assert name in str(caught.value)


def test_the_dictionary_is_json_and_makes_the_same_settings() -> None:
    rules = RuleSettings.from_overrides({"clipboard": {"enabled": False}})
    assert RuleSettings.from_overrides(json.loads(json.dumps(rules.as_dict()))) == rules


def test_the_hash_follows_the_values_and_nothing_else() -> None:
    changed = RuleSettings.from_overrides({"no_face": {"window": 6}})
    assert RuleSettings().sha256() == RuleSettings.from_overrides({"no_face": {"window": 5}}).sha256()
    assert changed.sha256() != RuleSettings().sha256()
    assert len(changed.sha256()) == 64


def test_one_frame_can_never_be_enough() -> None:
    with pytest.raises(ValidationError):
        CameraRule(enter_samples=1)


def test_every_kind_that_can_open_has_its_rule() -> None:
    rules = RuleSettings().as_dict()
    for kind in (*CAMERA_KINDS, *NOTICED_KINDS, Kind.STREAM_LOST):
        assert rules[kind]["enabled"] is True


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        RuleSettings().sample_interval = 2  # type: ignore[misc]
