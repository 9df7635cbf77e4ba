"""One recording's video on the disk: pictures one behind the other, and an index of where they are. Blocking.

The file of pictures only grows, `index.jsonl` has a line for each segment. A line is written once the disk has the
pictures that it tells of: what a crash left behind the last line is cut off. The head of the video is made anew from
the index for whoever asks, so that a video of the first segments stays what it is while the recording grows.
"""

import hashlib
import json
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.video.mp4 import Numbers, Track, head
from storage.recordings.segment import encode
from storage.records import Json

FORMAT: Final = 1
"""Counts up when videos that were made before are to be made anew."""
INDEX: Final = "index.jsonl"
SETTLE_EVERY: Final = 16
"""Segments after which the disk is waited for."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a segment adds to a video."""

    number: int
    """Of the segment."""
    end: int
    """When it ends, in milliseconds since the recording began."""
    at: tuple[int, ...] = ()
    """When each picture begins, likewise."""
    sizes: tuple[int, ...] = ()
    """Bytes of each."""
    keys: tuple[int, ...] = ()
    """Indices of those that need no other."""
    config: str = ""
    """What a decoder must know first, hexadecimal."""
    left_out: str = ""
    """Why nothing of the segment is in the video, in words; empty where it is."""

    @property
    def sound(self) -> bool:
        """Whether its figures fit each other."""
        count = len(self.at)
        return len(self.sizes) == count and all(0 <= key < count for key in self.keys) and (0 in self.keys or not count)


@dataclass(frozen=True, slots=True)
class Sendable:
    """A video as it is sent: a head, and so many bytes of a file behind it. What it stands for never changes."""

    head: bytes
    """Comes first."""
    path: Path
    """The file."""
    data_bytes: int
    """How much of it."""
    tag: str
    """Another one for every other video: a strong entity tag, without quotes."""

    @property
    def length(self) -> int:
        """Bytes of all."""
        return len(self.head) + self.data_bytes


class Video:
    """A video that may grow. For one thread at a time."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        """Make an empty one, in place of any that is there.

        Raises:
            OSError: the disk would not take it.
        """
        folder.mkdir(exist_ok=True, mode=0o700)
        for path in folder.iterdir():
            path.unlink()
        # Under a name of its own: whoever is about to open the file that was there must not get this one.
        name = f"pictures-{secrets.token_hex(4)}"
        (folder / name).write_bytes(b"")
        (folder / INDEX).write_bytes(encode({"format": FORMAT, "size": list(size), "pictures": name}))
        self._begin(folder, name, size)

    def _begin(self, folder: Path, name: str, size: tuple[int, int]) -> None:
        self._index = folder / INDEX
        self._pictures = folder / name
        self.size = size
        self.complete = False
        """All of a closed recording is in it."""
        self.added: list[Added] = []
        """What each segment added, in their order."""
        self.bytes = 0
        """Of the pictures."""
        self._unsettled: list[Json] = []
        # Whoever stops the making settles what there is, while a thread may still be adding.
        self._turn = threading.RLock()

    @classmethod
    def load(cls, folder: Path) -> "Video | None":
        """The video that is in a folder; None where there is none that can be gone on with.

        Raises:
            OSError: the disk would not give it.
        """
        try:
            first, *lines = [json.loads(line) for line in (folder / INDEX).read_bytes().splitlines(keepends=True)]
            if first["format"] != FORMAT:
                return None
            video = cls.__new__(cls)
            video._begin(folder, first["pictures"], (first["size"][0], first["size"][1]))
            for line in lines:
                video._read(line)
            if video._pictures.stat().st_size < video.bytes:
                return None
            os.truncate(video._pictures, video.bytes)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return video

    def _read(self, line: Any) -> None:
        if line == {"complete": True}:
            self.complete = True
        else:
            values: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in line.items()}
            added = Added(**values)
            if not added.sound:
                raise ValueError("a line whose figures do not fit each other")
            self._add(added)

    @property
    def next(self) -> int:
        """The number of the segment with which it goes on."""
        return self.added[-1].number + 1 if self.added else 0

    @property
    def end(self) -> int:
        """How much of the recording it has, in milliseconds."""
        return max((each.end for each in self.added), default=0)

    @property
    def shows(self) -> bool:
        """Whether there is a picture in it."""
        return self.bytes > 0

    def fits(self, config: str) -> bool:
        """Whether pictures of this kind can follow."""
        return not config or all(each.config in ("", config) for each in self.added)

    def add(self, added: Added, pictures: bytes) -> None:
        """Append what a segment adds.

        Raises:
            OSError: the disk would not take it.
        """
        with self._turn:
            with self._pictures.open("r+b") as file:
                file.seek(self.bytes)  # over what a full disk took of the last attempt
                file.write(pictures)
            self._add(added)
            values = {name: getattr(added, name) for name in Added.__dataclass_fields__}
            self._unsettled.append({name: value for name, value in values.items() if value not in ((), "")})
            if len(self._unsettled) >= SETTLE_EVERY:
                self.settle()

    def _add(self, added: Added) -> None:
        self.added.append(added)
        self.bytes += sum(added.sizes)

    def settle(self, *, complete: bool = False) -> None:
        """Bring all of it to the disk; `complete`: nothing will be added.

        Raises:
            OSError: the disk would not take it.
        """
        with self._turn:
            lines = [*self._unsettled, *([{"complete": True}] if complete and not self.complete else [])]
            if not lines:
                return
            with self._pictures.open("rb") as file:
                os.fdatasync(file.fileno())
            with self._index.open("ab") as file:
                file.write(b"".join(map(encode, lines)))
                file.flush()
                os.fdatasync(file.fileno())
            self._unsettled = []
            self.complete = self.complete or complete

    def sendable(self, last: int | None = None) -> Sendable | None:
        """The video up to a segment, or all of it; None when no picture is in that."""
        added = [each for each in list(self.added) if last is None or each.number <= last]
        shown = [each for each in added if each.sizes]
        if not shown:
            return None
        made = head(_track(self.size, shown, max(each.end for each in added)))
        tag = hashlib.sha256(made).hexdigest()[:32]
        return Sendable(made, self._pictures, sum(sum(each.sizes) for each in shown), tag)


def _track(size: tuple[int, int], shown: list[Added], end: int) -> Track:
    counts = [len(each.at) for each in shown]
    firsts = np.concatenate([[0], np.cumsum(counts)])
    keys = np.concatenate([first + np.array(each.keys) for first, each in zip(firsts, shown, strict=False)])
    times = _rising(np.concatenate([np.array(each.at, dtype=np.int64) for each in shown]))
    return Track(
        size=size,
        config=bytes.fromhex(next(each.config for each in shown)),
        times=times,
        end=max(end, int(times[-1]) + 1),
        sizes=np.concatenate([np.array(each.sizes, dtype=np.int64) for each in shown]),
        keys=keys.astype(np.int64),
        chunks=counts,
    )


def _rising(times: Numbers) -> Numbers:
    """Times that rise by one at least: two frames may come at once, and a restart may set the clock back."""
    steps = np.arange(len(times))
    found: Numbers = np.maximum.accumulate(times - steps) + steps
    return found
