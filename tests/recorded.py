"""Recordings as tests look at them: through the API, and in the store."""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

from detection import jpeg
from server.app import Running
from server.journal import digest
from server.meetings import moment
from storage.database import Database
from storage.objects import ObjectStore
from storage.recordings import chain
from storage.recordings.chain import Added
from storage.recordings.local import LocalRecording, Opening
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame, SegmentWriter, read_frames, read_lines
from storage.records import RecordingRecord, SegmentRecord, new_id

from . import people, streams
from .people import Candidate, Exam, Http, Json
from .streams import AT


async def stream(candidate: Candidate, count: int, *, fps: float = 20.0) -> dict[int, bytes]:
    """Send so many frames, and return them by their numbers."""
    sent = {}
    for _ in range(count):
        jpeg = streams.picture(candidate.seq + 1)
        assert (await candidate.frame(jpeg))["ok"]
        sent[candidate.seq] = jpeg
        await asyncio.sleep(1 / fps)
    return sent


async def recordings(room: Exam, http: Http | None = None) -> list[Json]:
    """The recordings of a meeting."""
    http = http or room.http
    answer = await http.get(f"{room.path}/recordings", http.operator_token)
    assert answer.status == 200, answer
    found: list[Json] = answer.json["recordings"]
    return found


async def shown(http: Http, recording_id: str) -> Json:
    """One recording."""
    answer = await http.get(f"/api/recordings/{recording_id}", http.operator_token)
    assert answer.status == 200, answer
    found: Json = answer.json
    return found


async def frame(http: Http, recording_id: str, seq: int) -> people.Answer:
    """One frame of it."""
    return await http.get(f"/api/recordings/{recording_id}/frames/{seq}.jpg", http.operator_token)


async def closed(room: Exam, http: Http | None = None, count: int = 1) -> list[Json]:
    """The recordings of a meeting once all of them are closed."""

    async def check() -> list[Json] | None:
        found = await recordings(room, http)
        return found if len(found) == count and all(each["state"] == "closed" for each in found) else None

    done: list[Json] = await people.eventually(check, 2 * people.PATIENCE)
    return done


async def kept(
    server: Running | Database, recording_id: str, data_dir: Path | None = None
) -> tuple[list[SegmentRecord], dict[int, bytes], list[Json]]:
    """The segments of a recording, its frames and its lines, read from the store; their hashes and chain fit."""
    database = server.services.database if isinstance(server, Running) else server
    folder = (server.services.settings.data_dir if isinstance(server, Running) else data_dir or Path()) / "recordings"
    segments = await database.segments(UUID(recording_id))
    frames: dict[int, bytes] = {}
    lines: list[Json] = []
    for each in segments:
        video, text = ((folder / (each.key + suffix)).read_bytes() for suffix in (VIDEO, JOURNAL))
        assert (chain.sha256(video), chain.sha256(text)) == (each.sha256, each.journal_sha256)
        found = read_lines(text, each.key)
        frames |= {frame.seq: frame.jpeg for frame in read_frames(video, found, each.key)}
        lines += found
    links = [each.link for each in segments]
    assert chain.first_break(UUID(recording_id), map(added, segments), links) is None
    return segments, frames, lines


class Written:
    """A recording that is written as fast as it goes, as a server leaves it in the store and the index."""

    def __init__(self, server: Running, room: Exam, candidate_id: str, *, began_at: float) -> None:
        self._services = server.services
        self._store = ObjectStore.local(server.services.settings.data_dir / "recordings")
        opening = Opening(new_id(), UUID(room.id), UUID(candidate_id), began_at)
        self._local = LocalRecording(server.services.settings.data_dir / "elsewhere", opening)
        self.id = opening.recording_id

    def key(self, number: int) -> str:
        """Of a segment, in the store."""
        return f"{self._local.opening.meeting_id}/{self.id}/{number:06d}"

    async def begin(self) -> None:
        """Put it into the index."""
        await self._services.ledger.keep([self._record()], {})

    async def grow(self, *parts: list[KeptFrame]) -> None:
        """Add segments with these frames."""
        for frames in parts:
            row = await asyncio.to_thread(self._sealed, frames)
            paths = {suffix: self._local.path(row.number).with_suffix(suffix) for suffix in (VIDEO, JOURNAL)}
            await self._store.put_files({row.key + suffix: path for suffix, path in paths.items()})
            await self._services.ledger.keep([row], {})
            await asyncio.to_thread(self._local.forget, row.number)

    async def close(self) -> None:
        """End it, without a signature."""
        await self._services.ledger.keep([self._record(closed_at=moment(time.time()))], {})

    def _record(self, *, closed_at: datetime | None = None) -> RecordingRecord:
        opening, head = self._local.opening, self._local.progress.head
        began_at = moment(opening.began_at)
        return RecordingRecord(
            self.id, opening.meeting_id, opening.candidate_id, began_at, closed_at=closed_at, head=head
        )

    def _sealed(self, frames: list[KeptFrame]) -> SegmentRecord:
        self._local.make()
        number, began_at = self._local.progress.number, self._local.opening.began_at
        writer = SegmentWriter(self._local.path(number), began_at=began_at, size=jpeg.dimensions)
        writer.note({"type": "segment", "recording_id": str(self.id), "number": number})
        for each in frames:
            writer.add(each)
        writer.close()
        sealed = self._local.seal(number, whole=True, size=jpeg.dimensions)
        assert sealed is not None
        brief = digest(sealed.lines)
        values = {name: getattr(sealed.added, name) for name in Added.__dataclass_fields__}
        return SegmentRecord(
            recording_id=self.id,
            key=self.key(number),
            began_at=moment(brief.began_at),
            ended_at=moment(brief.ended_at),
            link=sealed.link,
            gaps=brief.gaps,
            samples=brief.samples,
            **values,
        )


async def written(
    server: Running,
    room: Exam,
    *parts: list[KeptFrame],
    began_at: float = AT,
    closed: bool = True,
    name: str = "Ada",
) -> Written:
    """A recording with these frames in its segments."""
    recording = Written(server, room, (await room.add(name))["participant"]["id"], began_at=began_at)
    await recording.begin()
    await recording.grow(*parts)
    if closed:
        await recording.close()
    return recording


def added(record: SegmentRecord) -> Added:
    """What a segment added to the chain, as the index has it."""
    return Added(**{name: getattr(record, name) for name in Added.__dataclass_fields__})
