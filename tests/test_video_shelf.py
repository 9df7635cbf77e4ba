"""The folder of videos: within its bound, the longest unused gone first, found again by the next server."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from server.video import shelf
from server.video.kept import INDEX, Video
from server.video.shelf import Shelf
from storage.records import new_id

LIMIT = 100
IDS = [new_id() for _ in range(4)]


@pytest.fixture
def full(tmp_path: Path) -> Shelf:
    """Four videos of 30 bytes, as far as is known."""
    found = Shelf(tmp_path, limit=LIMIT)
    for each in IDS:
        Video(found.path(each), (32, 32))
        found.used(each, 30)
    return found


def test_the_longest_unused_goes_until_the_rest_fits(full: Shelf) -> None:
    assert full.bytes == 120
    assert full.too_much(set()) == IDS[:1]
    full.used(IDS[0])
    assert full.too_much(set()) == IDS[1:2]
    full.used(IDS[3], 70)
    assert full.too_much(set()) == [IDS[1], IDS[2]]


def test_what_is_being_made_and_what_is_newest_stay(full: Shelf) -> None:
    full.used(IDS[3], 500)
    assert full.too_much({IDS[0], IDS[2]}) == [IDS[1]]
    assert full.too_much(set()) == IDS[:3]


def test_what_fits_stays(full: Shelf) -> None:
    assert full.remove(IDS[0])
    assert full.too_much(set()) == []
    assert not full.remove(IDS[0])
    assert full.ids() == IDS[1:]
    assert not full.path(IDS[0]).exists()


def test_what_nobody_made_is_not_there_by_being_used(full: Shelf) -> None:
    other = new_id()
    full.used(other)
    assert other not in full.ids()
    assert full.load(other) is None


def test_the_next_server_finds_them_in_the_order_of_their_use(full: Shelf, tmp_path: Path) -> None:
    for n, each in enumerate(IDS):
        os.utime(full.path(each) / INDEX, (1000 + n, 1000 + n))
    full.touch(IDS[1])
    full.touch(new_id())
    (tmp_path / f"{IDS[0]}-7.gone").mkdir()
    (tmp_path / str(UUID(int=7))).mkdir()
    again = Shelf(tmp_path, limit=LIMIT)
    again.find()
    assert again.ids() == [UUID(int=7), IDS[0], IDS[2], IDS[3], IDS[1]]
    assert {path.name for path in tmp_path.iterdir()} == {str(each) for each in again.ids()}
    assert again.load(IDS[2]) is not None


def test_room_is_left_to_recordings(full: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "RESERVE", 0)
    assert full.has_room()
    monkeypatch.setattr(shelf, "RESERVE", 10**18)
    assert not full.has_room()
