"""A reference photo is refused when nobody can be told by it, and describes nobody before their first frame."""

import asyncio
import base64
import os
import signal
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from detection import rules
from server import photos
from server.app import Running, running
from server.meetings import Candidate
from server.photos import fault

from . import faces, people
from .conftest import Serve, leaving_no_task, settings_for
from .people import Answer, Exam, Json

RULES: Json = {"sample_interval": 0.2, "stream": {"fps": 15}, "stream_lost": {"enabled": False}}


async def send(room: Exam, photo: bytes) -> Answer:
    body = {"name": "Ada", "role": "candidate", "reference_photo": base64.b64encode(photo).decode()}
    return await room.http.post(f"{room.path}/participants", body, room.http.operator_token)


async def known(server: Running, joined: Json) -> Candidate:
    meeting = await server.services.lobby.meeting(UUID(joined["participant"]["meeting_id"]))
    return meeting.candidate(UUID(joined["participant"]["id"]))


def test_what_is_wrong_with_a_photo_is_said_with_the_remedy() -> None:
    points = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.42, 0.6), (0.58, 0.6))
    one = faces.observation(1)
    near = replace(one, faces=(replace(one.faces[0], landmarks=points),))
    assert fault(near) is None
    assert "No face" in (fault(faces.observation(0)) or "")
    assert "3 faces" in (fault(faces.observation(3)) or "")
    aside = replace(near.faces[0], landmarks=(*points[:2], (0.6, 0.5), *points[3:]))
    assert "turned away" in (fault(replace(near, faces=(aside,))) or "")


@faces.needs_models
async def test_a_photo_by_which_nobody_can_be_told_is_refused_and_not_kept(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        for picture, word in (
            (faces.no_face(640, 480), "No face"),
            (faces.two_faces(640, 480), "2 faces"),
            (faces.one_face(96, 72), "too small"),
        ):
            answer = await send(room, picture)
            assert (answer.status, answer.json["error"]["code"]) == (400, "unclear_photo")
            assert word in answer.json["error"]["text"]
        folder = server.services.settings.data_dir / "evidence"
        assert await asyncio.to_thread(lambda: list(folder.rglob("*.jpg"))) == []
        meeting = await server.services.lobby.meeting(UUID(room.id))
        assert meeting.candidates == {}


@faces.needs_models
@pytest.mark.parametrize("size", [(320, 240), (1280, 960)])
async def test_a_photo_is_described_with_the_first_frame_and_not_before(size: tuple[int, int], serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        answer = await send(room, faces.one_face(*size))
        assert answer.status == 201
        candidate = await known(server, answer.json)
        async with people.candidate(room, joined=answer.json) as ada:
            assert not rules.knows_candidate(candidate.state)
            assert not server.services.photos._waiting
            told = asyncio.ensure_future(people.eventually(lambda: rules.knows_candidate(candidate.state)))
            await ada.stream(faces.one_face(), told)
            assert candidate.state.scene.person.photo
            same = asyncio.ensure_future(people.eventually(lambda: candidate.state.scene.verdict == "same"))
            await ada.stream(faces.one_face(), same)
            assert await room.incidents() == []


@faces.needs_models
async def test_where_faces_are_not_compared_nobody_is_described(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES, different_person={"enabled": False})
        answer = await send(room, faces.one_face())
        candidate = await known(server, answer.json)
        async with people.candidate(room, joined=answer.json) as ada:
            sampled = asyncio.ensure_future(people.eventually(lambda: len(candidate.samples) >= 3))
            await ada.stream(faces.one_face(), sampled)
        assert not rules.knows_candidate(candidate.state)


async def test_the_simple_detector_refuses_no_photo(serve: Serve) -> None:
    async with serve(workers=1, detector="hog") as server, people.calls(server) as http:
        room = await people.exam(http)
        assert (await send(room, faces.no_face())).status == 201
        assert "still the candidate" in (server.services.monitor.notice_text or "")


@faces.needs_models
async def test_a_photo_that_nobody_could_check_is_noted_when_it_is_of_no_use(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Taken while there was no worker; the exam goes on without it."""
    off = settings_for(database_url, tmp_path)
    async with leaving_no_task(), running(off) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        answer = await send(room, faces.no_face())
        assert answer.status == 201
    on = settings_for(database_url, tmp_path, workers=1)
    async with leaving_no_task(), running(on) as server, people.calls(server) as http:
        there = Exam(http, room.created)
        async with people.candidate(there, joined=answer.json) as ada:
            assert (await ada.frame())["ok"]

            async def noted() -> bool:
                return await http.metric("photos_unusable_total") == 1

            await people.eventually(noted)
            assert "enrolling from the stream alone" in caplog.text
            assert "Ada" not in caplog.text
            candidate = await known(server, answer.json)
            enrolling = asyncio.ensure_future(people.eventually(lambda: candidate.state.scene.person.enrolled))
            await ada.stream(faces.one_face(), enrolling)


@faces.needs_models
async def test_a_photo_that_is_away_is_tried_again_and_then_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "RETRY_SECONDS", 0.01)
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        answer = await send(room, faces.one_face())
        folder = server.services.settings.data_dir / "evidence"

        def lose() -> None:
            for path in folder.rglob("*.jpg"):
                path.unlink()

        await asyncio.to_thread(lose)
        async with people.candidate(room, joined=answer.json) as ada:
            assert (await ada.frame())["ok"]

            async def noted() -> bool:
                return await http.metric("photos_unusable_total") == 1

            await people.eventually(noted)
            assert not server.services.photos._waiting


@faces.needs_models
async def test_when_a_worker_is_lost_photos_are_taken_unchecked_and_the_exam_gets_a_new_one(serve: Serve) -> None:
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **RULES)
        monitor = server.services.monitor
        (pid,) = monitor.pids
        os.kill(pid, signal.SIGKILL)
        await people.eventually(lambda: monitor.workers_alive == 0)
        assert (await send(room, faces.no_face())).status == 201
        async with people.candidate(room) as ada:
            again = asyncio.ensure_future(people.eventually(lambda: monitor.workers_alive == 1))
            await ada.stream(faces.one_face(), again)
        assert (await send(room, faces.no_face())).status == 400
