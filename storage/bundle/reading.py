"""Reads the files of a bundle that may be anybody's: in bounds, and whatever is wrong ends in words."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from storage.bundle.archive import Entry
from storage.bundle.writer import MANIFEST
from storage.recordings.segment import SegmentError
from storage.records import Json

CHUNK: Final = 1 << 20
MAX_LINE: Final = 4 << 20
"""Bytes of a row."""
MAX_TEXT: Final = 256 << 20
"""Bytes of a file of rows, or of a journal."""
SAID: Final = 256 << 20
"""Bytes after which it is said how far the reading is."""

Say = Callable[[str], None]


class Misfit(Exception):
    """Something is not as it was signed, or does not fit; the text says what comes first, and where."""


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Whatever a bundle holds in place of what should be there is a misfit, and no fault of ours."""
    try:
        yield
    except SegmentError as error:
        raise Misfit(str(error).removesuffix(".")) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Misfit(f"{where}: cannot be read ({type(error).__name__})") from None


class Files:
    """The files of a bundle, once the zip around them is known to be in our form."""

    def __init__(self, file: IO[bytes], entries: list[Entry]) -> None:
        self._file = file
        self.entries = {each.name: each for each in entries}
        """By their names, in their order."""

    def read(self, name: str, limit: int) -> bytes:
        """A whole file of `limit` bytes at most."""
        each = self._within(name, limit)
        self._file.seek(each.at)
        return self._file.read(each.size)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, one in memory at a time."""
        each = self.entries[name] if name == MANIFEST else self._within(name, MAX_TEXT)
        at = each.at
        while at < each.end:
            self._file.seek(at)  # others read in between
            line = self._file.readline(min(MAX_LINE, each.end - at))
            if not line or (len(line) == MAX_LINE and not line.endswith(b"\n")):
                raise Misfit(f"{name}: has a row of more than {MAX_LINE} bytes")
            at += len(line)
            yield line

    def rows(self, name: str) -> Iterator[Json]:
        """The JSON objects of a file of rows."""
        for number, line in enumerate(self.lines(name), start=1):
            with readable(f"{name}: row {number}"):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise TypeError("no object")
            yield row

    def hashes(self, say: Say) -> dict[str, tuple[str, int]]:
        """SHA-256 and CRC-32 of every file."""
        found, said = {}, 0
        for number, each in enumerate(self.entries.values(), start=1):
            found[each.name] = self._hash(each)
            if each.end // SAID > said:
                said = each.end // SAID
                say(f"  {number} of {len(self.entries)} files, {each.end / 1e9:.1f} GB")
        return found

    def _hash(self, each: Entry) -> tuple[str, int]:
        found, crc, left = hashlib.sha256(), 0, each.size
        self._file.seek(each.at)
        while left:
            part = self._file.read(min(left, CHUNK))
            if not part:
                raise Misfit(f"{each.name}: is cut")
            found.update(part)
            crc, left = zlib.crc32(part, crc), left - len(part)
        return found.hexdigest(), crc

    def _within(self, name: str, limit: int) -> Entry:
        if name not in self.entries:
            raise Misfit(f"{name}: is not in the bundle")
        each = self.entries[name]
        if each.size > limit:
            raise Misfit(f"{name}: has {each.size} bytes; at most {limit} can be looked at")
        return each
