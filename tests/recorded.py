"""Recordings as tests look at them: through the API, and in the store."""

import asyncio
from pathlib import Path
from uuid import UUID

from server.app import Running
from storage.database import Database
from storage.recordings import chain
from storage.recordings.chain import Added
from storage.recordings.segment import JOURNAL, VIDEO, read_frames, read_lines
from storage.records import SegmentRecord

from . import people, streams
from .people import Candidate, Exam, Http, Json


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


def added(record: SegmentRecord) -> Added:
    """What a segment added to the chain, as the index has it."""
    return Added(**{name: getattr(record, name) for name in Added.__dataclass_fields__})
