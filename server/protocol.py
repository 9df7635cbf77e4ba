"""The whole wire, version 1: every event, message and word that crosses it. No I/O.

`python -m server.protocol` prints the JSON Schema from which `make protocol` makes the client's types.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.json_schema import models_json_schema

from detection.values import Kind, Severity

MAX_FRAME_BYTES = 512 * 1024
"""A frame is 5 KB at the default pace; this leaves room for a sharp 1280 px picture."""

MAX_MESSAGE_BYTES = 2 * MAX_FRAME_BYTES
"""Largest Socket.IO message. Twice a frame, so that a frame a little too large gets an answer, not a cut line."""


def iso(at: datetime) -> str:
    """ISO 8601 UTC with milliseconds, as every time in our JSON."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_range(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # a clock may be wrong by any time, and that is no reason to refuse what it says
        return (datetime.min if at.year == 1 else datetime.max).replace(tzinfo=UTC)


def _storable(text: str) -> str:
    """Text that PostgreSQL takes: no NUL, and no half of a UTF-16 pair, which JSON can smuggle in."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text without NUL and without halves of characters")
    return text


Time = Annotated[AwareDatetime, AfterValidator(_in_range), PlainSerializer(iso, return_type=str, when_used="json")]
WireBox = Annotated[list[float], Field(min_length=4, max_length=4, description="[x, y, w, h] as fractions")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(_storable)]
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S"), AfterValidator(_storable)]
Word = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Note = Annotated[str, Field(max_length=2000), AfterValidator(_storable)]
Accommodations = dict[str, Any]
"""Overrides of a meeting's detection settings for one candidate, which can only loosen them."""
Number = Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(allow_inf_nan=False)]


class Role(StrEnum):
    """Whom a token belongs to."""

    OPERATOR = "operator"
    PROCTOR = "proctor"
    REVIEWER = "reviewer"
    CANDIDATE = "candidate"


class Namespace(StrEnum):
    """The two Socket.IO namespaces."""

    CANDIDATE = "/candidate"
    PROCTOR = "/proctor"


class Provider(StrEnum):
    """Where the candidates meet."""

    BUILTIN = "builtin"
    DYTE = "dyte"
    REALTIMEKIT = "realtimekit"


class MeetingState(StrEnum):
    """A meeting is open until it is ended, and never opens again."""

    OPEN = "open"
    ENDED = "ended"


class CandidateState(StrEnum):
    """What the server can say of a candidate's stream."""

    WAITING = "waiting"
    """Joined, no frame yet."""
    STREAMING = "streaming"
    """Frames arrive."""
    LOST = "lost"
    """Frames are expected and do not arrive."""
    FINISHED = "finished"
    """The candidate said they are done."""
    ENDED = "ended"
    """A proctor ended the exam, or the meeting ended."""


class IncidentState(StrEnum):
    """An incident is one episode: open, then closed."""

    OPEN = "open"
    CLOSED = "closed"


class Verdict(StrEnum):
    """A person's word on an incident."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class ActivityKind(StrEnum):
    """What a candidate's browser may report of itself."""

    TAB_HIDDEN = "tab_hidden"
    FOCUS_LOST = "focus_lost"
    FULLSCREEN_EXITED = "fullscreen_exited"
    CLIPBOARD = "clipboard"
    SECOND_SCREEN = "second_screen"
    VIRTUAL_CAMERA = "virtual_camera"
    CONSENT_GIVEN = "consent_given"
    """Kept as the record of consent; no incident."""
    FINISHED = "finished"
    """The candidate pressed "Finish"; frames are no longer expected."""


class Wire(BaseModel):
    """A message. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sparse: ClassVar[bool] = False
    """Whether what is not set is left out, in place of null."""

    def dump(self) -> dict[str, Any]:
        """As JSON has it; pictures are left out."""
        return self.model_dump(mode="json", exclude={"jpeg"}, exclude_none=self.sparse)


# --- /candidate, in ---------------------------------------------------------------------------------------


class Pace(Wire):
    """How the candidate's browser should stream."""

    fps: float = Field(default=5.0, gt=0, le=15)
    width: int = Field(default=480, ge=160, le=1280)
    quality: float = Field(default=0.6, ge=0.3, le=0.95)


class FrameMessage(Wire):
    """Event `frame`."""

    model_config = ConfigDict(strict=True)  # text is no picture, and true is no number

    seq: int = Field(ge=0, le=2**53 - 1)
    captured_at: float = Field(ge=0, le=1e14, description="milliseconds since the epoch, by the browser's clock")
    jpeg: bytes


class ActivityMessage(Wire):
    """Event `activity`."""

    kind: ActivityKind
    at: Time
    detail: Annotated[dict[Word, bool | Number | Word | None], Field(max_length=20)] | Word | None = None
    """`{"active": true}` begins a lasting kind and `{"active": false}` ends it; without it the kind is a moment."""


class ShownMessage(Wire):
    """Event `shown`: the banner of this incident is on the candidate's screen."""

    incident_id: UUID
    at: Time


# --- /candidate, out --------------------------------------------------------------------------------------


class Warning(Wire):  # noqa: A001 - the wire's word
    """Event `warning`: raise the banner."""

    incident_id: UUID
    kind: Kind
    text: str
    opened_at: Time


class WarningCleared(Wire):
    """Event `warning_cleared`: take the banner down."""

    incident_id: UUID
    at: Time


class Message(Wire):
    """Event `message`: a proctor's words."""

    id: UUID
    text: str
    at: Time


class Ended(Wire):
    """Event `ended`: the exam is over for this candidate; or, for a proctor, the meeting is."""

    sparse: ClassVar[bool] = True

    reason: str
    code: Literal["replaced"] | None = None
    """`replaced`: it goes on in another window, which this one may take it back from."""


class Kept(Wire):
    """For how many days after the end of the meeting something is kept; null: until somebody deletes it."""

    stream_days: int | None = Field(description="every frame")
    evidence_days: int | None = Field(description="photographs of incidents, and the reference photo")
    incidents_days: int | None = Field(description="incidents, reviews, what browsers reported, and the name")


class Held(Wire):
    """One thing that is held against a candidate, as they may see it."""

    incident_id: UUID
    kind: Kind
    text: str
    opened_at: Time
    closed_at: Time | None = None
    verdict: Verdict | None = None


class HeldList(Wire):
    """Answer to `GET /api/held`: all that is held against the candidate who asks, newest first, and by what rules."""

    held: list[Held]
    looked_for: list[Kind] = Field(default=[], description="the kinds that can be held against this candidate at all")
    accommodations: Accommodations = Field(default={}, description="what was agreed with this candidate")
    recorded: bool = Field(default=True, description="whether every frame is kept, not only those of incidents")
    kept: Kept | None = Field(default=None, description="for how long")


# --- the things themselves --------------------------------------------------------------------------------


class Why(Wire):
    """Why an incident was opened."""

    rule: str
    samples: int
    threshold: float | None = None
    score: float | None = None
    boxes: list[WireBox] = []
    detector: str | None = None
    model_sha256: str | None = None
    settings_sha256: str


class Trace(Wire):
    """When the confirming frame passed each stage."""

    captured_at: Time | None = None
    received_at: Time | None = None
    sampled_at: Time | None = None
    observed_at: Time | None = None
    opened_at: Time
    emitted_at: Time | None = None
    shown_at: Time | None = None


class Evidence(Wire):
    """One original frame of an incident."""

    url: str
    sha256: str
    captured_at: Time
    seq: int
    boxes: list[WireBox]
    deleted: bool = Field(default=False, description="the photograph is gone; a receipt says when and why")


class Review(Wire):
    """The last word of a person on an incident."""

    verdict: Verdict
    note: str | None = None
    reviewer_id: UUID | None = None
    at: Time


class Incident(Wire):
    """One episode of one signal for one candidate."""

    id: UUID
    meeting_id: UUID
    candidate_id: UUID
    candidate_name: str
    kind: Kind
    severity: Severity
    state: IncidentState
    opened_at: Time
    updated_at: Time
    closed_at: Time | None = None
    text: str
    why: Why
    evidence: list[Evidence] = []
    review: Review | None = None
    trace: Trace


class Meeting(Wire):
    """One exam."""

    id: UUID
    title: str
    provider: Provider
    state: MeetingState
    settings: dict[str, Any]
    created_at: Time
    ended_at: Time | None = None


class Participant(Wire):
    """Somebody with a token for one meeting."""

    id: UUID
    meeting_id: UUID
    name: str
    role: Role
    created_at: Time
    ended_at: Time | None = None
    accommodations: Accommodations = {}


class Candidate(Wire):
    """A candidate as the console shows them."""

    id: UUID
    meeting_id: UUID
    name: str
    state: CandidateState
    connected: bool
    joined_at: Time
    last_frame_at: Time | None = None
    frames: int = Field(default=0, description="received in this run of the server")
    dropped: int = Field(default=0, description="frames that were replaced before they were sampled")
    refused: int = Field(default=0, description="frames that were no usable picture")
    not_recorded: int = Field(default=0, description="frames that are missing in the recording: disk slow or full")
    sample_interval: float | None = Field(default=None, description="seconds between the last two samples")
    open_incidents: list[Kind] = []
    accommodations: Accommodations = {}
    in_meeting: bool | None = Field(
        default=None, description="whether they are in Dyte's or RealtimeKit's meeting; null: there is none, or unknown"
    )


class Stranger(Wire):
    """Somebody in the video meeting whom this server did not let in."""

    peer_id: str
    name: str = Field(description="what they are called there")
    since: Time | None = None


class Room(Wire):
    """Event `room`, out: the meeting at Dyte or RealtimeKit, as far as is known of it."""

    provider: Provider
    reachable: bool
    notice: str | None = Field(default=None, description="what the proctors should know of it")
    strangers: list[Stranger] = Field(default=[], max_length=50)


# --- /proctor ---------------------------------------------------------------------------------------------


class Snapshot(Wire):
    """Event `snapshot`, out, on connect: all there is to draw the console."""

    meeting: Meeting
    candidates: list[Candidate]
    incidents: list[Incident]
    detector: str = Field(description="the detector's name, or `off`")
    notice: str | None = Field(default=None, description="what the proctors should know of the detector")
    room: Room | None = Field(default=None, description="the meeting at Dyte or RealtimeKit; null: the room is our own")
    at: Time


class IncidentEvent(Wire):
    """Event `incident`, out."""

    type: Literal["opened", "updated", "closed", "reviewed"]
    incident: Incident


class CandidateEvent(Wire):
    """Event `candidate`, out."""

    type: Literal["joined", "updated", "left"]
    candidate: Candidate


class Thumbnail(Wire):
    """Event `thumbnail`, out: the newest frame of a watched candidate."""

    candidate_id: UUID
    seq: int
    captured_at: float = Field(description="milliseconds since the epoch, by the candidate's clock")
    jpeg: bytes


class WatchMessage(Wire):
    """Event `watch`, in: whose thumbnails to send, and how often."""

    candidate_ids: list[UUID] = Field(max_length=500)
    fps: float = Field(gt=0, le=5)


class ReviewMessage(Wire):
    """Event `review`, in."""

    incident_id: UUID
    verdict: Verdict
    note: Note | None = None


class WarnMessage(Wire):
    """Event `warn`, in: words for one candidate."""

    candidate_id: UUID
    text: Text


class EndMessage(Wire):
    """Event `end`, in: end the exam of one candidate."""

    candidate_id: UUID
    reason: Text


class OfferMessage(Wire):
    """Event `offer`, in: WebRTC live view."""

    candidate_id: UUID
    sdp: str = Field(max_length=65536)


# --- HTTP -------------------------------------------------------------------------------------------------


class CreateMeeting(Wire):
    """Body of `POST /api/meetings`."""

    title: Name
    provider: Provider = Provider.BUILTIN
    settings: dict[str, Any] = {}


class CreatedMeeting(Wire):
    """Answer to `POST /api/meetings`."""

    meeting: Meeting
    proctor_url: str
    candidate_url: str


class ShownMeeting(Wire):
    """Answer to `GET /api/meetings/{id}` and `POST /api/meetings/{id}/end`; the links are for the operator."""

    meeting: Meeting
    proctor_url: str | None = None
    candidate_url: str | None = None


class MeetingList(Wire):
    """Answer to `GET /api/meetings`, newest first."""

    meetings: list[Meeting]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class AddParticipant(Wire):
    """Body of `POST /api/meetings/{id}/participants`."""

    name: Name
    role: Literal[Role.CANDIDATE, Role.PROCTOR, Role.REVIEWER]
    reference_photo: str | None = Field(default=None, max_length=1_400_000, description="a JPEG, base64 or data: URL")
    accommodations: Accommodations = Field(default={}, description="for a candidate: what was agreed with them")


class Accommodate(Wire):
    """Body of `PUT /api/meetings/{id}/participants/{participant_id}/accommodations`, in place of what was agreed."""

    accommodations: Accommodations


class ShownParticipant(Wire):
    """Answer to it."""

    participant: Participant


class Join(Wire):
    """Body of `POST /api/meetings/{id}/join`."""

    name: Name
    code: Word


class JoinedParticipant(Wire):
    """Answer to both ways of joining."""

    participant: Participant
    token: str
    url: str
    provider_token: str | None = Field(default=None, description="for Dyte's or RealtimeKit's own SDK")
    notice: str | None = Field(
        default=None, description="why there is none just now; `POST /api/provider-token` asks again"
    )


class ProviderToken(Wire):
    """Answer to `POST /api/provider-token`."""

    provider: Provider
    provider_token: str | None = Field(description="null: the room is our own, or the role has no place in the video")


class IncidentPage(Wire):
    """Answer to `GET /api/meetings/{id}/incidents`, newest first."""

    incidents: list[Incident]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class GiveReview(Wire):
    """Body of `POST /api/incidents/{id}/review`, in place of what was said before."""

    verdict: Verdict
    note: Note | None = None


class ShownIncident(Wire):
    """Answer to it."""

    incident: Incident


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


Days = Annotated[int, Field(ge=1, le=36_500)]


class SetRetention(Wire):
    """Body of `PUT /api/meetings/{id}/retention`; what is left out stays as it is."""

    stream_days: Days | None = None
    evidence_days: Days | None = None
    incidents_days: Days | None = None
    hold: bool | None = None
    hold_reason: Text | None = Field(default=None, description="why nothing may be deleted; with `hold: true`")


class Hold(Wire):
    """A time in which nothing of a meeting may be deleted or re-encoded."""

    reason: str
    placed_by: UUID | None = Field(description="the participant who did; null for the operator")
    placed_at: Time
    lifted_by: UUID | None = None
    lifted_at: Time | None = Field(default=None, description="null while it is in force")


class KeptCandidate(Wire):
    """A candidate of whom something is kept."""

    id: UUID
    name: str
    over: bool = Field(description="their exam is over: they can be erased")


class Retention(Wire):
    """Answer to `GET` and `PUT /api/meetings/{id}/retention`."""

    stream_days: int | None = Field(description="days after the meeting's end; null: until somebody deletes it")
    evidence_days: int | None
    incidents_days: int | None
    hold: bool
    hold_reason: str | None = None
    holds: list[Hold] = Field(default=[], description="every time that it was held, oldest first")
    unreviewed: int = Field(default=0, description="incidents, once the meeting is over, of which nobody said anything")
    candidates: list[KeptCandidate] = []


class Receipt(Wire):
    """What is left of what was deleted of a candidate."""

    id: UUID
    candidate_id: UUID
    at: Time
    deleted: list[Literal["stream", "evidence", "incidents"]]
    by_rule: bool = Field(description="its time was over; else somebody asked for it")
    recordings: int
    pictures: int
    incidents: int = Field(description="there were so many then, whether or not they were deleted")
    unreviewed: int = Field(description="of those, how many nobody had said anything of")
    signed: Signature


class ReceiptList(Wire):
    """Answer to `GET /api/meetings/{id}/receipts`, oldest first."""

    receipts: list[Receipt]


class ErasedCandidate(Wire):
    """Answer to `POST /api/meetings/{id}/participants/{participant_id}/erase`."""

    receipt: Receipt


class DueMeeting(Wire):
    """A meeting of which something is kept no longer."""

    meeting_id: UUID
    title: str
    ended_at: Time
    hold: bool = Field(description="it is held: nothing of it is deleted")
    parts: list[Literal["stream", "evidence", "incidents"]]
    candidates: int
    recordings: int
    bytes: int = Field(description="of the recordings' frames")
    pictures: int
    incidents: int
    unreviewed: int


class DueList(Wire):
    """Answer to `GET /api/retention`: what is deleted within the next hour, longest over first."""

    due: list[DueMeeting]


class DeletedDue(Wire):
    """Answer to `POST /api/retention`."""

    receipts: list[UUID]
    more: bool = Field(description="there is more that is due: call again")


class SigningKey(Wire):
    """Answer to `GET /api/signing-key`."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str = Field(description="32 bytes, hexadecimal")


class DeliveryState(StrEnum):
    """Where an event is on its way to another service."""

    WAITING = "waiting"
    """It will be sent, or sent again."""
    FAILED = "failed"
    """It was given up; it can be replayed."""
    DELIVERED = "delivered"


class Delivery(Wire):
    """One event on its way to another service."""

    id: UUID = Field(description="the header `webhook-id`")
    host: str = Field(description="where to; the rest of the address may be secret")
    event: str
    meeting_id: UUID
    state: DeliveryState
    created_at: Time
    attempts: int
    due_at: Time | None = None
    delivered_at: Time | None = None
    problem: str | None = Field(default=None, description="what was wrong with the last attempt")


class DeliveryPage(Wire):
    """Answer to `GET /api/deliveries`, newest first."""

    deliveries: list[Delivery]
    after: str | None = Field(description="pass it as `after` for the next page; null on the last")


class ReplayDeliveries(Wire):
    """Body of `POST /api/deliveries/replay`."""

    ids: list[UUID] = Field(default=[], max_length=1000)
    failed: bool = Field(default=False, description="all that were given up")


class Replayed(Wire):
    """How many will be sent again."""

    replayed: int


class FrameAck(Wire):
    """Answer to `frame` and to `POST /api/frames`."""

    sparse: ClassVar[bool] = True

    ok: Literal[True] = True
    pace: Pace | None = None
    warnings: list[Warning] | None = Field(
        default=None, description="over HTTP only: the warnings open now, since nothing can be pushed there"
    )
    messages: list[Message] | None = Field(
        default=None, description="over HTTP only: the proctors' newest messages; those seen before have the same id"
    )


class Done(Wire):
    """Answer to a call that has nothing else to say."""

    ok: Literal[True] = True


class ErrorDetail(Wire):
    """What was wrong and what to do."""

    code: str
    text: str
    last_seq: int | None = Field(default=None, description="with `replayed_seq`: go on above this number")
    share: float | None = Field(default=None, description="with `making`: how much of the video is made, 0 to 1")


class ErrorBody(Wire):
    """The one error shape, over HTTP and in acknowledgements."""

    ok: Literal[False] = False
    error: ErrorDetail


INBOUND: dict[str, type[Wire]] = {
    "frame": FrameMessage,
    "activity": ActivityMessage,
    "shown": ShownMessage,
    "watch": WatchMessage,
    "review": ReviewMessage,
    "warn": WarnMessage,
    "end": EndMessage,
    "offer": OfferMessage,
}
OUTBOUND: dict[str, type[Wire]] = {
    "warning": Warning,
    "warning_cleared": WarningCleared,
    "pace": Pace,
    "message": Message,
    "ended": Ended,
    "snapshot": Snapshot,
    "incident": IncidentEvent,
    "candidate": CandidateEvent,
    "room": Room,
    "thumbnail": Thumbnail,
}
BODIES: tuple[type[Wire], ...] = (
    CreateMeeting, CreatedMeeting, ShownMeeting, MeetingList, AddParticipant, Join, JoinedParticipant, ProviderToken,
    Accommodate, ShownParticipant, IncidentPage, FrameAck, HeldList, RecordingList, ShownRecording, ShownSegment,
    GiveReview, ShownIncident, SigningKey, DeliveryPage, ReplayDeliveries, Replayed, Done, ErrorBody,
    SetRetention, Retention, ReceiptList, ErasedCandidate, DueList, DeletedDue,
)  # fmt: skip


def json_schema() -> dict[str, Any]:
    """One JSON Schema with every message as a definition."""
    models = [*INBOUND.values(), *OUTBOUND.values(), *BODIES]
    _, schema = models_json_schema([(model, "serialization") for model in models], title="Protocol")
    return schema


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))  # noqa: T201
