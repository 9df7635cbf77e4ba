"""The candidates' socket."""
from . import people
async def test_smoke(room: people.Exam) -> None:
    async with people.proctor(room) as proctor, people.candidate(room) as candidate:
        assert (await candidate.frame()) == {"ok": True}
        print(await proctor.inbox.next("snapshot"))

import pytest
@pytest.mark.parametrize("n", range(5))
async def test_smoke2(room: people.Exam, n: int) -> None:
    async with people.proctor(room) as proctor, people.candidate(room) as candidate:
        assert (await candidate.frame()) == {"ok": True}
async def test_smoke3(room: people.Exam) -> None:
    pass
