"""What a crash left of a pair: both files agree afterwards, nothing that both had is lost, and the rest is counted."""

from pathlib import Path

import pytest

from detection import jpeg
from storage.recordings.repair import repair
from storage.recordings.segment import JOURNAL, VIDEO

from . import streams
from .streams import AT

COUNT = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "000007"


def mend(path: Path) -> bool:
    return repair(path, began_at=AT, size=jpeg.dimensions)


def not_recorded(path: Path) -> int:
    return sum(line["frames"] for line in streams.read(path)[1] if line["type"] == "gap")


def test_a_pair_that_was_never_finished_keeps_all_but_the_frame_under_way(path: Path) -> None:
    streams.killed(path, kept := streams.frames(COUNT))
    assert mend(path)
    assert streams.read(path)[0] == kept[:-1]
    assert not_recorded(path) == 1


def test_a_whole_pair_comes_out_with_the_same_frames_and_lines(path: Path) -> None:
    streams.begun(path, streams.frames(COUNT)).close()
    before = streams.read(path)
    assert mend(path)
    assert streams.read(path) == before


@pytest.mark.parametrize("suffix", [VIDEO, JOURNAL])
@pytest.mark.parametrize("closed", [True, False])
def test_cut_anywhere_it_keeps_what_both_files_have(suffix: str, closed: bool, tmp_path: Path) -> None:
    kept = streams.frames(COUNT)
    if closed:
        streams.begun(tmp_path / "whole", kept).close()
    else:
        streams.killed(tmp_path / "whole", kept)
    whole = {each: (tmp_path / "whole").with_suffix(each).read_bytes() for each in (VIDEO, JOURNAL)}
    had, size = -1, len(whole[suffix])
    for n, length in enumerate([*range(0, size, size // 60), size]):
        path = tmp_path / f"{n:06d}"
        for each in (VIDEO, JOURNAL):
            path.with_suffix(each).write_bytes(whole[each][: length if each == suffix else None])
        if not mend(path):
            assert not path.with_suffix(VIDEO).exists()
            assert had == -1
            continue
        frames = streams.read(path)[0]
        assert frames == kept[: len(frames)]
        assert len(frames) >= had
        had = len(frames)
        if suffix == VIDEO:
            assert len(frames) + not_recorded(path) == COUNT
    assert had == COUNT - (not closed)


def test_a_line_that_is_no_frame_stays_where_it_was(path: Path) -> None:
    streams.killed(path, streams.frames(COUNT))
    streams.cut(path, VIDEO, path.with_suffix(VIDEO).stat().st_size // 2)
    assert mend(path)
    lines = streams.read(path)[1]
    assert len([line for line in lines if line["type"] == "event"]) == COUNT
    assert lines[-1]["cause"] == "cut"


def test_a_pair_with_nothing_in_it_is_gone(path: Path) -> None:
    streams.killed(path, [])
    assert not mend(path)
    assert list(path.parent.iterdir()) == []


def test_only_one_of_the_files_was_made(path: Path) -> None:
    path.with_suffix(JOURNAL).write_bytes(b"")
    assert not mend(path)
    assert list(path.parent.iterdir()) == []


def test_killed_while_it_mended_it_begins_anew(path: Path) -> None:
    streams.killed(path, kept := streams.frames(COUNT))
    for suffix in (VIDEO, JOURNAL):
        path.with_name("000007-part").with_suffix(suffix).write_bytes(b"half")
    assert mend(path)
    assert streams.read(path)[0] == kept[:-1]
    assert {each.stem for each in path.parent.iterdir()} == {"000007"}


def test_killed_between_the_two_renamings_it_keeps_the_same_frames(path: Path) -> None:
    streams.killed(path, kept := streams.frames(COUNT))
    journal = path.with_suffix(JOURNAL).read_bytes()
    assert mend(path)
    path.with_suffix(JOURNAL).write_bytes(journal)  # the new video is there, the old journal still
    assert mend(path)
    assert streams.read(path)[0] == kept[:-1]
    assert not_recorded(path) == 1
