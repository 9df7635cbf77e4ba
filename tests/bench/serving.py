"""A server in a process of its own, as an operator has it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped] # has no types


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that takes connections."""

    url: str
    operator_url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the server process itself has used, without its workers and its database."""
        ran = [path.read_text().split()[0] for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        if ran:
            # To the nanosecond; the usual times are counted in ticks of 10 ms.
            return sum(map(int, ran)) / 1e9
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[Serving]:
    """Start a server with an empty data folder and these settings alone, and stop it afterwards."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INVIGIL_")}
    environment |= {f"INVIGIL_{name.upper()}": value for name, value in settings.items()}
    # Short: the database's socket lies in it, and such a path has about 90 characters at most.
    with TemporaryDirectory(prefix="invigil-") as folder, (Path(folder) / "log").open("w+b") as log:
        command = [sys.executable, "-m", "server", "serve", "--port", "0", "--data-dir", f"{folder}/data"]
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
