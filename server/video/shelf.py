"""The folder of videos: bounded, the longest unused gone first. Blocking, but for what only counts.

A video that is on its way to somebody may be deleted: who has its file open reads it to its end.
"""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

from server.video.kept import INDEX, Video

RESERVE: Final = 1_000_000_000
"""Bytes of the disk that are left to recordings, which cannot be made again."""
_GONE: Final = ".gone"


class Shelf:
    """Where videos are kept, one folder for each recording."""

    def __init__(self, folder: Path, *, limit: float) -> None:
        """`limit`: bytes. The newest stays, however large it is."""
        self._folder = folder
        self._limit = limit
        self._sizes: dict[UUID, int] = {}
        """The longest unused first."""

    def find(self) -> None:
        """See what a server before us left. Called once, before all else."""
        found = []
        for path in self._folder.iterdir():
            recording_id = _id(path)
            if recording_id is None:
                shutil.rmtree(path, ignore_errors=True)
            else:
                found.append((_used_at(path), recording_id, _size(path)))
        self._sizes = {recording_id: size for _, recording_id, size in sorted(found)}

    def ids(self) -> list[UUID]:
        """The recordings of which there is a video, the longest unused first."""
        return list(self._sizes)

    @property
    def bytes(self) -> int:
        """Of all."""
        return sum(self._sizes.values())

    def path(self, recording_id: UUID) -> Path:
        """Where a recording's video is."""
        return self._folder / str(recording_id)

    def load(self, recording_id: UUID) -> Video | None:
        """A recording's video, if there is one. Raises OSError."""
        return Video.load(self.path(recording_id)) if recording_id in self._sizes else None

    def used(self, recording_id: UUID, size: int | None = None) -> None:
        """Somebody has just used it, or it has become so large."""
        before = self._sizes.pop(recording_id, None)
        if size is not None or before is not None:
            self._sizes[recording_id] = before or 0 if size is None else size

    def touch(self, recording_id: UUID) -> None:
        """Note it for the next server, too."""
        with suppress(FileNotFoundError):
            os.utime(self.path(recording_id) / INDEX)

    def too_much(self, busy: set[UUID]) -> list[UUID]:
        """What must go so that the rest is within the limit: the longest unused, none of `busy`, never the newest."""
        over, found = self.bytes - self._limit, []
        for recording_id in list(self._sizes)[:-1]:
            if over <= 0:
                break
            if recording_id not in busy:
                found.append(recording_id)
                over -= self._sizes[recording_id]
        return found

    def remove(self, recording_id: UUID) -> bool:
        """Delete a video; whether there was one."""
        self._sizes.pop(recording_id, None)
        path, gone = self.path(recording_id), self._folder / f"{recording_id}-{time.monotonic_ns()}{_GONE}"
        try:
            path.rename(gone)  # at once: half a video is none
        except FileNotFoundError:
            return False
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def has_room(self) -> bool:
        """Whether the disk has room for more."""
        return shutil.disk_usage(self._folder).free > RESERVE


def _id(path: Path) -> UUID | None:
    try:
        return UUID(path.name)
    except ValueError:
        return None


def _used_at(path: Path) -> float:
    try:
        return (path / INDEX).stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in path.iterdir())
