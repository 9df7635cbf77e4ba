"""Exact replays of recordings that no test could wait for live."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from detection.analyzer import Analyzer
from detection.faces import choose
from detection.identity.describer import Describer
from detection.rerun import Begun
from detection.rules import ChangeType, RuleSettings
from detection.values import Kind
from server.__main__ import main

from . import faces, virtual

pytestmark = [faces.needs_models, pytest.mark.timeout(300)]
MODELS = faces.models_folder() or Path("no-models")
START = 60.0
"""Seconds for processes to come up on a busy machine."""


def replay(folder: Path, *words: str) -> int:
    return main(["replay", str(folder), "--models", str(MODELS), *words])


def yunet() -> Analyzer:
    return Analyzer(choose("yunet", MODELS), Describer.installed())


def test_somebody_else_after_a_restart_is_found_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reference is in no journal: it is made again before the restart, and carried over it."""
    settings = RuleSettings.from_overrides({"stream_lost": {"enabled": False}})
    before = virtual.frames(virtual.ada(), 40)
    after = virtual.frames(virtual.bob(), 30, first=len(before) + 50)  # the server was down for ten seconds
    folder, report = tmp_path / "recording", tmp_path / "report.json"
    changes = virtual.record(folder, [*before, Begun(settings), *after], yunet(), settings)
    opened = [each.episode.kind for each in changes if each.type is ChangeType.OPENED]
    assert Kind.DIFFERENT_PERSON in opened
    log = tmp_path / "log.jsonl"
    assert replay(folder, "--log", str(log), "--json", str(report)) == 0, capsys.readouterr()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["kind"] for line in lines if line["type"] == "opened"] == opened
    assert sum(line["type"] == "begun" for line in lines) == 2
    (told,) = json.loads(report.read_text())["recordings"]
    assert told["differing"] == told["differing_changes"] == 0
    assert told["notes"] == []
    # With all else as it was, deciding anew finds the same.
    assert replay(folder, "--interval", "1", "--json", str(report)) == 0
    (told,) = json.loads(report.read_text())["recordings"]
    assert (told["lost"], told["gained"], told["live"]) == ([], [], len(opened))


def test_what_hog_judged_is_replayed_by_hog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = faces.encode(faces.resize(faces.portrait(), 480, 360)), faces.two_faces(480, 360)
    settings = RuleSettings.from_overrides({"camera_frozen": {"enabled": False}})
    alone, together = virtual.frames([both[0]], 4), virtual.frames([both[1]], 4, first=20)
    folder, log = tmp_path / "recording", tmp_path / "log.jsonl"
    virtual.record(folder, [*alone, *together], Analyzer(choose("hog", None)), settings)
    assert replay(folder, "--log", str(log)) == 0, capsys.readouterr()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["detector"]["name"] == "hog"
    assert [line["kind"] for line in lines if line["type"] == "opened"] == ["multiple_faces"]
    assert " 0 seen otherwise" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--jobs", "2"], ["--interval", "0.9", "--jobs", "2"], ["--interval", "0.9", "--jobs", "1"]]
)
def test_ctrl_c_ends_it_with_one_word_and_leaves_no_process(words: list[str], tmp_path: Path) -> None:
    """Exactly; anew with all processes on one recording; and anew with a process that has minutes of work."""
    folder = tmp_path / "recording"
    virtual.record(folder, virtual.frames(virtual.ada(), 1800), yunet(), RuleSettings())
    # Whoever is started in the background ignores it, and so would what they start: with a handler of ours it does not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        replaying = subprocess.Popen(
            [sys.executable, "-m", "server", "replay", str(folder), "--models", str(MODELS), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    children = at_work(replaying.pid)
    os.killpg(replaying.pid, signal.SIGINT)  # as a terminal does: to all of them
    out, errors = replaying.communicate(timeout=START)
    assert replaying.returncode == 130, errors
    assert out == ""
    assert errors.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in errors
    gone, alive = psutil.wait_procs(children, START)
    assert (len(gone), alive) == (len(children), [])


def at_work(pid: int) -> list[Any]:
    """The children of a process, once they are looking at frames: loading takes a second of CPU."""
    until = time.monotonic() + START
    while time.monotonic() < until:
        children: list[Any] = psutil.Process(pid).children(recursive=True)
        if sum(each.cpu_times().user for each in children) > 3:
            return children
        time.sleep(0.1)
    raise AssertionError("they never began")
