"""A server in a process of its own, as an operator has it, and a crowd of candidates in another."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import httpx
import psutil  # type: ignore[import-untyped] # has no types

from server.simulation_meeting import token_in


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that takes connections."""

    url: str
    operator_url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the server process itself has used, without its workers and its database."""
        return cpu_seconds(self.pid)

    def calls(self) -> httpx.Client:
        """HTTP calls to it, as its operator."""
        headers = {"Authorization": f"Bearer {token_in(self.operator_url)}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False)


def cpu_seconds(pid: int) -> float:
    """What a process has used, all its threads together."""
    ran = [path.read_text().split()[0] for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    if ran:
        # To the nanosecond; the usual times are counted in ticks of 10 ms.
        return sum(map(int, ran)) / 1e9
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[Serving]:
    """Start a server with an empty data folder and these settings alone, and stop it afterwards."""
    # Short: the database's socket lies in it, and such a path has about 90 characters at most.
    with TemporaryDirectory(prefix="invigil-") as folder, serving_at(Path(folder) / "data", settings) as server:
        yield server


@contextmanager
def serving_at(folder: Path, settings: Mapping[str, str], *, port: int = 0) -> Iterator[Serving]:
    """Start a server on this data folder, and stop it afterwards, if nobody killed it in between."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INVIGIL_")}
    environment |= {f"INVIGIL_{name.upper()}": value for name, value in settings.items()}
    with TemporaryFile() as log:
        command = [sys.executable, "-m", "server", "serve", "--port", str(port), "--data-dir", str(folder)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise RuntimeError(f"the server did not start:\n{log.read().decode()}")
            ready = json.loads(line)
            yield Serving(ready["url"], ready["operator_url"], process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


class Crowd:
    """Candidates who stream, in a meeting of their own."""

    def __init__(self, created: dict[str, Any], process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._stdin: IO[str] = process.stdin
        self._stdout: IO[str] = process.stdout
        self.proctor_token = token_in(created["proctor_url"])

    def count(self, line: str = "") -> dict[str, float]:
        """Frames acknowledged and refused so far, and the time."""
        self._stdin.write(line + "\n")
        self._stdin.flush()
        answer: dict[str, float] = json.loads(self._stdout.readline())
        return answer


@contextmanager
def streaming(
    server: Serving,
    jpegs: Sequence[bytes],
    *,
    candidates: int,
    fps: float | None,
    settings: Mapping[str, Any],
    deflate: bool = False,
) -> Iterator[Crowd]:
    """A crowd in a process of its own, which all send these pictures in turn; the meeting ends with it.

    `fps` None: as fast as they are acknowledged; `deflate`: they offer WebSocket compression, as browsers do.
    """
    with server.calls() as http:
        body = {"title": "Bench", "settings": settings}
        created = http.post("/api/meetings", json=body).raise_for_status().json()
        path = f"/api/meetings/{created['meeting']['id']}"
        bodies = [{"name": f"Candidate {n}", "role": "candidate"} for n in range(candidates)]
        joined = [http.post(f"{path}/participants", json=body).raise_for_status().json() for body in bodies]
        tokens = [str(each["token"]) for each in joined]
        plan = {
            "url": server.url,
            "tokens": tokens,
            "fps": fps,
            "deflate": deflate,
            "jpegs": [each.hex() for each in jpegs],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.crowd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            crowd = Crowd(created, process)
            crowd.count(json.dumps(plan))
            yield crowd
        finally:
            process.communicate(timeout=20)
            http.post(f"{path}/end").raise_for_status()
