"""A whole exam: recorded, killed in the middle, gone on with, closed, verified, replayed, and made smaller.

`python -m tests.bench.exam --candidates 20 --minutes 10 VIDEO...` is the long form; `make bench` has a short one.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests import faces

from .films import trouble
from .serving import Serving, serving_at

CANDIDATES = 6
MINUTES = 0.75
FLIPS = 5
"""Bits of the bundle that are flipped, one at a time."""
CLOSED_WITHIN = 120.0
"""Seconds for the recordings to be signed after the exam."""
OPERATOR = "operator-token-of-the-bench"

Say = Callable[[str], None]


def measure(say: Say) -> dict[str, Any]:
    """The short form, with a made film."""
    with TemporaryDirectory(prefix="invigil-") as name:
        return run([trouble(Path(name) / "film.mp4")], candidates=CANDIDATES, minutes=MINUTES, say=say)


def run(films: Sequence[Path], *, candidates: int, minutes: float, say: Say) -> dict[str, Any]:
    """Every step, and what it showed.

    Raises:
        AssertionError: something was not as it must be.
    """
    models = faces.models_folder()
    settings = {"log_level": "warning", "operator_token": OPERATOR} | (
        {} if models is None else {"models": str(models)}
    )
    say(f"Exam: {candidates} candidates, {minutes:g} minutes at 5 frames a second, killed in the middle")
    with TemporaryDirectory(prefix="invigil-") as name:
        exam = _Exam(Path(name), settings, say)
        exam.hold(films, candidates, minutes)
        exam.verify()
        exam.replay()
        exam.compact()
        return exam.figures


class _Exam:
    """One exam and its data folder."""

    def __init__(self, folder: Path, settings: dict[str, str], say: Say) -> None:
        self.figures: dict[str, Any] = {}
        self._folder = folder
        self._data = folder / "data"
        self._bundle = folder / "bundle.zip"
        self._meeting_id = ""
        self._settings = settings
        self._say = say

    def hold(self, films: Sequence[Path], candidates: int, minutes: float) -> None:
        """Stream, kill the server at half time, start it again, and wait until every recording is signed."""
        port, seconds = _free_port(), minutes * 60
        with serving_at(self._data, self._settings, port=port) as server:
            command = ["simulate", *map(str, films), "--url", server.operator_url, "--json"]
            command += ["--candidates", str(candidates), "--seconds", str(seconds)]
            simulation = _started(command)
            _until(lambda: _metric(server, "recordings_open") == candidates, 60)
            time.sleep(seconds / 2)
            before = _metric(server, "recording_frames_total")
            os.kill(server.pid, signal.SIGKILL)
            killed = time.monotonic()
        with serving_at(self._data, self._settings, port=port) as server:
            down = time.monotonic() - killed
            out, err = simulation.communicate(timeout=seconds + 120)
            assert simulation.returncode == 0, err
            report = json.loads(out)
            recordings = self._closed(server, report["meeting_id"])
            shown = [self._shown(server, each["id"]) for each in recordings]
            incidents = sum(len(each["incidents"]) for each in shown)
            self._meeting_id = report["meeting_id"]
            self._export(server)
        frames, acknowledged = sum(each["frames"] for each in recordings), report["frames"]["acknowledged"]
        hours = sum(each["seconds"] for each in recordings) / 3600
        lost = acknowledged - frames
        self.figures |= {
            "recordings": len(recordings), "frames": frames, "acknowledged": acknowledged, "lost": lost,
            "at_kill": before, "down_seconds": down, "incidents": incidents,
            "megabytes": (megabytes := sum(each["bytes"] for each in recordings) / 1e6),
            "megabytes_a_candidate_hour": megabytes / hours,
            "latency_ms": report["received_to_incident_ms"],
        }  # fmt: skip
        assert len(recordings) == candidates, recordings
        # Of each candidate at most what came in two seconds before the kill.
        assert lost <= candidates * 10, self.figures
        gaps = [gap for each in shown for gap in each["gaps"] if gap["cause"] == "restart"]
        assert len(gaps) == candidates, gaps
        self._say(
            f"  killed at {before:.0f} frames, back in {down:.1f} s; {len(recordings)} recordings closed and signed, "
            f"{frames} frames of {acknowledged} acknowledged ({lost} lost), {incidents} incidents, mean gap "
            f"{fmean(_seconds(gap) for gap in gaps):.1f} s; {megabytes / hours:.0f} MB a candidate and hour"
        )

    def verify(self) -> None:
        """The bundle as it is, and with single bits flipped."""
        said = self._command("verify", str(self._bundle))
        assert "all in it fits together" in said, said
        self._say(f"  verify, {self._bundle.stat().st_size / 1e6:.1f} MB: {_without_paths(said).splitlines()[0]}")
        generator, size = random.Random(1), self._bundle.stat().st_size
        for _ in range(FLIPS):
            at, bit = generator.randrange(size), 1 << generator.randrange(8)
            _flip(self._bundle, at, bit)
            said = self._command("verify", str(self._bundle), status=(1, 2))
            _flip(self._bundle, at, bit)
            self._say(f"    bit {bit} of byte {at} flipped: {_without_paths(said).splitlines()[0]}")

    def replay(self) -> None:
        """Exactly twice, and once with another interval."""
        logs = [self._folder / f"log{n}.jsonl" for n in range(2)]
        hashes = []
        for log in logs:
            began = time.perf_counter()
            said = self._command("replay", "--all", "--log", str(log))
            took = time.perf_counter() - began
            hashes += re.findall(r"[0-9a-f]{64}", said)[-1:]
            self._say(f"  replay: {took:.1f} s: {said.splitlines()[-1]}")
            self.figures["replay_seconds"] = took
        assert len(hashes) == 2, hashes
        assert hashes[0] == hashes[1], hashes
        assert logs[0].read_bytes() == logs[1].read_bytes()
        report = self._folder / "otherwise.json"
        said = self._command("replay", "--all", "--interval", "2", "--json", str(report), status=(0, 1))
        others = json.loads(report.read_text())["recordings"]
        counts = {name: sum(len(each[name]) for each in others) for name in ("gained", "lost", "moved")}
        live, other = (sum(each[name] for each in others) for name in ("live", "other"))
        self.figures["another_interval"] = {**counts, "live": live, "other": other}
        self._say(f"  every 2 s in place of every second: {live} incidents live, {other} then; {counts}")

    def compact(self) -> None:
        """What nobody flagged, re-encoded; then the bundle is verified and the replay run once more."""
        began = time.perf_counter()
        said = self._command("compact", "--days", "0")
        took = time.perf_counter() - began
        with serving_at(self._data, self._settings) as server:
            recordings = self._closed(server, self._meeting_id)
            self._export(server)
        reencoded, frames = (sum(each[name] for each in recordings) for name in ("compacted_frames", "frames"))
        self.figures["compact"] = {"seconds": took, "frames": frames, "reencoded": reencoded}
        self._say(f"  compact, {took:.0f} s: {said.strip()}; {reencoded} of {frames} frames")
        said = self._command("verify", str(self._bundle))
        self._say(f"  verify, {self._bundle.stat().st_size / 1e6:.1f} MB: {_without_paths(said).splitlines()[0]}")
        if reencoded:
            said = self._command("replay", "--all")
            assert "no exact replay" in said, said

    # --- how it is done -----------------------------------------------------------------------------------

    def _closed(self, server: Serving, meeting_id: str) -> list[dict[str, Any]]:
        path, found = f"/api/meetings/{meeting_id}/recordings", list[dict[str, Any]]()

        def closed() -> bool:
            with server.calls() as http:
                found[:] = http.get(path).raise_for_status().json()["recordings"]
            return all(each["state"] == "closed" for each in found)

        _until(closed, CLOSED_WITHIN)
        return found

    def _export(self, server: Serving) -> None:
        path = f"/api/meetings/{self._meeting_id}/bundle"
        with (
            self._bundle.open("wb") as file,
            server.calls() as http,
            http.stream("GET", path, timeout=600) as answer,
        ):
            answer.raise_for_status()
            for part in answer.iter_bytes():
                file.write(part)

    def _shown(self, server: Serving, recording_id: str) -> dict[str, Any]:
        with server.calls() as http:
            shown: dict[str, Any] = http.get(f"/api/recordings/{recording_id}").raise_for_status().json()
        return shown

    def _command(self, *words: str, status: Sequence[int] = (0,)) -> str:
        process = _started(words, {**self._settings, "data_dir": str(self._data)})
        out, err = process.communicate(timeout=900)
        assert process.returncode in status, f"{words}: {process.returncode}\n{out}\n{err}"
        return out


def _started(words: Sequence[str], settings: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    environment = dict(os.environ) | {f"INVIGIL_{name.upper()}": value for name, value in (settings or {}).items()}
    return subprocess.Popen(
        [sys.executable, "-m", "server", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.5)


def _metric(server: Serving, name: str) -> float:
    text = httpx.get(f"{server.url}/metrics", trust_env=False).raise_for_status().text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))


def _seconds(gap: dict[str, Any]) -> float:
    return (datetime.fromisoformat(gap["ended_at"]) - datetime.fromisoformat(gap["began_at"])).total_seconds()


def _without_paths(said: str) -> str:
    return re.sub(r"\S*/bundle\.zip", "the bundle", said)


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(prog="tests.bench.exam", description=__doc__)
    parser.add_argument("films", nargs="+", type=Path, metavar="VIDEO", help="what the candidates show, in turn")
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    figures = run(
        options.films, candidates=options.candidates, minutes=options.minutes, say=lambda text: print(text, flush=True)
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
