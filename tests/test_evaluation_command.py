"""`invigil evaluate` as an operator has it, on the golden folder: real detectors, real clips, a kept floor."""

import json
from pathlib import Path
from typing import Any

import pytest

from detection.rules import RuleSettings
from server.__main__ import main

from . import faces, golden

HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.write(tmp_path_factory.mktemp("golden") / "golden")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures without a clip."""
    folder = tmp_path_factory.mktemp("small")
    for name, data in {"one": faces.one_face(), "two": faces.two_faces(), "none": faces.no_face()}.items():
        (folder / f"{name}.jpg").write_bytes(data)
    (folder / "labels.csv").write_text("path,faces\none.jpg,1\ntwo.jpg,2\nnone.jpg,0\n")
    return folder


def evaluate(folder: Path, *words: str) -> int:
    given = ["--no-timing", "--jobs", "1", "--models", str(faces.models_folder() or folder)]
    return main(["evaluate", str(folder), *given, *words])


def written(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text())
    return value


@pytest.mark.parametrize(("detector", "width"), [("hog", 320), pytest.param("yunet", 480, marks=faces.needs_models)])
def test_the_golden_folder_keeps_its_floor(
    detector: str, width: int, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--detector", detector, "--width", str(width), "--jobs", "2"]
    words += ["--floor", str(HERE / f"floor_{detector}.json")]
    status = evaluate(folder, *words, "--json", str(tmp_path / "a.json"), "--html", str(tmp_path / "a.html"))
    out, err = capsys.readouterr()
    assert status == 0, f"{err}\n{out}"
    full = written(tmp_path / "a.json")
    assert full["unreadable"] == []
    assert [clip["seconds"] for clip in full["clips"]] == [34]
    assert f"Accuracy of {detector}:{width}" in (tmp_path / "a.html").read_text()


def test_ways_are_put_side_by_side_and_spoilt_pictures_on_demand(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    status = evaluate(small, "--detector", "hog", "--stress", "--compare", "tutorial,hog:160", "--json", str(path))
    out, _ = capsys.readouterr()
    full = written(path)
    assert status == 0
    assert [way["name"] for way in full["ways"]] == ["hog:480", "tutorial", "hog:160"]
    assert [way["stream"]["width"] for way in full["ways"]] == [480, 640, 160]
    assert full["ways"][1]["detector"]["threshold"] == 0
    assert set(full["pictures"][0]["found"]["hog:160"]) == set(full["conditions"])
    assert "tilted 45°" in out


def test_the_same_run_gives_the_same_on_any_number_of_processes(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, three = tmp_path / "one.json", tmp_path / "three.json"
    assert evaluate(small, "--detector", "hog", "--json", str(one)) == 0
    assert evaluate(small, "--detector", "hog", "--json", str(three), "--jobs", "3", "--against", str(one)) == 0
    before, after = ({key: value for key, value in written(path).items() if key != "run"} for path in (one, three))
    assert before == after
    assert "Pictures as before: 3 of 3" in capsys.readouterr().out


def test_settings_reach_the_rules_and_are_named_by_their_hash(small: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"no_face": {"enter_seconds": 2}}')
    words = ["--settings", str(tmp_path / "rules.json"), "--set", "no_face.leave_seconds=4", "--interval", "0.5"]
    assert evaluate(small, "--detector", "hog", *words, "--json", str(tmp_path / "a.json")) == 0
    (way,) = written(tmp_path / "a.json")["ways"]
    rules = {"sample_interval": 0.5, "no_face": {"enter_seconds": 2, "leave_seconds": 4}}
    assert way["settings_sha256"] == RuleSettings.from_overrides(rules).sha256()
    assert way["settings"]["no_face"]["leave_seconds"] == 4


def test_a_figure_below_the_floor_is_named_and_is_status_1(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "floor.json").write_text('{"most": {"pictures.as is.pictures": 2}}')
    assert evaluate(small, "--detector", "hog", "--floor", str(tmp_path / "floor.json")) == 1
    assert "pictures.as is.pictures: 3, expected at most 2" in capsys.readouterr().err


def test_a_file_that_does_not_decode_is_told_and_the_rest_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.jpg").write_bytes(faces.one_face())
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    (tmp_path / "labels.csv").write_text("path,faces\ngood.jpg,1\nbad.jpg,1\n")
    (tmp_path / "segments.csv").write_text("file,start_s,end_s,faces\nbad.mp4,0,5,1\n")
    assert evaluate(tmp_path, "--detector", "hog", "--json", str(tmp_path / "a.json")) == 0
    full = written(tmp_path / "a.json")
    assert [each.partition(":")[0] for each in full["unreadable"]] == ["bad.mp4", "bad.jpg"]
    assert [each["path"] for each in full["pictures"]] == ["good.jpg"]
    assert "bad.jpg" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--compare", "yunet:9"], "'yunet:9' is no way of counting"),
        (["--set", "no_face"], "expected NAME=VALUE"),
        (["--set", "no_face.speed=3"], "no_face.speed"),
        (["--width", "20"], "settings.stream"),
        (["--jobs", "0"], "--jobs"),
        (["--settings", "nowhere.json"], "nowhere.json"),
        (["--against", "nowhere.json"], "nowhere.json"),
        (["--floor", "nowhere.json"], "nowhere.json"),
        (["--json", "nowhere/a.json"], "there is no such folder"),
        (["--models", "nowhere", "--detector", "yunet"], "nowhere"),
    ],
)
def test_words_that_cannot_be_used_are_refused_with_the_reason(
    words: list[str], fault: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(small, "--detector", "hog", *words) == 2
    assert fault in capsys.readouterr().err


def test_a_folder_without_labels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(tmp_path) == 2
    assert "neither labels.csv nor segments.csv" in capsys.readouterr().err
