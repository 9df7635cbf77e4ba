"""Incidents that were kept, held against what the rules said."""

from datetime import UTC, datetime

import pytest

from detection.values import Kind
from server.replay.difference import Incident
from server.replay.rows import Kept, Row, compare, row

AT = 1_767_323_045.0


def incident(kind: Kind = Kind.NO_FACE, opened_at: float = AT, closed_at: float | None = AT + 9) -> Incident:
    """As the rules said it."""
    return Incident(
        kind, opened_at - 1, opened_at, closed_at or opened_at + 3, closed_at, "warning", "a rule", (1, 2, 3)
    )


def kept(**fields: object) -> Row:
    """The row of `incident`, but for these fields."""
    same = {"id": "1", "kind": "no_face", "severity": "warning", "opened_at": AT, "updated_at": AT + 9,
            "closed_at": AT + 9, "rule": "a rule", "seqs": (1, 2)}  # fmt: skip
    return Row(**{**same, **fields})  # type: ignore[arg-type]


def faults(*rows: Row, said: tuple[Incident, ...] = (incident(),), **known: object) -> tuple[str, ...]:
    return compare(Kept(rows, AT - 60, AT + 60), said, **known).faults  # type: ignore[arg-type]


def test_the_same_is_no_fault() -> None:
    assert compare(Kept((kept(),), AT - 60), [incident()]).rows == 1
    assert faults(kept()) == ()
    assert faults(kept(opened_at=AT + 0.0004, closed_at=AT + 8.9996)) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"severity": "info"}, "severity info in place of warning"),
        ({"closed_at": AT + 8}, "its end at 03:04:13.000 in place of 03:04:14.000"),
        ({"closed_at": None}, "its end at no time"),
        ({"rule": "no rule"}, "another rule"),
        ({"seqs": (1, 4)}, "photographs of other frames"),
    ],
)
def test_what_differs_is_named(fields: dict[str, object], words: str) -> None:
    (fault,) = faults(kept(**fields))
    assert fault.startswith("no_face at 03:04:05.000 was kept with ")
    assert words in fault


def test_what_is_missing_and_what_is_too_much_is_named() -> None:
    assert faults() == ("no_face at 03:04:05.000 is not among the incidents that were kept",)
    assert faults(kept(), said=()) == ("no_face at 03:04:05.000 was kept, and the rules never said it",)
    assert len(faults(kept(opened_at=AT + 1))) == 2


def test_rows_of_another_recording_of_the_candidate_are_passed_over() -> None:
    assert faults(kept(), kept(opened_at=AT - 62), kept(opened_at=AT + 61)) == ()


def test_what_a_killed_server_left_open_is_closed_with_its_last_change() -> None:
    left = incident(closed_at=None)
    assert faults(kept(updated_at=AT + 3, closed_at=AT + 3), said=(left,)) == ()
    assert len(faults(kept(updated_at=AT + 3, closed_at=AT + 5), said=(left,))) == 1


def test_around_a_restart_either_may_have_lost_something() -> None:
    restart = (AT - 1, AT + 1)
    assert faults(unsure=[restart]) == faults(kept(), said=(), unsure=[restart]) == ()
    assert faults(kept(severity="info"), unsure=[(AT + 8, AT + 10)]) == ()
    assert len(faults(kept(severity="info"), unsure=[(AT + 2, AT + 8)])) == 1


def test_what_still_grew_when_the_rows_were_read_is_not_compared() -> None:
    growing = Kept((), AT - 60, asked_at=AT + 1)
    assert compare(growing, [incident()]).faults == ()
    assert len(compare(growing, [incident(opened_at=AT - 5)]).faults) == 1


def test_a_kind_that_cannot_be_told_is_left_out() -> None:
    assert faults(kept(), said=(), untold=frozenset({Kind.NO_FACE})) == ()


def test_rows_of_the_database_and_of_a_bundle_are_read_alike() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 123000, UTC)
    value = {"id": 7, "kind": "no_face", "severity": "info", "opened_at": at, "updated_at": at, "closed_at": None,
             "why": {"rule": "a rule"}, "evidence": [{"seq": 3}]}  # fmt: skip
    exported = {**value, "opened_at": "2026-01-02T03:04:05.123Z", "updated_at": "2026-01-02T03:04:05.123Z"}
    assert (
        row(value) == row(exported) == Row("7", "no_face", "info", at.timestamp(), at.timestamp(), None, "a rule", (3,))
    )
