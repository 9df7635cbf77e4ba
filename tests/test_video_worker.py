"""The process that makes videos: a pair of files in, H.264 out; what is damaged is an answer, what hangs is ended."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.video.mp4 import units
from server.video.worker import HEADER, MAX_BYTES, message, milliseconds
from storage.recordings.segment import JOURNAL, VIDEO
from storage.records import Json

from . import streams
from .streams import AT

ASKED = {"do": "encode", "name": "000007", "began": milliseconds(AT), "size": [240, 180], "lead": False}
Child = subprocess.Popen[bytes]


def started(code: str) -> Child:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[1],
    )


@pytest.fixture
def child() -> Iterator[Child]:
    process = started("import sys; from server.video.worker import main; sys.exit(main())")
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[bytes, bytes]:
    """The files of a segment of 20 frames."""
    streams.begun(tmp_path / "000007", streams.frames(20)).close()
    video, journal = ((tmp_path / "000007").with_suffix(each).read_bytes() for each in (VIDEO, JOURNAL))
    return video, journal


def ask(child: Child, request: bytes) -> tuple[Json, bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(request)
    child.stdin.flush()
    text, pictures, nothing = HEADER.unpack(child.stdout.read(HEADER.size))
    assert nothing == 0
    return json.loads(child.stdout.read(text)), child.stdout.read(pictures)


def test_a_segment_comes_back_as_pictures_at_their_times(child: Child, pair: tuple[bytes, bytes]) -> None:
    said, pictures = ask(child, message(ASKED, *pair))
    assert said["at"] == [round(1000 * (each.received_at - AT)) for each in streams.frames(20)]
    assert (said["keys"], said["unreadable"]) == ([0], 0)
    assert sum(said["sizes"]) == len(pictures)
    assert [unit[0] & 31 for unit in units(bytes.fromhex(said["config"]))][:2] == [7, 8]
    again = ask(child, message({**ASKED, "began": milliseconds(AT - 5), "lead": True}, *pair))[0]
    assert again["at"] == [0, *(each + 5000 for each in said["at"])]


def test_sizes_are_counted_in_every_tenth_frame(child: Child, pair: tuple[bytes, bytes]) -> None:
    said, nothing = ask(child, message({"do": "measure", "name": "x"}, *pair))
    assert nothing == b""
    assert sum(count for _, _, count in said["sizes"]) == 2


@pytest.mark.parametrize("do", ["encode", "measure"])
def test_what_is_damaged_is_said_to_be_and_the_next_is_done(do: str, child: Child, pair: tuple[bytes, bytes]) -> None:
    video, journal = pair
    for files in ((video[: len(video) // 2], journal), (b"", journal), (video, b"{"), (video, b'{"type":"frame"}\n')):
        said, nothing = ask(child, message({**ASKED, "do": do}, *files))
        assert (list(said), nothing) == (["damaged"], b"")
    assert "damaged" not in ask(child, message({**ASKED, "do": do}, *pair))[0]


def test_it_ends_with_its_input_and_with_one_that_is_out_of_step(child: Child, pair: tuple[bytes, bytes]) -> None:
    ask(child, message(ASKED, *pair))
    child.communicate(timeout=10)
    assert child.returncode == 0
    other = started("import sys; from server.video.worker import main; sys.exit(main())")
    output, _ = other.communicate(HEADER.pack(1, MAX_BYTES + 1, 0), timeout=10)
    assert (other.returncode, output) == (0, b"")


def test_a_segment_that_takes_too_much_is_ended_by_a_signal(pair: tuple[bytes, bytes]) -> None:
    process = started("from server.video import worker; worker.CPU_SECONDS = 0.05; worker.main()")
    output, _ = process.communicate(message({**ASKED, "size": [1920, 1440]}, *pair), timeout=30)
    assert (process.returncode, output) == (-signal.SIGPROF, b"")


@pytest.mark.parametrize(("seconds", "whole"), [(AT, 1_767_323_045_678), (0.0009, 0), (1.9999, 1999), (1.0, 1000)])
def test_milliseconds_are_cut_off_as_json_has_them(seconds: float, whole: int) -> None:
    assert milliseconds(seconds) == whole
