"""Writes reviewed incidents as a labelled folder. It has pictures of people: only its owner may open it. Blocking."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detection.values import Kind
from server.evaluation.dataset import SEGMENTS
from server.labels import clips, stretches
from server.labels.clips import Index
from server.labels.stretches import Cut, Happening, Stretch
from server.replay.rows import Row
from server.replay.sources import DAMAGED, Recording

COLUMNS: Final = ("file", "start_s", "end_s", "signals", "may", "ambiguous", "note")
CLIPS: Final = "clips"
README: Final = "README.txt"

WARNING: Final = """\
These clips show people who sat an exam, and the rooms in which they sat. They are personal data of the same kind as the
recordings they were cut from: keep them as safely, for as long as you may keep those, and give them to nobody. When a
candidate's data is erased, nobody looks in here: erase the clips of the incidents in question, too. The files are named
after incidents, and neither names nor what reviewers wrote is in here.

segments.csv says what reviewers confirmed and dismissed. `invigil evaluate` reads this folder. Where a verdict is about
one kind only, `may` has those that nobody reviewed at the same time; `ambiguous` is what nobody reviewed at all. The
frames are those that were received, byte for byte, at the times at which they were. Where candidates had a reference
photo, or sat elsewhere at the beginning, different_person may be judged otherwise than it was live.
"""


@dataclass(slots=True)
class Exported:
    """What came of it, in numbers of incidents."""

    confirmed: int = 0
    dismissed: int = 0
    clips: int = 0
    """Clips of them."""
    unseen: int = 0
    """Reviewed ones of kinds that no picture shows."""
    missing: int = 0
    """Reviewed ones whose frames are gone or damaged. Their photographs are not taken for them: how many faces are in
    one, no reviewer says."""
    unreviewed: int = 0
    """Those that nobody reviewed."""


def export(folder: Path, recordings: list[Recording], *, before: float, after: float) -> Exported:
    """Write a labelled folder.

    Args:
        folder: is made, or is empty; as it was, if there is nothing to write.
        recordings: with the incidents beside them.
        before: seconds of a clip before its first incident.
        after: seconds behind its last one.

    Raises:
        OSError: it cannot be written.
    """
    was_there = folder.is_dir()
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / README).write_text(WARNING, encoding="utf-8")  # first: it also holds for what is left half-way
    (folder / CLIPS).mkdir(mode=0o700)
    told = Exported()
    with (folder / SEGMENTS).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for recording in recordings:
            for line in _lines(folder, recording, told, before, after):
                table.writerow(line)
    if not told.clips:
        (folder / README).unlink()
        (folder / SEGMENTS).unlink()
        (folder / CLIPS).rmdir()
        if not was_there:
            folder.rmdir()
    return told


def _lines(
    folder: Path, recording: Recording, told: Exported, before: float, after: float
) -> Iterator[tuple[str, ...]]:
    """The lines of one recording's clips, which are written meanwhile."""
    index = clips.index(recording)
    found = _happenings(recording, index, told)
    began_at = min((first for _, first, _ in index.segments), default=0.0)
    verdicts = {each.id: each.verdict for each in found}
    for cut in stretches.cuts(found, began_at, before=before, after=after):
        name = f"{CLIPS}/{cut.name}.mkv"
        ids = dict.fromkeys(each for stretch in cut.stretches for each in stretch.ids)
        zeros = _written(folder / name, index, cut)
        if zeros is None:
            told.missing += len(ids)
            continue
        told.clips += 1
        told.confirmed += sum(verdicts[each] == "confirmed" for each in ids)
        told.dismissed += sum(verdicts[each] == "dismissed" for each in ids)
        yield from _table(name, cut, zeros)


def _written(path: Path, index: Index, cut: Cut) -> list[float] | None:
    """Write a clip: when it began, by the clock of each of its spans. None where frames are missing."""
    if not _has(index, cut):
        return None
    try:
        return clips.write(path, [clips.frames(index, *span) for span in cut.spans])
    except DAMAGED:
        path.unlink(missing_ok=True)
        return None


def _happenings(recording: Recording, index: Index, told: Exported) -> list[Happening]:
    """The recording's own incidents that are over and that pictures show."""
    found = []
    for each in () if recording.kept is None else recording.kept.own:
        if each.closed_at is None:
            continue
        told.unreviewed += each.verdict is None
        if not stretches.is_seen(Kind(each.kind)):
            told.unseen += each.verdict is not None
            continue
        if not index.received_at:
            told.missing += each.verdict is not None
            continue
        found.append(Happening(each.id, Kind(each.kind), _began(each, index), each.closed_at, each.verdict))
    return found


def _began(row: Row, index: Index) -> float:
    """When an incident may have begun: some seconds before its first photograph was received."""
    shown = min([row.opened_at, *(index.received_at[seq] for seq in row.seqs if seq in index.received_at)])
    return max(shown - stretches.LEAD.get(Kind(row.kind), stretches.LEAST_LEAD), min(index.received_at.values()))


def _has(index: Index, cut: Cut) -> bool:
    """Whether the recording has most of the incidents: one may end when the stream has been lost for a while."""
    known = [each for each in cut.stretches if each.ids]
    began_at, ended_at = known[0].began_at, known[-1].ended_at
    there = sum(max(0.0, min(last, ended_at) - max(first, began_at)) for _, first, last in index.segments)
    return there > (ended_at - began_at) / 2


def _table(name: str, cut: Cut, zeros: list[float]) -> Iterator[tuple[str, ...]]:
    """The lines of one clip; `zeros`: when it began, by the clock of each of its spans."""
    zero = zeros[-1]
    start = cut.spans[-1][0] - zero
    if len(zeros) > 1:
        yield _line(name, 0.0, start, Stretch(0, 0), "enrolment")
    for each in cut.stretches:
        begin, end = max(0.0, each.began_at - zero), each.ended_at - zero
        if end - begin >= 0.01:
            yield _line(name, begin, end, each, " ".join(each.ids))


def _line(name: str, start: float, end: float, stretch: Stretch, note: str) -> tuple[str, ...]:
    signals = "" if stretch.signals is None else _words(stretch.signals) or "none"
    unknown = "1" if stretch.signals is None else "0"
    return name, f"{start:.3f}", f"{end:.3f}", signals or "none", _words(stretch.may), unknown, note


def _words(kinds: frozenset[Kind]) -> str:
    return " ".join(sorted(each.value for each in kinds))
