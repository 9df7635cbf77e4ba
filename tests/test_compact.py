"""Cold recordings made smaller: what stays, what can still be proved, seen and replayed, on a real server."""

import asyncio
import io
import json
import time
import zipfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest

from detection.analyzer import decode
from server.__main__ import main
from server.app import Running
from server.retention.coding import Left, reencode
from server.retention.compacting import MARGIN, Compactor, Total
from storage.bundle.reading import Misfit
from storage.bundle.verify import verify
from storage.recordings import chain, compacted, writer
from storage.recordings.segment import JOURNAL, VIDEO, SegmentError, read_frames
from storage.records import IncidentRecord
from storage.retention import Retention

from . import faces, people, records
from .conftest import Serve
from .people import Exam
from .recorded import closed, frame, recordings, shown


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 1.0)


@cache
def view(n: int, width: int = 320, height: int = 241) -> bytes:
    """A face that moves a little in a quiet room, with the noise of a camera; its height is odd."""
    picture = faces.resize(faces.portrait(), width + 20, height + 20)
    x, y = round(8 + 8 * np.sin(n / 5)), round(8 + 8 * np.cos(n / 7))
    noise = np.random.default_rng(n).normal(0, 3, (height, width, 3))
    cut = picture[y : y + height, x : x + width].astype(np.float64) + noise
    return faces.encode(np.clip(cut, 0, 255).astype(np.uint8))


async def sat(room: Exam, count: int = 60, *, name: str = "Ada") -> dict[int, bytes]:
    """A candidate's exam; the frames that were sent, by their numbers."""
    sent = {}
    async with people.candidate(room, name) as ada:
        for n in range(count):
            jpeg = view(n)
            assert (await ada.frame(jpeg))["ok"]
            sent[ada.seq] = jpeg
            await asyncio.sleep(0.05)
        assert (await ada.send("activity", {"kind": "finished", "at": "2026-01-01T00:00:00Z"}))["ok"]
    return sent


def compactor(server: Running, said: list[str] | None = None) -> Compactor:
    services = server.services
    return Compactor(
        database=services.database,
        retention=Retention(services.database),
        store=services.playback._store,
        key=services.signing_key,
        clock=time.time,
        processes=2,
        say=(said if said is not None else []).append,
    )


async def compact(server: Running, **asked: Any) -> Total:
    return await compactor(server).run(days=0, **asked)


def files(server: Running) -> dict[str, bytes]:
    folder = server.services.settings.data_dir / "recordings"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def bundle(room: Exam) -> bytes:
    return (await room.http.get(f"{room.path}/bundle", room.http.operator_token)).content


async def flag(server: Running, recording: people.Json, at: datetime) -> None:
    """Let there have been an incident."""
    person = records.participant(UUID(recording["meeting_id"]), id=UUID(recording["candidate_id"]))
    found: IncidentRecord = records.incident(
        person, state="closed", opened_at=at, updated_at=at, closed_at=at + timedelta(seconds=0.1)
    )
    await server.services.database.save([found])


async def test_what_nobody_flagged_becomes_smaller_and_all_else_stays(server: Running, room: Exam) -> None:
    sent = await sat(room)
    await room.end()
    [recording] = await closed(room)
    before, segments = files(server), await server.services.database.segments(UUID(recording["id"]))
    verify(io.BytesIO(await bundle(room)))

    total = await compact(server)
    assert (total.segments, total.frames, total.flagged, total.left) == (len(segments), len(sent), 0, 0)
    assert total.before > 6 * total.after
    after = files(server)
    assert {name: data for name, data in after.items() if name.endswith(JOURNAL)} == {
        name: data for name, data in before.items() if name.endswith(JOURNAL)
    }
    assert len(after) == len(before)
    assert all(name.endswith((JOURNAL, compacted.SUFFIX)) for name in after)
    for old, new in zip(segments, await server.services.database.segments(UUID(recording["id"])), strict=True):
        assert (new.sha256, new.link, new.key) == (old.sha256, old.link, old.key)
        assert new.video_sha256 == chain.sha256(after[new.video_key])

    shown_now = (await shown(room.http, recording["id"]))["recording"]
    assert shown_now["compacted_frames"] == len(sent)
    for seq in list(sent)[::7]:
        answer = await frame(room.http, recording["id"], seq)
        assert (answer.status, answer.headers["X-Invigil-Exact"]) == (200, "no")
        assert cv2.PSNR(decode(answer.content), decode(sent[seq])) > 30
    assert (await compact(server)) == Total()


async def test_a_bundle_ties_what_is_there_to_what_was_signed(
    server: Running, room: Exam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await sat(room)
    await room.end()
    [recording] = await closed(room)
    await compact(server)
    data = await bundle(room)
    verdict = verify(io.BytesIO(data))
    assert (verdict.reencoded, verdict.missing) == (recording["frames"], 0)
    file = tmp_path / "bundle.zip"
    await asyncio.to_thread(file.write_bytes, data)
    assert await asyncio.to_thread(main, ["verify", str(file)]) == 0
    assert (
        f"{recording['frames']} frames were re-encoded and are no longer the original bytes" in capsys.readouterr().out
    )

    database = server.services.database
    database._sql["test_other"] = "UPDATE compactions SET statement = replace(statement, 'number', 'numbex')"
    await database.rows("test_other")
    with pytest.raises(Misfit, match="compaction"):
        verify(io.BytesIO(await bundle(room)))
    database._sql["test_none"] = "DELETE FROM compactions"
    await database.rows("test_none")
    with pytest.raises(Misfit, match="was re-encoded, and no signed statement says so"):
        verify(io.BytesIO(await bundle(room)))


async def test_another_video_than_the_signed_one_is_found(server: Running, room: Exam) -> None:
    await sat(room, 30)
    await room.end()
    [recording] = await closed(room)
    await compact(server)
    database = server.services.database
    [first, *_] = await database.segments(UUID(recording["id"]))
    path = server.services.settings.data_dir / "recordings" / first.video_key
    other = bytearray(await asyncio.to_thread(path.read_bytes))
    other[-20] ^= 1
    await asyncio.to_thread(path.write_bytes, other)
    with pytest.raises(Misfit, match="is not what was recorded"):
        verify(io.BytesIO(await bundle(room)))
    database._sql["test_swap"] = "UPDATE segments SET compacted = compacted || %(new)s WHERE number = 0"
    await database.rows("test_swap", new=json.dumps({"sha256": chain.sha256(bytes(other))}))
    with pytest.raises(Misfit, match="is not what was re-encoded, as the signed statement says"):
        verify(io.BytesIO(await bundle(room)))


async def test_what_an_incident_touches_is_never_touched(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.retention import compacting

    assert timedelta(seconds=60) <= MARGIN
    monkeypatch.setattr(compacting, "MARGIN", timedelta(seconds=0.5))
    await sat(room, 80)
    await room.end()
    [recording] = await closed(room)
    segments = await server.services.database.segments(UUID(recording["id"]))
    assert len(segments) >= 4
    await flag(server, recording, segments[1].began_at + timedelta(seconds=0.4))
    before = files(server)
    total = await compact(server)
    after = files(server)
    flagged = [each for each in segments if each.key + VIDEO in after]
    assert segments[1] in flagged
    assert 1 <= total.flagged == len(flagged) < len(segments)
    assert all(after[each.key + VIDEO] == before[each.key + VIDEO] for each in flagged)
    answer = await frame(room.http, recording["id"], flagged[0].first_seq or 0)
    assert answer.headers["X-Invigil-Exact"] == "yes"
    assert (await shown(room.http, recording["id"]))["recording"]["compacted_frames"] == total.frames


async def test_a_held_meeting_and_one_that_is_not_cold_stay_as_they_are(server: Running, room: Exam) -> None:
    await sat(room, 30)
    await room.end()
    await closed(room)
    before = files(server)
    assert (await compactor(server).run(days=1)).recordings == 0
    put = {"hold": True, "hold_reason": "An appeal."}
    await room.http.call("PUT", f"{room.path}/retention", json=put, token=room.http.operator_token)
    assert (await compact(server)).recordings == 0
    assert files(server) == before


async def test_a_hold_that_comes_while_it_is_re_encoded_counts(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sat(room, 30)
    await room.end()
    await closed(room)
    before = files(server)
    work, said = compactor(server), list[str]()
    whole = work._batch

    async def then_held(*arguments: Any) -> Any:
        found = await whole(*arguments)
        put = {"hold": True, "hold_reason": "An appeal."}
        await room.http.call("PUT", f"{room.path}/retention", json=put, token=room.http.operator_token)
        return found

    monkeypatch.setattr(work, "_batch", then_held)
    monkeypatch.setattr(work, "_say", said.append)
    assert (await work.run(days=0)).segments == 0
    assert files(server) == before
    assert any("held" in each for each in said)


async def test_cut_short_at_its_most_delicate_moment_it_can_be_done_again(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sat(room, 30)
    await room.end()
    [recording] = await closed(room)
    before, work = files(server), compactor(server)

    async def crash(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(work._retention, "compact", crash)
        with pytest.raises(RuntimeError, match="killed"):
            await work.run(days=0)
    between = files(server)
    assert before.items() < between.items()  # the new files are there, and nobody knows of them
    assert verify(io.BytesIO(await bundle(room))).reencoded == 0

    with monkeypatch.context() as patched:
        patched.setattr(work._store, "delete", crash)
        with pytest.raises(RuntimeError, match="killed"):
            await work.run(days=0)
    assert before.items() < files(server).items()  # now they are known, and the old ones still there
    assert verify(io.BytesIO(await bundle(room))).reencoded == recording["frames"]

    await work.run(days=0)
    assert not any(name.endswith(f"0{VIDEO}") for name in files(server))
    assert verify(io.BytesIO(await bundle(room))).reencoded == recording["frames"]


async def test_what_is_deleted_leaves_nothing_of_it_either(server: Running, room: Exam) -> None:
    await sat(room, 30)
    await room.end()
    [recording] = await closed(room)
    await compact(server)
    where = f"{room.path}/participants/{recording['candidate_id']}/erase"
    assert (await room.http.post(where, None, room.http.operator_token)).status == 200
    assert files(server) == {}
    assert await recordings(room) == []


async def test_it_can_be_watched_as_video(server: Running, room: Exam) -> None:
    await sat(room, 30)
    await room.end()
    [recording] = await closed(room)
    await compact(server)
    link = (await shown(room.http, recording["id"]))["video_url"]

    async def made() -> people.Answer | None:
        answer = await room.http.get(link)
        return answer if answer.status == 200 else None

    answer: people.Answer = await people.eventually(made, 4 * people.PATIENCE)
    assert answer.content[4:8] == b"ftyp"


async def test_whoever_has_an_old_row_in_hand_finds_what_took_its_place(serve: Serve) -> None:
    """A video takes minutes to be made, and a still is looked up before it is read."""
    async with serve() as server, people.calls(server) as http:
        room = await people.exam(http)
        await sat(room, 20)
        await room.end()
        [recording] = await closed(room)
        before = await server.services.database.segments(UUID(recording["id"]))
        assert (await compact(server)).left == 0
        for old in before:
            newest, video, _ = await server.services.playback.pair(old)
            assert (old.compacted, newest.video_sha256) == (None, chain.sha256(video))
            assert newest.compacted is not None


async def test_a_replay_runs_on_it_and_says_that_it_is_not_exact(
    serve: Serve, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.2)
        await sat(room, 40)
        await room.end()
        [recording] = await closed(room)
        assert (await compact(server)).left == 0
        data, folder = await bundle(room), server.services.settings.data_dir / "recordings"

        def replayed(path: Path) -> str:
            words = ["replay", str(path), "--jobs", "1", "--models", str(faces.models_folder() or "none")]
            assert main(words) == 0  # what is no exact replay is no fault
            return capsys.readouterr().out

        for path in (folder, await asyncio.to_thread(unpacked, data, tmp_path)):
            out = await asyncio.to_thread(replayed, path)
            assert "of these this is no exact replay" in out
            assert recording["id"] in out
            assert " 0 seen otherwise; " in out
            assert ", 0 other ones" in out  # and yet the rules decide as they did


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder / "bundle")
    return folder / "bundle" / "recordings"


# --- one segment, without a server ------------------------------------------------------------------------


def pair(tmp_path: Path, jpegs: list[bytes]) -> tuple[bytes, bytes]:
    """The files of a segment."""
    from detection import jpeg
    from storage.recordings.segment import KeptFrame, SegmentWriter

    made = SegmentWriter(tmp_path / "000000", began_at=0.0, size=jpeg.dimensions)
    made.note({"type": "segment", "recording_id": str(UUID(int=1)), "number": 0})
    for n, each in enumerate(jpegs):
        made.add(KeptFrame(n, n / 5, n / 5, each))
    made.close()
    return tuple((tmp_path / "000000").with_suffix(suffix).read_bytes() for suffix in (VIDEO, JOURNAL))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("jpegs", "why"),
    [
        ([view(1), view(2, 160, 120)], "several sizes"),
        ([view(1), b"\xff\xd8 no picture \xff\xd9"], "no picture"),
    ],
)
def test_what_cannot_be_re_encoded_stays(tmp_path: Path, jpegs: list[bytes], why: str) -> None:
    video, journal = pair(tmp_path, jpegs)
    found = reencode(video, journal, (chain.sha256(video), chain.sha256(journal)), "x")
    assert isinstance(found, Left)
    assert why in found.why


def test_what_is_not_what_was_recorded_is_not_re_encoded(tmp_path: Path) -> None:
    video, journal = pair(tmp_path, [view(1)])
    found = reencode(video, journal, (chain.sha256(b""), chain.sha256(journal)), "x")
    assert found == Left("it is not what was recorded: its hash is another")


def test_a_re_encoded_file_passes_for_no_original(tmp_path: Path) -> None:
    video, journal = pair(tmp_path, [view(n) for n in range(10)])
    found = reencode(video, journal, (chain.sha256(video), chain.sha256(journal)), "x")
    assert not isinstance(found, Left)
    assert compacted.is_exact(video)
    assert not compacted.is_exact(found.video)
    lines = [json.loads(line) for line in journal.splitlines()]
    with pytest.raises(SegmentError):
        list(read_frames(found.video, lines, "x"))
    again = list(compacted.shown_frames(found.video, lines, "x"))
    assert [each.seq for each in again] == list(range(10))
    assert {decode(each.jpeg).shape for each in again} == {(241, 320, 3)}
    with pytest.raises(SegmentError, match="more frames"):
        list(compacted.shown_frames(found.video, lines[:-1], "x"))


async def test_the_command_says_what_it_did(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    async with serve() as server, people.calls(server) as http:
        room = await people.exam(http)
        await sat(room, 30)
        await room.end()
        await closed(room)
        monkeypatch.setenv("INVIGIL_DATABASE_URL", database_url)
        folder = str(server.services.settings.data_dir)
        command = ["compact", "--days", "0", "--data-dir", folder, "--jobs", "1"]
        assert await asyncio.to_thread(main, ["compact", "--data-dir", folder]) == 2
        spool = Path(folder) / "spool" / "rows.jsonl"
        await asyncio.to_thread(spool.write_text, "x")
        assert await asyncio.to_thread(main, command) == 2
        assert "wait in the spool" in capsys.readouterr().err
        await asyncio.to_thread(spool.unlink)
        assert await asyncio.to_thread(main, command) == 0
        assert "1 recording: " in capsys.readouterr().out
        assert verify(io.BytesIO(await bundle(room))).reencoded == 30
        assert await asyncio.to_thread(main, command) == 0
        assert "Nothing is left that could be made smaller." in capsys.readouterr().out


async def test_the_command_says_why_nothing_of_a_meeting_is_re_encoded(
    serve: Serve, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    async with serve() as server, people.calls(server) as http:
        room = await people.exam(http)
        monkeypatch.setenv("INVIGIL_DATABASE_URL", database_url)

        async def said(meeting_id: str, days: str = "0") -> str:
            words = ["--days", days, "--meeting", meeting_id, "--jobs", "1"]
            command = ["compact", "--data-dir", str(server.services.settings.data_dir), *words]
            assert await asyncio.to_thread(main, command) == 2
            return capsys.readouterr().err

        assert f"There is no meeting {UUID(int=1)}" in await said(str(UUID(int=1)))
        assert "has not ended" in await said(room.id)
        await room.end()
        assert "ended less than 30 days ago" in await said(room.id, "30")
        put = {"hold": True, "hold_reason": "An appeal."}
        await http.call("PUT", f"{room.path}/retention", json=put, token=http.operator_token)
        assert "is held" in await said(room.id)
