"""Reviews become tests: an exam, a confirmed and a dismissed incident, and `invigil evaluate` on what is exported."""

import asyncio
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import pytest

from server.__main__ import main
from server.app import running
from storage.database import Database
from storage.recordings.segment import JOURNAL

from . import faces, golden, people
from .conftest import settings_for
from .postgres import TEMPLATE, Postgres
from .recorded import closed
from .streams import read

pytestmark = [faces.needs_models, pytest.mark.timeout(300)]
FPS = 7.0
"""Slow enough for the two incidents to be apart, and have a clip each."""
INTERVAL = 0.25


class Exam(NamedTuple):
    """What is left of it."""

    database_url: str
    data_dir: Path
    meeting_id: str
    incidents: dict[str, str]
    """Their ids, by kind."""


async def exam(database_url: str, folder: Path) -> Exam:
    """Somebody is joined by another, which a proctor confirms, and leaves the room, which is dismissed."""
    settings = await asyncio.to_thread(settings_for, database_url, folder, workers=1)
    async with running(settings) as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=INTERVAL)
        async with people.proctor(room) as paula, people.candidate(room, "Ada Lovelace") as ada:
            assert await ada.send("activity", {"kind": "clipboard", "at": "2026-01-01T00:00:00Z"}) == {"ok": True}
            for picture in golden.scenes():
                assert (await ada.frame(faces.encode(faces.resize(picture, 480, 360))))["ok"]
                await asyncio.sleep(1 / FPS)
            incidents = {each["kind"]: each["id"] for each in await room.incidents()}
            for kind, verdict in (
                ("multiple_faces", "confirmed"),
                ("no_face", "dismissed"),
                ("clipboard", "confirmed"),
            ):
                review = {"incident_id": incidents[kind], "verdict": verdict, "note": "That is Ada."}
                assert (await paula.send("review", review))["ok"]
        await room.end()
        await closed(room)
        return Exam(database_url, folder / "data", room.id, incidents)


@pytest.fixture(scope="module")
def held(postgresql: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exam]:
    url = postgresql.database(template=TEMPLATE)
    yield asyncio.run(exam(url, tmp_path_factory.mktemp("labels")))
    postgresql.drop(url)


@pytest.fixture
def words(held: Exam, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What finds it."""
    monkeypatch.setenv("INVIGIL_DATABASE_URL", held.database_url)
    return ["--data-dir", str(held.data_dir)]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "segments.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_was_reviewed_is_evaluated(
    held: Exam, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, report = tmp_path / "labels", tmp_path / "report.json"
    assert main(["labels", str(folder), *words, "--meeting", held.meeting_id]) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert "2 incidents, 1 confirmed and 1 dismissed, in 2 clips" in out
    assert "1 reviewed one of kinds that no picture shows" in out
    told = {row["note"]: row["signals"] for row in rows(folder) if row["ambiguous"] == "0"}
    assert told == {held.incidents["multiple_faces"]: "multiple_faces", held.incidents["no_face"]: "none"}
    models = ["--models", str(faces.models_folder())]
    options = ["--interval", str(INTERVAL), "--json", str(report), "--no-timing", "--jobs", "1"]
    assert main(["evaluate", str(folder), *models, *options]) == 0, capsys.readouterr()
    figures: Any = next(iter(json.loads(report.read_text())["figures"].values()))["incidents"]
    assert figures["stretches"] == 1
    assert figures["multiple_faces"]["recall"] == figures["multiple_faces"]["precision"] == 1
    # What was dismissed is raised again by the same rules: that is the mistake to be mended.
    assert figures["false"] == 1
    assert figures["no_face"]["precision"] == 0


def test_clips_have_the_very_bytes_that_were_received(held: Exam, words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    assert main(["labels", str(folder), *words, "--all", "--before", "1", "--after", "0"]) == 0
    recorded: dict[bytes, float] = {}
    for journal in sorted((held.data_dir / "recordings").rglob("*" + JOURNAL)):
        recorded |= {frame.jpeg: frame.received_at for frame in read(journal.with_suffix(""))[0]}
    ends = {row["file"]: float(row["end_s"]) for row in rows(folder)}
    assert len(ends) == 2
    for name, end in ends.items():
        with av.open(str(folder / name)) as container:
            packets = [(bytes(packet), packet.pts) for packet in container.demux(video=0) if packet.size]
        assert len(packets) > 20
        zero = recorded[packets[0][0]]
        assert all(abs(recorded[data] - zero - float(pts) / 1000) < 0.002 for data, pts in packets if pts is not None)
        assert 0 <= end - (packets[-1][1] or 0) / 1000 < 0.5


def test_nobody_is_named_and_only_the_owner_may_look(held: Exam, words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    assert main(["labels", str(folder), *words, "--all"]) == 0
    assert folder.stat().st_mode & 0o777 == 0o700
    readable = (folder / "segments.csv").read_text() + (folder / "README.txt").read_text()
    assert "Ada" not in readable + "".join(str(path) for path in folder.rglob("*"))
    assert "show people" in readable


def test_incidents_whose_frames_are_gone_are_left_out(
    held: Exam, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = sorted((held.data_dir / "recordings").rglob("*.mkv"))
    away = [path.rename(path.with_suffix(".away")) for path in videos]
    try:
        assert main(["labels", str(tmp_path / "labels"), *words, "--all"]) == 2
    finally:
        for path in away:
            path.rename(path.with_suffix(".mkv"))
    out = capsys.readouterr().out
    assert "nothing can be exported" in out
    assert "2 reviewed ones whose frames are gone" in out
    assert not (tmp_path / "labels").exists()


def test_where_nobody_reviewed_anything_it_says_so_and_makes_no_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def unreviewed(*_: object) -> dict[object, object]:
        return {}

    monkeypatch.setattr(Database, "latest_reviews", unreviewed)
    assert main(["labels", str(tmp_path / "labels"), *words, "--all"]) == 2
    said = capsys.readouterr()
    assert "Nobody has reviewed an incident in 1 recording" in said.err
    assert said.out == ""
    assert not (tmp_path / "labels").exists()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ([], "--meeting ID or --all"),
        (["--all", "--before", "-1"], "--before"),
        (["--meeting", "00000000-0000-0000-0000-000000000000"], "No recording"),
    ],
)
def test_words_that_cannot_be_used_are_refused(
    given: list[str], fault: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["labels", str(tmp_path / "labels"), *words, *given]) == 2
    assert fault in capsys.readouterr().err
    assert not (tmp_path / "labels").exists()


def test_nothing_is_written_over(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "segments.csv").write_text("mine")
    assert main(["labels", str(tmp_path), *words, "--all"]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert (tmp_path / "segments.csv").read_text() == "mine"
