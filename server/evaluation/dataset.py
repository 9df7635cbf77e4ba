"""A labelled folder, read and checked: `labels.csv` for pictures, `segments.csv` for clips. Opens no picture."""

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Final

from detection.values import Kind
from server.evaluation.rows import Row, parse

LABELS: Final = "labels.csv"
SEGMENTS: Final = "segments.csv"
MAX_BYTES: Final = 50 * 1024 * 1024
"""Of one file of labels."""
MAX_FAULTS: Final = 20
"""Named at once; the rest is counted."""
OVERLAP: Final = 0.5
"""Seconds by which stretches of a clip may overlap: their times are read off a player."""


class DatasetError(Exception):
    """The folder cannot be used; the text names every fault by file and line."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One labelled picture."""

    path: str
    """As the labels have it, which is its name from run to run."""
    file: Path
    """Where it is."""
    faces: int
    """Faces that can be seen."""
    ambiguous: bool
    """An honest reader could count otherwise: not in the score."""
    note: str
    """What the labels say of it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a clip."""

    start: float
    """Seconds from the beginning of the clip."""
    end: float
    """The same; infinite: to the end of the clip."""
    faces: int | None
    """Least faces that can be seen; None: not labelled."""
    most: int | None
    """Most faces that can be seen."""
    ambiguous: bool
    """Whatever is found is right."""
    identity: str
    """Who it is; empty: unknown."""
    signals: frozenset[Kind] | None
    """What is to be raised, where the label says so itself; None: follows from faces and identity."""
    note: str
    """What the labels say of it."""
    may: frozenset[Kind] = frozenset()
    """What may be raised besides, and need not be."""

    @property
    def counted(self) -> bool:
        """Whether the label says how many faces there are."""
        return self.faces is not None and not self.ambiguous

    def allows(self, count: int) -> bool:
        """Whether so many faces may be found in it."""
        return not self.counted or (self.faces or 0) <= count <= (self.most or 0)


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled clip: one candidate."""

    path: str
    """As the labels have it."""
    file: Path
    """Where it is."""
    segments: tuple[Segment, ...]
    """In order, not overlapping; what lies between them is not labelled."""

    def at(self, second: float) -> Segment | None:
        """The stretch at a moment; None where nothing is labelled."""
        return next((each for each in self.segments if each.start <= second < each.end), None)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled folder."""

    name: str
    """Of the folder."""
    pictures: tuple[Picture, ...]
    """In the order of the labels."""
    clips: tuple[Clip, ...]
    """In the order of the labels."""
    sha256: str
    """Of the files of labels, hexadecimal."""


def read(folder: Path) -> Dataset:
    """The labels of a folder. Columns that are not known are passed over, those that are not there are empty.

    Raises:
        DatasetError: there are none, or some cannot be used.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder.")
    files = {name: _bytes(folder / name) for name in (LABELS, SEGMENTS) if (folder / name).is_file()}
    if not files:
        raise DatasetError(f"{folder}: has neither {LABELS} nor {SEGMENTS} in it.")
    faults: list[str] = []
    pictures = _pictures(folder, files[LABELS], faults) if LABELS in files else ()
    clips = _clips(folder, files[SEGMENTS], faults) if SEGMENTS in files else ()
    if faults:
        more = [f"and {len(faults) - MAX_FAULTS} more"] if len(faults) > MAX_FAULTS else []
        raise DatasetError("\n".join([*faults[:MAX_FAULTS], *more]))
    if not pictures and not clips:
        raise DatasetError(f"{folder}: the labels name no picture and no clip.")
    digest = hashlib.sha256(b"".join(name.encode() + b"\0" + data for name, data in files.items())).hexdigest()
    return Dataset(folder.resolve().name, pictures, clips, digest)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise DatasetError(f"{path.name}: has more than {MAX_BYTES // 2**20} MB.")
    return path.read_bytes()


def _pictures(folder: Path, data: bytes, faults: list[str]) -> tuple[Picture, ...]:
    found: dict[str, Picture] = {}
    rows = parse(LABELS, data, faults, need=("path", "faces"), into=lambda cells: _picture(Row(folder, cells)))
    for line, picture in rows:
        known = found.setdefault(picture.path, picture)
        if (known.faces, known.ambiguous) != (picture.faces, picture.ambiguous):
            faults.append(f"{LABELS} line {line}: {picture.path} is labelled otherwise above")
    return tuple(found.values())


def _picture(row: Row) -> Picture:
    faces = row.count("faces")
    if faces is None:
        raise ValueError("faces: is empty")
    return Picture(row.text("path"), row.file("path"), faces, row.flag("ambiguous"), row.text("note"))


def _clips(folder: Path, data: bytes, faults: list[str]) -> tuple[Clip, ...]:
    files: dict[str, Path] = {}
    segments: dict[str, list[tuple[int, Segment]]] = {}
    rows = parse(SEGMENTS, data, faults, need=("file", "start_s", "end_s"), into=lambda cells: _stretch(folder, cells))
    for line, (path, file, segment) in rows:
        files[path] = file
        segments.setdefault(path, []).append((line, segment))
    return tuple(Clip(path, files[path], _in_order(found, faults)) for path, found in segments.items())


def _stretch(folder: Path, cells: dict[str, str]) -> tuple[str, Path, Segment]:
    row = Row(folder, cells)
    start, end = row.seconds("start_s", 0), row.seconds("end_s", inf)
    if end <= start:
        raise ValueError("end_s: not after start_s")
    faces, signals = row.count("faces"), row.kinds("signals")
    most = faces if (given := row.count("faces_max")) is None else given
    if faces is None and signals is None:
        raise ValueError("faces: is empty, and so is signals")
    if faces is not None and most is not None and most < faces:
        raise ValueError("faces_max: fewer than faces")
    segment = Segment(
        start=start,
        end=end,
        faces=faces,
        most=most,
        ambiguous=row.flag("ambiguous"),
        identity=row.text("identity"),
        signals=signals,
        note=row.text("note"),
        may=row.kinds("may") or frozenset(),
    )
    return row.text("file"), row.file("file"), segment


def _in_order(found: list[tuple[int, Segment]], faults: list[str]) -> tuple[Segment, ...]:
    """The stretches of one clip by time, each at most up to the next."""
    found = sorted(found, key=lambda each: each[1].start)
    for (_, earlier), (line, later) in pairwise(found):
        if earlier.end - later.start > OVERLAP:
            faults.append(f"{SEGMENTS} line {line}: begins before the stretch ahead of it ends")
    ends = [min(this.end, following.start) for (_, this), (_, following) in pairwise(found)]
    return tuple(replace(segment, end=end) for (_, segment), end in zip(found, [*ends, found[-1][1].end], strict=True))
