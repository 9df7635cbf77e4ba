"""The door for frames and activities, the same for the socket and for HTTP. Runs on the event loop for every frame."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from detection import jpeg
from detection.values import Kind
from server.errors import BadFrame, Invalid, InvigilError, TooLarge, TooMany
from server.incidents import Incidents
from server.lobby import Lobby
from server.meetings import Candidate
from server.metrics import Metrics
from server.monitor import Monitor
from server.protocol import MAX_FRAME_BYTES, ActivityKind, ActivityMessage, FrameMessage, Wire
from server.sampling import Frame
from server.settings import faults

Message = TypeVar("Message", bound=Wire)


class Intake:
    """Checks what a candidate sends and passes it on. What it refuses leaves no trace but a count."""

    def __init__(
        self, *, lobby: Lobby, monitor: Monitor, incidents: Incidents, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self._lobby = lobby
        self._monitor = monitor
        self._incidents = incidents
        self._metrics = metrics
        self._clock = clock

    def frame(self, candidate: Candidate, data: Any) -> None:
        """Take the data of a `frame` event.

        Raises:
            InvigilError: why it was refused; nothing else of the candidate is touched.
        """
        now = self._clock()
        try:
            candidate.admit(now)
            message = parse(FrameMessage, data)
            frame = Frame(message.seq, message.captured_at / 1000, now, message.jpeg)
            check_picture(frame.jpeg)
            candidate.receive(frame)
        except InvigilError as error:
            self._metrics.frames_refused.labels(error.code).inc()
            candidate.refused += 1
            raise
        self._metrics.frames_received.inc()
        self._monitor.offer(candidate, frame)

    async def activity(self, candidate: Candidate, data: Any) -> None:
        """Take the data of an `activity` event.

        Raises:
            InvigilError: why it was refused.
        """
        message = parse(ActivityMessage, data)
        if not candidate.activity_allowance.take(self._clock()):
            raise TooMany("Too many activities. At most one a second is taken.")
        detail = {"text": message.detail} if isinstance(message.detail, str) else message.detail or {}
        if message.kind is ActivityKind.FINISHED:
            await self._lobby.finish(candidate)
            return
        await self._incidents.note(candidate, message.kind, detail)
        if message.kind is not ActivityKind.CONSENT_GIVEN:
            active = detail.get("active")
            words = ", ".join(f"{key}: {value}" for key, value in detail.items() if key != "active")
            self._monitor.notice(
                candidate, Kind(message.kind), active=active if isinstance(active, bool) else None, detail=words
            )


def check_picture(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of what says it is a JPEG. Reads its headers and decodes nothing.

    Raises:
        TooLarge: over 512 KB.
        BadFrame: `not_a_jpeg`, `truncated_jpeg` or `bad_dimensions`.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise TooLarge(f"The frame has {len(data)} bytes; the limit is {MAX_FRAME_BYTES}.")
    try:
        return jpeg.dimensions(data)
    except jpeg.NotAJpeg as error:
        raise BadFrame(str(error), code="not_a_jpeg") from None
    except jpeg.TruncatedJpeg as error:
        raise BadFrame(str(error), code="truncated_jpeg") from None
    except jpeg.BadDimensions as error:
        raise BadFrame(str(error), code="bad_dimensions") from None


def parse(model: type[Message], data: Any) -> Message:
    """A message from what came over the wire.

    Raises:
        Invalid: names every field that is missing, unknown or out of range, without its value.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(faults(error)) from None
