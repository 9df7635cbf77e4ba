"""When an observation becomes an incident: a pure fold over events, in which time is passed in.

`step(state, settings, event)` gives the next state and what changed. It does not know the clock, the server or the
pictures; the same events always give the same changes, so that a replay can be compared with what happened live.
"""

from detection.rules.accommodations import accommodated
from detection.rules.fold import State, knows_candidate, newly_enrolled, step, wants_descriptor
from detection.rules.settings import CameraRule, NoticeRule, PeopleRule, RuleSettings, SettingsError, StreamRule
from detection.rules.values import (
    CAMERA_KINDS,
    NOTICED_KINDS,
    Change,
    ChangeType,
    Enrolled,
    Episode,
    Event,
    Finished,
    Noticed,
    Sampled,
    StreamExpected,
    Support,
    Tick,
)

__all__ = [
    "CAMERA_KINDS",
    "NOTICED_KINDS",
    "CameraRule",
    "Change",
    "ChangeType",
    "Enrolled",
    "Episode",
    "Event",
    "Finished",
    "NoticeRule",
    "Noticed",
    "PeopleRule",
    "RuleSettings",
    "Sampled",
    "SettingsError",
    "State",
    "StreamExpected",
    "StreamRule",
    "Support",
    "Tick",
    "accommodated",
    "knows_candidate",
    "newly_enrolled",
    "step",
    "wants_descriptor",
]
