"""One small object per meeting and per candidate: what is going on just now. No I/O, no clock."""

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from detection.rules import RuleSettings, SettingsError, State, accommodated
from detection.values import DetectorInfo, Kind, Observation
from server import protocol
from server.errors import BadFrame, Conflict, Invalid, NotFound, TooMany
from server.protocol import CandidateState
from server.sampling import Frame, Slot
from server.settings import MeetingSettings
from storage.records import IncidentRecord, Json, MeetingRecord, ParticipantRecord, ReviewRecord

RECENT_SAMPLES = 12
"""Judged frames kept for evidence: what opens an incident is among the newest of them."""

RECENT_BYTES = 1024 * 1024
"""Bytes of their pictures, at most: of ordinary ones all of them fit."""

MAX_MESSAGES = 20
"""Messages kept for a candidate."""

RECENT_INCIDENTS = 200
"""Closed incidents kept in memory for a proctor who connects; older ones are read from the database."""


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame that was looked at, and what was seen in it."""

    frame: Frame
    """The very bytes."""
    observation: Observation
    """What was seen."""
    detector: DetectorInfo
    """Who saw it."""
    sampled_at: float
    """When a worker took it, seconds since the epoch."""
    observed_at: float
    """When its answer arrived, seconds since the epoch."""


@dataclass(slots=True)
class LiveIncident:
    """An incident in its newest version, with the newest review."""

    record: IncidentRecord
    review: ReviewRecord | None = None
    told: bool = False
    """It is kept and was sent out; before that nobody may hear of it."""


@dataclass(slots=True)
class Allowance:
    """A token bucket: `rate` a second, `burst` at once."""

    rate: float
    burst: float
    level: float = field(init=False)
    updated_at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self, now: float) -> bool:
        """Whether one more is allowed now."""
        self.level = min(self.burst, self.level + max(0.0, now - self.updated_at) * self.rate)
        self.updated_at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True, eq=False)
class Candidate:
    """A candidate of a live meeting."""

    record: ParticipantRecord
    meeting: "Meeting"
    frame_allowance: Allowance
    activity_allowance: Allowance = field(default_factory=lambda: Allowance(rate=1.0, burst=30))
    state: State = field(default_factory=State)
    """What the rules remember."""
    slot: "Slot[Candidate] | None" = None
    """Its place with the sampler, from the first frame on."""
    connection: str | None = None
    """The one socket that counts; a newer one replaces it."""
    finished: bool = False
    """The candidate said that they are done."""
    peers: int | None = None
    """Their connections to the meeting at another service; None: not known, or there is none."""
    latest: Frame | None = None
    """The newest frame, sampled or not."""
    last_seq: int = -1
    """The newest frame's number, also from before a restart."""
    frames: int = 0
    refused: int = 0
    not_recorded: int = 0
    """Frames that are missing in the recording: the disk was slow or full."""
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=RECENT_SAMPLES))
    """The newest judged frames, for evidence; `keep` adds to them."""
    open: dict[Kind, UUID] = field(default_factory=dict)
    """The open incident of each kind."""
    banners: set[Kind] = field(default_factory=set)
    """Those of which the banner is to be up."""
    messages: deque[protocol.Message] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES))
    """The proctors' newest messages, for whoever was away when they were sent."""
    unreadable_since: float | None = None
    """Since when no sample could be decoded."""
    losses: int = 0
    """Workers lost in a row by looking at this candidate."""
    losing_since: float | None = None
    """When the first of them was."""
    rules: RuleSettings = field(init=False)
    """What is in force for this candidate: the meeting's rules with their accommodations over them."""
    rules_sha256: str = field(init=False)
    """Its hash, for incidents."""

    def __post_init__(self) -> None:
        self.accommodate(self.record.accommodations)

    def accommodate(self, accommodations: Json) -> None:
        """Put what was agreed with this candidate into force, in place of what was agreed before.

        Raises:
            Invalid: it is no setting, or stricter than the meeting's.
        """
        self.rules = self.meeting.rules_for(accommodations)
        self.rules_sha256 = self.rules.sha256() if accommodations else self.meeting.rules_sha256
        self.record = replace(self.record, accommodations=accommodations)

    @property
    def id(self) -> UUID:
        """The participant's id."""
        return self.record.id

    @property
    def over(self) -> bool:
        """No frames are expected any more."""
        return self.finished or self.record.ended_at is not None or self.meeting.ended

    def admit(self, now: float) -> None:
        """Check that one more frame may come, before its content is looked at.

        Raises:
            Conflict: the exam is over.
            TooMany: more frames than three times the asked rate.
        """
        if self.over:
            raise Conflict("This exam is over. Frames are no longer taken.")
        if not self.frame_allowance.take(now):
            raise TooMany("Too many frames. Send at most as many a second as `pace` asks for.")

    def keep(self, sample: Sample) -> None:
        """Keep a judged frame for evidence; the oldest go."""
        self.samples.append(sample)
        while len(self.samples) > 1 and sum(len(each.frame.jpeg) for each in self.samples) > RECENT_BYTES:
            self.samples.popleft()

    def receive(self, frame: Frame) -> None:
        """Take a frame that is a usable picture.

        Raises:
            BadFrame: `replayed_seq`, its count is not above the last one's.
        """
        if frame.seq <= self.last_seq:
            raise BadFrame(
                f"seq {frame.seq} was sent before or is out of order; the last was {self.last_seq}.",
                code="replayed_seq",
                last_seq=self.last_seq,
            )
        self.latest = frame
        self.last_seq = frame.seq
        self.frames += 1

    def last_picture_at(self) -> float | None:
        """When the newest frame arrived that may be a picture: frames that nobody can decode are no stream."""
        if self.latest is None or self.unreadable_since is None:
            return None if self.latest is None else self.latest.received_at
        return min(self.latest.received_at, self.unreadable_since)

    def streaming_state(self) -> CandidateState:
        """What can be said of the stream."""
        if self.finished:
            return CandidateState.FINISHED
        if self.over:
            return CandidateState.ENDED
        if Kind.STREAM_LOST in self.open:
            return CandidateState.LOST
        return CandidateState.WAITING if self.latest is None else CandidateState.STREAMING

    def view(self) -> protocol.Candidate:
        """The candidate as the console shows them."""
        return protocol.Candidate(
            id=self.id,
            meeting_id=self.record.meeting_id,
            name=self.record.name,
            state=self.streaming_state(),
            connected=self.connection is not None,
            joined_at=self.record.created_at,
            last_frame_at=None if self.latest is None else moment(self.latest.received_at),
            frames=self.frames,
            dropped=0 if self.slot is None else self.slot.dropped,
            refused=self.refused,
            not_recorded=self.not_recorded,
            sample_interval=None if self.slot is None else self.slot.achieved,
            open_incidents=sorted(self.open),
            accommodations=self.record.accommodations,
            in_meeting=None if self.peers is None else self.peers > 0,
        )


class Meeting:
    """A live meeting: its candidates and its newest incidents."""

    def __init__(self, record: MeetingRecord, settings: MeetingSettings) -> None:
        self.record = record
        self.settings = settings
        self.rules_sha256 = settings.rules.sha256()
        self.candidates: dict[UUID, Candidate] = {}
        self.incidents: OrderedDict[UUID, LiveIncident] = OrderedDict()
        self.erased: set[UUID] = set()
        """Candidates of whom nothing is kept any more: their tokens are dead."""
        # A whole year may join within seconds; a script that makes names may not.
        self.joins = Allowance(rate=10, burst=200)

    @property
    def id(self) -> UUID:
        """The meeting's id."""
        return self.record.id

    @property
    def ended(self) -> bool:
        """It is over and never opens again."""
        return self.record.ended_at is not None

    def require_open(self) -> None:
        """Raises Conflict when the meeting is over."""
        if self.ended:
            raise Conflict("This meeting has ended.")

    def rules_for(self, accommodations: Json) -> RuleSettings:
        """The meeting's rules with what was agreed with one candidate over them.

        Raises:
            Invalid: it is no setting, or stricter than the meeting's.
        """
        try:
            return accommodated(self.settings.rules, accommodations) if accommodations else self.settings.rules
        except SettingsError as error:
            raise Invalid(f"accommodations: {error}") from None

    def add(self, record: ParticipantRecord) -> Candidate:
        """Put a candidate into the meeting, or find the one who is there.

        Raises:
            Invalid: with accommodations that this meeting cannot give.
        """
        if record.id not in self.candidates:
            # Three times the asked rate, because frames come in bunches over bad networks.
            rate = 3 * self.settings.stream.fps
            self.candidates[record.id] = Candidate(record, self, Allowance(rate=rate, burst=max(10.0, 2 * rate)))
        return self.candidates[record.id]

    def candidate(self, candidate_id: UUID | None) -> Candidate:
        """A candidate of this meeting.

        Raises:
            NotFound: there is no such candidate here.
        """
        if candidate_id is None or candidate_id not in self.candidates:
            raise NotFound("There is no such candidate in this meeting.")
        return self.candidates[candidate_id]

    def remember(self, incident: LiveIncident) -> None:
        """Keep an incident in its newest version; the oldest closed ones are let go."""
        self.incidents[incident.record.id] = incident
        excess = len(self.incidents) - RECENT_INCIDENTS
        closed = (key for key, each in self.incidents.items() if each.record.state == "closed")
        for key in [key for key, _ in zip(closed, range(excess), strict=False)]:
            del self.incidents[key]

    def forget(self, candidate_id: UUID, parts: Collection[str], receipt_id: UUID) -> None:
        """Something of a candidate was deleted: `evidence` leaves the photographs' hashes, `incidents` nothing."""
        mine = {key: each for key, each in self.incidents.items() if each.record.candidate_id == candidate_id}
        if "incidents" in parts:
            self.erased.add(candidate_id)
            self.candidates.pop(candidate_id, None)
            for key in mine:
                del self.incidents[key]
        elif "evidence" in parts:
            for each in mine.values():
                each.record = replace(each.record, evidence=[_without(one, receipt_id) for one in each.record.evidence])


def _without(evidence: Json, receipt_id: UUID) -> Json:
    kept = {name: value for name, value in evidence.items() if name != "key"}
    return {**kept, "receipt": str(receipt_id)} if "key" in evidence else evidence
