"""The data folder: made on first use, private to its owner, used by one server at a time."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO


class FolderInUse(Exception):
    """Another server works in this data folder."""


class DataFolder:
    """An exclusive hold on a data folder, until `release()` or the end of the process, however it comes."""

    def __init__(self, path: Path) -> None:
        """Take hold of `path`, making it where it is missing.

        Raises:
            FolderInUse: another process holds it.
            OSError: it cannot be made or written.
        """
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = self._hold(self.path / "lock")
        for folder in (self.evidence, self.spool, self.recordings, self.growing, self.videos):
            folder.mkdir(exist_ok=True, mode=0o700)

    @staticmethod
    def _hold(path: Path) -> IO[str]:
        lock = path.open("a+", encoding="ascii")
        try:
            # The kernel drops the lock with the process, so kill -9 leaves nothing to clean up.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise FolderInUse(
                f"The data folder {path.parent} is in use by another Invigil server (process {owner}). "
                "Stop that one, or give this one a folder of its own with --data-dir or INVIGIL_DATA_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    @property
    def evidence(self) -> Path:
        """Where photographs are kept, when no other object store is set."""
        return self.path / "evidence"

    @property
    def spool(self) -> Path:
        """Where rows wait for the database."""
        return self.path / "spool"

    @property
    def recordings(self) -> Path:
        """Where recordings are kept, when no other object store is set."""
        return self.path / "recordings"

    @property
    def growing(self) -> Path:
        """Recordings that are not closed, and segments on their way to the store."""
        return self.path / "recording"

    @property
    def videos(self) -> Path:
        """Videos of recordings, which can be made again."""
        return self.path / "video"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's own folder; run as root it belongs to another user."""
        return self.path / "postgres"

    def secret(self) -> str:
        """The key that signs tokens and links: made once, kept in a file only the owner can read."""
        return self._once("secret")

    def signing_key(self) -> bytes:
        """The key that signs recordings, 32 bytes: made once, kept likewise."""
        return bytes.fromhex(self._once("signing-key"))

    def _once(self, name: str) -> str:
        """A random secret of 32 bytes, hexadecimal, that is the same ever after."""
        path = self.path / name
        if not path.exists():
            part = path.with_name(f"{name}.part")
            part.unlink(missing_ok=True)  # a start that was cut short; nothing was signed with it
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        return path.read_text(encoding="ascii").strip()

    def release(self) -> None:
        """Let the next server in. May be called twice."""
        self._lock.close()
