"""Room on the disk: what is needed for two hours of what runs and one meeting more."""

from pathlib import Path

import pytest

from server.errors import NoSpace
from server.protocol import Pace
from server.space import CANDIDATES, Space, asked_rate, required

PACE = Pace(fps=5, width=320, quality=0.6)


def replace(**changed: float) -> Pace:
    return Pace(**{**PACE.model_dump(), **changed})


def test_unmeasured_it_is_what_the_candidates_are_asked_for() -> None:
    assert required([], PACE) == CANDIDATES * 5 * 6000 * 7200
    assert asked_rate(replace(fps=10)) == 2 * asked_rate(PACE)
    assert asked_rate(replace(width=640)) == 4 * asked_rate(PACE)
    assert asked_rate(replace(quality=0.3)) == asked_rate(PACE) / 2


def test_measured_it_is_what_runs_and_as_much_for_each_who_may_come() -> None:
    assert required([1000.0, 3000.0], PACE) == (4000 + CANDIDATES * 2000) * 7200


def test_it_is_required_to_the_byte(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.free = required([1000.0], PACE)
    space.require([1000.0], PACE)
    space.free -= 1
    with pytest.raises(NoSpace, match="INVIGIL_DATA_DIR") as refused:
        space.require([1000.0], PACE)
    assert (refused.value.status, refused.value.code) == (507, "no_space")


def test_as_long_as_nobody_looked_nobody_is_refused(tmp_path: Path) -> None:
    Space(tmp_path).require([1e12], PACE)


def test_it_asks_the_disk(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.look()
    assert space.free is not None
    assert space.free > 0
