"""A video on the disk: what was settled is there again, what was not is cut off, and what was sent stays what it is."""

import json
import os
from pathlib import Path

import pytest

from server.video import kept
from server.video.encoding import encode
from server.video.kept import INDEX, Added, Video
from server.video.mp4 import sample

from . import streams

SIZE = (240, 180)


def added(number: int, *, count: int = 3, left_out: str = "") -> tuple[Added, bytes]:
    """A segment of so many pictures, and those."""
    at = [1000 * number + 200 * n for n in range(count)]
    piece = encode(((each, streams.picture(each // 200)) for each in at), size=SIZE)
    samples = [sample(each.data) for each in piece.pictures]
    keys = tuple(n for n, each in enumerate(piece.pictures) if each.key)
    end = 1000 * number + 900
    return (
        Added(number, end, tuple(at), tuple(map(len, samples)), keys, piece.config.hex(), left_out),
        b"".join(samples),
    )


def grown(folder: Path, count: int) -> Video:
    video = Video(folder, SIZE)
    for number in range(count):
        video.add(*added(number))
    return video


def bytes_of(video: Video, last: int | None = None) -> bytes:
    """As it is sent."""
    found = video.sendable(last)
    assert found is not None
    return found.head + found.path.read_bytes()[: found.data_bytes]


def test_what_was_settled_is_there_again(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 4)
    video.add(Added(4, 4_900, left_out="gone"), b"")
    video.settle(complete=True)
    again = Video.load(tmp_path / "v")
    assert again is not None
    assert (again.added, again.size, again.bytes, again.complete) == (video.added, SIZE, video.bytes, True)
    assert (again.next, again.end, again.shows) == (5, 4_900, True)
    assert bytes_of(again) == bytes_of(video)
    assert again.sendable() == video.sendable()


def test_what_was_not_settled_is_cut_off(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 2)
    video.settle()
    settled = bytes_of(video)
    video.add(*added(2))
    again = Video.load(tmp_path / "v")
    assert again is not None
    assert (again.next, again.complete) == (2, False)
    assert bytes_of(again) == settled
    again.add(*added(2))
    again.settle()
    assert bytes_of(again) == bytes_of(video)


def test_it_settles_by_itself_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SETTLE_EVERY", 3)
    grown(tmp_path / "v", 5)
    again = Video.load(tmp_path / "v")
    assert again is not None
    assert again.next == 3


def test_up_to_a_segment_it_stays_what_it_is_while_more_is_added(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 2)
    before, tag = bytes_of(video, 1), video.sendable(1)
    video.add(*added(2))
    assert bytes_of(video, 1) == before
    assert video.sendable(1) == tag
    tags = {each.tag for last in range(3) if (each := video.sendable(last)) is not None}
    assert len(tags) == 3


def test_without_a_picture_there_is_nothing_to_send(tmp_path: Path) -> None:
    video = Video(tmp_path / "v", SIZE)
    assert (video.shows, video.sendable()) == (False, None)
    video.add(Added(0, 900), b"")
    video.add(*added(1))
    assert video.sendable(0) is None
    assert video.sendable(1) is not None


def test_pictures_of_another_encoder_do_not_fit(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 1)
    assert video.fits(video.added[0].config)
    assert video.fits("")
    assert not video.fits("00000001")


def test_made_anew_it_leaves_what_is_being_sent_alone(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 2)
    found = video.sendable()
    assert found is not None
    with found.path.open("rb") as file:
        before = found.path.read_bytes()
        again = grown(tmp_path / "v", 1)
        assert file.read() == before
    other = again.sendable()
    assert other is not None
    assert other.path != found.path
    assert len(list((tmp_path / "v").iterdir())) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99}', '{"format": 1, "size": 7, "pictures": "p"}'])
def test_what_is_no_index_is_no_video(text: str, tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 1)
    video.settle()
    (tmp_path / "v" / INDEX).write_text(text)
    assert Video.load(tmp_path / "v") is None


@pytest.mark.parametrize("change", [{"at": None}, {"unknown": 1}, {"sizes": ["x"]}, {"at": 7}, {"keys": [99]}])
def test_a_line_that_says_nonsense_is_no_video(change: dict[str, object], tmp_path: Path) -> None:
    grown(tmp_path / "v", 1).settle()
    index = tmp_path / "v" / INDEX
    head, line = index.read_text().splitlines()
    index.write_text(f"{head}\n{json.dumps({**json.loads(line), **change})}\n")
    assert Video.load(tmp_path / "v") is None


def test_pictures_that_are_missing_are_no_video(tmp_path: Path) -> None:
    video = grown(tmp_path / "v", 2)
    video.settle()
    [path] = (tmp_path / "v").glob("pictures-*")
    os.truncate(path, video.bytes - 1)
    assert Video.load(tmp_path / "v") is None
    path.unlink()
    assert Video.load(tmp_path / "v") is None
    assert Video.load(tmp_path / "nothing") is None
