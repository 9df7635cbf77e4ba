"""Recordings of real candidates on a real server: exact frames, journals, chain, signature, and what may go wrong."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from detection import rules
from server import journal
from server.app import Running, running
from storage.recordings import chain, writer
from storage.recordings.chain import Signed
from storage.recordings.segment import VIDEO

from . import faces, people
from .conftest import Serve, settings_for
from .people import Candidate, Exam, Http
from .postgres import Postgres, postgres
from .recorded import added, closed, frame, kept, recordings, shown, stream


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_SECONDS", 0.5)


# --- what is recorded -------------------------------------------------------------------------------------


async def test_every_frame_is_kept_to_the_byte_and_the_end_is_signed(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        sent = await stream(ada, 40)
    await room.end()
    [recording] = await closed(room)
    assert (recording["candidate_id"], recording["candidate_name"]) == (ada.id, "Ada")
    assert (recording["frames"], recording["not_recorded"]) == (40, 0)
    assert recording["bytes"] == sum(map(len, sent.values()))
    assert recording["seconds"] >= 40 / 20

    segments, frames, _ = await kept(server, recording["id"])
    assert frames == sent
    assert [each.number for each in segments] == list(range(len(segments)))
    assert len(segments) >= 3

    detail = await shown(room.http, recording["id"])
    signed = Signed(**detail["signed"])
    statement = json.loads(signed.statement)
    assert chain.is_genuine(signed)
    assert signed.public_key == (await room.http.get("/api/signing-key")).json["public_key"]
    assert statement["head"] == segments[-1].link
    assert (statement["frames"], statement["segments"]) == (40, len(segments))
    assert (statement["recording_id"], statement["candidate_id"]) == (recording["id"], ada.id)
    # Nothing is left on the way.
    folder = server.services.settings.data_dir / "recording"
    assert await people.eventually(lambda: not list(folder.iterdir()))
    assert await room.http.metric("recording_frames_total") == 40
    assert await room.http.metric("recording_frames_dropped_total") == 0
    assert await room.http.metric("recording_segments_waiting") == 0


async def test_the_journal_tells_the_rules_the_same_story_again(serve: Serve, tmp_path: Path) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.2)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            opened = asyncio.ensure_future(paula.inbox.next("incident", where=lambda d: d["type"] == "opened"))
            await ada.stream(faces.two_faces(), opened)
            gone = asyncio.ensure_future(paula.inbox.next("incident", where=lambda d: d["type"] == "closed"))
            await ada.stream(faces.one_face(), gone)
        await room.end()
        [recording] = await closed(room)
        lines = (await kept(server, recording["id"]))[2]
        incidents = await room.incidents()
        detail = await shown(http, recording["id"])

    begun = next(line for line in lines if line["type"] == "begun")
    assert (begun["detector"]["name"], begun["format"]) == (server.services.monitor.name, 1)
    settings = rules.RuleSettings.from_overrides(begun["settings"])
    assert settings.sha256() == begun["settings_sha256"] == incidents[0]["why"]["settings_sha256"]
    assert "descriptor" not in json.dumps(lines)
    state, episodes = rules.State(), []
    for line in lines:
        if (event := journal.event_of(line)) is not None:
            state, changes = rules.step(state, settings, event)
            episodes += [each.episode for each in changes if each.type is rules.ChangeType.OPENED]
    assert state.finished
    assert [each.kind for each in episodes] == [each["kind"] for each in incidents]

    evidence = [each for incident in incidents for each in incident["evidence"]]
    statement = json.loads(detail["signed"]["statement"])
    assert [each["sha256"] for each in statement["evidence"]] == [each["sha256"] for each in evidence]
    assert len(evidence) >= 3
    assert [each["id"] for each in detail["incidents"]] == [each["id"] for each in incidents]
    sampled = [line for line in lines if line["type"] == "sample"]
    assert [each["seq"] for each in detail["samples"]] == [line["seq"] for line in sampled]
    assert {len(each["boxes"]) for each in detail["samples"]} >= {1, 2}
    assert all(line["sampled_at"] <= line["observed_at"] for line in sampled)


async def test_a_recording_that_grows_can_be_looked_into(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        sent = await stream(ada, 30)
        [recording] = await recordings(room)
        assert (recording["state"], recording["frames"], recording["closed_at"]) == ("open", 30, None)

        async def all_but_the_newest() -> bool:
            answers = [await frame(room.http, recording["id"], seq) for seq in range(1, 30)]
            return [each.content for each in answers] == [sent[seq] for seq in range(1, 30)]

        assert await people.eventually(all_but_the_newest)
        detail = await shown(room.http, recording["id"])
        assert detail["signed"] is None
        assert sum(each["frames"] for each in detail["segments"]) >= 29
        assert await room.http.metric("recordings_open") >= 0
        assert (await frame(room.http, recording["id"], 999)).status == 404


async def test_each_candidate_has_a_recording_and_a_finish_closes_it(server: Running, room: Exam) -> None:
    async with people.candidate(room, "Ada") as ada, people.candidate(room, "Bob") as bob:
        await stream(ada, 3)
        await stream(bob, 3)
        answer = await ada.send("activity", {"kind": "finished", "at": "2026-01-01T00:00:00Z"})
        assert answer == {"ok": True}

        async def one_closed() -> bool:
            return [each["state"] for each in await recordings(room)] == ["closed", "open"]

        assert await people.eventually(one_closed)
        assert [each["candidate_name"] for each in await recordings(room)] == ["Ada", "Bob"]
        async with people.proctor(room) as paula:
            assert (await paula.send("end", {"candidate_id": bob.id, "reason": "Done"}))["ok"]
        await closed(room, count=2)


async def test_a_stream_that_pauses_is_a_gap(server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "STREAM_GAP_SECONDS", 0.2)
    async with people.candidate(room) as ada:
        await stream(ada, 3, fps=50)
        await asyncio.sleep(0.4)
        await stream(ada, 3, fps=50)
    await room.end()
    [recording] = await closed(room)
    gaps = (await shown(room.http, recording["id"]))["gaps"]
    assert [(each["cause"], each["frames"]) for each in gaps] == [("stream", 0)]
    assert recording["gaps"] == 1
    assert gaps[0]["began_at"] < gaps[0]["ended_at"]


async def test_with_recording_off_nothing_is_kept(serve: Serve, tmp_path: Path) -> None:
    async with serve(record=False) as server, people.calls(server) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            await stream(ada, 5)
        await room.end()
        assert await recordings(room) == []
        assert not list((tmp_path / "data").rglob("*.mkv"))


# --- trouble ----------------------------------------------------------------------------------------------


async def test_stopped_and_started_again_it_is_the_same_recording(serve: Serve, tmp_path: Path) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            sent = await stream(ada, 12)
    async with serve() as second, people.calls(second) as http:
        again = Exam(http, room.created)
        returned = Candidate(second.url, ada.joined)
        await returned.connect()
        refused = await returned.frame(seq=5)
        assert (refused["error"]["code"], refused["error"]["last_seq"]) == ("replayed_seq", 12)
        returned.seq = 12
        sent |= await stream(returned, 12)
        await returned.close()
        await again.end()
        [recording] = await closed(again, http)
        segments, frames, lines = await kept(second, recording["id"])
        assert frames == sent
        assert [line["cause"] for line in lines if line["type"] == "gap"] == ["restart"]
        assert len([line for line in lines if line["type"] == "begun"]) == 2
        assert [each.number for each in segments] == list(range(len(segments)))


async def test_ended_while_it_was_down_it_is_closed_by_the_next_start(serve: Serve, postgresql: Postgres) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            await stream(ada, 6)
        await first.services.database.end_meeting(UUID(room.id), datetime.now(UTC))
    async with serve() as second, people.calls(second) as http:
        [recording] = await closed(Exam(http, room.created), http)
        assert recording["frames"] == 6


async def test_a_machine_that_lost_its_folder_goes_on_from_the_index(serve: Serve, tmp_path: Path) -> None:
    async with serve() as first, people.calls(first) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            sent = await stream(ada, 12)
    shutil.rmtree(tmp_path / "data" / "recording")
    async with serve() as second, people.calls(second) as http:
        again = Exam(http, room.created)
        returned = Candidate(second.url, ada.joined)
        await returned.connect()
        returned.seq = 12
        sent |= await stream(returned, 12)
        await returned.close()
        await again.end()
        [recording] = await closed(again, http)
        segments, frames, _ = await kept(second, recording["id"])
        assert frames == sent
        assert [each.number for each in segments] == list(range(len(segments)))


async def test_a_disk_that_cannot_keep_up_costs_frames_of_the_recording_and_no_other(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with people.candidate(room) as ada, people.proctor(room) as paula:
        sent = await stream(ada, 5)
        monkeypatch.setattr(writer, "MAX_QUEUED", 0)
        lost = await stream(ada, 6)
        monkeypatch.undo()
        sent |= await stream(ada, 5)
        assert await room.http.metric("frames_received_total") == 16
        assert await room.http.metric("recording_frames_dropped_total") == len(lost)
        async with people.proctor(room) as late:
            snapshot = next(data for name, data in late.inbox.everything if name == "snapshot")
            assert snapshot["candidates"][0]["not_recorded"] == len(lost)
        assert not paula.inbox.all("incident")
    await room.end()
    [recording] = await closed(room)
    assert (recording["frames"], recording["not_recorded"]) == (10, 6)
    assert (await kept(server, recording["id"]))[1] == sent
    gaps = (await shown(room.http, recording["id"]))["gaps"]
    assert [(each["cause"], each["frames"]) for each in gaps] == [("queue", 6)]


async def test_segments_wait_here_while_the_store_is_away(server: Running, room: Exam) -> None:
    store = server.services.settings.data_dir / "recordings"

    def take_away() -> None:
        store.rmdir()
        store.write_text("a file where the folder was")

    def bring_back() -> None:
        store.unlink()
        store.mkdir()

    await asyncio.to_thread(take_away)
    async with people.candidate(room) as ada:
        sent = await stream(ada, 30)
        [recording] = await recordings(room)
        answer = await people.eventually(lambda: _found(room.http, recording["id"], 3))
        assert answer.content == sent[3]
    await room.end()
    assert await people.eventually(lambda: _metric_above(room.http, "recording_segments_waiting", 2))
    assert [each["state"] for each in await recordings(room)] == ["open"]
    await asyncio.to_thread(bring_back)
    [recording] = await closed(room)
    assert (await kept(server, recording["id"]))[1] == sent


async def _found(http: Http, recording_id: str, seq: int) -> people.Answer | None:
    answer = await frame(http, recording_id, seq)
    return answer if answer.status == 200 else None


async def _metric_above(http: Http, name: str, least: float) -> bool:
    return await http.metric(name) >= least


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as found:
        yield found


async def test_rows_wait_in_the_spool_while_the_database_is_away(own: Postgres, tmp_path: Path) -> None:
    url = await asyncio.to_thread(own.database)
    async with running(settings_for(url, tmp_path)) as server, people.calls(server) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            sent = await stream(ada, 4)
            await asyncio.to_thread(own.take_away)
            try:
                sent |= await stream(ada, 50)
                assert await people.eventually(lambda: _metric_above(http, "recording_segments_total", 2))
                assert (await http.get(f"{room.path}/recordings", http.operator_token)).status == 503
            finally:
                await asyncio.to_thread(own.bring_back)
        await people.eventually(lambda: not server.services.ledger.away, 2 * people.PATIENCE)
        await room.end()
        [recording] = await closed(room)
        assert (await kept(server, recording["id"]))[1] == sent


async def test_a_changed_segment_is_not_served_and_breaks_the_chain(server: Running, room: Exam) -> None:
    async with people.candidate(room) as ada:
        await stream(ada, 5)
    await room.end()
    [recording] = await closed(room)
    [segment] = await server.services.database.segments(UUID(recording["id"]))
    path = server.services.settings.data_dir / "recordings" / (segment.key + VIDEO)

    def flip() -> str:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return chain.sha256(bytes(data))

    changed = await asyncio.to_thread(flip)
    answer = await frame(room.http, recording["id"], 2)
    assert (answer.status, answer.json["error"]["code"]) == (500, "damaged")
    forged = replace(added(segment), sha256=changed)
    assert chain.first_break(segment.recording_id, [forged], [segment.link]) == 0
    assert chain.first_break(segment.recording_id, [added(segment)], [segment.link]) is None


# --- room -------------------------------------------------------------------------------------------------


async def test_without_room_for_two_hours_a_new_meeting_is_refused(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    await asyncio.to_thread(server.services.recorder._space.look)
    body = {"title": "Late", "settings": {}}
    answer = await room.http.post("/api/meetings", body, room.http.operator_token)
    assert (answer.status, answer.json["error"]["code"]) == (507, "no_space")
    assert "0.1 GB" in answer.json["error"]["text"]
    assert await room.http.metric("meetings_refused_total") == 1
    async with people.candidate(room) as ada:  # what runs goes on
        assert (await ada.frame())["ok"]
    small = {"title": "Small", "settings": {"stream": {"fps": 0.5, "width": 160, "quality": 0.3}}}
    assert (await room.http.post("/api/meetings", small, room.http.operator_token)).status == 201
