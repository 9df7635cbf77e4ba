"""What was agreed with one candidate, laid over the meeting's rules. It can only loosen them. Pure.

Guaranteed, for the same events: whenever the loosened rules open an incident, the meeting's own have had one of the
same kind open at some time between the first sample that showed it and now. They do not promise fewer incidents: under
stricter ones two short episodes may have been one long one. What an incident is opened for is never more, and that is
why whatever a sample is read by, and remembered by, is nobody's own: an angle that counts as away, say, also decides
what is taken for the candidate's usual pose, and a wider one could show what the meeting's does not.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from math import inf
from typing import Any, Final

from detection.rules.settings import Rule, RuleSettings, SettingsError
from detection.values import Severity


class Looser(StrEnum):
    """Which way a setting may go for one candidate."""

    HIGHER = "higher"
    """Up: more samples, a longer time. None is the longest: never."""
    LOWER = "lower"
    """Down; from on to off; from critical towards info."""
    EITHER = "either"
    """Any: it decides nothing about incidents."""
    NEITHER = "neither"
    """It stays the meeting's."""


OF_RULES: Final[Mapping[str, Looser]] = {
    "enabled": Looser.LOWER,
    "severity": Looser.LOWER,
    "warning_after": Looser.HIGHER,
    "critical_after": Looser.HIGHER,
    "banner_pause": Looser.EITHER,
    "enter_samples": Looser.HIGHER,
    "window": Looser.LOWER,  # of more samples, the same number is found sooner
    "enter_seconds": Looser.HIGHER,
    # Longer keeps an incident open, and shorter makes several of one: either may be held against somebody.
    "leave_samples": Looser.NEITHER,
    "leave_seconds": Looser.NEITHER,
    "merge_seconds": Looser.NEITHER,
    "glances": Looser.HIGHER,
    "within": Looser.LOWER,
    "still_after": Looser.HIGHER,
    "every": Looser.HIGHER,
    # What samples are read and remembered by.
    "picture_after": Looser.NEITHER,
    "distance": Looser.NEITHER,
    "sideways": Looser.NEITHER,
    "upwards": Looser.NEITHER,
}
"""Every field of every kind's rule."""
OF_ALL: Final[Mapping[str, Looser]] = {
    "stream_lost_after": Looser.HIGHER,
    "first_frame_within": Looser.HIGHER,
    "forget_after": Looser.NEITHER,
    "sample_interval": Looser.NEITHER,
    "max_interval": Looser.NEITHER,
}
"""Every field beside them."""


def accommodated(rules: RuleSettings, accommodations: Mapping[str, Any]) -> RuleSettings:
    """A meeting's rules with one candidate's accommodations over them, in the form of a meeting's own overrides.

    Raises:
        SettingsError: a name is unknown, a value out of range or stricter than the meeting's; all of them are named.
    """
    loosened = rules.overridden(accommodations)
    if faults := list(_faults(rules, loosened)):
        raise SettingsError("; ".join(faults))
    if loosened.stream_lost_after == rules.stream_lost_after:
        return loosened
    # Whoever may be silent for longer is not judged by what the camera showed before the silence either.
    return loosened.model_copy(update={"forget_after": rules.blind_after})


def _faults(rules: RuleSettings, loosened: RuleSettings) -> Iterator[str]:
    for name in RuleSettings.model_fields:
        before, after = getattr(rules, name), getattr(loosened, name)
        if isinstance(before, Rule):
            for field in type(before).model_fields:
                fault = _fault(getattr(before, field), getattr(after, field), OF_RULES.get(field, Looser.NEITHER))
                if fault:
                    yield f"{name}.{field}: {fault}"
        elif fault := _fault(before, after, OF_ALL.get(name, Looser.NEITHER)):
            yield f"{name}: {fault}"


def _fault(before: object, after: object, looser: Looser) -> str:
    """What is wrong with a change; empty: nothing."""
    if before == after or looser is Looser.EITHER:
        return ""
    if looser is Looser.NEITHER:
        return "is the same for everyone in a meeting"
    if (_size(after) > _size(before)) is (looser is Looser.HIGHER):
        return ""
    return f"{_word(after)} is stricter than the meeting's {_word(before)}"


def _size(value: object) -> float:
    """Values of one field in their order."""
    if value is None:
        return inf
    if isinstance(value, Severity):
        return list(Severity).index(value)
    assert isinstance(value, int | float)
    return value


def _word(value: object) -> str:
    """A value as JSON and people write it."""
    if value is None or isinstance(value, bool):
        return {None: "never", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
