"""The door for frames and activities, the same for the socket and for HTTP. Runs on the event loop for every frame."""

from collections.abc import Callable
from typing import Any

from detection.values import Kind
from server.checks import check_picture, parse
from server.errors import InvigilError, TooMany
from server.incidents import Incidents
from server.lobby import Lobby
from server.meetings import Candidate
from server.metrics import Metrics
from server.monitor import Monitor
from server.photos import Photos
from server.protocol import ActivityKind, ActivityMessage, FrameMessage
from server.recorder import Recorder
from server.sampling import Frame


class Intake:
    """Checks what a candidate sends and passes it on. What it refuses leaves no trace but a count."""

    def __init__(
        self,
        *,
        lobby: Lobby,
        monitor: Monitor,
        photos: Photos,
        recorder: Recorder,
        incidents: Incidents,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._lobby = lobby
        self._monitor = monitor
        self._photos = photos
        self._recorder = recorder
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
        self._recorder.frame(candidate, frame)
        self._monitor.offer(candidate, frame)
        if candidate.frames == 1:
            self._photos.enrol(candidate)

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
