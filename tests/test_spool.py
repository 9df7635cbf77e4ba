"""The spool: what it took is there after any crash, what it did not take was said."""

import json
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import spool as spool_module
from storage.spool import Line, Spool, SpoolFull


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "spool"
    made.mkdir()
    return made


def line(n: int) -> Line:
    return "incidents", {"id": n, "text": "ä\n\u2028"}


def ids(spool: Spool) -> list[int]:
    return [row["id"] for _, row in spool.begin_drain()]


def test_rows_come_back_in_their_order(folder: Path) -> None:
    spool = Spool(folder)
    spool.append([line(1), line(2)])
    spool.append([line(3)])
    assert list(spool.begin_drain()) == [line(1), line(2), line(3)]


def test_rows_are_there_for_the_next_process(folder: Path) -> None:
    Spool(folder).append([line(1)])
    assert ids(Spool(folder)) == [1]


def test_what_was_drained_is_forgotten_only_when_that_is_said(folder: Path) -> None:
    spool = Spool(folder)
    spool.append([line(1)])
    assert ids(spool) == [1]
    assert ids(Spool(folder)) == [1]  # a crash in the middle of a drain
    spool.end_drain()
    assert ids(spool) == []
    assert spool.size() == 0


def test_rows_appended_during_a_drain_wait_for_the_next(folder: Path) -> None:
    spool = Spool(folder)
    spool.append([line(1)])
    assert ids(spool) == [1]
    spool.append([line(2)])
    spool.end_drain()
    assert ids(spool) == [2]


def test_a_drain_that_was_cut_short_keeps_older_rows_before_newer(folder: Path) -> None:
    spool = Spool(folder)
    spool.append([line(1)])
    ids(spool)
    spool.append([line(2)])
    again = Spool(folder)
    assert ids(again) == [1]
    again.end_drain()
    assert ids(again) == [2]


@pytest.mark.parametrize("kept", [1, 10, -2, -1])
def test_a_line_cut_by_a_crash_takes_no_other_with_it(kept: int, folder: Path) -> None:
    Spool(folder).append([line(1), line(2)])
    rows = folder / "rows.jsonl"
    first, second = rows.read_bytes().splitlines()
    rows.write_bytes(first + b"\n" + second[:kept])
    spool = Spool(folder)
    spool.append([line(3)])
    assert ids(spool) == [1, 3]


@pytest.mark.parametrize("end", [b"\0" * 40, b"\xff\xfe", b"[1,2", b'["incidents"]', b'"incidents"', b"17", b"null"])
def test_whatever_a_crash_left_at_the_end_is_passed_over(end: bytes, folder: Path) -> None:
    Spool(folder).append([line(1)])
    with (folder / "rows.jsonl").open("ab") as rows:
        rows.write(end)
    spool = Spool(folder)
    spool.append([line(2)])
    assert ids(spool) == [1, 2]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The disk is full after so many bytes in a file: the system's own limit, and a write that is cut short."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_what_comes_after_it_is_not_lost(folder: Path) -> None:
    spool = Spool(folder)
    spool.append([line(1)])
    with largest_file((folder / "rows.jsonl").stat().st_size + 10), pytest.raises(SpoolFull):
        spool.append([line(2)])
    spool.append([line(3)])
    assert ids(spool) == [1, 3]


def test_a_picture_that_met_a_full_disk_is_not_there_by_half(folder: Path) -> None:
    spool = Spool(folder)
    with largest_file(10), pytest.raises(SpoolFull):
        spool.append_picture("a/b/0.jpg", b"x" * 100)
    assert spool.pictures() == []
    assert spool.picture("a/b/0.jpg") is None


def test_over_its_limit_nothing_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    spool.append([line(1)])
    monkeypatch.setattr(spool_module, "MAX_BYTES", spool.size() + 10)
    with pytest.raises(SpoolFull):
        spool.append([line(2)])
    with pytest.raises(SpoolFull):
        spool.append_picture("key", b"x" * 11)
    assert ids(spool) == [1]
    assert spool.pictures() == []


def test_pictures_count_towards_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MAX_BYTES", 100)
    spool = Spool(folder)
    spool.append_picture("key", b"x" * 95)
    with pytest.raises(SpoolFull):
        spool.append([line(1)])
    spool.remove_picture("key")
    spool.append([line(1)])


@pytest.mark.parametrize("key", ["m/i/0.jpg", "../../etc/passwd", "a b/ä%2f", "/absolute"])
def test_a_picture_comes_back_under_its_key_and_stays_in_the_folder(key: str, folder: Path) -> None:
    spool = Spool(folder)
    spool.append_picture(key, b"\xff\xd8 picture")
    assert Spool(folder).pictures() == [key]
    assert spool.picture(key) == b"\xff\xd8 picture"
    assert [path.parent for path in folder.rglob("*") if path.is_file()] == [folder / "pictures"]
    spool.remove_picture(key)
    spool.remove_picture(key)
    assert spool.pictures() == []
    assert spool.picture(key) is None


def test_a_picture_cut_by_a_crash_is_none(folder: Path) -> None:
    spool = Spool(folder)
    (folder / "pictures" / "key.part").write_bytes(b"half")
    assert spool.pictures() == []


def test_a_row_put_aside_is_kept_for_a_person(folder: Path) -> None:
    spool = Spool(folder)
    spool.reject(line(1))
    spool.reject(line(2))
    lines = (folder / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(each) for each in lines] == [list(line(1)), list(line(2))]
    assert ids(spool) == []


def test_of_whoever_was_erased_nothing_is_put_aside_any_more(folder: Path) -> None:
    spool = Spool(folder)
    spool.forget_rejected(frozenset({"ada"}))
    for name in ("ada", "bob", "ada"):
        spool.reject(("incidents", {"candidate_id": name}))
    spool.forget_rejected(frozenset({"ada"}))
    lines = (folder / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(each)[1]["candidate_id"] for each in lines] == ["bob"]


def test_the_size_is_that_of_the_rows_that_wait(folder: Path) -> None:
    spool = Spool(folder)
    assert spool.size() == 0
    spool.append([line(1)])
    one = spool.size()
    ids(spool)
    spool.append([line(2)])
    assert spool.size() == 2 * one


def test_nothing_is_lost_when_rows_are_appended_and_drained_side_by_side(folder: Path) -> None:
    spool, count, drained = Spool(folder), 3000, list[int]()
    done = threading.Event()

    def drain() -> None:
        while not done.is_set():
            drained.extend(ids(spool))
            spool.end_drain()

    with ThreadPoolExecutor(4) as pool:
        draining = pool.submit(drain)
        try:
            list(pool.map(lambda n: spool.append([line(n)]), range(count)))
        finally:
            done.set()
        draining.result()
    drained.extend(ids(spool))
    assert sorted(drained) == list(range(count))
