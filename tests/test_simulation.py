"""The simulator against a real server: what it sends, what it counts, and what it says when it cannot."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection.faces import Frame
from server import __main__, simulation_clips
from server.app import Running
from server.footage import SourceError
from server.protocol import Pace
from server.simulation import Plan, simulate
from server.simulation_clips import Clip, Shape, load
from server.simulation_meeting import SimulationError, token_in
from server.simulation_people import Candidate
from server.simulation_report import Latencies, Report, Tally

from . import faces, people
from .bench.films import decode, film
from .conftest import Serve

SHAPE = Shape(fps=5, width=320, quality=0.6)
FAST = Pace(fps=10)


def grey(level: int, width: int = 64, height: int = 48) -> Frame:
    return np.full((height, width, 3), level, dtype=np.uint8)


def levels(clip: Clip) -> list[int]:
    """How bright each frame is, to the nearest ten."""
    return [round(float(decode(frame).mean()), -1).__int__() for frame in clip.frames]


# --- clips ------------------------------------------------------------------------------------------------


def test_a_video_is_shown_by_its_timestamps(tmp_path: Path) -> None:
    path = film(tmp_path / "v.mp4", [grey(10 * (n // 2)) for n in range(20)], fps=10)
    assert levels(load([path], SHAPE)[0]) == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]


def test_a_picture_that_stands_still_is_encoded_once(tmp_path: Path) -> None:
    path = film(tmp_path / "v.mp4", [grey(50), grey(100), grey(150)], fps=1)
    frames = load([path], SHAPE)[0].frames
    assert len(frames) == 11
    assert len({id(frame) for frame in frames}) == 3


def test_a_folder_is_shown_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name, level in [("b.jpg", 100), ("a.JPEG", 50), ("notes.txt", 0)]:
        (tmp_path / name).write_bytes(faces.encode(grey(level)))
    assert levels(load([tmp_path], SHAPE)[0]) == [50, 100]
    assert levels(load([tmp_path], Shape(5, 320, 0.6, hold=0.4))[0]) == [50, 50, 100, 100]


@pytest.mark.parametrize(("width", "expected"), [(640, (240, 320)), (160, (48, 160))])
def test_a_wide_source_is_shrunk_and_a_narrow_one_is_not_enlarged(
    width: int, expected: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "p.jpg").write_bytes(faces.encode(grey(50, width, 480 if width == 640 else 48)))
    assert decode(load([tmp_path], SHAPE)[0].frames[0]).shape[:2] == expected


def test_a_long_source_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film(tmp_path / "v.mp4", [grey(n) for n in range(30)], fps=5)
    assert not load([path], SHAPE)[0].cut
    monkeypatch.setattr(simulation_clips, "MAX_SECONDS", 2.0)
    clip = load([path], SHAPE)[0]
    assert (len(clip.frames), clip.cut) == (10, True)
    monkeypatch.setattr(simulation_clips, "MAX_BYTES", 1500)
    assert len(load([path], SHAPE)[0].frames) < 10


def _nothing(path: Path) -> None: ...


def _text(path: Path) -> None:
    path.write_text("no video")


def _empty_folder(path: Path) -> None:
    path.mkdir()


def _broken_picture(path: Path) -> None:
    path.mkdir()
    (path / "a.jpg").write_bytes(b"no picture")


@pytest.mark.parametrize("make", [_nothing, _text, _empty_folder, _broken_picture])
def test_a_source_that_cannot_be_shown_is_named(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "source"
    make(path)
    with pytest.raises(SourceError, match="source"):
        load([path], SHAPE)


# --- counting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 99, 1000])
def test_percentiles_are_right_to_one_per_cent(count: int) -> None:
    values = np.random.default_rng(count).lognormal(-4, 1, count)
    latencies = Latencies()
    for value in values:
        latencies.add(float(value))
    for share in (0.5, 0.95, 0.99, 1.0):
        exact = float(np.quantile(values, share, method="inverted_cdf"))
        assert latencies.quantile(share) == pytest.approx(exact, rel=0.011)
    assert latencies.longest == values.max()


def test_without_values_there_are_no_percentiles() -> None:
    assert Latencies().milliseconds() == {"count": 0, "p50": None, "p95": None, "p99": None, "max": None}


def test_a_run_of_days_takes_no_more_memory() -> None:
    latencies = Latencies()
    for n in range(100_000):
        latencies.add(n * 1e-5)
    assert len(latencies._classes) < 1000


def report(tally: Tally) -> Report:
    return Report("m", 2, 1.5, "hog", tally)


def test_the_parts_of_an_alert_are_told_apart() -> None:
    tally = Tally()
    tally.stage({"captured_at": 0.0, "received_at": 10.0, "sampled_at": 10.1, "opened_at": 10.4}, 11.0)
    tally.stage({"opened_at": 5.0}, 6.0)  # from no frame
    told = report(tally).as_json()
    assert {name: round(each["max"]) for name, each in told["stages_ms"].items()} == {
        "received_to_sampled": 100, "sampled_to_opened": 300, "opened_to_arrived": 600,
    }  # fmt: skip
    assert told["received_to_incident_ms"]["count"] == 1
    assert "  received to sampled" in report(tally).as_table()


def test_clocks_that_differ_and_a_machine_too_slow_are_told() -> None:
    tally = Tally(skipped=3)
    assert "too slow to give 3 frames" in report(tally).as_table()
    assert "clocks" not in report(tally).as_table()
    tally.stage({"received_at": 10.0}, 9.0)
    assert "clocks" in report(tally).as_table()
    assert report(tally).as_json()["clocks_differ"] is True


# --- what a candidate sends -------------------------------------------------------------------------------


class Line:
    """A line on which answers come when the test wants."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[Any] = []
        self.answers: list[Callable[[Any], Any]] = []
        self.hears: dict[str, Callable[[Any], Any]] = {}

    @property
    def connected(self) -> bool:
        return self.up

    async def open(self, url: str, token: str) -> None: ...

    async def close(self) -> None: ...

    async def send(self, event: str, data: Any, answered: Callable[[Any], Any] | None = None) -> None:
        self.sent.append(data)
        if answered:
            self.answers.append(answered)

    def hear(self, event: str, handler: Callable[[Any], Any]) -> None:
        self.hears[event] = handler


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def someone(line: Line, tally: Tally) -> Candidate:
    return Candidate(line, Clip("c", (b"x",), cut=False), tally, number=0, of=1)


async def test_two_frames_are_under_way_and_the_newest_waits(someone: Candidate, line: Line, tally: Tally) -> None:
    for jpeg in (b"1", b"2", b"3", b"4"):
        await someone._give(jpeg)
    assert [each["jpeg"] for each in line.sent] == [b"1", b"2"]
    await line.answers[0]({"ok": True})
    assert [each["jpeg"] for each in line.sent] == [b"1", b"2", b"4"]
    assert [each["seq"] for each in line.sent] == [1, 2, 3]
    assert (tally.captured, tally.sent, tally.acknowledged, tally.dropped) == (4, 3, 1, 1)


async def test_a_refusal_is_counted_by_its_code(someone: Candidate, line: Line, tally: Tally) -> None:
    await someone._give(b"1")
    await line.answers[0]({"ok": False, "error": {"code": "too_many", "text": "..."}})
    assert (tally.refused, tally.acknowledged) == ({"too_many": 1}, 0)
    assert someone.idle


async def test_without_a_connection_frames_are_dropped(someone: Candidate, line: Line, tally: Tally) -> None:
    await someone._give(b"1")
    line.up = False
    await line.hears["disconnect"]("transport close")
    for jpeg in (b"2", b"3"):
        await someone._give(jpeg)
    line.up = True
    await someone._give(b"4")
    await line.answers[0]({"ok": True})  # too late
    assert [each["jpeg"] for each in line.sent] == [b"1", b"4"]
    assert (tally.lost, tally.dropped, tally.acknowledged) == (1, 2, 0)


async def test_an_answer_that_does_not_come_is_given_up(
    someone: Candidate, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.simulation_people.ANSWER_WITHIN", 0.0)
    for jpeg in (b"1", b"2", b"3"):
        await someone._give(jpeg)
    assert (tally.sent, tally.lost) == (3, 2)


# --- against a server -------------------------------------------------------------------------------------


def quiet(_: str) -> None: ...


def plan(server: Running, **changed: Any) -> Plan:
    token = token_in(server.operator_url)
    assert token
    given: dict[str, Any] = {"candidates": 2, "pace": FAST, "title": "Simulated", "seconds": 1.0}
    return Plan(**{"url": server.url, "operator_token": token, **given, **changed})


STILL = [Clip("still", (faces.one_face(),), cut=False)]


async def meetings(http: people.Http) -> list[Any]:
    found: list[Any] = (await http.get("/api/meetings", http.operator_token)).json["meetings"]
    return found


async def test_every_frame_arrives_and_the_meeting_is_ended(server: Running, http: people.Http) -> None:
    told = await simulate(plan(server, candidates=3), STILL, asyncio.Event(), quiet)
    tally = told.tally
    assert tally.sent == tally.acknowledged == tally.answer.count == await http.metric("frames_received_total")
    assert 15 <= tally.sent <= 33
    assert (tally.dropped, tally.lost, tally.reconnections, told.detector) == (0, 0, 0, "off")
    [meeting] = await meetings(http)
    assert (meeting["title"], meeting["state"], meeting["id"]) == ("Simulated", "ended", told.meeting_id)
    assert meeting["settings"]["stream"]["fps"] == 10


async def test_a_meeting_that_is_kept_stays_open_and_misses_nobody(server: Running, http: people.Http) -> None:
    told = await simulate(plan(server, keep=True), STILL, asyncio.Event(), quiet)
    [meeting] = await meetings(http)
    assert meeting["state"] == "open"
    live = await server.services.lobby.meeting(next(iter(server.services.lobby._live)))
    assert {candidate.finished for candidate in live.candidates.values()} == {True}
    assert told.tally.opened.total() == 0


async def test_incidents_are_seen_and_timed(serve: Serve) -> None:
    clip = Clip("two", tuple(faces.encode(decode(faces.two_faces()), quality=q) for q in range(50, 70)), cut=False)
    async with serve(workers=1, sample_interval=0.1) as server:
        told = await simulate(plan(server, seconds=4.0), [clip], asyncio.Event(), quiet)
    tally = told.tally
    assert tally.opened["multiple_faces"] == 2
    assert tally.closed == tally.opened
    assert tally.alert.count == 2
    assert 0 < tally.alert.longest < 5
    assert set(told.as_json()["stages_ms"]) >= {"received_to_sampled", "sampled_to_observed", "emitted_to_arrived"}


async def test_it_ends_when_it_is_told_to(server: Running) -> None:
    stop = asyncio.Event()
    run = asyncio.create_task(simulate(plan(server, seconds=None), STILL, stop, quiet))
    await people.eventually(lambda: server.services.metrics.frames_received._value.get() > 3)
    stop.set()
    told = await asyncio.wait_for(run, people.PATIENCE)
    assert told.tally.acknowledged > 3


async def test_it_ends_when_the_meeting_is_ended_by_another(server: Running, http: people.Http) -> None:
    run = asyncio.create_task(simulate(plan(server, seconds=None), STILL, asyncio.Event(), quiet))
    await people.eventually(lambda: server.services.metrics.frames_received._value.get() > 3)
    [meeting] = await meetings(http)
    await http.post(f"/api/meetings/{meeting['id']}/end", None, http.operator_token)
    await asyncio.wait_for(run, people.PATIENCE)


class Cable:
    """A connection to the server that can be cut."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._writers: list[asyncio.StreamWriter] = []
        self.url = ""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, far_writer]
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def cable(server: Running) -> AsyncIterator[Cable]:
    cable = Cable(server.url)
    listening = await asyncio.start_server(cable.carry, "127.0.0.1", 0)
    cable.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield cable


async def test_a_connection_that_is_cut_comes_back(server: Running) -> None:
    received = server.services.metrics.frames_received._value
    stop = asyncio.Event()
    async with cable(server) as line:
        run = asyncio.create_task(simulate(plan(server, url=line.url, seconds=None), STILL, stop, quiet))
        await people.eventually(lambda: received.get() > 3)
        line.cut()
        await asyncio.sleep(1500 * people.MS)
        before = received.get()
        await people.eventually(lambda: received.get() > before + 3)
        stop.set()
        tally = (await run).tally
    assert tally.reconnections == 3  # both candidates and the proctor
    assert tally.dropped + tally.lost > 0


async def test_a_wrong_token_is_told(server: Running) -> None:
    with pytest.raises(SimulationError, match="token is wrong"):
        await simulate(plan(server, operator_token="x" * 20), STILL, asyncio.Event(), quiet)


async def test_more_candidates_than_the_meeting_takes_are_told(serve: Serve) -> None:
    async with serve(max_candidates=2) as server:
        with pytest.raises(SimulationError, match="full"):
            await simulate(plan(server, candidates=3), STILL, asyncio.Event(), quiet)


async def test_what_is_no_invigil_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        asked = Plan(url=url, operator_token="x", candidates=1, pace=FAST, title="t")
        with pytest.raises(SimulationError, match="no Invigil"):
            await simulate(asked, STILL, asyncio.Event(), quiet)


# --- the command ------------------------------------------------------------------------------------------


async def test_ctrl_c_ends_it_with_what_was_measured(server: Running, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(faces.one_face())  # what it is called is not what counts
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "simulate", str(tmp_path), "--url", server.operator_url, "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await people.eventually(lambda: server.services.metrics.frames_received._value.get() > 2, 30_000 * people.MS)
    process.send_signal(signal.SIGINT)
    output, errors = await asyncio.wait_for(process.communicate(), people.PATIENCE)
    assert process.returncode == 0, errors
    told = json.loads(output)
    assert told["frames"]["acknowledged"] == told["frames"]["sent"] > 2
    assert b"1 candidates have joined" in errors
    assert b"Traceback" not in errors


@pytest.fixture
def picture(tmp_path: Path) -> str:
    (tmp_path / "a.jpg").write_bytes(faces.one_face())
    return str(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--operator-token", "t"], 1, "http://127.0.0.1:1 cannot be reached"),
        ([], 1, "token is needed"),
        (["--operator-token", "t", "--candidates", "0"], 1, "--candidates"),
        (["--operator-token", "t", "--url", "nonsense"], 1, "--url"),
        (["--operator-token", "t", "--url", "http://["], 1, "--url"),
        (["--operator-token", "t", "--fps", "100"], 2, "fps"),
        (["--operator-token", "t", "--quality", "7"], 2, "quality"),
        (["--operator-token", "t", "--meeting", " "], 2, "title"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], status: int, words: str, picture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["simulate", picture, "--url", "http://127.0.0.1:1", *arguments]) == status
    assert words in capsys.readouterr().err


def test_a_video_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["simulate", "nowhere.mp4", "--operator-token", "t"]) == 1
    assert capsys.readouterr().err == "nowhere.mp4: there is no such file or folder.\n"


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://h/#token=a+b=", "a+b="),
        ("http://h/proctor#token=t", "t"),
        ("http://h/#token=", None),
        ("http://h", None),
    ],
)
def test_the_token_is_what_stands_behind_the_hash(url: str, token: str | None) -> None:
    assert token_in(url) == token
