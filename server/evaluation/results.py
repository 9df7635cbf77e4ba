"""What came out for each picture and each clip: plain values, made in the working processes."""

from dataclasses import dataclass

from detection.rules import RuleSettings
from detection.values import DetectorInfo, Kind
from server.evaluation.dataset import Clip, Dataset, Picture
from server.evaluation.ways import Way
from server.protocol import Pace
from server.settings import MeetingSettings


@dataclass(frozen=True, slots=True)
class Setup:
    """One way, ready to run."""

    way: Way
    """Which."""
    info: DetectorInfo
    """The detector that it loaded."""
    settings: MeetingSettings
    """Rules and stream."""

    @property
    def rules(self) -> RuleSettings:
        """When an observation becomes an incident."""
        return self.settings.rules

    @property
    def stream(self) -> Pace:
        """How frames are made."""
        return self.settings.stream


@dataclass(frozen=True, slots=True)
class PictureResult:
    """How many faces were found in one picture."""

    picture: Picture
    """Which."""
    found: dict[tuple[str, str], int]
    """By way and condition."""
    shown: dict[str, bytes]
    """Where the first way was wrong, by condition: a small JPEG with boxes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The frame in the middle of one second of a clip, on its own."""

    at: float
    """Seconds from the beginning of the clip."""
    faces: int
    """How many were found."""


@dataclass(frozen=True, slots=True)
class Raised:
    """One incident that the rules raised."""

    kind: Kind
    """What kind."""
    opened_at: float
    """Seconds from the beginning of the clip to the moment at which it was told."""
    closed_at: float
    """The same, to its end."""
    rule: str
    """The rule that it met, with its figures."""
    shown: bytes | None
    """The frame that confirmed it, as a small JPEG with boxes; None for what no frame shows."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One clip through the whole loop, in one way."""

    clip: Clip
    """Which."""
    way: str
    """In which way."""
    seconds: float
    """How much of it there is."""
    moments: tuple[Moment, ...]
    """Second by second."""
    raised: tuple[Raised, ...]
    """In the order in which they opened."""
    samples: int
    """How many frames the loop looked at."""
    shown: dict[float, bytes]
    """Moments at which the count was wrong, the first of each stretch, as small JPEGs with boxes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a sample costs one thread, decoding included, in milliseconds of its CPU time."""

    median: float
    """Of the pictures."""
    mean: float
    """Of the pictures."""
    pictures: int
    """How many were timed."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a run found out. What it means is computed from it elsewhere."""

    dataset: Dataset
    """What was looked at."""
    setups: tuple[Setup, ...]
    """In which ways; the first is the one in question."""
    conditions: tuple[str, ...]
    """Under which conditions."""
    pictures: tuple[PictureResult, ...]
    """In the order of the labels."""
    clips: tuple[ClipResult, ...]
    """In the order of the labels, and of the ways."""
    costs: dict[str, Cost]
    """By way; empty when nothing was timed."""
    unreadable: tuple[str, ...]
    """Files that do not decode, with the reason; they are in no figure."""
    seconds: float
    """How long it took."""
    processes: int
    """On how many processes."""

    def of(self, way: str) -> tuple[ClipResult, ...]:
        """The clips in one way."""
        return tuple(result for result in self.clips if result.way == way)
