"""Which candidate is looked at next: the newest frame, the most overdue first, and nobody starves."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sampling import Frame, Sampler, Slot

START = 1_700_000_000.0


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def frame(seq: int, at: float) -> Frame:
    return Frame(seq, at, at, b"jpeg")


class Bench:
    """A sampler with a clock in hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sampler: Sampler[str] = Sampler(self.clock)
        self.seq = 0

    def add(self, name: str = "ada", *, interval: float = 1.0, floor: float = 5.0) -> Slot[str]:
        return self.sampler.add(name, interval=interval, floor=floor)

    def offer(self, *slots: Slot[str]) -> int:
        """A frame for each slot; its number."""
        self.seq += 1
        for slot in slots:
            self.sampler.offer(slot, frame(self.seq, self.clock.now))
        return self.seq

    async def take(self) -> tuple[str, int] | None:
        """Whose frame a worker gets now, and its number; None when nothing is due."""
        task = asyncio.create_task(self.sampler.take())
        for _ in range(3):
            await asyncio.sleep(0)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return None
        slot, taken = task.result()
        return slot.owner, taken.seq


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_nothing_is_taken_where_there_is_no_frame(bench: Bench) -> None:
    bench.add()
    assert await bench.take() is None


async def test_the_first_frame_is_taken_at_once(bench: Bench) -> None:
    seq = bench.offer(bench.add())
    assert await bench.take() == ("ada", seq)


async def test_only_the_newest_frame_is_taken_and_the_others_are_counted(bench: Bench) -> None:
    slot = bench.add()
    bench.offer(slot)
    bench.offer(slot)
    newest = bench.offer(slot)
    assert slot.dropped == 2
    assert await bench.take() == ("ada", newest)
    bench.sampler.settle(slot, burst=True)
    assert await bench.take() is None  # the older ones are gone


async def test_offering_says_whether_a_frame_was_replaced(bench: Bench) -> None:
    slot = bench.add()
    assert bench.sampler.offer(slot, frame(1, START)) is False
    assert bench.sampler.offer(slot, frame(2, START)) is True


async def test_one_candidate_has_one_sample_in_flight(bench: Bench) -> None:
    slot = bench.add()
    bench.offer(slot)
    assert await bench.take() is not None
    bench.clock.now += 100
    bench.offer(slot)
    assert await bench.take() is None
    bench.sampler.settle(slot, burst=False)
    assert await bench.take() is not None


async def test_the_next_sample_is_due_an_interval_after_the_last_was_taken(bench: Bench) -> None:
    slot = bench.add(interval=1.0)
    bench.offer(slot)
    await bench.take()
    bench.clock.now += 0.3  # the worker's time is not added
    bench.sampler.settle(slot, burst=False)
    bench.clock.now += 0.69
    bench.offer(slot)
    assert await bench.take() is None
    bench.clock.now += 0.02
    assert await bench.take() is not None
    assert slot.achieved == pytest.approx(1.01)


async def test_in_a_burst_the_very_next_frame_is_taken(bench: Bench) -> None:
    slot = bench.add(interval=60)
    bench.offer(slot)
    await bench.take()
    bench.sampler.settle(slot, burst=True)
    bench.clock.now += 0.05
    seq = bench.offer(slot)
    assert await bench.take() == ("ada", seq)


async def test_after_the_burst_the_interval_counts_again(bench: Bench) -> None:
    slot = bench.add(interval=60)
    bench.offer(slot)
    await bench.take()
    bench.sampler.settle(slot, burst=True)
    bench.offer(slot)
    await bench.take()
    bench.sampler.settle(slot, burst=False)
    bench.clock.now += 59
    bench.offer(slot)
    assert await bench.take() is None


async def test_who_is_settled_twice_keeps_their_place(bench: Bench) -> None:
    slot = bench.add(interval=1.0)
    bench.offer(slot)
    await bench.take()
    bench.sampler.settle(slot, burst=False)
    bench.offer(slot)
    bench.sampler.settle(slot, burst=True)
    assert await bench.take() is None
    bench.clock.now += 1
    assert await bench.take() is not None
    assert await bench.take() is None


async def test_the_most_overdue_comes_first(bench: Bench) -> None:
    late, later = bench.add("late"), bench.add("later")
    bench.offer(late, later)
    assert {(await bench.take() or "?")[0], (await bench.take() or "?")[0]} == {"late", "later"}
    bench.sampler.settle(later, burst=False)
    late.sampled_at = bench.clock.now + 0.5
    bench.sampler.settle(late, burst=False)
    bench.clock.now += 3
    bench.offer(late, later)
    assert [(await bench.take() or "?")[0], (await bench.take() or "?")[0]] == ["later", "late"]


@pytest.mark.parametrize(
    ("waited", "first"),
    [(2.0, "suspect"), (4.9, "suspect"), (5.1, "calm")],
    ids=["a suspect comes before the calm", "up to the floor", "and no longer past it"],
)
async def test_a_suspect_comes_first_but_never_past_the_floor_of_another(
    waited: float, first: str, bench: Bench
) -> None:
    calm, suspect = bench.add("calm", floor=5.0), bench.add("suspect", floor=5.0)
    bench.offer(calm, suspect)
    await bench.take()
    await bench.take()
    bench.sampler.settle(calm, burst=False)
    bench.clock.now += waited - 1
    suspect.sampled_at = bench.clock.now
    bench.sampler.settle(suspect, burst=True)
    bench.clock.now += 1
    bench.offer(calm, suspect)
    assert (await bench.take() or "?")[0] == first


async def test_a_newcomer_is_looked_at_before_everyone(bench: Bench) -> None:
    known = bench.add("known")
    bench.offer(known)
    await bench.take()
    bench.sampler.settle(known, burst=True)
    bench.clock.now += 30
    new = bench.add("new")
    bench.offer(known, new)
    assert (await bench.take() or "?")[0] == "new"


async def test_a_candidate_who_left_is_not_taken(bench: Bench) -> None:
    slot = bench.add()
    bench.offer(slot)
    bench.sampler.remove(slot)
    bench.sampler.remove(slot)
    assert await bench.take() is None


async def test_a_waiting_worker_is_woken_by_a_frame_that_is_due() -> None:
    bench = Bench()
    slot = bench.add()
    task = asyncio.create_task(bench.sampler.take())
    await asyncio.sleep(0)
    bench.offer(slot)
    async with asyncio.timeout(1):
        assert (await task)[0] is slot


async def test_a_worker_that_waits_for_a_later_due_time_is_woken_by_an_earlier_one() -> None:
    bench = Bench()
    later, soon = bench.add("later"), bench.add("soon")
    bench.offer(later)
    await bench.take()
    bench.sampler.settle(later, burst=False)
    bench.offer(later)
    task = asyncio.create_task(bench.sampler.take())
    await asyncio.sleep(0)
    bench.offer(soon)
    async with asyncio.timeout(0.5):
        assert (await task)[0] is soon


async def test_two_waiting_workers_take_two_frames_that_come_together() -> None:
    bench = Bench()
    ada, bob = bench.add("ada"), bench.add("bob")
    tasks = [asyncio.create_task(bench.sampler.take()) for _ in range(2)]
    await asyncio.sleep(0)
    bench.offer(ada, bob)
    async with asyncio.timeout(0.5):
        taken = await asyncio.gather(*tasks)
    assert {slot.owner for slot, _ in taken} == {"ada", "bob"}


async def pull(clock: Clock, slots: list[Slot[int]], sampler: Sampler[int], plan: list[tuple[int, int, float]]) -> None:
    """Offer, take, settle and remove as planned; whoever is taken has waited longest by the rule for each slot."""
    present = set(slots)
    for action, which, seconds in plan:
        slot = slots[which % len(slots)]
        clock.now += seconds
        if action == 0:
            sampler.remove(slot)
            present.discard(slot)
        elif action == 1:
            sampler.settle(slot, burst=which % 2 == 0)
        elif action == 2:
            urgent = {each: each.overdue(clock.now) for each in present if each.frame and not each.busy}
            due = {each: value for each, value in urgent.items() if value >= 0}
            if due:
                taken, _ = await sampler.take()
                assert due[taken] == max(due.values())
        else:
            sampler.offer(slot, frame(1, clock.now))


@given(
    kinds=st.lists(st.tuples(st.sampled_from([0.2, 1.0, 3.0]), st.sampled_from([3.0, 5.0])), min_size=1, max_size=8),
    plan=st.lists(
        st.tuples(st.sampled_from([0, *[1] * 8, *[2] * 12, *[3] * 20]), st.integers(0, 7), st.floats(0, 2)), max_size=80
    ),
)
def test_the_one_who_is_taken_is_the_most_overdue_of_all(
    kinds: list[tuple[float, float]], plan: list[tuple[int, int, float]]
) -> None:
    clock = Clock()
    sampler: Sampler[int] = Sampler(clock)
    slots = [sampler.add(n, interval=interval, floor=floor) for n, (interval, floor) in enumerate(kinds)]
    asyncio.run(pull(clock, slots, sampler, plan))


async def simulate(
    candidates: list[dict[str, Any]], *, service: float, workers: int, seconds: float
) -> dict[str, float]:
    """Let workers pull for a while; the longest time that each candidate waited between two samples."""
    bench = Bench()
    slots = {
        f"c{n}": bench.add(f"c{n}", interval=each["interval"], floor=each["floor"]) for n, each in enumerate(candidates)
    }
    bursts = {f"c{n}": each["burst"] for n, each in enumerate(candidates)}
    last = dict.fromkeys(slots, bench.clock.now)
    longest = dict.fromkeys(slots, 0.0)
    busy: list[tuple[float, Slot[str]]] = []
    end = bench.clock.now + seconds
    while bench.clock.now < end:
        bench.offer(*slots.values())
        for _ in range(workers - len(busy)):
            found = await bench.take()
            if found is None:
                break
            name = found[0]
            longest[name] = max(longest[name], bench.clock.now - last[name])
            last[name] = bench.clock.now
            busy.append((bench.clock.now + service, slots[name]))
        bench.clock.now = min([at for at, _ in busy] + [bench.clock.now + 0.2])
        for _, slot in [each for each in busy if each[0] <= bench.clock.now]:
            bench.sampler.settle(slot, burst=bursts[slot.owner])
        busy = [each for each in busy if each[0] > bench.clock.now]
    return {name: max(longest[name], bench.clock.now - last[name]) for name in slots}


@settings(max_examples=25, deadline=None)
@given(
    candidates=st.lists(
        st.fixed_dictionaries(
            {"interval": st.sampled_from([0.2, 1.0, 3.0]), "floor": st.sampled_from([3.0, 5.0]), "burst": st.booleans()}
        ),
        min_size=1,
        max_size=12,
    ),
    service=st.sampled_from([0.05, 0.3, 1.0]),
    workers=st.integers(1, 3),
)
def test_nobody_is_forgotten_however_overloaded_the_workers_are(
    candidates: list[dict[str, Any]], service: float, workers: int
) -> None:
    waits = asyncio.run(simulate(candidates, service=service, workers=workers, seconds=40))
    for n, each in enumerate(candidates):
        # Up to the floor others may come first; from then on, everyone else once at most, and a frame must be there.
        limit = each["floor"] + 3.0 + (len(candidates) + 1) * service + 0.4
        assert waits[f"c{n}"] <= limit


def test_with_enough_workers_everyone_is_sampled_at_the_asked_interval() -> None:
    calm = [{"interval": 1.0, "floor": 5.0, "burst": False}] * 10
    waits = asyncio.run(simulate(calm, service=0.05, workers=1, seconds=30))
    assert max(waits.values()) <= 1.5


async def test_after_a_pause_that_was_asked_for_a_candidate_is_looked_at_again(bench: Bench) -> None:
    slot = bench.add(interval=1.0)
    bench.offer(slot)
    await bench.take()
    bench.sampler.settle(slot, burst=True, pause=4.0)
    bench.offer(slot)
    bench.clock.now += 3.9
    assert await bench.take() is None
    bench.clock.now += 0.2
    assert await bench.take() == ("ada", bench.seq)
