"""`invigil serve` as an operator has it: starts, ends, is killed and goes on, and says what is wrong."""

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from . import faces, people, process
from .people import Candidate, Proctor
from .postgres import Postgres, postgres, short_folder
from .process import OPERATOR, Serving, refused, serving


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that is not there yet."""
    with short_folder() as parent:
        yield parent / "data"


async def hidden(candidate: Candidate, *, active: bool = True) -> None:
    """The candidate's tab is hidden, or shown again: an incident without a detector."""
    at = datetime.now(UTC).isoformat()
    answer = await candidate.send("activity", {"kind": "tab_hidden", "at": at, "detail": {"active": active}})
    assert answer == {"ok": True}


def _is_hidden(event: Any) -> bool:
    return bool(event["incident"]["kind"] == "tab_hidden")


def no_traceback(server: Serving) -> None:
    assert "Traceback" not in server.log, server.log


# --- a whole exam -----------------------------------------------------------------------------------------


async def test_it_prints_one_line_serves_an_exam_and_ends_with_everyone_connected(folder: Path) -> None:
    async with serving(folder, workers=1) as server:
        assert set(server.ready) == {"url", "operator_url", "data_dir"}
        assert server.ready["operator_url"] == f"{server.url}/#token={OPERATOR}"
        assert server.ready["data_dir"] == str(folder)
        async with process.exam(server, sample_interval=0.3) as room:
            polling = Candidate(server.url, await room.add("Poll Candidate"))
            await polling.connect(transports=("polling",))
            async with people.proctor(room) as paula, people.candidate(room, "Secret Name") as ada:
                await ada.frame()
                waiting = asyncio.ensure_future(paula.inbox.next("incident"))
                await ada.stream(faces.two_faces(), waiting)
                workers, database = server.workers(), server.postgres()
                assert (len(workers), database is not None) == (1, True)

                began = time.monotonic()
                status, out = await server.stop()
                assert (status, out) == (0, b"")
                assert time.monotonic() - began < 5000 * people.MS
                async with asyncio.timeout(people.PATIENCE):
                    await asyncio.gather(ada.gone.wait(), paula.gone.wait())
            assert not any(psutil.pid_exists(pid) for pid in workers)
            assert server.postgres() is None
            no_traceback(server)
            told = [paula.token, ada.token, polling.token, OPERATOR, room.code]
            await polling.close()
        log = server.log
        assert not any(str(word) in log for word in ["Secret Name", "Poll Candidate", "Paula", *told])
        assert not re.search(r"\\xff\\xd8|/9j/|eyJ", log), "a picture or a token is in the log"
        assert re.search(r"candidate connected", log)


async def test_ctrl_c_ends_it_in_the_same_way(folder: Path) -> None:
    async with serving(folder) as server:
        assert await server.stop(signal.SIGINT) == (0, b"")
        no_traceback(server)
        assert server.postgres() is None


KEPT = ("secret", "signing-key", "evidence", "spool", "recordings", "recording")


async def test_what_it_keeps_is_for_its_owner_alone(folder: Path) -> None:
    async with serving(folder):
        modes = {name: os.stat(folder / name).st_mode & 0o077 for name in KEPT}
        assert modes == dict.fromkeys(KEPT, 0)


# --- killed -----------------------------------------------------------------------------------------------


async def test_killed_the_moment_an_incident_was_shown_it_has_lost_nothing_and_goes_on(folder: Path) -> None:
    async with serving(folder) as first, process.exam(first, first_frame_within=1) as room:
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await ada.frame()
            await hidden(ada)
            shown = (await paula.inbox.next("incident"))["incident"]
            os.kill(first.process.pid, signal.SIGKILL)
            await asyncio.to_thread(first.process.wait)
        database = first.postgres()
        assert database is not None

        async with serving(folder) as second, people.calls(second.url, OPERATOR) as http:
            assert second.postgres() == database
            kept = (await process.elsewhere(room, http).incidents())[0]
            assert (kept["id"], kept["opened_at"], kept["text"]) == (shown["id"], shown["opened_at"], shown["text"])
            assert (kept["state"], kept["closed_at"] is not None) == ("closed", True)
            # The links that people were given are still good, and whoever does not come back is missed.
            again = Proctor(second.url, paula.joined)
            await again.connect()
            assert [each["id"] for each in (await again.inbox.next("snapshot"))["incidents"]][-1] == shown["id"]
            lost = (await again.inbox.next("incident", where=lambda d: d["type"] == "opened"))["incident"]
            assert (lost["kind"], lost["candidate_id"]) == ("stream_lost", ada.id)
            returned = Candidate(second.url, ada.joined)
            await returned.connect()
            assert (await returned.frame())["ok"]
            await asyncio.gather(again.close(), returned.close())
            assert (await second.stop())[0] == 0
            assert second.postgres() is None
            no_traceback(second)


async def test_killed_during_its_very_first_start_it_starts_the_next_time(folder: Path) -> None:
    first = Serving(folder)
    await people.eventually(lambda: (folder / "postgres").exists() or first.process.poll() is not None, process.START)
    first.process.kill()
    await asyncio.to_thread(first.end)
    async with serving(folder) as second:
        assert second.ready


async def test_a_worker_that_is_killed_is_replaced_while_samples_go_on(folder: Path, own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    async with serving(folder, workers=2, database_url=url) as server:
        async with process.exam(server, sample_interval=0.3) as room, people.candidate(room) as ada:
            await ada.frame()
            before = await room.http.metric("samples_total")
            os.kill(server.workers()[0], signal.SIGKILL)

            async def sampled() -> bool:
                assert await ada.frame() == {"ok": True}
                return await room.http.metric("samples_total") > before + 1

            await people.eventually(sampled, 2000 * people.MS)

            async def replaced() -> bool:
                assert await ada.frame() == {"ok": True}
                return len(server.workers()) == 2 and await room.http.metric("detector_restarts_total") == 1

            await people.eventually(replaced)
            healthy = (await room.http.get("/healthz")).json
            assert await people.eventually(lambda: _status(room.http, "ok")), healthy
        assert "was lost and is replaced" in server.log
        no_traceback(server)


async def _status(http: people.Http, wanted: str) -> bool:
    answer = await http.get("/healthz")
    return bool(answer.status == 200 and answer.json["status"] == wanted)


# --- the database away ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """A PostgreSQL that may be taken away."""
    with postgres() as server:
        yield server


def spooled(folder: Path) -> list[str]:
    """The rows that wait."""
    return [line for path in (folder / "spool").glob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("how", ["stopped", "silent"])
async def test_while_the_database_is_away_incidents_are_told_and_none_is_lost(
    how: str, folder: Path, own: Postgres
) -> None:
    url = await asyncio.to_thread(own.database)
    go, come = (own.take_away, own.bring_back) if how == "stopped" else (own.pause, own.go_on)
    async with serving(folder, database_url=url) as server, process.exam(server) as room:
        async with people.proctor(room) as paula:
            crew = [Candidate(server.url, await room.add(f"C{n}")) for n in range(4)]
            for each in crew:
                await each.connect()
            await asyncio.to_thread(go)
            try:
                told = []
                for each in crew:
                    await hidden(each)
                    told.append((await paula.inbox.next("incident", where=_is_hidden))["incident"]["id"])
                    assert await each.frame() == {"ok": True}
                assert await people.eventually(lambda: _status(room.http, "degraded"))
                assert (await room.http.get("/healthz")).json["database"] == "away"
                assert len([line for line in spooled(folder) if line.startswith('["incidents"')]) >= 4
                away = await room.http.get(f"{room.path}/incidents", OPERATOR)
                assert (away.status, away.json["error"]["code"]) == (503, "away")
                answer = await paula.send("review", {"incident_id": told[0], "verdict": "confirmed"})
                assert answer == {"ok": True}
            finally:
                await asyncio.to_thread(come)
            assert await people.eventually(lambda: _status(room.http, "ok"), 2 * people.PATIENCE)
            assert await people.eventually(lambda: not spooled(folder))
            # A machine that lags may find more to report than what this test does.
            kept = [each for each in await room.incidents() if each["kind"] == "tab_hidden"]
            assert [each["id"] for each in kept] == told
            assert kept[0]["review"]["verdict"] == "confirmed"
            await asyncio.gather(*(each.close() for each in crew))
        assert await room.http.metric("spooled_rows_total") >= 5
        assert (await server.stop())[0] == 0
        no_traceback(server)


async def test_what_waited_when_it_was_killed_is_saved_by_the_next_start(folder: Path, own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    async with serving(folder, database_url=url) as first, process.exam(first) as room:
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await asyncio.to_thread(own.take_away)
            try:
                await hidden(ada)
                shown = (await paula.inbox.next("incident"))["incident"]
                os.kill(first.process.pid, signal.SIGKILL)
                await asyncio.to_thread(first.process.wait)
            finally:
                await asyncio.to_thread(own.bring_back)
        async with serving(folder, database_url=url) as second, people.calls(second.url, OPERATOR) as http:
            there = process.elsewhere(room, http)
            kept: list[Any] = await people.eventually(there.incidents)
            assert [(each["id"], each["state"]) for each in kept] == [(shown["id"], "closed")]
            no_traceback(second)


# --- what is wrong ----------------------------------------------------------------------------------------


async def test_a_second_server_on_a_folder_in_use_says_so_and_harms_nobody(folder: Path, own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    async with serving(folder, database_url=url) as server:
        status, out, log = await asyncio.to_thread(refused, folder, "--port", "0", database_url=url)
        assert (status, out) == (1, "")
        assert re.search(rf"in use by another Invigil server \(process {server.process.pid}\)", log)
        assert "Traceback" not in log
        async with people.calls(server.url) as http:
            assert (await http.get("/healthz")).status == 200


BAD = {"port": "http", "workers": "-1", "operator_token": "short", "log_level": "loud", "stream_fps": "100"}


def test_bad_settings_are_named_all_at_once_and_nothing_is_begun(folder: Path) -> None:
    status, out, log = refused(folder, **BAD)
    assert (status, out) == (2, "")
    assert all(f"INVIGIL_{name.upper()}" in log for name in BAD if name != "operator_token"), log
    assert "Traceback" not in log
    assert not folder.exists()


def test_a_secret_that_is_too_short_is_named_beside_the_other_faults(folder: Path) -> None:
    log = refused(folder, **BAD)[2]
    assert "INVIGIL_OPERATOR_TOKEN" in log, log


@pytest.mark.parametrize("arguments", [["--port", "many"], ["--colour"], ["extra"]])
def test_wrong_words_on_the_command_line_are_refused(arguments: list[str], folder: Path) -> None:
    status, out, log = refused(folder, *arguments)
    assert (status, out) == (2, "")
    assert "usage: invigil" in log


def test_a_database_that_cannot_be_reached_is_said_without_its_password(folder: Path) -> None:
    url = "postgresql://ada:hush-hush@127.0.0.1:1/exams"
    status, out, log = refused(folder, database_url=url)
    assert (status, out) == (1, "")
    assert "cannot be reached" in log
    assert "hush-hush" not in log
    assert "Traceback" not in log


def test_an_address_that_is_no_databases_is_said(folder: Path) -> None:
    status, out, log = refused(folder, database_url="mysql://localhost/hush-hush")
    assert (status in (1, 2), out) == (True, "")
    assert "Traceback" not in log, log


def test_a_detector_without_its_weights_is_said(folder: Path, postgresql: Postgres) -> None:
    url = postgresql.database()
    status, out, log = refused(
        folder, "--port", "0", workers=1, detector="yunet", models=folder / "nothing", database_url=url
    )
    assert (status, out) == (1, "")
    assert "invigil models fetch" in log
    assert "Traceback" not in log


def test_a_detector_that_does_not_exist_is_a_wrong_setting(folder: Path) -> None:
    status, out, log = refused(folder, detector="magic")
    assert (status, out) == (2, "")
    assert "INVIGIL_DETECTOR" in log


def test_a_port_in_use_is_said(folder: Path, postgresql: Postgres) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, out, log = refused(folder, "--port", str(taken.getsockname()[1]), database_url=postgresql.database())
    assert (status, out) == (1, "")
    assert "Traceback" not in log


def test_an_object_store_of_no_known_kind_is_said(folder: Path, postgresql: Postgres) -> None:
    status, out, log = refused(folder, "--port", "0", database_url=postgresql.database(), evidence_url="ftp://x/y")
    assert (status, out) == (1, "")
    assert "ftp://x/y" in log
    assert "Traceback" not in log


def test_a_folder_that_cannot_be_made_is_said(folder: Path, postgresql: Postgres) -> None:
    folder.write_text("a file where the folder should be")
    status, out, log = refused(folder, "--port", "0", database_url=postgresql.database())
    assert (status, out) == (1, "")
    assert "Traceback" not in log


async def test_without_a_token_of_the_operators_one_is_made_and_shown_once(folder: Path, own: Postgres) -> None:
    url = await asyncio.to_thread(own.database)
    async with serving(folder, database_url=url, operator_token=None) as server:
        token = server.ready["operator_url"].partition("#token=")[2]
        assert len(token) >= 32
        async with people.calls(server.url, token) as http:
            assert (await http.get("/api/meetings", token)).status == 200
        assert token not in server.log
