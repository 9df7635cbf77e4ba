"""MP4 around pictures that lie one behind the other: the head of the file, made from their sizes and times. Pure.

The head comes first and says where every picture is, so that a player that seeks asks for the bytes it needs and no
others, and a file grows by what is added at its end and a new head: nothing is ever copied to make room for one.
FFmpeg's muxer cannot do that: its index comes last, or after a second pass over the whole file.
(ISO/IEC 14496-12 and -15; one track, one chunk for each piece, no reordering, times in milliseconds.)
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

TIMESCALE: Final = 1000
"""Units a second."""
_START_CODE: Final = re.compile(rb"\x00{2,}\x01")
_SPS: Final = 7
_PPS: Final = 8
_SLICES: Final = frozenset({1, 5})
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_BT601_LIMITED: Final = b"nclx" + struct.pack(">HHHB", 6, 6, 6, 0)

Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Track:
    """Pictures of one video."""

    size: tuple[int, int]
    """Width and height in pixels."""
    config: bytes
    """Parameter sets with start codes."""
    times: Numbers
    """When each picture begins, in milliseconds; they rise, and the first is 0."""
    end: int
    """When the last one ends."""
    sizes: Numbers
    """Bytes of each."""
    keys: Numbers
    """Indices of those that can be decoded without others, rising."""
    chunks: Sequence[int]
    """How many pictures lie one behind the other from each place on where a chunk begins; their sum is all."""


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The least size of a video that holds a picture of this size."""
    width, height = size
    return width + width % 2, height + height % 2


def units(data: bytes) -> list[bytes]:
    """The units (NAL) of a byte stream with start codes."""
    # No unit holds or ends with a start code or the zeros before one: the encoder escapes them.
    return [unit for unit in _START_CODE.split(data) if unit]


def sample(data: bytes) -> bytes:
    """A picture as MP4 has it: its slices, each with its length before it. What else an encoder says is left out."""
    slices = [unit for unit in units(data) if unit[0] & 31 in _SLICES]
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in slices)


def head(track: Track) -> bytes:
    """All that comes before the pictures, which follow at once."""
    data_bytes = int(track.sizes.sum())
    kind = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    # Offsets have 8 bytes however small they are, so that the head's length is known before they are.
    start = len(kind) + len(_movie(track, 0)) + 16
    return kind + _movie(track, start) + struct.pack(">I4sQ", 1, b"mdat", 16 + data_bytes)


def _movie(track: Track, start: int) -> bytes:
    return _box(b"moov", _movie_header(track), _box(b"trak", _track_header(track), _media(track, start)))


def _movie_header(track: Track) -> bytes:
    tail = struct.pack(">IHH8x", 0x10000, 0x100, 0) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    return _full(b"mvhd", 1, 0, struct.pack(">QQIQ", 0, 0, TIMESCALE, track.end), tail)


def _track_header(track: Track) -> bytes:
    times = struct.pack(">QQIIQ8x", 0, 0, 1, 0, track.end)
    width, height = track.size
    return _full(b"tkhd", 1, 3, times, bytes(8), _MATRIX, struct.pack(">II", width << 16, height << 16))


def _media(track: Track, start: int) -> bytes:
    undetermined = 0x55C4  # the language `und`, five bits a letter
    header = _full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, TIMESCALE, track.end, undetermined, 0))
    handler = _full(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"Recording\0")
    here = _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1))
    info = _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), _box(b"dinf", here), _tables(track, start))
    return _box(b"mdia", header, handler, info)


def _tables(track: Track, start: int) -> bytes:
    durations = np.diff(track.times, append=track.end)
    return _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), _entry(track)),
        _table(b"stts", _runs(durations)),
        _table(b"stss", (track.keys + 1)[:, None]),
        _table(b"stsc", _chunk_runs(track.chunks)),
        _full(b"stsz", 0, 0, struct.pack(">II", 0, len(track.sizes)), track.sizes.astype(">u4").tobytes()),
        _full(b"co64", 0, 0, struct.pack(">I", len(track.chunks)), _offsets(track, start).astype(">u8").tobytes()),
    )


def _entry(track: Track) -> bytes:
    width, height = track.size
    picture = struct.pack(">6xH16xHHII4xH32xHh", 1, width, height, 72 << 16, 72 << 16, 1, 24, -1)
    return _box(b"avc1", picture, _box(b"avcC", _parameters(track.config)), _box(b"colr", _BT601_LIMITED))


def _parameters(config: bytes) -> bytes:
    found = units(config)
    [sps] = (unit for unit in found if unit[0] & 31 == _SPS)
    [pps] = (unit for unit in found if unit[0] & 31 == _PPS)
    lengths_of_4, one = 0xFC | 3, 0xE0 | 1
    sets = struct.pack(">BH", one, len(sps)) + sps + struct.pack(">BH", 1, len(pps)) + pps
    made = b"\x01" + sps[1:4] + bytes([lengths_of_4]) + sets
    if sps[1] in (100, 110, 122, 144):  # the high profiles repeat that it is 4:2:0 with 8 bits
        made += b"\xfd\xf8\xf8\x00"
    return made


def _runs(values: Numbers) -> Numbers:
    """Equal neighbours as rows of count and value."""
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return np.stack([np.diff(starts, append=len(values)), values[starts]], axis=1)


def _chunk_runs(chunks: Sequence[int]) -> Numbers:
    """The first of each run of chunks that are equally long, counted from 1, and how many pictures they have."""
    runs = _runs(np.array(chunks, dtype=np.int64))
    first = 1 + np.cumsum(runs[:, 0]) - runs[:, 0]
    return np.stack([first, runs[:, 1], np.ones_like(first)], axis=1)


def _offsets(track: Track, start: int) -> Numbers:
    ends = np.concatenate([[0], np.cumsum(track.sizes)])
    firsts = np.concatenate([[0], np.cumsum(track.chunks)])[:-1].astype(np.int64)
    found: Numbers = start + ends[firsts]
    return found


def _table(name: bytes, rows: Numbers) -> bytes:
    return _full(name, 0, 0, struct.pack(">I", len(rows)), rows.astype(">u4").tobytes())


def _full(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body
