"""Labelled folders: what is read from them, and what is refused with the file and the line."""

from math import inf
from pathlib import Path

import pytest

from detection.values import Kind
from server.evaluation import rows
from server.evaluation.dataset import Clip, DatasetError, read

from . import faces


def folder(tmp_path: Path, *, labels: str | None = None, segments: str | None = None) -> Path:
    for name in ("a.jpg", "b.jpg", "v.mp4"):
        (tmp_path / name).write_bytes(faces.one_face())
    if labels is not None:
        (tmp_path / "labels.csv").write_text(labels, encoding="utf-8")
    if segments is not None:
        (tmp_path / "segments.csv").write_text(segments, encoding="utf-8")
    return tmp_path


def clip(tmp_path: Path, lines: str) -> Clip:
    return read(folder(tmp_path, segments=lines)).clips[0]


def test_pictures_are_read_with_their_labels(tmp_path: Path) -> None:
    dataset = read(folder(tmp_path, labels="\ufeffpath,colour,faces,ambiguous,note\na.jpg,red,2,1,two\nb.jpg,,0,,\n\n"))
    assert [(each.path, each.faces, each.ambiguous, each.note) for each in dataset.pictures] == [
        ("a.jpg", 2, True, "two"),
        ("b.jpg", 0, False, ""),
    ]
    assert dataset.clips == ()


def test_only_the_columns_that_say_something_are_needed(tmp_path: Path) -> None:
    dataset = read(folder(tmp_path, labels="path,faces\na.jpg,1\n", segments="file,start_s,end_s,faces\nv.mp4,,,1\n"))
    (segment,) = dataset.clips[0].segments
    assert (segment.start, segment.end, segment.faces, segment.most, segment.signals) == (0, inf, 1, 1, None)


def test_the_stretches_of_a_clip_come_in_order_and_end_where_the_next_begins(tmp_path: Path) -> None:
    lines = "file,start_s,end_s,faces,faces_max,identity\nv.mp4,10,20,2,3,\nv.mp4,0,10.3,1,,ada\n"
    first, second = clip(tmp_path, lines).segments
    assert (first.start, first.end, first.identity) == (0, 10, "ada")
    assert (second.faces, second.most) == (2, 3)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", None),
        ("none", frozenset()),
        ("looking_away", {Kind.LOOKING_AWAY}),
        ('"no_face,camera_blocked"', {Kind.NO_FACE, Kind.CAMERA_BLOCKED}),
        ("no_face camera_blocked", {Kind.NO_FACE, Kind.CAMERA_BLOCKED}),
    ],
)
def test_signals_name_what_is_to_be_raised(cell: str, expected: frozenset[Kind] | None, tmp_path: Path) -> None:
    (segment,) = clip(tmp_path, f"file,start_s,end_s,faces,signals\nv.mp4,0,9,1,{cell}\n").segments
    assert segment.signals == expected


def test_a_stretch_with_signals_needs_no_number_of_faces(tmp_path: Path) -> None:
    (segment,) = clip(tmp_path, "file,start_s,end_s,faces,signals\nv.mp4,0,9,,none\n").segments
    assert not segment.counted


def test_a_picture_labelled_twice_alike_is_one(tmp_path: Path) -> None:
    assert len(read(folder(tmp_path, labels="path,faces\na.jpg,1\na.jpg,1\n")).pictures) == 1


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ("picture,faces\na.jpg,1\n", "labels.csv line 1: has no column path"),
        ("path,faces\na.jpg,1\nb.jpg,many\n", "labels.csv line 3: faces: a whole number"),
        ("path,faces\na.jpg,-1\n", "labels.csv line 2: faces: a whole number"),
        ("path,faces\na.jpg,\n", "labels.csv line 2: faces: is empty"),
        ("path,faces,ambiguous\na.jpg,1,perhaps\n", "labels.csv line 2: ambiguous: 0 or 1"),
        ("path,faces\nc.jpg,1\n", "labels.csv line 2: path: there is no 'c.jpg'"),
        ("path,faces\n../a.jpg,1\n", "labels.csv line 2: path: '../a.jpg' leads out of the folder"),
        ("path,faces\n/etc/passwd,1\n", "labels.csv line 2: path: '/etc/passwd' leads out of the folder"),
        ("path,faces\na.jpg,1\na.jpg,2\n", "labels.csv line 3: a.jpg is labelled otherwise above"),
        ("path,faces\n", "name no picture"),
    ],
)
def test_labels_that_cannot_be_used_are_named_by_line(labels: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as refused:
        read(folder(tmp_path, labels=labels))
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("v.mp4,5,5,1,,", "end_s: not after start_s"),
        ("v.mp4,soon,5,1,,", "start_s: seconds"),
        ("v.mp4,0,nan,1,,", "end_s: seconds"),
        ("v.mp4,0,5,2,1,", "faces_max: fewer than faces"),
        ("v.mp4,0,5,,,", "faces: is empty, and so is signals"),
        ("v.mp4,0,5,1,,sleeping", "signals: 'sleeping' is not a valid Kind"),
        ("v.mp4,0,5,1,,\nv.mp4,3,9,1,,", "line 3: begins before"),
    ],
)
def test_stretches_that_cannot_be_used_are_named_by_line(line: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as refused:
        clip(tmp_path, f"file,start_s,end_s,faces,faces_max,signals\n{line}\n")
    assert "segments.csv line " in str(refused.value)
    assert fault in str(refused.value)


def test_every_fault_is_named_at_once_up_to_a_bound(tmp_path: Path) -> None:
    lines = "".join(f"a.jpg,{word}\n" for word in ["x"] * 30)
    with pytest.raises(DatasetError) as refused:
        read(folder(tmp_path, labels="path,faces\n" + lines))
    assert len(str(refused.value).splitlines()) == 21
    assert str(refused.value).endswith("and 10 more")


def test_what_is_not_text_is_named_by_line(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"path,faces\na.jpg,1\n\xff\xfe,2\n")
    with pytest.raises(DatasetError, match=r"labels.csv line 3: is not UTF-8"):
        read(tmp_path)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    with pytest.raises(DatasetError, match="more than 3 lines"):
        read(folder(tmp_path, labels="path,faces\n" + "a.jpg,1\n" * 10))


def test_a_folder_without_labels_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"neither labels.csv nor segments.csv"):
        read(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        read(tmp_path / "elsewhere")
