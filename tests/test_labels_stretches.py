"""What reviews of a recording's incidents say about it, moment by moment."""

import pytest

from detection.values import Kind
from server.labels.stretches import ENROLMENT, LONGEST, Cut, Happening, cuts

SEVERAL, NOBODY, AWAY, OTHER = Kind.MULTIPLE_FACES, Kind.NO_FACE, Kind.LOOKING_AWAY, Kind.DIFFERENT_PERSON


def happening(
    start: float, end: float, verdict: str | None = "confirmed", kind: Kind = SEVERAL, name: str = ""
) -> Happening:
    return Happening(name or f"{kind.value}-{start:g}", kind, start, end, verdict)


def made(*happenings: Happening) -> list[Cut]:
    """Of a recording that began at 0, with ten seconds before and five behind."""
    return cuts(happenings, 0, before=10, after=5)


def labels(cut: Cut) -> list[tuple[float, float, str, str]]:
    """Where from, where to, what must be raised, what may be."""
    found = []
    for each in cut.stretches:
        signals = "?" if each.signals is None else " ".join(sorted(each.signals)) or "none"
        found.append((each.began_at, each.ended_at, signals, " ".join(sorted(each.may))))
    return found


def test_without_reviewed_incidents_there_is_nothing_to_cut() -> None:
    assert made() == made(happening(20, 30, None)) == []


@pytest.mark.parametrize(("verdict", "signals"), [("confirmed", "multiple_faces"), ("dismissed", "none")])
def test_around_a_reviewed_incident_nothing_is_known(verdict: str, signals: str) -> None:
    (cut,) = made(happening(20, 30, verdict))
    assert list(cut.spans) == [(10, 35)]
    assert labels(cut) == [(10, 20, "?", ""), (20, 30, signals, ""), (30, 35, "?", "")]


def test_a_clip_does_not_begin_before_the_recording() -> None:
    (cut,) = made(happening(4, 30))
    assert list(cut.spans) == [(0, 35)]
    assert labels(cut)[0] == (0, 4, "?", "")


def test_incidents_that_overlap_share_a_clip_and_are_told_once() -> None:
    (cut,) = made(happening(20, 30), happening(25, 40, kind=NOBODY), happening(38, 45, "dismissed", AWAY))
    assert labels(cut)[1:-1] == [
        (20, 25, "multiple_faces", ""),
        (25, 30, "multiple_faces no_face", ""),
        (30, 38, "no_face", ""),
        (38, 40, "no_face", ""),
        (40, 45, "none", ""),
    ]
    assert [each.name for each in made(happening(20, 30), happening(31, 40))] == [
        "multiple_faces-20", "multiple_faces-31",
    ]  # fmt: skip


def test_a_kind_that_nobody_reviewed_may_be_raised_while_it_was() -> None:
    (cut,) = made(happening(20, 30, "dismissed"), happening(25, 40, None, AWAY))
    assert labels(cut)[1:-1] == [(20, 25, "none", ""), (25, 30, "none", "looking_away")]


def test_kinds_that_no_picture_shows_are_left_out() -> None:
    assert made(happening(20, 30, kind=Kind.TAB_HIDDEN), happening(20, 30, kind=Kind.STREAM_LOST)) == []


def test_a_kind_that_rests_on_more_has_more_before_it() -> None:
    (cut,) = made(happening(400, 430, kind=AWAY))
    assert list(cut.spans) == [(250, 435)]


def test_the_enrolment_is_put_before_another_person() -> None:
    (late,) = made(happening(400, 430, kind=OTHER))
    assert list(late.spans) == [(0, ENROLMENT), (390, 435)]
    assert labels(late)[0] == (390, 400, "?", "")
    (soon,) = made(happening(45, 60, kind=OTHER))
    assert list(soon.spans) == [(0, 65)]


def test_what_overlaps_only_far_behind_has_a_clip_of_its_own() -> None:
    """In it, the first one may go on."""
    first, second = made(happening(20, 2000), happening(1000, 1010, "dismissed", NOBODY))
    assert list(first.spans) == [(10, 25 + LONGEST)]
    assert labels(second)[1:-1] == [(1000, 1010, "none", "multiple_faces")]


def test_what_goes_on_for_long_is_cut_short() -> None:
    (cut,) = made(happening(20, 20 + 2 * LONGEST))
    assert list(cut.spans) == [(10, 25 + LONGEST)]
