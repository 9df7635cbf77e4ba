"""The child process as the server has it: real pipes, real models, hostile input."""

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detection import codec, worker
from detection.analyzer import Analyzer
from detection.codec import Failed, Observed
from detection.faces import Frame, Sight
from detection.values import DetectorInfo

from . import faces

ROOT = Path(__file__).resolve().parents[1]


class Child:
    """One worker with its pipes."""

    def __init__(self, *arguments: str, program: str = "from detection import worker; sys.exit(worker.main())") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; {program}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self) -> tuple[int, bytes]:
        assert self.process.stdout
        number, length = codec.HEADER.unpack(self.process.stdout.read(codec.HEADER.size))
        return number, self.process.stdout.read(length)

    def ask(self, number: int, data: bytes) -> Observed | Failed:
        self.send(codec.request(number, data, describe=False))
        answered, payload = self.receive()
        assert answered == number
        return codec.parse_reply(payload)

    def close(self) -> tuple[bytes, bytes]:
        return self.process.communicate(timeout=20)


@contextmanager
def started(*arguments: str, **options: str) -> Iterator[Child]:
    """A worker that has said hello, and is gone afterwards."""
    child = Child(*(arguments or ("--detector", "hog")), **options)
    try:
        number, payload = child.receive()
        assert number == codec.HELLO_ID
        codec.parse_hello(payload)
        yield child
    finally:
        child.process.kill()
        child.close()


def test_it_looks_at_pictures_and_ends_with_its_input() -> None:
    with started() as child:
        for number, (data, count) in enumerate([(faces.one_face(), 1), (faces.two_faces(), 2)], start=1):
            reply = child.ask(number, data)
            assert isinstance(reply, Observed)
            assert len(reply.observation.faces) == count
            assert reply.detect_ms > 0
        assert child.close()[0] == b""
        assert child.process.returncode == 0


@faces.needs_models
def test_it_loads_the_weights_that_it_is_told() -> None:
    child = Child("--detector", "yunet", "--models", str(faces.models_folder()))
    assert codec.parse_hello(child.receive()[1]).name == "yunet"
    child.close()


@pytest.mark.parametrize("data", [b"", b"nonsense", faces.one_face()[:500], b"\xff\xd8" + bytes(100) + b"\xff\xd9"])
def test_what_is_no_picture_is_answered_and_the_next_is_looked_at(data: bytes) -> None:
    with started() as child:
        assert isinstance(child.ask(1, data), Failed)
        assert isinstance(child.ask(2, faces.no_face()), Observed)


def test_ctrl_c_does_not_end_it() -> None:
    with started() as child:
        child.process.send_signal(signal.SIGINT)
        assert isinstance(child.ask(1, faces.no_face()), Observed)


def test_a_library_that_prints_cannot_get_between_the_messages() -> None:
    chatty = (
        "import os; from detection import analyzer, worker; measure = analyzer.measure; "
        "analyzer.measure = lambda frame: (print('noise', flush=True), os.write(1, b'noise'), measure(frame))[2]; "
        "sys.exit(worker.main())"
    )
    with started("--detector", "hog", program=chatty) as child:
        assert isinstance(child.ask(1, faces.no_face()), Observed)
        output, errors = child.close()
        assert output == b""
        assert errors.count(b"noise") == 4  # twice when warming, twice for the picture


def test_without_its_weights_it_says_why_and_ends(tmp_path: Path) -> None:
    child = Child("--detector", "yunet", "--models", str(tmp_path))
    output, errors = child.close()
    assert (output, child.process.returncode) == (b"", worker.UNAVAILABLE)
    assert b"invigil models fetch" in errors


@pytest.mark.parametrize("cut", [b"\0\0", codec.HEADER.pack(1, 100) + b"short", codec.HEADER.pack(1, 2**32 - 1)])
def test_a_pipe_out_of_step_ends_it(cut: bytes) -> None:
    with started() as child:
        child.send(cut)
        assert child.close()[0] == b""
        assert child.process.returncode == 0


class Broken:
    """A detector with a fault in it."""

    info = DetectorInfo(name="broken", model="none", model_sha256="", threshold=0.5)

    def detect(self, frame: Frame) -> Sight:
        raise ZeroDivisionError(f"secret {frame.shape}")


def test_a_fault_in_a_detector_is_an_answer_without_its_inside() -> None:
    requests = io.BytesIO(
        codec.request(1, faces.one_face(), describe=False) + codec.request(2, faces.one_face(), describe=False)
    )
    replies = io.BytesIO()
    worker.serve(Analyzer(Broken()), requests, replies)
    first, length = codec.HEADER.unpack(replies.getvalue()[:8])
    assert first == 1
    assert json.loads(replies.getvalue()[8 : 8 + length]) == {
        "error": "The frame could not be analysed.",
        "readable": True,
    }
    assert len(replies.getvalue()) == 2 * (8 + length)


def test_the_libraries_are_held_to_one_thread() -> None:
    with started() as child:
        status = Path(f"/proc/{child.process.pid}/status")
        if not status.exists():
            pytest.skip("needs /proc")
        threads = next(line for line in status.read_text().splitlines() if line.startswith("Threads:"))
        assert int(threads.split()[1]) <= 2
