"""What all of the wire is made of: times, texts, boxes, the words for roles and states, and the one error shape."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

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
