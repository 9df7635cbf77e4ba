"""The served loop in virtual time: what is sampled, and that it judges as the server does."""

from collections.abc import Iterable, Iterator

import pytest

from detection.analyzer import Analysis, UndecodableFrame
from detection.rerun import Received, Step, rerun
from detection.rules import ChangeType, Finished, RuleSettings, Sampled, StreamExpected, Tick
from detection.values import Kind
from server.sampling import Frame

from . import faces

FPS = 5


def frames(seconds: float, *, begin: float = 1000.0, fps: float = FPS) -> Iterator[Frame]:
    """Frames that carry the second they show in place of a picture."""
    for n in range(round(seconds * fps)):
        yield Frame(n, begin + n / fps, begin + n / fps, str(n / fps).encode())


def showing(*stretches: tuple[float, int]) -> "Looker":
    """So many faces until this second, each."""
    return Looker(stretches)


class Looker:
    """A detector that reads the second from the frame."""

    def __init__(self, stretches: tuple[tuple[float, int], ...]) -> None:
        self.stretches = stretches
        self.looked: list[float] = []
        self.described = 0

    def __call__(self, data: bytes, /, *, describe: bool) -> Analysis:
        second = float(data)
        self.looked.append(second)
        self.described += describe
        return Analysis(faces.observation(next(count for end, count in self.stretches if second < end)))


def samples(steps: Iterable[Step]) -> list[float]:
    return [step.at for step in steps if isinstance(step.event, Sampled)]


def changes(steps: Iterable[Step]) -> list[tuple[float, str, str]]:
    """Episodes that open and close."""
    told = (ChangeType.OPENED, ChangeType.CLOSED)
    return [
        (step.at, change.type, change.episode.kind) for step in steps for change in step.changes if change.type in told
    ]


def test_all_well_is_one_sample_a_second_and_one_tick_a_second() -> None:
    steps = list(rerun(frames(4), showing((99, 1)), RuleSettings()))
    assert samples(steps) == [1000, 1001, 1002, 1003]
    assert [step.at for step in steps if isinstance(step.event, Tick)] == [1001, 1002, 1003]
    assert isinstance(steps[0].event, StreamExpected)
    assert isinstance(steps[-1].event, Finished)


def test_a_doubt_makes_every_frame_a_sample_until_the_rules_are_sure() -> None:
    look = showing((2, 1), (99, 2))
    steps = list(rerun(frames(5), look, RuleSettings()))
    assert look.looked == [0, 1, 2, 2.2, 2.4, 3.4, 4.4]
    assert changes(steps)[0] == (1002.4, ChangeType.OPENED, Kind.MULTIPLE_FACES)


def test_what_is_open_at_the_end_is_closed_with_the_last_frame() -> None:
    steps = list(rerun(frames(5), showing((2, 1), (99, 2)), RuleSettings()))
    assert changes(steps)[-1] == (1004.8, ChangeType.CLOSED, Kind.MULTIPLE_FACES)


def test_the_newest_frame_is_sampled_when_the_time_has_come_and_not_when_the_next_arrives() -> None:
    """At 3 frames a second a sample is due between two of them."""
    settings = RuleSettings.from_overrides({"sample_interval": 0.5})
    steps = list(rerun(frames(2, begin=0, fps=3), showing((99, 1)), settings))
    taken = [step for step in steps if isinstance(step.event, Sampled)]
    assert [round(step.at, 2) for step in taken] == [0, 0.5, 1.0, 1.5]
    assert [step.event.seq for step in taken if isinstance(step.event, Sampled)] == [0, 1, 3, 4]


def test_a_stream_that_stops_is_lost_in_virtual_time() -> None:
    def stops() -> Iterator[Received]:
        yield from frames(2)
        yield from (Frame(100 + n, 1030 + n / FPS, 1030 + n / FPS, b"1") for n in range(20))

    told = changes(rerun(stops(), showing((99, 1)), RuleSettings()))
    assert told == [(1007, ChangeType.OPENED, Kind.STREAM_LOST), (1032, ChangeType.CLOSED, Kind.STREAM_LOST)]


def test_a_frame_that_does_not_decode_is_passed_over() -> None:
    def look(data: bytes, /, *, describe: bool) -> Analysis:
        if float(data) < 2:
            raise UndecodableFrame("no picture")
        return Analysis(faces.observation(1))

    assert samples(rerun(frames(4), look, RuleSettings())) == [1002, 1003]


def test_a_face_is_described_when_the_rules_ask_for_it() -> None:
    look = showing((99, 1))
    list(rerun(frames(4), look, RuleSettings()))
    assert 0 < look.described <= 4
    look = showing((99, 1))
    list(rerun(frames(4), look, RuleSettings.from_overrides({"different_person": {"enabled": False}})))
    assert look.described == 0


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_hardly_any_frames_are_no_error(seconds: float) -> None:
    assert len(samples(rerun(frames(seconds), showing((99, 1)), RuleSettings()))) == round(seconds * FPS)


def test_the_same_frames_give_the_same_steps() -> None:
    def once() -> list[Step]:
        return list(rerun(frames(20), showing((5, 1), (9, 2), (12, 1), (16, 0), (99, 1)), RuleSettings()))

    assert once() == once()
