"""A file in batches: each is written whole or not at all, and nothing follows one that was not."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.recordings.batches import BatchedFile

LIMIT = 100_000


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond `LIMIT`: the kernel takes a part of what goes over it, as of a disk nearly full."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BatchedFile]:
    found = BatchedFile(tmp_path / "file")
    yield found
    found.close()


def test_what_is_taken_is_written_with_the_flush(file: BatchedFile, tmp_path: Path) -> None:
    assert (file.write(b"ab"), file.write(b"c"), file.tell()) == (2, 1, 3)
    assert (tmp_path / "file").read_bytes() == b""
    file.flush()
    assert (tmp_path / "file").read_bytes() == b"abc"


def test_going_back_writes_over_and_keeps_the_rest(file: BatchedFile, tmp_path: Path) -> None:
    file.write(b"abcdef")
    assert file.seek(1) == 1
    file.write(b"XY")
    file.flush()
    assert (tmp_path / "file").read_bytes() == b"aXYdef"


@pytest.mark.usefixtures("small_files")
def test_a_batch_that_does_not_fit_is_not_there_and_none_follows_it(file: BatchedFile, tmp_path: Path) -> None:
    file.write(b"a" * 60_000)
    file.flush()
    file.write(b"b" * 30_000)
    file.write(b"c" * 30_000)
    with pytest.raises(OSError, match="File too large"):
        file.flush()
    file.write(b"d")
    file.flush()
    assert (tmp_path / "file").read_bytes() == b"a" * 60_000


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"there")
    with pytest.raises(FileExistsError):
        BatchedFile(tmp_path / "file")
