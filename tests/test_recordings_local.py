"""A recording's folder: sealed segments are chained once, and a start finds what the one before knew."""

from pathlib import Path

import pytest

from detection import jpeg
from storage.recordings import chain
from storage.recordings.local import CHAIN, OPENING, LocalRecording, Progress, Sealed
from storage.recordings.segment import JOURNAL, VIDEO

from . import streams


@pytest.fixture
def local(tmp_path: Path) -> LocalRecording:
    found = LocalRecording(tmp_path, streams.opening())
    found.make()
    return found


def write(local: LocalRecording, number: int, count: int = 4, *, whole: bool = True) -> None:
    kept = streams.frames(count, first=1 + 10 * number)
    if whole:
        streams.begun(local.path(number), kept).close()
    else:
        streams.killed(local.path(number), kept)


def seal(local: LocalRecording, number: int, *, whole: bool = True) -> Sealed:
    sealed = local.seal(number, whole=whole, size=jpeg.dimensions)
    assert sealed is not None
    return sealed


def test_sealed_segments_are_a_chain_from_the_recordings_own_start(local: LocalRecording) -> None:
    for number in range(3):
        write(local, number)
    sealed = [seal(local, number) for number in range(3)]
    links = [each.link for each in sealed]
    assert chain.first_break(local.opening.recording_id, [each.added for each in sealed], links) is None
    assert local.progress.head == links[-1]
    assert (local.progress.segments, local.progress.frames, local.progress.last_seq) == (3, 12, 24)
    assert sealed[0].added.sha256 == chain.sha256(local.path(0).with_suffix(VIDEO).read_bytes())
    assert sealed[0].added.journal_sha256 == chain.sha256(local.path(0).with_suffix(JOURNAL).read_bytes())


def test_a_start_finds_what_the_one_before_knew(local: LocalRecording) -> None:
    write(local, 0)
    write(local, 1, whole=False)
    seal(local, 0)
    found = LocalRecording.load(local.folder)
    assert (found.opening, found.progress, found.numbers()) == (local.opening, local.progress, [0, 1])
    assert seal(found, 1, whole=False).added.number == 1
    assert LocalRecording.load(local.folder).progress == found.progress


def test_sealing_twice_gives_the_same_and_chains_once(local: LocalRecording) -> None:
    write(local, 0)
    first = seal(local, 0)
    assert seal(local, 0) == first
    assert seal(LocalRecording.load(local.folder), 0, whole=False) == first
    assert len((local.folder / CHAIN).read_bytes().splitlines()) == 1


def test_half_a_line_of_the_chain_is_written_anew(local: LocalRecording) -> None:
    for number in range(2):
        write(local, number)
        seal(local, number)
    whole = (local.folder / CHAIN).read_bytes()
    (local.folder / CHAIN).write_bytes(whole[:-20])
    found = LocalRecording.load(local.folder)
    assert found.progress.segments == 1
    seal(found, 1)
    assert (local.folder / CHAIN).read_bytes() == whole


def test_a_repaired_segment_counts_what_was_cut(local: LocalRecording) -> None:
    write(local, 0, 6, whole=False)
    added = seal(local, 0, whole=False).added
    assert (added.frames, added.not_recorded) == (5, 1)
    assert (local.progress.frames, local.progress.not_recorded) == (5, 1)


def test_a_segment_of_which_nothing_is_left_leaves_its_number_out(local: LocalRecording) -> None:
    write(local, 0, 0, whole=False)
    write(local, 1)
    assert local.seal(0, whole=False, size=jpeg.dimensions) is None
    assert seal(local, 1).added.number == 1
    assert (local.progress.segments, local.progress.number) == (1, 2)


def test_what_was_done_elsewhere_goes_on(tmp_path: Path) -> None:
    opening, before = streams.opening(), Progress("ab" * 32, 7, 6, 300, 9000, 2, 299)
    local = LocalRecording(tmp_path, opening, before)
    local.make()
    streams.begun(local.path(7), streams.frames(4, first=300)).close()
    sealed = seal(local, 7)
    assert sealed.link == chain.link(before.head, sealed.added)
    assert LocalRecording.load(local.folder).progress == local.progress
    assert (local.progress.segments, local.progress.frames) == (7, 304)


def test_made_again_it_stays_as_it_was(local: LocalRecording) -> None:
    before = (local.folder / OPENING).read_bytes()
    LocalRecording(local.folder.parent, local.opening, Progress("0" * 64, 99)).make()
    assert (local.folder / OPENING).read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"recording_id": "x"}'])
def test_a_folder_that_is_no_recordings_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    (tmp_path / OPENING).write_text(text)
    with pytest.raises((ValueError, KeyError, TypeError)):
        LocalRecording.load(tmp_path)


def test_killed_while_it_forgot_a_segment_it_takes_the_rest_for_none(local: LocalRecording) -> None:
    for number in range(2):
        write(local, number)
        seal(local, number)
    left = local.path(0).with_suffix(VIDEO).read_bytes()
    local.forget(0)
    local.path(0).with_suffix(VIDEO).write_bytes(left)
    assert LocalRecording.load(local.folder).numbers() == [1]


def test_removed_it_leaves_nothing(local: LocalRecording) -> None:
    write(local, 0)
    local.forget(0)
    assert local.numbers() == []
    local.remove()
    assert not local.folder.exists()
