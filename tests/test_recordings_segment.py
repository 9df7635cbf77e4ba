"""A pair of files: frames as they came, in Matroska that other programs read, and the journal beside them."""

import subprocess
import sys
from pathlib import Path

import av
import pytest

from detection import jpeg
from storage.recordings.segment import JOURNAL, VIDEO, KeptFrame, SegmentError, SegmentWriter, encode

from . import streams
from .streams import AT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "000000"


def test_every_frame_comes_out_as_it_went_in(path: Path) -> None:
    kept = streams.frames(40)
    streams.begun(path, kept).close()
    assert streams.read(path)[0] == kept


def test_it_is_matroska_with_the_times_of_the_arrival(path: Path) -> None:
    kept = streams.frames(10, at=AT + 30)
    streams.begun(path, kept).close()
    with av.open(path.with_suffix(VIDEO)) as container:
        stream = container.streams.video[0]
        assert (container.format.name.split(",")[0], stream.codec_context.name) == ("matroska", "mjpeg")
        assert (stream.width, stream.height) == jpeg.dimensions(kept[0].jpeg)
        times = [packet.pts for packet in container.demux(stream) if packet.size]
    assert times == [30_000 + 200 * n for n in range(10)]


def test_frames_of_the_same_millisecond_and_of_a_clock_set_back_keep_their_order(path: Path) -> None:
    kept = [KeptFrame(n, 0.0, AT - 5 * (n > 3), streams.picture(n)) for n in range(8)]
    streams.begun(path, kept).close()
    assert streams.read(path)[0] == kept


def test_a_segment_without_frames_has_an_empty_video(path: Path) -> None:
    streams.begun(path, []).close()
    assert path.with_suffix(VIDEO).read_bytes() == b""
    assert streams.read(path)[0] == []


def test_while_it_grows_all_but_the_newest_frame_can_be_read(path: Path) -> None:
    writer = SegmentWriter(path, began_at=AT, size=jpeg.dimensions)
    for n, frame in enumerate(kept := streams.frames(14)):
        writer.add(frame)
        writer.flush()
        assert streams.read(path, grows=True)[0] == kept[:n]
    writer.close()
    assert streams.read(path)[0] == kept


def test_a_process_that_is_killed_has_written_what_it_flushed(path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from tests import streams; "
        "streams.begun(Path(sys.argv[1]), streams.frames(20)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    assert streams.read(path, grows=True)[0] == streams.frames(19)


def test_a_pair_that_is_there_is_never_written_over(path: Path) -> None:
    streams.begun(path, streams.frames(2)).close()
    with pytest.raises(FileExistsError):
        streams.begun(path, [])
    assert len(streams.read(path)[0]) == 2


def test_closing_twice_changes_nothing(path: Path) -> None:
    writer = streams.begun(path, streams.frames(3))
    writer.close()
    before = path.with_suffix(VIDEO).read_bytes()
    writer.close()
    assert path.with_suffix(VIDEO).read_bytes() == before


@pytest.mark.parametrize("damage", ["shorter video", "shorter journal", "no video", "no JSON", "half a line"])
def test_damage_is_said_and_not_passed_over(damage: str, path: Path) -> None:
    streams.begun(path, streams.frames(12)).close()
    match damage:
        case "shorter video":
            streams.cut(path, VIDEO, -path.with_suffix(VIDEO).stat().st_size // 2)
        case "shorter journal":
            lines = path.with_suffix(JOURNAL).read_bytes().splitlines(keepends=True)
            path.with_suffix(JOURNAL).write_bytes(b"".join(lines[:-2]))
        case "no video":
            path.with_suffix(VIDEO).write_bytes(b"")
        case "no JSON":
            path.with_suffix(JOURNAL).write_bytes(path.with_suffix(JOURNAL).read_bytes() + b"}{\n")
        case _:
            streams.cut(path, JOURNAL, -3)
    with pytest.raises(SegmentError, match="000000"):
        streams.read(path)


def test_a_line_is_written_in_one_form_only() -> None:
    assert encode({"b": 1, "a": 0.1}) == encode({"a": 0.1, "b": 1}) == b'{"a":0.1,"b":1}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"a": float("nan")})
