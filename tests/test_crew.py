"""Working processes that die over their work are replaced, and whoever did not kill them gets an answer."""

import asyncio
import operator
import os

import pytest

from server.retention import crew as crew_module
from server.retention.crew import Crew, Lost

from . import people


async def test_a_process_that_dies_is_replaced_and_only_its_own_work_is_lost() -> None:
    crew = Crew(2)
    try:
        works = [crew.run(operator.add, n, n) for n in range(4)]
        answers = await asyncio.gather(crew.run(os._exit, 1), *works, return_exceptions=True)
        assert isinstance(answers[0], Lost)
        assert answers[1:] == [0, 2, 4, 6]
        assert await crew.run(operator.add, 1, 2) == 3
    finally:
        await crew.close()


async def test_what_the_work_raises_is_raised_here() -> None:
    crew = Crew(1)
    try:
        with pytest.raises(ZeroDivisionError):
            await crew.run(operator.truediv, 1, 0)
    finally:
        await crew.close()


async def test_the_work_comes_last_and_leaves_our_own_priority_alone() -> None:
    crew, before = Crew(1), os.getpriority(os.PRIO_PROCESS, 0)
    try:
        assert await crew.run(os.getpriority, os.PRIO_PROCESS, 0) == 19
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
    finally:
        await crew.close()


async def test_the_processes_go_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "IDLE_SECONDS", 10 * people.MS)
    crew = Crew(1)
    first = await crew.run(os.getpid)
    assert await people.eventually(lambda: not _runs(first))
    second = await crew.run(os.getpid)
    assert second != first
    await crew.close()
    await crew.close()
    assert not _runs(second)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
