"""How the parts are put together: the clock that all of them have."""

import time

import pytest

from server.app import Running
from server.assembly import steady_clock

from . import shared

pytestmark = shared.LOOP
server = shared.server

HOUR = 3600.0


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "forward"])
async def test_the_clock_does_not_jump_when_the_machines_is_set(
    jump: float, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.services.clock is not time.time
    for clock in (steady_clock(), server.services.clock):
        before, wall = clock(), time.time()
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda set_to=wall + jump: set_to)
            after = [clock() for _ in range(3)]
        assert after == sorted(after)
        assert 0 <= after[0] - before < 60


async def test_the_clock_tells_the_time_of_day() -> None:
    assert abs(steady_clock()() - time.time()) < 1
