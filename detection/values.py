"""The values that detection passes on. They carry what was seen and no opinion on it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One kind of trouble: the `kind` of a signal and of the incidents it opens."""

    MULTIPLE_FACES = "multiple_faces"
    NO_FACE = "no_face"
    DIFFERENT_PERSON = "different_person"
    LOOKING_AWAY = "looking_away"
    UNCLEAR_VIEW = "unclear_view"
    CAMERA_BLOCKED = "camera_blocked"
    CAMERA_FROZEN = "camera_frozen"
    STREAM_LOST = "stream_lost"
    TAB_HIDDEN = "tab_hidden"
    FOCUS_LOST = "focus_lost"
    FULLSCREEN_EXITED = "fullscreen_exited"
    CLIPBOARD = "clipboard"
    SECOND_SCREEN = "second_screen"
    SECOND_CONNECTION = "second_connection"
    VIRTUAL_CAMERA = "virtual_camera"
    VOICE = "voice"


class Severity(StrEnum):
    """How much attention an incident asks for. An incident's severity only ever rises."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the frame, 0 to 1, origin at the top left."""

    x: float
    """Left edge."""
    y: float
    """Top edge."""
    w: float
    """Width."""
    h: float
    """Height."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face that a detector reported."""

    box: Box
    """Where it is."""
    score: float
    """The detector's own confidence. Comparable only between faces of the same detector."""
    landmarks: tuple[tuple[float, float], ...] = ()
    """Right eye, left eye, nose tip, right and left corner of the mouth (the candidate's right), as fractions of
    the frame; empty where the detector gives none."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Plain measures of how good the view is, taken on the grey picture."""

    brightness: float
    """Mean level, 0 (black) to 1 (white)."""
    contrast: float
    """Standard deviation of the level, 0 to 0.5."""
    sharpness: float
    """Variance of the Laplacian of the 8-bit grey picture; below about 10 hardly an edge is left."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What detection saw in one sample."""

    faces: tuple[Face, ...]
    """Every face found, best score first."""
    quality: Quality
    """How good the view was."""
    width: int
    """Width of the decoded frame in pixels."""
    height: int
    """Height of the decoded frame in pixels."""
    perhaps: tuple[Face, ...] = ()
    """What left a trace and was not found to be a face, best score first: reason to doubt that nobody is there."""
    levels: bytes = b""
    """The picture's `levels.GRID`, from which is seen what moves and what stands still; empty: not measured."""


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """Which detector judged, so that an incident can say so and a replay can use the same."""

    name: str
    """`hog`, `yunet` or the name of a plug-in."""
    model: str
    """File name of the weights, or the package that brings them."""
    model_sha256: str
    """SHA-256 of the weights, hexadecimal."""
    threshold: float
    """Lowest score at which a face counts."""
    landmarks: bool = True
    """Whether its faces have landmarks: without them nobody can tell whose face it is, nor where it looks."""
