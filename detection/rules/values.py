"""What goes into the rules and what comes out. Every `at` is in seconds since the epoch, by the server's clock."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from detection.values import Box, Kind, Observation, Severity

CAMERA_KINDS: Final = (
    Kind.MULTIPLE_FACES, Kind.NO_FACE, Kind.DIFFERENT_PERSON, Kind.LOOKING_AWAY, Kind.UNCLEAR_VIEW,
    Kind.CAMERA_BLOCKED, Kind.CAMERA_FROZEN,
)  # fmt: skip
"""Judged from samples."""
NOTICED_KINDS: Final = (
    Kind.TAB_HIDDEN, Kind.FOCUS_LOST, Kind.FULLSCREEN_EXITED, Kind.CLIPBOARD, Kind.SECOND_SCREEN,
    Kind.SECOND_CONNECTION, Kind.VIRTUAL_CAMERA,
)  # fmt: skip
"""Told to us by the browser or the server, with nothing to judge."""

# --- in ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamExpected:
    """The candidate is here: frames should come from now on. Repeating it changes nothing."""

    at: float
    """When."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A frame was looked at."""

    at: float
    """When it was received."""
    seq: int
    """Its number in the stream."""
    observation: Observation
    """What was seen."""
    descriptor: bytes | None = field(default=None, repr=False)
    """Of the only face, when `wants_descriptor` asked for it: 128 little-endian float32."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who the candidate is, is known beforehand: from a reference photo, or from before a restart."""

    at: float
    """When."""
    reference: bytes = field(repr=False)
    """The reference: 128 little-endian float32."""
    photo: bool = False
    """Whether it is of one photo, with which the stream is still to agree."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something without a picture was noticed."""

    at: float
    """When we heard of it."""
    kind: Kind
    """One of `NOTICED_KINDS`."""
    active: bool | None = None
    """True begins it, False ends it, None is a moment."""
    detail: str = ""
    """A few words on what it was, for the proctor."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed. Sent about once a second."""

    at: float
    """The time."""
    last_frame_at: float | None
    """When the newest frame was received, sampled or not."""


@dataclass(frozen=True, slots=True)
class Finished:
    """No frames are expected any more: the candidate has finished, or the exam was ended."""

    at: float
    """When."""


Event = StreamExpected | Sampled | Enrolled | Noticed | Tick | Finished

# --- out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Support:
    """A sample that an episode rests on."""

    at: float
    """When it was received."""
    seq: int
    """Its number in the stream."""
    faces: int
    """How many faces it has."""
    boxes: tuple[Box, ...]
    """Where they are."""
    score: float | None
    """What the verdict hangs on (`Episode.score`)."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One kind of trouble, from its beginning to its end: what an incident is made of."""

    kind: Kind
    """What kind."""
    severity: Severity
    """Only ever rises."""
    began_at: float
    """When it was first seen: the first sample that showed it, or the last frame before the stream was lost."""
    opened_at: float
    """When it was certain enough to be told."""
    updated_at: float
    """When anything of it last changed that was told."""
    last_seen_at: float
    """When it was last seen to go on."""
    rule: str
    """The rule that it met, with its figures."""
    closed_at: float | None = None
    """When it was certain enough that it is over; None while it goes on."""
    samples: int = 0
    """How many samples showed it so far; how many times it was noticed, for the kinds without samples."""
    faces: int | None = None
    """Most faces seen in two samples in a row; None for kinds that count none."""
    supports: tuple[Support, ...] = ()
    """The samples that opened it, and after them those that made it worse."""
    score: float | None = None
    """Of the newest support: the score of the second-best face, the distance of a descriptor, the degrees by which a
    head is turned; seconds without a frame when the stream was lost. None where there is no such figure."""
    threshold: float | None = None
    """What `score` is held against. None for faces, where it is the detector's (`DetectorInfo.threshold`)."""
    detail: str = ""
    """A few words from whoever noticed it."""

    @property
    def seqs(self) -> tuple[int, ...]:
        """The frames to keep as evidence."""
        return tuple(support.seq for support in self.supports)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The faces of the newest support."""
        return self.supports[-1].boxes if self.supports else ()


class ChangeType(StrEnum):
    """What happened to an episode, or to the candidate's banner of it."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"
    RAISED = "raised"
    """The candidate is to be told: after the opening, and when it begins again after a lull."""
    CLEARED = "cleared"
    """The candidate need not be told any more: in a lull, and with the end."""


@dataclass(frozen=True, slots=True)
class Change:
    """An episode worth telling of."""

    type: ChangeType
    """What happened."""
    episode: Episode
    """How it stands now."""
