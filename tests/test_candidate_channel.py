"""The candidates' socket."""
from . import people
async def test_smoke(room: people.Exam) -> None:
    async with people.proctor(room) as proctor, people.candidate(room) as candidate:
        assert (await candidate.frame()) == {"ok": True}
        print(await proctor.inbox.next("snapshot"))
