"""Videos of recordings: made for whoever asks, once for all who do, and kept as long as there is room.

A video is made of pieces, one for each segment in the index, so that one of a recording that grows costs only what is
new. What cannot be had of a recording is a gap in its video, and no reason to show nothing.
"""

import asyncio
import logging
from collections import OrderedDict
from functools import partial
from typing import Final
from uuid import UUID

from server.errors import Away, InvigilError, Making, NoSpace, NotFound, TooMany
from server.metrics import Metrics
from server.playback import Playback, Shown
from server.protocol import VideoState
from server.tasks import cancel, every
from server.video.encoder import EncoderLost
from server.video.kept import Sendable, Video
from server.video.making import Maker
from server.video.shelf import Shelf
from storage.database import Database
from storage.records import RecordingRecord

logger = logging.getLogger(__name__)

WAIT_SECONDS: Final = 10.0
"""Whoever asks waits so long; then they are told how far it is."""
AT_ONCE: Final = 32
"""Videos that may be under way: each holds its index, and they take turns at one encoder."""
LOADED: Final = 8
"""Videos whose index and head are kept in memory: 4 MB for two hours."""
BEHIND_SECONDS: Final = 60.0
"""A video of a recording that grows is ready when no more is missing: that is made while one waits."""
SWEEP_SECONDS: Final = 3600.0
"""How often videos of recordings that are gone are looked for."""


class _Work:
    """A video that is being made."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.video: Video | None = None
        self.moved = asyncio.Event()

    def move(self) -> None:
        """It has come further, or to its end."""
        self.moved.set()
        self.moved = asyncio.Event()


class Videos:
    """Owns the folder of videos and the making of each."""

    def __init__(self, *, database: Database, playback: Playback, shelf: Shelf, metrics: Metrics) -> None:
        self._database = database
        self._shelf = shelf
        self._metrics = metrics
        self._maker = Maker(playback=playback, metrics=metrics)
        self._works: dict[UUID, _Work] = {}
        self._loaded: OrderedDict[UUID, Video] = OrderedDict()
        self._sendable: OrderedDict[UUID, tuple[Video, int, Sendable]] = OrderedDict()
        self._loading = asyncio.Lock()
        self._closing = False
        self._sweeping: asyncio.Task[None] | None = None

    # --- lifetime -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find what a server before us left, and forget what belongs to no recording."""
        await asyncio.to_thread(self._shelf.find)
        await self._sweep()
        self._sweeping = asyncio.create_task(every(SWEEP_SECONDS, self._sweep))

    async def close(self) -> None:
        """Stop; what is made so far is kept. May be called twice."""
        self._closing = True  # else whoever waits would begin it anew
        await cancel(self._sweeping, *(work.task for work in self._works.values()))
        await self._maker.encoder.close()

    async def _sweep(self) -> None:
        known = await self._database.recordings_among(self._shelf.ids())
        for recording_id in set(self._shelf.ids()) - known:
            await self.forget(recording_id)
        await self._tidy()

    @property
    def encoder_pid(self) -> int | None:
        """The process at work, while there is one."""
        return self._maker.encoder.pid

    # --- what others want ---------------------------------------------------------------------------------

    async def state(self, shown: Shown) -> tuple[VideoState, float]:
        """Whether there is a video of a recording, and how many seconds of it that has."""
        video, making = await self._load(shown.record.id), shown.record.id in self._works
        seconds = video.end / 1000 if video is not None and video.shows else 0.0
        if video is None or not seconds:
            return VideoState.MAKING if making else VideoState.ABSENT, 0.0
        if shown.record.closed_at is not None:
            ready = video.complete
        else:
            ready = not making or shown.seconds - seconds <= BEHIND_SECONDS
        return VideoState.READY if ready else VideoState.MAKING if making else VideoState.ABSENT, seconds

    async def get(self, shown: Shown, last: int | None = None) -> Sendable:
        """A recording's video, all of it or up to a segment; made if it is not there.

        Raises:
            Making: it is not done yet.
            NotFound: there is no picture in it.
            NoSpace, TooMany: there is no room for it.
            InvigilError: it cannot be made.
            DatabaseError, ObjectStoreError: the recording cannot be had just now.
        """
        newest = shown.next_segment - 1
        target = newest if last is None else min(last, newest)
        if newest < 0 and shown.record.closed_at is not None:
            raise NotFound("There is nothing in this recording.")
        if target < 0:
            raise Making("Nothing of this recording is finished yet; try again in some seconds.", share=0.0)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                video = await self._covering(shown.record, target)
        except TimeoutError:
            raise self._not_yet(shown) from None
        self._shelf.used(shown.record.id)
        return await self._sent(shown.record.id, video, target)

    async def forget(self, recording_id: UUID) -> None:
        """Delete a recording's video, also while it is made; whoever it is on its way to gets it all."""
        work = self._works.get(recording_id)
        await cancel(work.task if work else None)
        async with self._loading:  # nobody loads what is being deleted
            self._loaded.pop(recording_id, None)
            self._sendable.pop(recording_id, None)
            await asyncio.to_thread(self._shelf.remove, recording_id)
        self._metrics.video_bytes.set(self._shelf.bytes)

    def _not_yet(self, shown: Shown) -> Making:
        work = self._works.get(shown.record.id)
        seconds = work.video.end / 1000 if work is not None and work.video is not None else 0.0
        share = min(0.99, seconds / shown.seconds) if shown.seconds else 0.0
        return Making(f"The video is being made; {share:.0%} is done. Try again soon.", share=round(share, 3))

    async def _covering(self, record: RecordingRecord, target: int) -> Video:
        """The video, once it has all up to a segment."""
        while True:
            video = await self._load(record.id)
            if video is not None and _covers(video, record, target):
                return video
            work = self._works.get(record.id) or self._begin(record)
            moved = work.moved
            assert work.task is not None
            await moved.wait()
            if work.task.done() and not work.task.cancelled():
                work.task.result()  # raises what went wrong

    async def _load(self, recording_id: UUID) -> Video | None:
        """The one object for a recording's video; None while there is none."""
        async with self._loading:
            work = self._works.get(recording_id)
            video = (work.video if work else None) or self._loaded.get(recording_id)
            if video is None and work is None:
                video = await asyncio.to_thread(self._shelf.load, recording_id)
            if video is not None:
                self._loaded[recording_id] = video
                self._loaded.move_to_end(recording_id)
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
            return video

    async def _sent(self, recording_id: UUID, video: Video, target: int) -> Sendable:
        cached = self._sendable.get(recording_id)
        if cached is not None and cached[:2] == (video, target):
            self._sendable.move_to_end(recording_id)
            return cached[2]
        await asyncio.to_thread(self._shelf.touch, recording_id)
        sendable = await asyncio.to_thread(video.sendable, target)
        if sendable is None:
            raise NotFound("There is no picture in this recording that can be shown.")
        self._sendable[recording_id] = video, target, sendable
        while len(self._sendable) > LOADED:
            self._sendable.popitem(last=False)
        return sendable

    # --- making -------------------------------------------------------------------------------------------

    def _begin(self, record: RecordingRecord) -> _Work:
        if self._closing:
            raise Away("The server stops; try again in a moment.")
        if len(self._works) >= AT_ONCE:
            raise TooMany(f"{AT_ONCE} videos are being made; try again when one of them is done.")
        work = self._works[record.id] = _Work()
        work.task = asyncio.create_task(self._run(work, record))
        work.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # who waits is told; nobody may
        self._metrics.videos_making.set(len(self._works))
        return work

    async def _run(self, work: _Work, record: RecordingRecord) -> None:
        try:
            await self._make(work, record)
        except EncoderLost as error:
            logger.error("[%s] no video could be made: %s", record.id, error)
            raise InvigilError("The video cannot be made: the encoder fails. The log says why.") from None
        except OSError as error:
            logger.error("[%s] no video could be made: %r", record.id, error)
            raise InvigilError("The video cannot be kept: the disk would not take it.", code="no_space") from None
        finally:
            try:
                if work.video is not None:
                    await asyncio.to_thread(work.video.settle)
            except OSError as error:
                logger.error("[%s] the end of a video is lost: %r", record.id, error)
            finally:
                del self._works[record.id]
                self._metrics.videos_making.set(len(self._works))
                work.move()

    async def _make(self, work: _Work, record: RecordingRecord) -> None:
        closed = record.closed_at is not None
        segments = await self._database.segments(record.id)
        video = await asyncio.to_thread(self._shelf.load, record.id)
        # As long as it grows it keeps the size it began with; the size that is right shows at the end.
        if video is None or (closed and not video.complete):
            size = await self._maker.size(segments)
            if video is None or video.size != size:
                video = await asyncio.to_thread(Video, self._shelf.path(record.id), size)
        await self._take(work, record.id, video)
        while todo := [each for each in segments if each.number >= video.next]:
            for segment in todo:
                if not await asyncio.to_thread(self._shelf.has_room):
                    raise NoSpace("There is no room for a video: the rest of the disk is for recordings.")
                added, pictures = await self._maker.piece(segment, video, record.began_at)
                if not video.fits(added.config):  # made by another version of the encoder
                    video = await asyncio.to_thread(Video, self._shelf.path(record.id), video.size)
                    await self._take(work, record.id, video)
                    break
                await asyncio.to_thread(video.add, added, pictures)
                await self._grown(work, record.id, video)
            segments = await self._database.segments(record.id, first=video.next)
        await asyncio.to_thread(partial(video.settle, complete=closed))

    async def _take(self, work: _Work, recording_id: UUID, video: Video) -> None:
        work.video = self._loaded[recording_id] = video
        await self._grown(work, recording_id, video)

    async def _grown(self, work: _Work, recording_id: UUID, video: Video) -> None:
        self._shelf.used(recording_id, video.bytes)
        await self._tidy()
        work.move()

    async def _tidy(self) -> None:
        """Make room for what is new."""
        for recording_id in self._shelf.too_much(set(self._works)):
            await self.forget(recording_id)
            self._metrics.videos_forgotten.inc()
        self._metrics.video_bytes.set(self._shelf.bytes)


def _covers(video: Video, record: RecordingRecord, target: int) -> bool:
    return video.complete if record.closed_at is not None else video.next > target
