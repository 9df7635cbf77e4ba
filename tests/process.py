"""`invigil serve` as a process of its own, as an operator has it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from . import faces, people
from .people import PATIENCE, Exam, Http, Json

OPERATOR = "operator-token-of-the-tests"
START = 40 * PATIENCE / 8
"""Seconds for a database to be made and a detector to be loaded on a busy machine."""


class Serving:
    """A running server. Its log is in a file, so that it never waits for a reader."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.log_file = folder.parent / f"{folder.name}.log"
        models = {"INVIGIL_MODELS": str(faces.models_folder())} if faces.models_folder() else {}
        asked = {"operator_token": OPERATOR, "workers": 0, **settings}
        given = {f"INVIGIL_{name.upper()}": str(value) for name, value in asked.items() if value is not None}
        plain = {name: value for name, value in os.environ.items() if not name.startswith("INVIGIL_")}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "serve", "--port", "0", "--data-dir", str(folder)],
                env={**plain, **models, **given},
                cwd=folder.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.ready: Json = {}

    async def start(self) -> None:
        """Wait for the line that says it is ready."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START):
            line = await asyncio.to_thread(self.process.stdout.readline)
        assert line, f"it did not start: {self.log}"
        self.ready = json.loads(line)

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.ready["url"])

    @property
    def log(self) -> str:
        """What it wrote to standard error so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def workers(self) -> list[int]:
        """The process ids of its detection workers."""
        children = psutil.Process(self.process.pid).children()
        return [each.pid for each in children if "detection.worker" in " ".join(each.cmdline())]

    def postgres(self) -> int | None:
        """The process id of its own PostgreSQL while that runs."""
        try:
            pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return None
        return pid if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, bytes]:
        """Send a signal; the exit status, and what came to standard output since it was ready."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(START):
            out, _ = await asyncio.to_thread(self.process.communicate)
        return self.process.returncode, out

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self.process.poll() is None:
            for worker in self.workers():
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        if (pid := self.postgres()) is not None:
            with suppress(psutil.NoSuchProcess):
                postgres = psutil.Process(pid)
                postgres.send_signal(signal.SIGQUIT)
                postgres.wait(10)


@asynccontextmanager
async def serving(folder: Path, **settings: object) -> AsyncIterator[Serving]:
    """A server that is ready, and gone afterwards with all that belongs to it."""
    server = Serving(folder, **settings)
    try:
        await server.start()
        yield server
    finally:
        await asyncio.to_thread(server.end)


@asynccontextmanager
async def exam(server: Serving, **settings: Any) -> AsyncIterator[Exam]:
    """A new meeting on it."""
    async with people.calls(server.url, OPERATOR) as http:
        yield await people.exam(http, **settings)


def elsewhere(room: Exam, http: Http) -> Exam:
    """The same meeting on a server that was started anew."""
    return Exam(http, room.created)


def refused(folder: Path, *arguments: str, **settings: object) -> tuple[int, str, str]:
    """What `invigil serve` says that cannot start: exit status, standard output, standard error."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("INVIGIL_")}
    given = {f"INVIGIL_{name.upper()}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "server", "serve", "--data-dir", str(folder), *arguments],
        env={**plain, "INVIGIL_WORKERS": "0", **given},
        cwd=folder.parent,
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        timeout=START,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
