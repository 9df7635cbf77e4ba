"""Bundles for tests, made without a server."""

import io
import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from detection import jpeg
from storage.bundle.writer import (
    MEETING,
    PARTICIPANTS,
    README,
    REPORT,
    BundleWriter,
    picture_name,
    rows,
    segment_name,
    segments_name,
    table_name,
)
from storage.recordings import chain
from storage.recordings.chain import SigningKey
from storage.recordings.local import LocalRecording, Opening
from storage.recordings.segment import JOURNAL, VIDEO, SegmentWriter, gap
from storage.records import Json

from . import streams

KEY = SigningKey(bytes(range(32)))
MEETING_ID, CANDIDATE, INCIDENT, RECORDING = (UUID(int=n) for n in range(1, 5))
Files = dict[str, bytes]
Change = Callable[[Files, Json], object]


@cache
def _recording() -> tuple[Files, list[Json], Json]:
    """The files of a recording of two segments, the rows of its segments, and what is in the signed statement."""
    files: Files = {}
    listed = []
    with TemporaryDirectory() as folder:
        local = LocalRecording(Path(folder), Opening(RECORDING, MEETING_ID, CANDIDATE, streams.AT))
        local.make()
        for number in range(2):
            writer = SegmentWriter(local.path(number), began_at=streams.AT, size=jpeg.dimensions)
            writer.note(streams.head(RECORDING, number))
            for frame in streams.frames(2, first=1 + 2 * number, at=streams.AT + 10 * number):
                writer.add(frame)
            writer.note(gap("stream", streams.AT, streams.AT + 1))
            writer.close()
            sealed = local.seal(number, whole=True, size=jpeg.dimensions)
            assert sealed is not None
            for suffix in (VIDEO, JOURNAL):
                path = local.path(number).with_suffix(suffix)
                files[segment_name(RECORDING, number) + suffix] = path.read_bytes()
            values = {name: getattr(sealed.added, name) for name in sealed.added.__dataclass_fields__}
            listed.append({**values, "link": sealed.link})
        done = local.progress
    total = {name: getattr(done, name) for name in ("segments", "frames", "bytes", "not_recorded", "head")}
    return files, listed, total


def files() -> Files:
    """All files of a small bundle but the manifest and what is behind it; their order is that of the bundle."""
    kept, listed, total = _recording()
    picture = streams.picture(1)
    evidence = {"sha256": chain.sha256(picture), "path": picture_name(CANDIDATE, INCIDENT, 0), "seq": 1}
    statement = {
        "recording_id": str(RECORDING), "candidate_id": str(CANDIDATE), **total,
        "evidence": [{"sha256": evidence["sha256"], "incident_id": str(INCIDENT)}],
    }  # fmt: skip
    signed = KEY.sign(statement)
    recording = {
        "id": str(RECORDING), "statement": signed.statement, "signature": signed.signature,
        "public_key": signed.public_key,
    }  # fmt: skip
    return {
        README: b"A bundle.\n",
        MEETING: rows([{"id": str(MEETING_ID)}]),
        **kept,
        segments_name(RECORDING): rows(listed),
        picture_name(CANDIDATE, INCIDENT, 0): picture,
        table_name(CANDIDATE, "incidents"): rows([{"id": str(INCIDENT), "evidence": [evidence]}]),
        table_name(CANDIDATE, "reviews"): b"",
        table_name(CANDIDATE, "activities"): rows([{"kind": "tab_hidden", "n": n} for n in range(5)]),
        table_name(CANDIDATE, "recordings"): rows([recording]),
        PARTICIPANTS: rows([{"id": str(CANDIDATE), "role": "candidate"}]),
        REPORT: b"<!doctype html>" + b"." * 10_000,
    }


def made(change: Change = lambda files, said: None, key: SigningKey = KEY) -> bytes:
    """A small bundle, signed over whatever `change` made of its files, and of what is said of it."""
    found, said = files(), Json(complete=True, missing=0)
    change(found, said)
    return packed(found, said, key)


def packed(found: Files, said: Json, key: SigningKey = KEY) -> bytes:
    """These files as a bundle."""
    writer = BundleWriter()
    parts: list[list[bytes]] = []
    for name, data in found.items():
        parts.append(writer.add(name, data))
        if name == segments_name(RECORDING):
            parts.append(writer.add_parts(f"recordings/{RECORDING}/"))
    parts.append(list(writer.finish(key, **said)))
    return b"".join(itertools.chain.from_iterable(parts))


def tiny() -> bytes:
    """The smallest bundle: of a meeting without candidates."""
    found = {README: b"A bundle.\n", MEETING: rows([{}]), PARTICIPANTS: b"", REPORT: b""}
    return packed(found, Json(complete=True, missing=0))


def opened(data: bytes) -> io.BytesIO:
    """As a file."""
    return io.BytesIO(data)
