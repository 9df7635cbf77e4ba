"""How strict the rules are: defaults, limits, and the overrides of a meeting."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detection.rules.values import CAMERA_KINDS, NOTICED_KINDS
from detection.values import Kind, Severity

_HOUR = 3600.0


class SettingsError(ValueError):
    """Settings that are refused. The text names every fault."""


class Rule(BaseModel):
    """What all kinds have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    enabled: bool = True
    """False: this kind never opens."""
    severity: Severity = Severity.WARNING
    """At the opening."""
    warning_after: float | None = Field(default=None, ge=0, le=24 * _HOUR)
    """Seconds after which an episode that still goes on is at least a warning; None: never."""
    critical_after: float | None = Field(default=None, ge=0, le=24 * _HOUR)
    """Seconds after which it becomes critical; None: never."""
    banner_pause: float = Field(default=3.0, ge=0, le=_HOUR)
    """Seconds from one banner of this kind to the next: what comes back sooner is told when they are over, if it
    still goes on. The incident opens all the same."""


class CameraRule(Rule):
    """How many samples it takes to be sure. One frame never suffices: `enter_samples` is at least 2."""

    enter_samples: int = Field(default=3, ge=2, le=50)
    """Samples that must show it ..."""
    window: int = Field(default=4, ge=2, le=50)
    """... among so many consecutive ones."""
    enter_seconds: float = Field(default=0.3, ge=0, le=300)
    """Least time from the first of them to the last."""
    leave_samples: int = Field(default=3, ge=1, le=50)
    """Consecutive samples that must not show it, for it to be over."""
    leave_seconds: float = Field(default=1.0, ge=0, le=300)
    """Least time from the first of those to the last. The banner is then taken down."""
    merge_seconds: float = Field(default=2.0, ge=0, le=300)
    """How long the episode then stays open all the same: what comes back within it is the same episode."""

    @model_validator(mode="after")
    def _window_holds_samples(self) -> Self:
        if self.window < self.enter_samples:
            raise ValueError(f"window ({self.window}) must be at least enter_samples ({self.enter_samples})")
        return self


class PeopleRule(CameraRule):
    """For several people in view."""

    picture_after: float = Field(default=20.0, ge=10, le=_HOUR)
    """Seconds after which a face beside the candidate's that has not moved at all is taken for a picture."""


class PersonRule(CameraRule):
    """For the comparison with the candidate's own face."""

    distance: float = Field(default=0.60, ge=0.5, le=1.0)
    """Median distance of descriptors beyond which it is another person; up to 0.50 it is the same."""
    every: float = Field(default=10.0, ge=1, le=_HOUR)
    """Seconds between comparisons while nothing speaks against it: each costs more than finding the face."""


class GazeRule(CameraRule):
    """For a head that is turned from where this candidate usually looks."""

    sideways: float = Field(default=30.0, ge=15, le=90)
    """Degrees to the side that count as away ..."""
    upwards: float = Field(default=25.0, ge=15, le=90)
    """... and up or down."""
    glances: int = Field(default=10, ge=3, le=1000)
    """So many glances away ..."""
    within: float = Field(default=120.0, ge=10, le=_HOUR)
    """... within so many seconds count as well, however short."""


class FrozenRule(CameraRule):
    """For a picture that does not move."""

    still_after: float = Field(default=30.0, ge=10, le=_HOUR)
    """Seconds after which a face that has not moved at all is taken for a picture held to the camera."""


class NoticeRule(Rule):
    """For what the browser or the server notices."""

    merge_seconds: float = Field(default=2.0, ge=0, le=300)
    """Least time that an episode stays open, and the quiet after which a moment is over. Bounds how many episodes
    a flapping browser can make."""


class StreamRule(Rule):
    """For frames that do not come. Its times are `stream_lost_after` and `first_frame_within` beside it."""

    leave_seconds: float = Field(default=2.0, ge=0, le=300)
    """How long frames must flow again for it to be over."""


class RuleSettings(BaseModel):
    """All of it, by kind. Immutable; made from defaults and a meeting's overrides."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sample_interval: float = Field(default=1.0, ge=0.05, le=60)
    """Seconds between two samples of a candidate when all is well."""
    max_interval: float = Field(default=5.0, ge=0.05, le=300)
    """Seconds that overload may stretch it to."""
    stream_lost_after: float = Field(default=5.0, ge=1, le=300)
    """Seconds without a frame after which the stream is lost."""
    first_frame_within: float = Field(default=15.0, ge=1, le=_HOUR)
    """Seconds that the first frame may take."""
    forget_after: float | None = Field(default=None, ge=1, le=300)
    """Seconds without a frame after which what the camera showed before counts no more; None, or a longer time: when
    the stream is lost."""

    multiple_faces: PeopleRule = PeopleRule(critical_after=10)
    # Slower than two faces: a head turned away or a hand before the face is missed for a moment.
    no_face: CameraRule = CameraRule(enter_samples=4, window=5, enter_seconds=1.0, critical_after=30)
    different_person: PersonRule = PersonRule(enter_seconds=1.0, critical_after=30)
    # Thinking people look away: only what is long or frequent counts, and as a note at first.
    looking_away: GazeRule = GazeRule(
        enter_samples=8, window=10, enter_seconds=20, leave_seconds=2, merge_seconds=10, severity=Severity.INFO,
        warning_after=60,
    )  # fmt: skip
    unclear_view: CameraRule = CameraRule(
        enter_samples=4, window=5, enter_seconds=5, severity=Severity.INFO, warning_after=30
    )
    camera_blocked: CameraRule = CameraRule(enter_seconds=2.0, critical_after=60)
    camera_frozen: FrozenRule = FrozenRule(enter_samples=5, window=5, enter_seconds=10, critical_after=60)
    stream_lost: StreamRule = StreamRule(critical_after=60)
    tab_hidden: NoticeRule = NoticeRule(critical_after=30)
    focus_lost: NoticeRule = NoticeRule(severity=Severity.INFO)
    fullscreen_exited: NoticeRule = NoticeRule()
    clipboard: NoticeRule = NoticeRule(merge_seconds=5)
    second_screen: NoticeRule = NoticeRule()
    second_connection: NoticeRule = NoticeRule(merge_seconds=5)
    virtual_camera: NoticeRule = NoticeRule()

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        if self.max_interval < self.sample_interval:
            raise ValueError(
                f"max_interval ({self.max_interval:g}) must be at least sample_interval ({self.sample_interval:g})"
            )
        return self

    @property
    def stale_after(self) -> float:
        """Seconds after which two samples say nothing about each other any more."""
        return 3 * self.max_interval

    @property
    def blind_after(self) -> float:
        """Seconds without a frame after which we can no longer tell."""
        return self.stream_lost_after if self.forget_after is None else min(self.forget_after, self.stream_lost_after)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that can open."""
        known = (kind for kind in Kind if kind in type(self).model_fields)
        return [kind for kind in known if self.rule(kind).enabled]

    def rule(self, kind: Kind) -> Rule:
        """The rule of any kind that can open."""
        rule: Rule = getattr(self, kind.value)
        return rule

    def camera(self, kind: Kind) -> CameraRule:
        """The rule of a kind in `CAMERA_KINDS`."""
        rule: CameraRule = getattr(self, kind.value)
        return rule

    def notice(self, kind: Kind) -> NoticeRule:
        """The rule of a kind in `NOTICED_KINDS`."""
        rule: NoticeRule = getattr(self, kind.value)
        return rule

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: overrides that would change everything."""
        return self.model_dump(mode="json")

    def sha256(self) -> str:
        """SHA-256 of the canonical JSON, hexadecimal, for an incident's record."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def overridden(self, overrides: Mapping[str, Any]) -> "RuleSettings":
        """These settings with some of them replaced, e.g. `{"multiple_faces": {"enter_samples": 2}}`.

        Raises:
            SettingsError: a name is unknown or a value out of range; all of them are named.
        """
        merged = self.as_dict()
        for name, value in overrides.items():
            known = merged.get(name)
            merged[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
        try:
            return RuleSettings.model_validate(merged)
        except ValidationError as error:
            raise SettingsError("; ".join(_faults(error))) from None

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, Any]) -> "RuleSettings":
        """The defaults with some of them replaced. Raises as `overridden`."""
        return cls().overridden(overrides)


def _faults(error: ValidationError) -> list[str]:
    """Every fault as `name: what is wrong`."""
    faults = []
    for each in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in each["loc"]) or "settings"
        unknown = each["type"] == "extra_forbidden"
        words = "no such setting" if unknown else each["msg"].removeprefix("Value error, ")
        faults.append(f"{name}: {words}")
    return faults


assert set(RuleSettings.model_fields) >= {*CAMERA_KINDS, *NOTICED_KINDS, Kind.STREAM_LOST}
