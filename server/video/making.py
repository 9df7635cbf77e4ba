"""What a segment adds to a video: fetched, checked, encoded; a gap where that cannot be done."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from server.errors import NotFound
from server.metrics import Metrics
from server.playback import Playback
from server.video.encoder import Damaged, Encoder, EncoderLost, Pair
from server.video.kept import Added, Video
from server.video.mp4 import even
from server.video.worker import milliseconds
from storage.recordings.segment import SegmentError
from storage.records import SegmentRecord

logger = logging.getLogger(__name__)
T = TypeVar("T")

MEASURED: Final = 16
"""Segments that are looked at for the size of a video, from all over a recording."""
TRIES: Final = 2
"""Encoders that a segment may take with it."""
LOST_IN_A_ROW: Final = 3
"""Segments after which it is not they that are at fault."""
UNUSABLE: Final = (NotFound, SegmentError, Damaged)
"""What a segment raises that cannot be shown."""


class Maker:
    """Makes pieces, with one encoder."""

    def __init__(self, *, playback: Playback, metrics: Metrics) -> None:
        self._playback = playback
        self._metrics = metrics
        self._lost = 0
        self.encoder = Encoder()
        """Its process."""

    async def size(self, segments: Sequence[SegmentRecord]) -> tuple[int, int]:
        """The most frequent size of a recording's pictures, even.

        Raises:
            NotFound: there is no picture in it.
            EncoderLost, ObjectStoreError: as below.
        """
        shown = [each for each in segments if each.frames]
        step = max(1, -(-len(shown) // MEASURED))
        sizes: Counter[tuple[int, int]] = Counter()
        for segment in shown[::step]:
            try:
                sizes.update(await self._asked(segment, self.encoder.sizes))
            except UNUSABLE:
                continue
        if not sizes:
            raise NotFound("There is no picture in this recording that can be shown.")
        return even(max(sizes, key=lambda size: (sizes[size], size)))

    async def piece(self, segment: SegmentRecord, video: Video, began_at: datetime) -> tuple[Added, bytes]:
        """What a segment adds to a video, and its pictures; when it cannot be had, a gap.

        Raises:
            EncoderLost: the encoder is at fault, and not the segment.
            ObjectStoreError: the segment cannot be had just now.
        """
        began = milliseconds(began_at.timestamp())
        number, end = segment.number, milliseconds(segment.ended_at.timestamp()) - began
        if not segment.frames:
            return Added(number, end), b""
        encode = partial(
            self.encoder.encode, number=number, end=end, began=began, size=video.size, lead=not video.shows
        )
        try:
            made = await self._asked(segment, encode)
        except UNUSABLE as error:
            logger.error("%s is a gap in the video: %s", segment.key, error)
            self._metrics.video_segments_left_out.inc()
            return Added(number, end, left_out=str(error)), b""
        self._metrics.video_segments.inc()
        return made

    async def _asked(self, segment: SegmentRecord, ask: Callable[[Pair], Awaitable[T]]) -> T:
        """What the encoder answers; one of `UNUSABLE` when the segment is none."""
        _, video, journal = await self._playback.pair(segment)
        pair = Pair(segment.key, video, journal)
        for _ in range(TRIES):
            try:
                answer = await ask(pair)
            except EncoderLost as error:
                self._metrics.video_encoder_restarts.inc()
                logger.error("%s: the encoder was lost: %s", segment.key, error)
            else:
                self._lost = 0
                return answer
        self._lost += 1
        if self._lost < LOST_IN_A_ROW:
            raise Damaged(f"the encoder was lost in it {TRIES} times")
        self._lost = 0
        raise EncoderLost(f"it was lost in {LOST_IN_A_ROW} segments one after the other")
