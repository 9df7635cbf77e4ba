"""Rows and pictures that wait on disk while their home is away. What is here is as safe as there: all is fsynced.

Blocking: call it from a thread. Appending and draining may run side by side.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from storage.records import Json

Line = tuple[str, Json]
"""The table and one row of it, as `database.to_json` makes it."""

MAX_BYTES = 512 * 1024 * 1024
"""About 100,000 incidents with their pictures; a home that is away for so long needs a person."""


class SpoolFull(Exception):
    """The spool has reached its limit or the disk is full; nothing was taken."""


class Spool:
    """An append-only file of rows and a folder of pictures."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._rows = folder / "rows.jsonl"
        self._draining = folder / "draining.jsonl"
        self._rejected = folder / "rejected.jsonl"
        self._pictures = folder / "pictures"
        self._pictures.mkdir(exist_ok=True, mode=0o700)
        self._end_last_line()
        for part in self._pictures.glob("*.part"):  # cut short by a crash, and never promised
            part.unlink()

    def append(self, lines: Iterable[Line]) -> None:
        """Add rows and return once the disk has them.

        Raises:
            SpoolFull: nothing was added.
        """
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        with self._lock:
            self._check_room(len(data))
            held = _size(self._rows)
            try:
                _write(self._rows, data, mode="ab")
            except OSError as error:
                with suppress(OSError):  # half of a row would spoil the next one
                    os.truncate(self._rows, held)
                raise SpoolFull(f"The spool {self._rows} cannot be written: {error}") from error

    def begin_drain(self) -> Iterator[Line]:
        """What waits, oldest first. Rows appended from now on wait for the next drain.

        A line that a crash cut short was never promised, and is left out.
        """
        with self._lock:
            if not self._draining.exists() and self._rows.exists():
                self._rows.rename(self._draining)
            if not self._draining.exists():
                return
        with self._draining.open("rb") as file:
            for text in file:
                if (line := _parse(text)) is not None:
                    yield line

    def end_drain(self) -> None:
        """Forget what `begin_drain` gave: it is in the database."""
        self._draining.unlink(missing_ok=True)

    def reject(self, line: Line) -> None:
        """Put a row aside that the database will never take, for a person to look at."""
        _write(self._rejected, (json.dumps(line) + "\n").encode(), mode="ab")

    def forget_rejected(self, ids: frozenset[str]) -> None:
        """Delete the rows that were put aside in which one of these ids stands. May be repeated."""
        with self._lock:
            if not self._rejected.exists():
                return
            lines = self._rejected.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not any(each.encode() in line for each in ids)]
            if len(kept) < len(lines):
                part = self._rejected.with_suffix(".part")
                _write(part, b"".join(kept), mode="wb")
                part.replace(self._rejected)

    def append_picture(self, key: str, data: bytes) -> None:
        """Add a picture and return once the disk has it.

        Raises:
            SpoolFull: it was not added.
        """
        with self._lock:
            self._check_room(len(data))
        path = self._path_of(key)
        part = path.with_name(f"{path.name}.part")
        try:
            _write(part, data, mode="wb")
            part.rename(path)
        except OSError as error:
            raise SpoolFull(f"The spool {self._pictures} cannot be written: {error}") from error

    def pictures(self) -> list[str]:
        """The keys of the pictures that wait."""
        return sorted(unquote(path.name) for path in self._pictures.iterdir() if path.suffix != ".part")

    def picture(self, key: str) -> bytes | None:
        """A picture that waits, or None."""
        try:
            return self._path_of(key).read_bytes()
        except FileNotFoundError:
            return None

    def remove_picture(self, key: str) -> None:
        """Forget a picture: it is in the object store."""
        self._path_of(key).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of rows that wait."""
        return _size(self._rows) + _size(self._draining)

    def _check_room(self, more: int) -> None:
        held = self.size() + sum(_size(path) for path in self._pictures.iterdir())
        if held + more > MAX_BYTES:
            raise SpoolFull(f"The spool holds {held} bytes. Bring PostgreSQL or the object store back.")

    def _path_of(self, key: str) -> Path:
        return self._pictures / quote(key, safe="")

    def _end_last_line(self) -> None:
        # Otherwise the next row would be glued to the half of one, and both were lost.
        if self._rows.exists() and not self._rows.read_bytes().endswith(b"\n"):
            _write(self._rows, b"\n", mode="ab")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _parse(text: bytes) -> Line | None:
    try:
        table, row = json.loads(text)
    except (ValueError, TypeError):
        return None
    return (table, row) if isinstance(table, str) and isinstance(row, dict) else None


def _write(path: Path, data: bytes, *, mode: Literal["ab", "wb"]) -> None:
    with path.open(mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
