"""Recordings as reviewers see them, closed or growing: from the index, the store and this machine's folder."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from server.errors import NotFound
from server.journal import Digest, digest
from server.meetings import Meeting, moment
from server.recorder import Live, Recorder
from server.retention.coding import stills
from server.retention.crew import Crew, Lost
from storage.database import Database
from storage.objects import ObjectStore
from storage.recordings import chain
from storage.recordings.local import pairs
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_frames, read_lines
from storage.records import Json, Recorded, RecordingRecord, SegmentRecord

CACHED: Final = 16
"""Segments whose frames are kept in memory for whoever steps through them; one has about 300 KB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A recording and how far it has come."""

    record: RecordingRecord
    ended_at: float
    """When the newest of it came, seconds since the epoch."""
    frames: int
    bytes: int
    not_recorded: int
    gaps: int
    """In the segments that are in the index."""
    next_segment: int
    """The number behind the newest segment in the index; 0 when there is none."""
    compacted_frames: int = 0
    """Those that were re-encoded and are no longer exact."""

    @property
    def seconds(self) -> float:
        """From its beginning to the newest of it."""
        return round(max(0.0, self.ended_at - self.record.began_at.timestamp()), 3)


@dataclass(frozen=True, slots=True)
class Still:
    """A frame as a picture."""

    jpeg: bytes
    is_exact: bool
    """The very bytes that were received; else made from what was re-encoded."""


class Playback:
    """Reads recordings. Changes nothing."""

    def __init__(self, *, database: Database, store: ObjectStore, recorder: Recorder, folder: Path) -> None:
        """`folder`: where recordings grow."""
        self._database = database
        self._store = store
        self._recorder = recorder
        self._folder = folder
        self._crew = Crew(1)
        self._cache: OrderedDict[str, dict[int, bytes]] = OrderedDict()

    async def of_meeting(self, meeting: Meeting) -> list[Shown]:
        """The recordings of a meeting, in the order in which they began."""
        records = {each.id: each for each in await self._database.recordings(meeting.id)}
        # The index hears of a new one a moment later, and much later while the database is away.
        fresh = {live.local.opening.recording_id: _record(live) for live in self._recorder.growing(meeting.id)}
        known = await self._database.recorded(list(records))
        found = {**fresh, **records}
        return [self._shown(each, known.get(each.id)) for each in sorted(found.values(), key=lambda each: each.id)]

    async def one(self, recording_id: UUID) -> Shown:
        """One recording.

        Raises:
            NotFound: there is none.
        """
        live = self._recorder.live(recording_id)
        record = await self._database.recording(recording_id) or (None if live is None else _record(live))
        if record is None:
            raise NotFound("There is no such recording.")
        return self._shown(record, (await self._database.recorded([recording_id])).get(recording_id))

    def _shown(self, record: RecordingRecord, known: Recorded | None) -> Shown:
        live, number = self._recorder.live(record.id), 0 if known is None else known.number
        if live is not None:
            ended_at = live.newest_at or record.began_at.timestamp()
            gaps = 0 if known is None else known.gaps
            return Shown(record, ended_at, live.frames, live.bytes, live.not_recorded, gaps, number)
        if known is None:
            return Shown(record, record.began_at.timestamp(), 0, 0, 0, 0, number)
        ended_at, compacted = known.ended_at.timestamp(), known.compacted_frames
        return Shown(record, ended_at, known.frames, known.bytes, known.not_recorded, known.gaps, number, compacted)

    async def segments(self, recording_id: UUID, *, first: int = 0) -> list[SegmentRecord]:
        """The segments of a recording in their order, from number `first` on; those not yet in the index have empty
        hashes.
        """
        # The folder first: what leaves it in between is in the index by then.
        local = await asyncio.to_thread(self._local_segments, recording_id, first)
        kept = await self._database.segments(recording_id, first=first)
        numbers = {each.number for each in kept}
        return sorted([*kept, *(each for each in local if each.number not in numbers)], key=lambda each: each.number)

    def _local_segments(self, recording_id: UUID, first: int) -> list[SegmentRecord]:
        found = []
        for path in self._local_paths(recording_id):
            if int(path.name) >= first and len(lines := _lines(path)) > 1:
                found.append(_unsealed(recording_id, int(path.name), digest(lines)))
        return found

    async def lines(self, recording_id: UUID, number: int) -> list[Json]:
        """A segment's journal; the newest second of one that grows may not be there yet.

        Raises:
            NotFound: there is no such segment.
            SegmentError: it is not what was recorded.
        """
        lines = await asyncio.to_thread(_lines, self._folder / str(recording_id) / f"{number:06d}")
        if lines:
            return lines
        segment = await self._database.segment(recording_id, number)
        if segment is None:
            raise NotFound("There is no such segment in this recording.")
        journal = await self._store.get(segment.key + JOURNAL)
        if journal is None:
            raise NotFound("This part of the recording is gone.")
        if chain.sha256(journal) != segment.journal_sha256:
            raise SegmentError(f"{segment.key} is not what was recorded: its hash is another.")
        return read_lines(journal, segment.key)

    async def frame(self, recording_id: UUID, seq: int) -> Still:
        """A frame; the newest second of a recording that grows may not be there yet.

        Raises:
            NotFound: it is not in the recording.
            SegmentError: the segment is not what was recorded.
        """
        jpeg, is_exact = await asyncio.to_thread(self._local_frame, recording_id, seq), True
        if jpeg is None and (segment := await self._database.segment_with(recording_id, seq)) is not None:
            frames, is_exact = await self._frames(segment)
            jpeg = frames.get(seq)
        if jpeg is None:
            raise NotFound("There is no such frame in this recording.")
        return Still(jpeg, is_exact)

    def _local_frame(self, recording_id: UUID, seq: int) -> bytes | None:
        for path in self._local_paths(recording_id):
            lines = _lines(path)
            if any(line.get("seq") == seq and line["type"] == "frame" for line in lines):
                video = _bytes(path.with_suffix(VIDEO))
                return next(
                    (each.jpeg for each in read_frames(video, lines, path.name, grows=True) if each.seq == seq), None
                )
        return None

    def _local_paths(self, recording_id: UUID) -> Iterable[Path]:
        """The pairs of a recording that are on this machine, newest first."""
        return reversed(pairs(self._folder / str(recording_id)))

    async def pair(self, segment: SegmentRecord) -> tuple[SegmentRecord, bytes, bytes]:
        """A segment of the index as it is by now, since it may have been re-encoded: its row, video and journal.

        Raises:
            NotFound: one of them is gone.
            SegmentError: they are not what was recorded.
        """
        keys = segment.video_key, segment.key + JOURNAL
        video, journal = await asyncio.gather(*(self._store.get(key) for key in keys))
        if video is None and segment.compacted is None:
            newest = await self._database.segment(segment.recording_id, segment.number)
            if newest is not None and newest.compacted is not None:
                segment, video = newest, await self._store.get(newest.video_key)
        if video is None or journal is None:
            raise NotFound("This part of the recording is gone.")
        await asyncio.to_thread(_check, segment, video, journal)
        return segment, video, journal

    async def _frames(self, segment: SegmentRecord) -> tuple[dict[int, bytes], bool]:
        """The frames of a segment by number, and whether they are the very bytes."""
        found = self._cache.get(segment.video_key)
        if found is None:
            segment, video, journal = await self.pair(segment)
            if segment.compacted is None:
                found = await asyncio.to_thread(_frames, segment, video, journal)
            else:
                found = await self._stills(segment, video, journal)
            self._cache[segment.video_key] = found
        self._cache.move_to_end(segment.video_key)
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return found, segment.compacted is None

    async def _stills(self, segment: SegmentRecord, video: bytes, journal: bytes) -> dict[int, bytes]:
        """The frames of a segment that was re-encoded, made in a process of their own."""
        try:
            return await self._crew.run(stills, video, journal, segment.key)
        except Lost as error:
            raise SegmentError(f"{segment.key} cannot be shown: {error}.") from None

    async def close(self) -> None:
        """End the process that makes stills. May be called twice."""
        await self._crew.close()


def _check(segment: SegmentRecord, video: bytes, journal: bytes) -> None:
    if (chain.sha256(video), chain.sha256(journal)) != (segment.video_sha256, segment.journal_sha256):
        raise SegmentError(f"{segment.key} is not what was recorded: its hash is another.")


def _frames(segment: SegmentRecord, video: bytes, journal: bytes) -> dict[int, bytes]:
    lines = read_lines(journal, segment.key)
    return {each.seq: each.jpeg for each in read_frames(video, lines, segment.key)}


def _record(live: Live) -> RecordingRecord:
    opening = live.local.opening
    return RecordingRecord(opening.recording_id, opening.meeting_id, opening.candidate_id, moment(opening.began_at))


def _unsealed(recording_id: UUID, number: int, brief: Digest) -> SegmentRecord:
    return SegmentRecord(
        recording_id, number, "", moment(brief.began_at), moment(brief.ended_at), brief.first_seq, brief.last_seq,
        brief.frames, brief.bytes, brief.not_recorded, "", "", "", brief.gaps, brief.samples,
    )  # fmt: skip


def _lines(path: Path) -> list[Json]:
    return read_lines(_bytes(path.with_suffix(JOURNAL)), path.name, grows=True)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # it has just left for the store
        return b""
