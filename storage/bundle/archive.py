"""A zip in one form only, so that no byte of it can differ and still pass. Pure.

Every file is stored as it is, its size and CRC-32 stand in front of it, and nothing is left to choose: no
compression, times, comments, extra fields or gaps. Whoever knows the files' names and bytes can make every other
byte of the archive again; `check` does. Any program that reads zips reads it.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

MAX_FILE: Final = 1 << 30
"""Bytes of one file: those of ten seconds are far below, and a reader may take one into memory."""
MAX_FILES: Final = 500_000
"""Files in an archive; 20 candidates over twelve hours have 180,000."""
NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,4}")
"""Names of files: relative, below the folder in which they are unpacked, the same on every system."""

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_SMALL, _LARGE = 20, 45
"""Versions of the format that a reader needs: the usual one, and the one with 64-bit numbers."""
_DATE: Final = 0x21
"""1 January 1980, midnight: when a file was made stands in the rows, not here."""
_UNIX: Final = 3 << 8
_MODE: Final = 0o100600 << 16
_FULL16, _FULL32 = 0xFFFF, 0xFFFF_FFFF


class ArchiveError(Exception):
    """It is not in our form. The text says where."""


class NoArchive(ArchiveError):
    """It does not even look like one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the archive."""

    name: str
    size: int
    """Bytes."""
    crc: int
    """CRC-32 of them."""
    offset: int
    """Where its header begins."""

    @property
    def at(self) -> int:
        """Where its bytes begin."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where the next header begins."""
        return self.at + self.size


def entry(name: str, data: bytes, offset: int) -> Entry:
    """An entry for a file.

    Raises:
        ValueError: there is no place for it in an archive.
    """
    if not NAME.fullmatch(name) or len(data) > MAX_FILE:
        raise ValueError(f"{name[:200]}: such a file cannot be in a bundle")
    return Entry(name, len(data), zlib.crc32(data), offset)


def header(each: Entry) -> bytes:
    """What stands in front of a file's bytes."""
    return (
        _LOCAL.pack(b"PK\3\4", _SMALL, 0, 0, 0, _DATE, each.crc, each.size, each.size, len(each.name), 0)
        + each.name.encode()
    )


def listing(each: Entry) -> bytes:
    """Its entry in the directory behind all files."""
    far = each.offset >= _FULL32
    extra = struct.pack("<2HQ", 1, 8, each.offset) if far else b""
    version = _LARGE if far else _SMALL
    offset = _FULL32 if far else each.offset
    return (
        _CENTRAL.pack(
            b"PK\1\2", _UNIX | version, version, 0, 0, 0, _DATE, each.crc, each.size, each.size,
            len(each.name), len(extra), 0, 0, 0, _MODE, offset,
        )
        + each.name.encode()
        + extra
    )  # fmt: skip


def ending(count: int, size: int, offset: int) -> bytes:
    """What ends the archive.

    Args:
        count: of files.
        size: bytes of the directory.
        offset: where it begins.
    """
    end = _END.pack(
        b"PK\5\6", 0, 0, min(count, _FULL16), min(count, _FULL16), min(size, _FULL32), min(offset, _FULL32), 0
    )
    if not _is_large(count, size, offset):
        return end
    end64 = _END64.pack(b"PK\6\6", _END64.size - 12, _UNIX | _LARGE, _LARGE, 0, 0, count, count, size, offset)
    return end64 + _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1) + end


def _is_large(count: int, size: int, offset: int) -> bool:
    return count >= _FULL16 or size >= _FULL32 or offset >= _FULL32


def check(file: IO[bytes]) -> list[Entry]:
    """The entries of an archive, once all of it but the files' own bytes is known to be in our form.

    Raises:
        NoArchive, ArchiveError: it is not.
    """
    count, size, offset, ours = _end(file)
    entries = list(_entries(file, count, size, offset))
    names = {each.name for each in entries}
    if len(names) != len(entries):
        raise ArchiveError("two files have the same name")
    if ours is not None:
        raise ArchiveError(ours)
    for each in entries:
        file.seek(each.offset)
        if file.read(each.at - each.offset) != header(each):
            raise ArchiveError(
                f"the header of {each.name} (bytes {each.offset} to {each.at - 1}) and the directory do not agree"
            )
    return entries


def _end(file: IO[bytes]) -> tuple[int, int, int, str | None]:
    """Files, directory's size and offset, as the end of the archive says; and what is wrong with that end."""
    length = file.seek(0, 2)
    file.seek(0)
    begins = file.read(4) == b"PK\3\4"
    if length < _END.size:
        raise NoArchive("it is too short for a bundle")
    file.seek(length - _END.size)
    tail = file.read(_END.size)
    _, _, _, _, count, size, offset, _ = _END.unpack(tail)
    behind = _END.size
    if _is_large(count, size, offset) and length > _END64.size + _LOCATOR.size + _END.size:
        behind += _END64.size + _LOCATOR.size
        file.seek(length - behind)
        tail = file.read(behind)
        count, size, offset = _END64.unpack(tail[: _END64.size])[7:]
    if tail != ending(count, size, offset) or offset + size + behind != length:
        if begins:
            raise ArchiveError(f"its end (bytes {length - behind} to {length - 1}) is not as it was written")
        raise NoArchive("it is no zip as a bundle is one")
    return count, size, offset, None if begins else "its first bytes (0 to 3) are not as they were written"


def _entries(file: IO[bytes], count: int, size: int, offset: int) -> Iterator[Entry]:
    if count > MAX_FILES:
        raise ArchiveError(f"it says that it has {count} files; at most {MAX_FILES} can be in a bundle")
    at, expected, until = offset, 0, offset + size
    file.seek(at)
    for n in range(1, count + 1):
        fixed = file.read(_CENTRAL.size)
        where = f"row {n} of the zip's directory (from byte {at})"
        if len(fixed) < _CENTRAL.size:
            raise ArchiveError(f"{where} is cut")
        fields = _CENTRAL.unpack(fixed)
        crc, length, name_size, extra_size = fields[7], fields[9], fields[10], fields[11]
        rest = file.read(name_size + extra_size)
        name = rest[:name_size].decode("ascii", "replace")
        found = Entry(name, length, crc, expected)
        if not NAME.fullmatch(name) or length > MAX_FILE or fixed + rest != listing(found):
            raise ArchiveError(f"{where} is not as it was written")
        yield found
        at, expected = at + len(fixed) + len(rest), found.end
    if at != until or expected != offset:
        raise ArchiveError(f"the zip's directory (bytes {offset} to {until - 1}) does not list what is there")
