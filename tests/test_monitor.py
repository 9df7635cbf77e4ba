"""From the camera to the proctor, with a real detector in real worker processes."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest

from detection import codec, rules
from server import monitor, workers
from server.app import Running
from server.protocol import Incident

from . import faces, people
from .conftest import Serve
from .people import Candidate, Exam, Http, Json, Proctor
from .pictures import undecodable

QUICK: Json = {
    "sample_interval": 0.3,
    "stream": {"fps": 15},
    "no_face": {"enter_seconds": 0.3},
    "multiple_faces": {"leave_seconds": 0.2},
    "stream_lost_after": 1,
    "stream_lost": {"leave_seconds": 0.2},
}
"""Rules for tests that have no time: everything else is as in an exam."""


@pytest.fixture
async def server(serve: Serve) -> AsyncIterator[Running]:
    """A server with one worker: YuNet where its weights are, else HOG."""
    async with serve(workers=1) as server:
        yield server


@pytest.fixture
async def room(http: Http) -> Exam:
    return await people.exam(http, **QUICK)


async def seen(ada: Candidate, jpeg: bytes, waited_for: Awaitable[Any]) -> Any:
    """Show this picture until that has come."""
    return await ada.stream(jpeg, asyncio.ensure_future(waited_for))


def incident(person: Proctor, event: str, kind: str | None = None) -> Awaitable[Any]:
    """The next event of this type, and of this kind of incident."""
    return person.inbox.next("incident", where=lambda d: d["type"] == event and kind in (None, d["incident"]["kind"]))


async def test_two_people_and_then_nobody_make_one_incident_each_opened_and_closed_once(room: Exam) -> None:
    async with (
        people.proctor(room) as paula,
        people.candidate(room) as ada,
        people.candidate(room, "Bob") as bob,
    ):
        for _ in range(3):
            await ada.frame()
        several = (await seen(ada, faces.two_faces(), incident(paula, "opened")))["incident"]
        assert (several["kind"], several["state"], several["candidate_id"]) == ("multiple_faces", "open", ada.id)
        warning = await ada.inbox.next("warning")
        assert (warning["incident_id"], warning["kind"]) == (several["id"], "multiple_faces")
        assert set(warning) == {"incident_id", "kind", "text", "opened_at"}
        closed = (await seen(ada, faces.one_face(), incident(paula, "closed")))["incident"]
        assert (closed["id"], closed["state"]) == (several["id"], "closed")
        assert (await ada.inbox.next("warning_cleared"))["incident_id"] == several["id"]

        nobody = (await seen(ada, faces.no_face(), incident(paula, "opened")))["incident"]
        assert nobody["kind"] == "no_face"
        await seen(ada, faces.one_face(), incident(paula, "closed"))
        assert (await ada.inbox.next("warning_cleared"))["incident_id"] == nobody["id"]

        told = [(d["type"], d["incident"]["kind"]) for d in paula.inbox.all("incident") if d["type"] != "updated"]
        assert told == [
            ("opened", "multiple_faces"),
            ("closed", "multiple_faces"),
            ("opened", "no_face"),
            ("closed", "no_face"),
        ]
        assert [(each["kind"], each["state"]) for each in await room.incidents()] == [
            ("multiple_faces", "closed"),
            ("no_face", "closed"),
        ]
        assert {name for name, _ in bob.inbox.everything} <= {"pace", "warning"}
        assert not [data for data in bob.inbox.all("warning") if data["kind"] != "stream_lost"]


async def test_the_evidence_of_an_incident_is_the_very_frames_that_confirmed_it(http: Http, room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        opened = (await seen(ada, faces.two_faces(), incident(paula, "opened")))["incident"]
        view = Incident.model_validate(opened)
        assert 2 <= len(view.evidence) <= 6
        assert [each.seq for each in view.evidence] == sorted({each.seq for each in view.evidence})
        for each in opened["evidence"]:
            picture = (await http.get(each["url"])).content
            assert picture == faces.two_faces()
            assert hashlib.sha256(picture).hexdigest() == each["sha256"]
            assert len(each["boxes"]) == 2
            assert all(0 <= value <= 1 for box in each["boxes"] for value in box)
        assert (view.why.detector in {"yunet", "hog"}, view.why.samples >= 3) == (True, True)
        assert view.why.score is not None
        assert view.why.threshold is not None
        assert view.why.score >= view.why.threshold
        assert len(view.why.model_sha256 or "") == len(view.why.settings_sha256) == 64


async def test_every_stage_of_an_alert_has_its_time_in_order(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        opened = (await seen(ada, faces.two_faces(), incident(paula, "opened")))["incident"]
        trace = opened["trace"]
        stages = [trace[name] for name in ("received_at", "sampled_at", "observed_at", "opened_at", "emitted_at")]
        assert stages == sorted(stages)
        shown_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert await ada.send("shown", {"incident_id": opened["id"], "at": shown_at}) == {"ok": True}
        updated = await paula.inbox.next("incident", where=lambda d: d["incident"]["trace"]["shown_at"])
        assert (updated["type"], updated["incident"]["trace"]["shown_at"]) == ("updated", shown_at)
        later = "2030-01-01T00:00:00.000Z"
        assert await ada.send("shown", {"incident_id": opened["id"], "at": later}) == {"ok": True}
        assert (await room.incidents())[0]["trace"]["shown_at"] == shown_at
        assert (await room.incidents())[0]["trace"]["emitted_at"]


async def test_a_single_frame_never_makes_an_incident(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        for _ in range(4):
            await seen(ada, faces.one_face(), asyncio.sleep(400 * people.MS))
            await ada.frame(faces.two_faces())
        await seen(ada, faces.one_face(), asyncio.sleep(400 * people.MS))
        assert not paula.inbox.all("incident")


async def test_a_stream_that_stops_is_lost_and_closes_when_it_is_back(room: Exam) -> None:
    async with people.proctor(room) as paula:
        async with people.candidate(room) as ada:
            await ada.frame()
        opened = (await incident(paula, "opened"))["incident"]
        assert (opened["kind"], opened["candidate_id"], opened["evidence"]) == ("stream_lost", ada.id, [])
        async with people.candidate(room, joined=ada.joined) as again:
            warning = await again.inbox.next("warning")
            assert warning["incident_id"] == opened["id"]
            again.seq = ada.seq
            closed = (await seen(again, faces.one_face(), incident(paula, "closed")))["incident"]
            assert closed["id"] == opened["id"]
            assert (await again.inbox.next("warning_cleared"))["incident_id"] == opened["id"]
        kinds = [each["kind"] for each in await room.incidents() if each["id"] == opened["id"]]
        assert kinds == ["stream_lost"]


async def test_when_the_stream_is_lost_the_camera_is_judged_no_more(room: Exam) -> None:
    """Cannot tell is not guilty."""
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        several = await seen(ada, faces.two_faces(), incident(paula, "opened"))
        closed = await incident(paula, "closed")
        assert closed["incident"]["id"] == several["incident"]["id"]
        assert (await incident(paula, "opened"))["incident"]["kind"] == "stream_lost"


async def test_a_candidate_who_never_sends_a_frame_is_noticed(http: Http) -> None:
    room = await people.exam(http, **QUICK, first_frame_within=1)
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        opened = (await incident(paula, "opened"))["incident"]
        assert (opened["kind"], opened["candidate_id"]) == ("stream_lost", ada.id)
        assert (await ada.inbox.next("warning"))["kind"] == "stream_lost"


async def test_while_the_server_stood_still_nobody_was_silent(http: Http) -> None:
    room = await people.exam(http, **{**QUICK, "stream_lost_after": 3})
    async with people.candidate(room) as ada:
        await ada.frame()
        stopped = perf_counter()
        while perf_counter() - stopped < 4:  # as on a machine that is paused
            pass
        await asyncio.sleep(monitor.TICK_SECONDS + 0.3)
        assert (await ada.frame())["ok"]
        assert await room.incidents() == []


async def test_after_the_end_a_stream_that_stops_is_no_incident(room: Exam) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        at = datetime.now(UTC).isoformat()
        assert (await ada.send("activity", {"kind": "finished", "at": at}))["ok"]
        await paula.inbox.none("incident", 2500 * people.MS)


async def test_a_candidate_without_a_socket_is_judged_and_sees_the_warning_in_an_answer(room: Exam) -> None:
    joined = await room.add()
    async with people.proctor(room) as paula:
        waiting = asyncio.ensure_future(incident(paula, "opened", "multiple_faces"))
        warnings: list[Json] = []
        for seq in range(1, 200):
            answer = await room.http.frame(joined["token"], seq, faces.two_faces())
            assert answer.status == 200
            warnings = answer.json["warnings"]
            if warnings:
                break
            await asyncio.wait([waiting], timeout=80 * people.MS)
        opened = (await waiting)["incident"]
        assert [(each["incident_id"], each["kind"]) for each in warnings] == [(opened["id"], "multiple_faces")]


async def test_a_picture_that_no_decoder_takes_is_counted_and_judges_nobody(http: Http, room: Exam) -> None:
    good = faces.one_face()
    start = good.index(b"\xff\xda")
    broken = good[: start + 14] + b"\xff\xd9"  # sound headers, and no picture behind them
    async with people.proctor(room) as paula, people.candidate(room) as ada:

        async def noticed() -> bool:
            await ada.frame(broken)
            return await http.metric("samples_total") > 2

        await people.eventually(noticed)
        await ada.frame()
        assert not [d for d in paula.inbox.all("incident") if d["incident"]["kind"] == "multiple_faces"]
        assert (await http.get("/healthz")).json["workers"] == {"wanted": 1, "alive": 1}


async def test_frames_that_cannot_be_decoded_are_no_stream(room: Exam) -> None:
    """Their headers are good, so they are acknowledged; the camera of who sends them is as good as covered."""
    async with people.proctor(room) as paula, people.candidate(room) as ada, people.candidate(room, "Bob") as bob:
        await asyncio.gather(ada.frame(), bob.frame())
        lost = asyncio.ensure_future(incident(paula, "opened"))
        watching = asyncio.ensure_future(bob.stream(faces.one_face(), lost))
        opened = (await ada.stream(undecodable(), lost))["incident"]
        await watching
        assert (opened["kind"], opened["candidate_id"]) == ("stream_lost", ada.id)
        assert (await ada.inbox.next("warning"))["incident_id"] == opened["id"]
        closed = await seen(ada, faces.one_face(), incident(paula, "closed", "stream_lost"))
        assert closed["incident"]["id"] == opened["id"]


async def test_an_incident_names_the_detector_of_the_worker_that_judged(
    server: Running, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = server.services.monitor.info
    assert judge is not None
    monkeypatch.setattr(server.services.monitor, "info", replace(judge, name="other", model_sha256="f" * 64))
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        why = (await seen(ada, faces.two_faces(), incident(paula, "opened")))["incident"]["why"]
        assert (why["detector"], why["model_sha256"]) == (judge.name, judge.model_sha256)


async def test_when_no_worker_is_left_the_console_says_so_until_one_is_back(
    server: Running, http: Http, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "RESTART_PAUSE", 0.05)

    async def none(*_: object) -> workers.Worker:
        raise workers.WorkerLost("no new one comes up")

    async with people.proctor(room) as paula, people.candidate(room) as ada:
        before = paula.inbox.all("snapshot")[0]["notice"]
        with monkeypatch.context() as patch:
            patch.setattr(workers.Worker, "start", none)
            os.kill(server.services.monitor.pids[0], signal.SIGKILL)
            await ada.frame()  # whose sample finds that nobody is there
            down = await paula.inbox.next("snapshot")
            assert "down" in down["notice"]
            assert [each["id"] for each in down["candidates"]] == [ada.id]
            health = (await http.get("/healthz")).json
            assert (health["status"], health["workers"]) == ("degraded", {"wanted": 1, "alive": 0})
            assert await ada.frame() == {"ok": True}
        assert (await paula.inbox.next("snapshot"))["notice"] == before


async def test_a_worker_that_is_killed_is_replaced_and_the_exam_goes_on(
    server: Running, http: Http, room: Exam, caplog: pytest.LogCaptureFixture
) -> None:
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        await ada.frame()
        before = await http.metric("samples_total")
        killed = server.services.monitor.pids
        os.kill(killed[0], signal.SIGKILL)

        async def sampled_again() -> bool:
            assert (await ada.frame())["ok"]
            return await http.metric("samples_total") > before + 2

        await people.eventually(sampled_again)
        assert await http.metric("detector_restarts_total") == 1
        assert server.services.monitor.pids != killed
        assert any("was lost and is replaced" in record.getMessage() for record in caplog.records)
        opened = await seen(ada, faces.two_faces(), incident(paula, "opened"))
        assert opened["incident"]["kind"] == "multiple_faces"


async def test_a_worker_that_hangs_is_replaced(
    server: Running, http: Http, room: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "ANSWER_TIMEOUT", 1.0)
    async with people.candidate(room) as ada:
        await ada.frame()
        await people.eventually(lambda: _more(http, "samples_total", 0))
        os.kill(server.services.monitor.pids[0], signal.SIGSTOP)

        async def replaced() -> bool:
            assert (await ada.frame())["ok"]
            return await http.metric("detector_restarts_total") == 1

        await people.eventually(replaced)
        before = await http.metric("samples_total")

        async def sampled_again() -> bool:
            assert (await ada.frame())["ok"]
            return await http.metric("samples_total") > before

        await people.eventually(sampled_again)


async def test_a_fault_before_a_frame_is_looked_at_costs_that_frame_and_no_worker(
    server: Running, http: Http, room: Exam, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object) -> bool:
        raise ZeroDivisionError

    async with people.candidate(room) as ada:
        with monkeypatch.context() as patch:
            patch.setattr(rules, "wants_descriptor", fault)
            await ada.frame()
            await people.eventually(lambda: _logged(caplog, "could not be judged"))

        async def sampled() -> bool:
            assert (await ada.frame())["ok"]
            return await http.metric("samples_total") > 0

        await people.eventually(sampled)


async def _logged(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return any(words in record.getMessage() for record in caplog.records)


async def _more(http: Http, name: str, than: float) -> bool:
    return await http.metric(name) > than


async def test_health_names_the_detector_at_work(http: Http) -> None:
    health = (await http.get("/healthz")).json
    assert health["detector"] == ("yunet" if faces.models_folder() else "hog")
    assert health["workers"] == {"wanted": 1, "alive": 1}
    assert (health["notice"] is None) is (faces.models_folder() is not None)


async def test_candidates_are_told_only_what_the_detector_at_work_can_tell(serve: Serve) -> None:
    async with serve(workers=1, detector="hog") as server, people.calls(server) as http:
        room = await people.exam(http)
        async with people.candidate(room) as ada:
            looked_for = (await http.get("/api/held", str(ada.token))).json["looked_for"]
    assert "multiple_faces" in looked_for
    assert not {"different_person", "looking_away"} & set(looked_for)


async def test_frames_that_kill_workers_are_looked_at_ever_more_seldom_and_the_proctors_are_told(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deadly, analyze = faces.no_face(), workers.Worker._analyze

    async def _analyze(self: workers.Worker, jpeg: bytes, *, describe: bool) -> Any:
        if jpeg == deadly:  # as a decoder does that a picture makes crash
            os.kill(self.pid, signal.SIGKILL)
        return await analyze(self, jpeg, describe=describe)

    monkeypatch.setattr(workers.Worker, "_analyze", _analyze)
    monkeypatch.setattr(monitor, "RESTART_PAUSE", 30.0)
    async with serve(workers=2) as server, people.calls(server) as http:
        room = await people.exam(http, **QUICK)
        async with (
            people.proctor(room) as paula,
            people.candidate(room) as ada,
            people.candidate(room, "Bob") as bob,
        ):
            await bob.frame()
            told = asyncio.ensure_future(incident(paula, "opened"))
            await asyncio.gather(ada.stream(deadly, told), bob.stream(faces.one_face(), told))
            assert (told.result()["incident"]["kind"], told.result()["incident"]["candidate_id"]) == (
                "stream_lost",
                ada.id,
            )
            lost = await http.metric("detector_restarts_total")
            assert lost == monitor.LOSSES
            quiet = asyncio.ensure_future(asyncio.sleep(1.5 * monitor.TICK_SECONDS))
            before = await http.metric("samples_total")
            await asyncio.gather(ada.stream(deadly, quiet), bob.stream(faces.one_face(), quiet))
            assert await http.metric("detector_restarts_total") == lost
            assert await http.metric("samples_total") > before + 2
            assert sum("cost 3 workers in a row" in each.getMessage() for each in caplog.records) == 1


async def test_where_workers_are_lost_by_everyone_nobody_is_blamed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "RESTART_PAUSE", 0.05)

    async def _analyze(self: workers.Worker, *_: object, **__: object) -> Any:
        os.kill(self.pid, signal.SIGKILL)
        raise workers.WorkerLost("killed")

    monkeypatch.setattr(workers.Worker, "_analyze", _analyze)
    async with serve(workers=1) as server, people.calls(server) as http:
        room = await people.exam(http, **QUICK)
        async with people.proctor(room) as paula, people.candidate(room) as ada:

            async def lost() -> bool:
                return await http.metric("detector_restarts_total") > monitor.LOSSES

            await ada.stream(faces.one_face(), asyncio.ensure_future(people.eventually(lost, 2 * people.PATIENCE)))
            assert [each["incident"]["kind"] for each in paula.inbox.all("incident")] == []
            assert (await ada.frame())["ok"]


async def test_a_picture_that_nobody_waits_for_any_more_costs_no_worker(server: Running, http: Http) -> None:
    judge, before = server.services.monitor, server.services.monitor.pids
    waiting = asyncio.ensure_future(judge.examine(faces.one_face()))
    while not any(each.busy for each in judge._workers.values()):  # noqa: ASYNC110 - it takes milliseconds
        await asyncio.sleep(0)
    waiting.cancel()
    assert isinstance(await judge.examine(faces.one_face()), codec.Observed)
    assert (judge.pids, await http.metric("detector_restarts_total")) == (before, 0)
