"""The head of an MP4, read by FFmpeg: every picture where and when it is, also in a video of three hours."""

import io
import struct
from itertools import accumulate

import av
import numpy as np
import pytest

from server.video.encoding import encode
from server.video.mp4 import Numbers, Track, even, head, sample, units

from . import streams

SIZE = (240, 180)
JPEGS = [streams.picture(n) for n in range(1, 9)]


def numbers(*values: int) -> Numbers:
    return np.array(values, dtype=np.int64)


def track(times: Numbers, sizes: Numbers, keys: Numbers, chunks: list[int], end: int, config: bytes) -> Track:
    return Track(SIZE, config, times, end, sizes, keys, chunks)


@pytest.fixture(scope="module")
def config() -> bytes:
    """Parameter sets of a real stream."""
    return encode([(0, JPEGS[0])], size=SIZE).config


def packets(data: bytes) -> list[tuple[int, int, bool]]:
    """Time in milliseconds, bytes, and whether it is a key, of each picture."""
    with av.open(io.BytesIO(data), "r") as container:
        assert container.streams.video[0].time_base is not None
        scale = int(1000 * container.streams.video[0].time_base)
        return [
            ((each.pts or 0) * scale, each.size, each.is_keyframe) for each in container.demux(video=0) if each.size
        ]


def test_pieces_one_behind_the_other_are_one_video_that_seeks() -> None:
    groups = [
        encode(zip(at, JPEGS[n : n + len(at)], strict=True), size=SIZE)
        for n, at in ((0, [0, 3, 500]), (3, [7_000]), (4, [9_000, 9_200, 9_400, 60_000]))
    ]
    samples = [[sample(each.data) for each in piece.pictures] for piece in groups]
    times = numbers(*(each.at for piece in groups for each in piece.pictures))
    sizes = numbers(*(len(each) for piece in samples for each in piece))
    made = track(times, sizes, numbers(0, 3, 4), [3, 1, 4], 61_000, groups[0].config)
    data = head(made) + b"".join(each for piece in samples for each in piece)
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.width, stream.codec_context.height) == SIZE
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert container.duration == 61_000_000
        decoded = [round(1000 * (frame.time or 0)) for frame in container.decode(stream)]
        assert decoded == times.tolist()
        container.seek(9_300_000)
        assert next(container.decode(video=0)).time == 9.0


def test_three_hours_lie_where_the_head_says(config: bytes) -> None:
    rng = np.random.default_rng(7)
    chunks = [int(each) for each in rng.integers(1, 151, 1080)]
    count = sum(chunks)
    times = np.cumsum(rng.integers(1, 400, count)) - 1
    times -= times[0]
    sizes = rng.integers(5, 60, count)
    keys = numbers(*[0, *accumulate(chunks)][:-1])
    made = head(track(times, sizes, keys, chunks, int(times[-1]) + 200, config))
    first = set(keys.tolist())
    slices = ((b"\x65" if n in first else b"\x41") * (size - 4) for n, size in enumerate(sizes.tolist()))
    data = made + b"".join(struct.pack(">I", len(each)) + each for each in slices)
    found = packets(data)
    assert [at for at, _, _ in found] == times.tolist()
    assert [size for _, size, _ in found] == sizes.tolist()
    assert [n for n, (_, _, key) in enumerate(found) if key] == keys.tolist()
    assert len(made) < 13 * count


def test_what_is_beyond_four_gigabytes_has_its_place(config: bytes) -> None:
    sizes = np.full(5000, 1_000_000)
    made = head(track(np.arange(5000) * 200, sizes, np.arange(0, 5000, 50), [50] * 100, 1_000_000, config))
    at = made.index(b"co64") + 12
    assert struct.unpack(">Q", made[at : at + 8]) == (len(made),)
    assert struct.unpack(">Q", made[at + 99 * 8 : at + 100 * 8]) == (len(made) + 99 * 50_000_000,)
    assert struct.unpack(">I4sQ", made[-16:]) == (1, b"mdat", 16 + 5_000_000_000)


def test_a_stream_is_cut_into_its_units() -> None:
    assert units(b"\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65\0\3d") == [b"\x67ab", b"\x68c", b"\x65\0\3d"]
    assert units(b"") == []


def test_of_a_picture_only_its_slices_are_kept() -> None:
    assert sample(b"\0\0\1\6comment\0\0\1\x65abc\0\0\0\1\x41d") == b"\0\0\0\4\x65abc\0\0\0\2\x41d"


@pytest.mark.parametrize(("size", "least"), [((480, 360), (480, 360)), ((33, 32), (34, 32)), ((41, 55), (42, 56))])
def test_a_video_has_even_sides(size: tuple[int, int], least: tuple[int, int]) -> None:
    assert even(size) == least
