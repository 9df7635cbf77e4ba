"""The thread that writes: bounded, fair to the event loop, and honest about what the disk refused."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from detection import jpeg
from storage.recordings import writer as module
from storage.recordings.local import LocalRecording
from storage.recordings.segment import JOURNAL, KeptFrame
from storage.recordings.writer import Finished, RecordingWriter

from . import streams
from .streams import AT


class Desk:
    """A writer, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = AT
        self.finished: list[Finished] = []
        self.closed: list[UUID] = []
        self.failed: list[int] = []
        self.writer = RecordingWriter(
            size=jpeg.dimensions,
            clock=lambda: self.now,
            finished=self.finished.append,
            closed=self.closed.append,
            failed=lambda _, count: self.failed.append(count),
        )

    def turn(self) -> None:
        """Let all that waits be written."""
        self.writer._turn()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A writer whose turns the test takes itself."""
    return Desk(tmp_path / "recording")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Desk]:
    """A writer with its thread."""
    desk = Desk(tmp_path / "recording")
    desk.writer.start()
    yield desk
    desk.writer.stop()


def local(desk: Desk) -> LocalRecording:
    return LocalRecording(desk.folder, streams.opening())


def test_what_is_added_is_written_in_order_and_stopping_finishes_it(running: Desk) -> None:
    found = [local(running) for _ in range(3)]
    recordings = [running.writer.open(each) for each in found]
    for frame in streams.frames(10):
        for each in recordings:
            assert running.writer.add(each, frame)
    running.writer.stop()
    assert set(running.finished) == {Finished(each.opening.recording_id, 0, whole=True) for each in found}
    assert all(streams.read(each.path(0))[0] == streams.frames(10) for each in found)
    assert running.writer.waiting == 0
    running.writer.stop()


def test_a_segment_ends_with_the_first_frame_after_its_time(desk: Desk) -> None:
    recording = desk.writer.open(found := local(desk))
    for frame in streams.frames(120):  # 24 s
        desk.writer.add(recording, frame)
    desk.writer.close(recording)
    desk.turn()
    assert [(each.number, each.whole) for each in desk.finished] == [(0, True), (1, True), (2, True)]
    assert [len(streams.read(found.path(n))[0]) for n in range(3)] == [50, 50, 20]
    assert desk.closed == [found.opening.recording_id]


def test_without_frames_a_segment_is_long_and_yet_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SEGMENT_SECONDS", 100.0)
    recording = desk.writer.open(local(desk))
    for n in range(250):
        desk.now = AT + n
        desk.writer.note(recording, lambda: {"type": "event", "event": "tick", "at": desk.now})
        desk.turn()
    assert [each.number for each in desk.finished] == [0, 1]
    desk.writer.close(recording)
    desk.turn()


def test_a_queue_that_is_full_refuses_frames_and_the_journal_says_how_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = desk.writer.open(found := local(desk))
    kept = streams.frames(10)
    monkeypatch.setattr(module, "MAX_QUEUED", sum(len(each.jpeg) for each in kept[:4]))
    assert [desk.writer.add(recording, each) for each in kept] == [True] * 4 + [False] * 6
    desk.turn()
    assert desk.writer.add(recording, late := streams.frames(1, first=11, at=AT + 2)[0])
    desk.writer.close(recording)
    desk.turn()
    frames, lines = streams.read(found.path(0))
    assert frames == [*kept[:4], late]
    [gap] = [line for line in lines if line["type"] == "gap"]
    assert (gap["cause"], gap["frames"]) == ("queue", 6)
    assert (gap["began_at"], gap["ended_at"]) == (kept[4].received_at, late.received_at)


def test_lines_are_bounded_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINES", 5)
    recording = desk.writer.open(found := local(desk))
    for n in range(8):
        desk.writer.note(recording, lambda n=n: {"type": "event", "n": n})  # type: ignore[misc]
    desk.writer.close(recording)
    desk.turn()
    gaps = [line for line in streams.read(found.path(0))[1] if line["type"] == "gap"]
    assert [(each["cause"], each["lines"]) for each in gaps] == [("queue", 3)]


def test_a_disk_that_refuses_costs_frames_that_are_counted_and_it_is_not_asked_for_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = desk.writer.open(found := local(desk))
    desk.folder.write_text("a file where the folder should be")
    for frame in streams.frames(10):
        desk.writer.add(recording, frame)
    desk.turn()
    assert sum(desk.failed) == 10
    desk.folder.unlink()
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    recording.retry_at = time.monotonic()
    desk.writer.add(recording, late := streams.frames(1, first=11, at=AT + 5)[0])
    desk.writer.close(recording)
    desk.turn()
    frames, lines = streams.read(found.path(0))
    assert frames == [late]
    [gap] = [line for line in lines if line["type"] == "gap"]
    assert (gap["cause"], gap["frames"]) == ("disk", 10)


def test_one_recording_that_cannot_be_written_does_not_stop_the_others(desk: Desk) -> None:
    bad, good = local(desk), local(desk)
    desk.folder.mkdir()
    (desk.folder / str(bad.opening.recording_id)).write_text("a file where its folder should be")
    recordings = [desk.writer.open(bad), desk.writer.open(good)]
    for frame in streams.frames(5):
        for each in recordings:
            desk.writer.add(each, frame)
    for each in recordings:
        desk.writer.close(each)
    desk.turn()
    assert streams.read(good.path(0))[0] == streams.frames(5)
    assert sum(desk.failed) == 5
    assert len(desk.closed) == 2


def test_a_frame_that_is_no_picture_costs_itself_and_nothing_else(desk: Desk) -> None:
    recording = desk.writer.open(found := local(desk))
    desk.writer.add(recording, KeptFrame(0, AT, AT, b"no picture"))
    for frame in streams.frames(5):
        desk.writer.add(recording, frame)
    desk.writer.close(recording)
    desk.turn()
    assert streams.read(found.path(0))[0] == streams.frames(5)


def test_closing_twice_closes_once(desk: Desk) -> None:
    recording = desk.writer.open(local(desk))
    desk.writer.close(recording)
    desk.writer.close(recording)
    desk.turn()
    assert len(desk.closed) == 1


def test_a_recording_in_which_nothing_happened_makes_no_files(desk: Desk) -> None:
    desk.writer.close(desk.writer.open(local(desk)))
    desk.turn()
    assert not list(desk.folder.rglob("*" + JOURNAL))
    assert desk.finished == []
