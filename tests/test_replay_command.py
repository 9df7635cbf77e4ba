"""`invigil replay` as an operator has it, on what a real server recorded: the same twice, or with a change."""

import asyncio
import io
import json
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import pytest

from server.__main__ import main
from server.app import running
from storage.recordings import writer
from storage.recordings.segment import JOURNAL, VIDEO

from . import faces, people, process
from .conftest import settings_for
from .people import Exam
from .postgres import TEMPLATE, Postgres, short_folder
from .recorded import closed

pytestmark = pytest.mark.timeout(300)
INTERVAL = 0.25
MODELS = faces.models_folder() or Path("no-models")
HIDDEN_AT = "2026-01-01T00:00:00Z"


async def heard(paula: people.Proctor, change: str) -> None:
    """Wait until the proctor is told this of several faces."""

    def is_it(data: Any) -> bool:
        return (data["type"], data["incident"]["kind"]) == (change, "multiple_faces")

    await paula.inbox.next("incident", 3 * people.PATIENCE, where=is_it)


class Recorded(NamedTuple):
    """What is left of an exam."""

    folder: Path
    """Of the one recording."""
    kinds: list[str]
    """Of what was decided live."""
    database_url: str
    data_dir: Path
    meeting_id: str
    bundle: bytes


async def exam(database_url: str, folder: Path) -> Recorded:
    """Somebody comes in and goes, and the tab is left."""
    settings = await asyncio.to_thread(settings_for, database_url, folder, workers=1)
    async with running(settings) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=INTERVAL)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            await ada.stream(faces.one_face(), asyncio.ensure_future(asyncio.sleep(3)))
            assert await ada.send("activity", {"kind": "tab_hidden", "at": HIDDEN_AT, "detail": {"active": True}}) == {
                "ok": True
            }
            await ada.stream(faces.two_faces(), asyncio.ensure_future(heard(paula, "opened")))
            await ada.stream(faces.two_faces(), asyncio.ensure_future(asyncio.sleep(2)))
            await ada.stream(faces.one_face(), asyncio.ensure_future(heard(paula, "closed")))
        await room.end()
        await closed(room)
        bundle = await http.get(f"{room.path}/bundle", http.operator_token)
        (recording,) = {path.parent for path in (folder / "data" / "recordings").rglob("*" + JOURNAL)}
        kinds = [each["kind"] for each in await room.incidents()]
        return Recorded(recording, kinds, database_url, folder / "data", room.id, bundle.content)


@pytest.fixture(scope="module")
def recorded(postgresql: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A recording, and all that belongs to it."""
    folder, url = tmp_path_factory.mktemp("replay"), postgresql.database(template=TEMPLATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "SEGMENT_SECONDS", 1.0)
        found = asyncio.run(exam(url, folder))
    yield found
    postgresql.drop(url)


@pytest.fixture
def copy(recorded: Recorded, tmp_path: Path) -> Path:
    """A copy of the recording, to spoil."""
    return Path(shutil.copytree(recorded.folder, tmp_path / "copy"))


@pytest.fixture
def stored(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words by which a replay finds it in the data folder and its database."""
    monkeypatch.setenv("INVIGIL_DATABASE_URL", recorded.database_url)
    return ["replay", "--data-dir", str(recorded.data_dir), "--models", str(MODELS), "--meeting", recorded.meeting_id]


def replay(folder: Path, *words: str) -> int:
    return main(["replay", str(folder), "--models", str(MODELS), *words])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_twice_and_on_any_number_of_processes_the_log_is_the_same_and_so_is_what_was_live(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recorded.folder
    assert sorted(recorded.kinds) == ["multiple_faces", "tab_hidden"]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert replay(folder, "--log", str(one), "--jobs", "1") == 0, capsys.readouterr()
    first = capsys.readouterr().out
    assert replay(folder, "--log", str(two), "--jobs", "2") == 0
    assert capsys.readouterr().out == first
    assert one.read_bytes() == two.read_bytes()
    assert " 0 seen otherwise" in first
    log = lines(one)
    assert (log[0]["type"], log[0]["format"]) == ("replay", 2)
    journal = [line for path in sorted(folder.glob("*" + JOURNAL)) for line in lines(path)]
    sampled = [line["seq"] for line in journal if line["type"] == "sample"]
    assert [line["seq"] for line in log if line["type"] == "sample"] == sampled
    assert all(len(line["seen"]) == 32 for line in log if line["type"] == "sample")
    assert [line["kind"] for line in log if line["type"] == "opened"] == ["tab_hidden", "multiple_faces"]
    several = next(line for line in log if line["type"] == "opened" and line["kind"] == "multiple_faces")
    assert len(several["seqs"]) >= 2
    assert several["rule"]


def test_a_picture_that_is_not_what_was_seen_is_found(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in copy.glob("*" + JOURNAL):
        text = path.read_text().splitlines()
        path.write_text("".join(_blinded(line) + "\n" for line in text))
    assert replay(copy) == 1
    out = capsys.readouterr().out
    assert " 0 seen otherwise" not in out
    assert " 0 other ones" not in out


def _blinded(line: str) -> str:
    """Where two faces were seen it says one."""
    value = json.loads(line)
    if value["type"] == "sample" and len(value["observation"]["faces"]) == 2:
        value["observation"]["faces"].pop()
    return json.dumps(value)


def test_the_log_tells_samples_apart_that_led_to_the_same(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one of its samples the candidate still is alone at the beginning, and every incident is the same."""
    assert replay(copy) == 0
    before = capsys.readouterr().out
    path = copy / ("000000" + JOURNAL)
    kept, dropped = [], False
    for line in path.read_text().splitlines(keepends=True):
        value = json.loads(line)
        if value["type"] == "sample" and not dropped:
            dropped = True
        else:
            kept.append(line)
    path.write_text("".join(kept))
    assert replay(copy) == 0
    assert capsys.readouterr().out.splitlines()[-1] != before.splitlines()[-1]


def test_what_was_kept_is_what_the_rules_said(stored: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(stored) == 0, capsys.readouterr()
    assert "2 incidents that were kept, 0 faults in them" in capsys.readouterr().out


def test_a_row_that_is_missing_or_was_changed_is_named(
    recorded: Recorded, stored: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "UPDATE incidents SET kind = 'no_face', severity = 'critical' WHERE kind = 'multiple_faces'"
    sql(recorded.database_url, change, "UPDATE incidents SET severity = 'info' WHERE kind = 'tab_hidden'")
    report = tmp_path / "report.json"
    try:
        assert main([*stored, "--json", str(report)]) == 1
    finally:
        back = "UPDATE incidents SET kind = 'multiple_faces', severity = 'warning' WHERE kind = 'no_face'"
        sql(recorded.database_url, back, "UPDATE incidents SET severity = 'warning' WHERE kind = 'tab_hidden'")
    out = capsys.readouterr().out
    assert "3 incidents that were kept, 3 faults in them" in out
    assert "is not among the incidents that were kept" in out
    assert "was kept with severity info in place of warning" in out
    assert "was kept, and the rules never said it" in out
    assert len(json.loads(report.read_text())["recordings"][0]["kept"]["faults"]) == 3


def sql(database_url: str, *statements: str) -> None:
    """Change rows behind the server's back."""
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)
    connection.close()


def test_a_bundle_is_replayed_as_it_is_and_unpacked(
    recorded: Recorded, stored: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(stored) == 0
    expected = capsys.readouterr().out
    packed, folder = tmp_path / "bundle.zip", tmp_path / "unpacked"
    packed.write_bytes(recorded.bundle)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    for path in (packed, folder):
        assert replay(path) == 0, capsys.readouterr()
        assert capsys.readouterr().out == expected


def test_in_a_bundle_that_was_changed_the_segment_and_the_row_are_named(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed, folder = tmp_path / "bundle.zip", tmp_path / "unpacked"
    at = recorded.bundle.index(b"\xff\xd8\xff", len(recorded.bundle) // 2)  # the beginning of a picture
    packed.write_bytes(recorded.bundle[:at] + b"\0" + recorded.bundle[at + 1 :])
    assert replay(packed) == 1
    assert "is left out: " in capsys.readouterr().out
    with zipfile.ZipFile(io.BytesIO(recorded.bundle)) as archive:
        archive.extractall(folder)
    (table,) = folder.glob("candidates/*/incidents.jsonl")
    table.write_text(table.read_text().splitlines(keepends=True)[0])
    assert replay(folder) == 1
    assert "is not among the incidents that were kept" in capsys.readouterr().out


def test_what_is_no_bundle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert replay(other) == 2
    assert "cannot be read as a bundle" in capsys.readouterr().err
    assert replay(tmp_path / "nowhere") == 2
    assert "there is no recording in it" in capsys.readouterr().err


def test_with_a_rule_that_is_off_its_incidents_are_lost_and_shown(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, page = tmp_path / "a.json", tmp_path / "a.html"
    words = ["--set", "multiple_faces.enabled=false", "--json", str(report), "--html", str(page)]
    assert replay(recorded.folder, *words) == 0
    (told,) = json.loads(report.read_text())["recordings"]
    assert [each["kind"] for each in told["lost"]] == ["multiple_faces"]
    assert told["gained"] == []
    assert "1 lost" in capsys.readouterr().out
    assert "Lost: multiple_faces" in page.read_text()
    assert "data:image/jpeg;base64," in page.read_text()


def test_with_a_longer_interval_the_same_is_found_later_from_fewer_samples(recorded: Recorded, tmp_path: Path) -> None:
    reports: list[dict[str, Any]] = []
    for interval, jobs in ((INTERVAL, 1), (1.0, 1), (1.0, 2)):
        path = tmp_path / f"{len(reports)}.json"
        assert replay(recorded.folder, "--interval", str(interval), "--json", str(path), "--jobs", str(jobs)) == 0
        reports.append(json.loads(path.read_text())["recordings"][0])
    same, longer, again = reports
    assert longer == again
    assert longer["samples"] < same["samples"]
    assert same["lost"] == same["gained"] == longer["lost"] == longer["gained"] == []
    assert same["other"] == longer["other"] == same["live"] == 2


def test_several_recordings_are_decided_as_each_of_them_is(recorded: Recorded, tmp_path: Path) -> None:
    """Each by a process alone, and with others looking ahead."""
    for name in ("a", "b"):
        shutil.copytree(recorded.folder, tmp_path / "both" / name)
    report = tmp_path / "report.json"
    found = []
    for folder, jobs in ((tmp_path / "both", 2), (recorded.folder, 2), (recorded.folder, 1)):
        assert replay(folder, "--interval", "0.7", "--jobs", str(jobs), "--json", str(report)) == 0
        found += json.loads(report.read_text())["recordings"]
    assert len(found) == 4
    assert all(each == found[0] for each in found)


def test_another_detector_decides_anew(recorded: Recorded, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert replay(recorded.folder, "--detector", "hog", "--json", str(report)) == 0
    (told,) = json.loads(report.read_text())["recordings"]
    assert told["detector"] == "hog"
    assert told["lost"] == told["gained"] == []
    assert told["other"] == told["live"] == 2


def test_a_segment_that_is_damaged_is_named_and_left_out(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "000002.mkv").write_bytes(b"no recording")
    for suffix in (VIDEO, JOURNAL):
        (copy / "000003").with_suffix(suffix).unlink()
    log = tmp_path / "log.jsonl"
    assert replay(copy, "--log", str(log)) == 1
    out = capsys.readouterr().out
    assert "segment 2 is left out: 000002" in out
    assert "segment 3 is left out: it is missing" in out
    assert [line["segment"] for line in lines(log) if line["type"] == "gap"] == [2, 3]


def test_without_its_beginning_a_recording_cannot_be_replayed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / ("000000" + JOURNAL)).unlink()
    assert replay(copy) == 2
    assert "its beginning is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--jobs", "0"], "--jobs"),
        (["--log", "nowhere/a.jsonl"], "there is no such folder"),
        (["--detector", "nobody"], "nobody"),
        (["--set", "no_face"], "expected NAME=VALUE"),
        (["--set", "no_face.speed=3"], "no_face.speed"),
    ],
)
def test_words_that_cannot_be_used_are_refused_with_the_reason(
    words: list[str], fault: str, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(recorded.folder, *words) == 2
    assert fault in capsys.readouterr().err


def test_a_folder_without_recordings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(tmp_path) == 2
    assert "there is no recording in it" in capsys.readouterr().err


async def test_a_meeting_is_replayed_from_the_data_folder_also_after_a_kill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with short_folder() as parent:
        folder = parent / "data"
        async with process.serving(folder, workers=1) as first, process.exam(first, sample_interval=INTERVAL) as room:
            ada = people.Candidate(first.url, await room.add())
            await ada.connect()
            async with people.proctor(room) as paula:
                await ada.stream(faces.one_face(), asyncio.ensure_future(asyncio.sleep(2)))
                await ada.stream(faces.two_faces(), asyncio.ensure_future(heard(paula, "opened")))
                # Still open when the server is killed: the next one closes it, which no rule says.
                await ada.stream(faces.two_faces(), asyncio.ensure_future(asyncio.sleep(3)))
            os.kill(first.process.pid, signal.SIGKILL)
            await asyncio.to_thread(first.process.wait)
            await ada.close()
        words = ["replay", "--data-dir", str(folder), "--models", str(faces.models_folder() or folder)]
        meeting = ["--meeting", room.created["meeting"]["id"]]
        async with process.serving(folder, workers=1) as second, people.calls(second.url, process.OPERATOR) as http:
            there = Exam(http, room.created)
            again = people.Candidate(second.url, ada.joined)
            again.seq = ada.seq + 5
            await again.connect()
            await again.stream(faces.one_face(), asyncio.ensure_future(asyncio.sleep(3)))
            await again.close()
            await there.end()
            await closed(there, http)
            assert await asyncio.to_thread(main, [*words, *meeting]) == 0, capsys.readouterr()
            served = capsys.readouterr().out
            assert (await second.stop())[0] == 0
        assert await asyncio.to_thread(main, [*words, "--all"]) == 0
        assert capsys.readouterr().out == served
        assert " 0 seen otherwise" in served
        assert "1 incident that was kept, 0 faults in it" in served
