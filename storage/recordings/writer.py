"""Many open recordings on one thread, off the event loop: what comes is queued, and the queue is bounded.

The event loop's part of a frame is one append to a deque; the thread looks into it a few times a second, because to
wake it for every frame would cost more than to write the frame. When the disk cannot keep up or is full, frames are
missing in the recording (never in detection), and a line of its journal says how many and why.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from storage.recordings.local import LocalRecording
from storage.recordings.repair import remove
from storage.recordings.segment import Received, SegmentWriter, gap
from storage.records import Json

logger = logging.getLogger(__name__)

SEGMENT_SECONDS: Final = 10.0
"""Length of a segment."""
IDLE_SEGMENT_SECONDS: Final = 300.0
"""Length of one in which no frame comes any more."""
TURN_SECONDS: Final = 0.5
"""Pause between two looks into the queue: about as much is lost when the process is killed."""
MAX_QUEUED: Final = 64 * 1024 * 1024
"""Bytes of frames that wait for the disk: about 20 s of 50 candidates."""
MAX_LINES: Final = 200_000
"""Other lines that wait for it, of all recordings together."""
RETRY_SECONDS: Final = 2.0
"""Pause before a disk that refused is tried again, by each recording."""
STREAM_GAP_SECONDS: Final = 5.0
"""Seconds without a frame that the journal calls a gap."""

Line = Callable[[], Json]
"""Makes a line of the journal, on the thread: what is cheap to note is not always cheap to write down."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment whose files are complete, or as complete as they can be."""

    recording_id: UUID
    """The recording."""
    number: int
    """The segment."""
    whole: bool
    """False: its files must be repaired."""


@dataclass(slots=True)
class _Missing:
    """What was not taken, since when."""

    since: float
    frames: int = 0
    lines: int = 0


@dataclass(slots=True, eq=False)
class OpenRecording:
    """A recording that grows. Only the writer looks inside."""

    local: LocalRecording
    """Its folder."""
    number: int
    """Of the segment that is open, or else of the next one."""
    segment: SegmentWriter | None = None
    began_at: float = 0.0
    """When the open segment began, seconds since the epoch."""
    newest_at: float | None = None
    """When the newest frame came."""
    queue: _Missing | None = None
    """What the event loop could not queue."""
    disk: _Missing | None = None
    """What the disk refused."""
    retry_at: float = 0.0
    """When it is asked again, on the monotonic clock."""
    closing: bool = field(default=False)
    """Nothing more comes."""


class _Close:
    """The end of a recording, in the queue behind all that belongs to it."""


_CLOSE: Final = _Close()


class RecordingWriter:
    """Owns the thread and every open segment. The callbacks are called on that thread."""

    def __init__(
        self,
        *,
        size: Callable[[bytes], tuple[int, int]],
        clock: Callable[[], float],
        finished: Callable[[Finished], object],
        closed: Callable[[UUID], object],
        failed: Callable[[UUID, int], object],
    ) -> None:
        """What it needs, and whom it tells.

        Args:
            size: width and height of a JPEG.
            clock: seconds since the epoch.
            finished: is told of segments that are complete.
            closed: is told of recordings that are, after their last segment.
            failed: is told of frames that the disk did not take: whose, and how many.
        """
        self._size = size
        self._clock = clock
        self._finished = finished
        self._closed = closed
        self._failed = failed
        self._open: set[OpenRecording] = set()
        self._items: deque[tuple[OpenRecording, Received | Line | _Close]] = deque()
        # Two counts, each written by one thread alone, in place of one under a lock.
        self._offered = 0
        self._taken = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Finish every segment and end. Blocking; may be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def waiting(self) -> int:
        """Bytes of frames that wait for the disk."""
        return self._offered - self._taken

    # --- from the event loop ------------------------------------------------------------------------------

    def open(self, local: LocalRecording, *, number: int = 0) -> OpenRecording:
        """A recording to add to, from this segment on; its files come with what is added first."""
        return OpenRecording(local, number)

    def add(self, recording: OpenRecording, frame: Received) -> bool:
        """Queue a frame. False: there is no room, and it is missing in the recording."""
        if self.waiting + len(frame.jpeg) > MAX_QUEUED:
            recording.queue = recording.queue or _Missing(frame.received_at)
            recording.queue.frames += 1
            return False
        if recording.queue is not None:
            self._tell_missing(recording, recording.queue, frame.received_at)
        self._offered += len(frame.jpeg)
        self._items.append((recording, frame))
        return True

    def note(self, recording: OpenRecording, line: Line) -> None:
        """Queue a line of the journal."""
        if len(self._items) < MAX_LINES:
            self._items.append((recording, line))
        else:
            recording.queue = recording.queue or _Missing(self._clock())
            recording.queue.lines += 1

    def _tell_missing(self, recording: OpenRecording, missing: _Missing, until: float) -> None:
        recording.queue = None
        line = gap("queue", missing.since, until, frames=missing.frames, lines=missing.lines)
        self._items.append((recording, lambda: line))

    def close(self, recording: OpenRecording) -> None:
        """End a recording, behind what was queued for it. May be called twice."""
        if not recording.closing:
            recording.closing = True
            if recording.queue is not None:
                self._tell_missing(recording, recording.queue, self._clock())
            self._items.append((recording, _CLOSE))

    # --- on the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(TURN_SECONDS)
            self._turn()
        for recording in list(self._open):
            self._finish(recording)

    def _turn(self) -> None:
        """Write all that waits."""
        touched = set()
        while self._items:
            recording, item = self._items.popleft()
            touched.add(recording)
            try:
                self._take(recording, item)
            except Exception:  # the task boundary: one recording must not end the others
                logger.exception("[%s] a recording met a fault", recording.local.opening.recording_id)
        for recording in touched:
            if recording.segment is not None:
                self._guarded(recording, recording.segment.flush)

    def _take(self, recording: OpenRecording, item: Received | Line | _Close) -> None:
        if isinstance(item, _Close):
            self._close(recording)
        elif callable(item):
            self._write_line(recording, item())
        else:
            self._taken += len(item.jpeg)
            self._write_frame(recording, item)

    def _close(self, recording: OpenRecording) -> None:
        if recording.disk is not None:  # once more: perhaps there is room now for one line
            recording.retry_at = 0.0
            self._segment(recording, self._clock())
        self._finish(recording)
        self._closed(recording.local.opening.recording_id)

    def _write_frame(self, recording: OpenRecording, frame: Received) -> None:
        if recording.segment is not None and frame.received_at - recording.began_at >= SEGMENT_SECONDS:
            self._finish(recording)
        segment = self._segment(recording, frame.received_at)
        if segment is not None:
            before = recording.newest_at
            if before is not None and frame.received_at - before > STREAM_GAP_SECONDS:
                segment.note(gap("stream", before, frame.received_at))
            if self._guarded(recording, lambda: segment.add(frame)):
                recording.newest_at = frame.received_at
                return
        if recording.disk is not None:
            recording.disk.frames += 1
        self._failed(recording.local.opening.recording_id, 1)

    def _write_line(self, recording: OpenRecording, line: Json) -> None:
        now = self._clock()
        if recording.segment is not None and now - recording.began_at >= IDLE_SEGMENT_SECONDS:
            self._finish(recording)
        segment = self._segment(recording, now)
        if segment is not None:
            segment.note(line)
        elif recording.disk is not None:
            recording.disk.lines += 1

    def _segment(self, recording: OpenRecording, at: float) -> SegmentWriter | None:
        """The open segment, a new one that begins `at` when there is none; None while the disk refuses."""
        if recording.segment is None and time.monotonic() >= recording.retry_at:
            self._guarded(recording, lambda: self._begin(recording, at))
        return recording.segment

    def _begin(self, recording: OpenRecording, at: float) -> None:
        local = recording.local
        local.make()
        path = local.path(recording.number)
        segment = SegmentWriter(path, began_at=local.opening.began_at, size=self._size)
        try:
            segment.note(
                {"type": "segment", "recording_id": str(local.opening.recording_id), "number": recording.number}
            )
            if recording.disk is not None:
                missing = recording.disk
                segment.note(gap("disk", missing.since, at, frames=missing.frames, lines=missing.lines))
            segment.flush()  # a full disk makes files, and then takes nothing into them
        except OSError:
            segment.close()
            remove(path)
            raise
        recording.segment, recording.began_at, recording.disk = segment, at, None
        self._open.add(recording)

    def _guarded(self, recording: OpenRecording, work: Callable[[], object]) -> bool:
        """Whether the disk took it. What it does not take is missing in the recording, and nowhere else."""
        try:
            work()
        except OSError as error:
            self._refused(recording, error)
            self._finish(recording, whole=False)
            return False
        return True

    def _refused(self, recording: OpenRecording, error: OSError) -> _Missing:
        recording.retry_at = time.monotonic() + RETRY_SECONDS
        if recording.disk is None:  # once: a full disk refuses every frame
            logger.error("[%s] cannot be recorded: %s", recording.local.opening.recording_id, error)
            recording.disk = _Missing(self._clock())
        return recording.disk

    def _finish(self, recording: OpenRecording, *, whole: bool = True) -> None:
        segment, recording.segment = recording.segment, None
        if segment is None:
            return
        self._open.discard(recording)
        recording_id = recording.local.opening.recording_id
        try:
            segment.close()
        except OSError as error:
            whole = False
            self._refused(recording, error)
        if recording.disk is not None:
            recording.disk.lines += segment.lost_lines
            recording.disk.frames += segment.lost_frames
        if segment.lost_frames:
            self._failed(recording_id, segment.lost_frames)
        number, recording.number = recording.number, recording.number + 1
        self._finished(Finished(recording_id, number, whole))
