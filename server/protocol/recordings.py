"""Recordings as reviewers have them."""

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from server.protocol.base import Time, Wire, WireBox
from server.protocol.incidents import Incident


class RecordingState(StrEnum):
    """A recording grows until its candidate is done; then it is signed."""

    OPEN = "open"
    CLOSED = "closed"


class GapCause(StrEnum):
    """Why something is missing in a recording."""

    STREAM = "stream"
    """No frame came."""
    QUEUE = "queue"
    """The disk was too slow."""
    DISK = "disk"
    """The disk refused: it is full or broken."""
    RESTART = "restart"
    """The server was down."""
    CUT = "cut"
    """A crash took the end of a file."""


class Gap(Wire):
    """An interval in which something is missing."""

    cause: GapCause
    began_at: Time
    ended_at: Time
    frames: int = Field(description="frames that were received and are missing")
    lines: int = Field(description="lines of the journal that are missing: detection cannot be run again over this")


class Recording(Wire):
    """One candidate's whole stream."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    candidate_name: str
    state: RecordingState
    began_at: Time
    ended_at: Time = Field(description="when the newest of it came")
    closed_at: Time | None = None
    seconds: float = Field(description="from its beginning to the newest of it")
    frames: int
    bytes: int = Field(description="of the frames")
    not_recorded: int = Field(description="frames that were received and are missing")
    gaps: int = Field(default=0, description="intervals in which something is missing, up to its last full segment")
    compacted_frames: int = Field(default=0, description="frames that were re-encoded and are no longer exact")
    held: bool = Field(default=False, description="nothing of it may be deleted: the meeting is under legal hold")
    receipt_id: UUID | None = Field(default=None, description="of the receipt, once the frames were deleted")


class RecordingList(Wire):
    """Answer to `GET /api/meetings/{id}/recordings`, in the order in which they began."""

    recordings: list[Recording]
    bundle_url: str = Field(description="signed, expiring link to all of the meeting as a zip")


class Segment(Wire):
    """About ten seconds of a recording."""

    number: int
    began_at: Time
    ended_at: Time
    first_seq: int | None
    last_seq: int | None
    frames: int
    sha256: str | None = Field(description="of the frames' file; null while it is not in the chain")
    journal_sha256: str | None
    link: str | None = Field(description="the chain's link behind it")


class RecordedSample(Wire):
    """A frame that detection looked at."""

    seq: int
    at: Time
    boxes: list[WireBox]


class Signature(Wire):
    """What was signed when a recording closed."""

    statement: str = Field(description="canonical JSON; the signature is over its UTF-8")
    signature: str = Field(description="Ed25519, hexadecimal")
    public_key: str = Field(description="the key that checks it, hexadecimal")


class VideoState(StrEnum):
    """Whether there is a video of a recording. Asking for it makes it."""

    ABSENT = "absent"
    MAKING = "making"
    READY = "ready"


class RecordingVideo(Wire):
    """How far the video of a recording is."""

    state: VideoState
    seconds: float = Field(description="how much of the recording it has so far, from the beginning")


class ShownRecording(Wire):
    """Answer to `GET /api/recordings/{id}`, in order of time: everything but the frames; with `?from=N`, segments,
    gaps and samples from segment N on."""

    recording: Recording
    segments: list[Segment]
    gaps: list[Gap]
    incidents: list[Incident]
    samples: list[RecordedSample]
    signed: Signature | None
    video: RecordingVideo
    video_url: str = Field(description="signed, expiring link to the video as far as the recording goes now")
    bundle_url: str = Field(description="signed, expiring link to all of this candidate as a zip")
    reviewers: dict[UUID, str] = Field(default={}, description="names of those who reviewed its incidents")


class RecordedFrame(Wire):
    """A frame of a recording, without its picture."""

    seq: int
    at: Time = Field(description="when it was received")
    captured_at: Time = Field(description="by the candidate's clock")


class SeenFace(Wire):
    """A face that detection saw."""

    box: WireBox
    score: float = Field(description="the detector's own confidence")
    landmarks: list[list[float]] = Field(
        description="[x, y] of the right eye, left eye, nose tip, right and left corner of the mouth; may be empty"
    )


class SeenQuality(Wire):
    """How good the view was."""

    brightness: float
    contrast: float
    sharpness: float


class SeenSample(Wire):
    """What detection saw in a frame."""

    seq: int
    at: Time = Field(description="when the frame was received")
    faces: list[SeenFace]
    quality: SeenQuality


class MissedSample(Wire):
    """A frame that detection looked at in vain."""

    seq: int
    at: Time = Field(description="when the frame was received")
    readable: bool = Field(description="it is a picture: the fault was the detector's")


class RecordedEventKind(StrEnum):
    """What else a journal tells."""

    BEGUN = "begun"
    """Detection and its rules began anew: at the beginning, and after every restart of the server."""
    SETTINGS = "settings"
    """Other settings are in force from here on."""
    EXPECTED = "expected"
    """Frames are expected from here on."""
    NOTICED = "noticed"
    """The candidate's browser reported something."""
    ENROLLED = "enrolled"
    """From here on it is known whose face it is to be."""
    FINISHED = "finished"
    """No frame is expected any more."""


class RecordedEvent(Wire):
    """Something that the rules were told, and that is no sample."""

    at: Time
    kind: RecordedEventKind
    text: str = Field(description="in words")
    detector: str | None = Field(default=None, description="with `begun`: its name; null where it is off")
    settings: dict[str, Any] | None = Field(default=None, description="with `begun` and `settings`: those in force")
    settings_sha256: str | None = None


class ShownSegment(Wire):
    """Answer to `GET /api/recordings/{id}/segments/{n}`: what a player needs to step by frame."""

    number: int
    frames: list[RecordedFrame]
    samples: list[SeenSample]
    missed: list[MissedSample]
    events: list[RecordedEvent]


class SigningKey(Wire):
    """Answer to `GET /api/signing-key`."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str = Field(description="32 bytes, hexadecimal")
