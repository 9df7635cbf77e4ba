"""From descriptors to `different_person`: how soon, how often one is asked for, and when nobody can tell."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from detection.levels import GRID
from detection.rules import (
    Change,
    ChangeType,
    Enrolled,
    RuleSettings,
    Sampled,
    State,
    knows_candidate,
    newly_enrolled,
    step,
    wants_descriptor,
)
from detection.values import Box, Face, Kind, Observation

from .faces import observation

FRAMES = 5.0
"""Frames a second."""
HERE = Box(0.3, 0.2, 0.4, 0.6)
FRONTAL = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.42, 0.65), (0.58, 0.65))


def far(distance: float) -> bytes:
    """A descriptor at this distance from the candidate's."""
    values = np.zeros(128, dtype="<f4")
    values[0] = distance
    return values.tobytes()


def face(box: Box = HERE, *, nose: float = 0.5) -> Face:
    points = (*FRONTAL[:2], (0.4 + 0.2 * nose, 0.5), *FRONTAL[3:])
    return Face(box, 0.9, points)


def seen(*faces: Face) -> Observation:
    return replace(observation(0), faces=faces)


ALONE = seen(face())
ELSEWHERE = seen(face(Box(0.0, 0.0, 0.25, 0.4)))
PROFILE = seen(face(nose=1.5))


def room(change: int) -> Observation:
    """The candidate's place, with half of the picture darker and half of it lighter by so many levels."""
    halves = np.full((GRID[1], GRID[0]), 100, dtype=np.uint8)
    halves[:, : GRID[0] // 2] -= change
    halves[:, GRID[0] // 2 :] += change
    return replace(ALONE, levels=halves.tobytes())


@dataclass
class Exam:
    """A stream that is sampled as a server does it."""

    settings: RuleSettings = field(default_factory=RuleSettings)
    state: State = field(default_factory=State)
    now: float = 100.0
    described: int = 0
    samples: int = 0
    told: list[tuple[float, Change]] = field(default_factory=list)

    def show(self, picture: Observation, distance: float | Callable[[float], float], seconds: float) -> "Exam":
        """Show a face for so long; its distance from the candidate's may change with the time."""
        due, end = 0.0, self.now + seconds
        while self.now < end:
            if self.now >= due:
                self._sample(picture, distance if isinstance(distance, float) else distance(self.now))
                due = self.now if self.state.unsettled else self.now + self.settings.sample_interval - 0.01
            self.now = round(self.now + 1 / FRAMES, 3)
        return self

    def _sample(self, picture: Observation, distance: float) -> None:
        wanted = len(picture.faces) == 1 and wants_descriptor(self.state, self.settings, self.now)
        self.samples += 1
        self.described += wanted
        event = Sampled(self.now, self.samples, picture, far(distance) if wanted else None)
        self.state, changes = step(self.state, self.settings, event)
        self.told += [(self.now, change) for change in changes]

    @property
    def opened(self) -> list[float]:
        return [
            at
            for at, change in self.told
            if change.type is ChangeType.OPENED and change.episode.kind is Kind.DIFFERENT_PERSON
        ]


def enrolled(**rules: object) -> Exam:
    exam = Exam(RuleSettings.from_overrides(rules)).show(ALONE, 0.0, 20)
    assert knows_candidate(exam.state)
    return exam


@pytest.mark.parametrize("gap", [0.0, 3.0], ids=["no gap", "nobody meanwhile"])
def test_somebody_else_in_another_place_is_told_within_five_seconds(gap: float) -> None:
    exam = enrolled()
    began = exam.show(seen(), 0.0, gap).now
    exam.show(ELSEWHERE, 0.8, 20)
    (opened,) = exam.opened
    assert 3 <= opened - began <= 5
    (episode,) = [change.episode for _, change in exam.told if change.type is ChangeType.OPENED][-1:]
    assert (episode.kind, episode.score, episode.threshold) == (Kind.DIFFERENT_PERSON, 0.8, 0.6)
    assert len(episode.seqs) >= 3


def test_somebody_else_in_the_very_same_place_is_found_by_the_next_comparisons() -> None:
    exam = enrolled()
    began = exam.now
    (opened,) = exam.show(ALONE, 0.8, 30).opened
    assert opened - began <= 10 + 6


@pytest.mark.parametrize(("change", "within"), [(50, 5), (40, 16)], ids=["a cut", "somebody moved"])
def test_another_picture_altogether_is_looked_into_at_once(change: int, within: int) -> None:
    exam = Exam().show(room(0), 0.0, 31)
    began = exam.now
    (opened,) = exam.show(room(change), 0.8, 30).opened
    # The comparison before was a second ago: without a cut, the next is nine seconds away.
    assert within - 7 < opened - began <= within


def test_the_candidate_who_comes_back_ends_it() -> None:
    exam = enrolled().show(ELSEWHERE, 0.8, 20)
    began = exam.now
    exam.show(seen(), 0.0, 3).show(ALONE, 0.1, 20)
    assert len(exam.opened) == 1
    (closed,) = [at for at, change in exam.told if change.type is ChangeType.CLOSED and at > began][:1]
    assert closed - began <= 3 + 12


@pytest.mark.parametrize("distance", [0.3, 0.49, 0.55, 0.59])
def test_who_is_near_or_between_the_limits_is_never_accused(distance: float) -> None:
    exam = enrolled().show(seen(), 0.0, 5).show(ELSEWHERE, distance, 300)
    assert exam.opened == []


def test_the_candidate_who_takes_the_place_back_is_soon_rid_of_the_banner() -> None:
    exam = enrolled().show(ELSEWHERE, 0.8, 20)
    began, samples = exam.now, exam.samples
    exam.show(ALONE, 0.1, 20)
    (cleared,) = [at for at, change in exam.told if change.type is ChangeType.CLEARED]
    assert cleared - began <= 7
    # Some seconds at the stream's rate, and not all of them.
    assert exam.samples - samples <= 20 + 5 * FRAMES


def test_a_few_far_comparisons_are_no_incident() -> None:
    exam = enrolled()
    for _ in range(20):
        exam.show(ALONE, 0.9, 1).show(ALONE, 0.2, 15)
    assert exam.opened == []


def test_in_profile_nobody_can_be_told() -> None:
    exam = enrolled().show(PROFILE, 0.9, 120)
    assert exam.opened == []
    assert not exam.state.unsettled


def test_a_turned_face_is_granted_more() -> None:
    aside = seen(face(nose=1.0))
    assert enrolled().show(seen(), 0.0, 5).show(aside, 0.69, 60).opened == []
    assert len(enrolled().show(seen(), 0.0, 5).show(aside, 0.71, 60).opened) == 1


def test_in_quiet_times_a_face_is_described_six_times_a_minute() -> None:
    exam = enrolled().show(ALONE, 0.2, 30)
    exam.described = 0
    exam.show(ALONE, 0.2, 600)
    assert exam.described == pytest.approx(60, abs=2)


def test_lasting_doubt_is_looked_into_less_often_and_not_at_the_rate_of_the_stream() -> None:
    exam = enrolled().show(ALONE, 0.55, 30)
    exam.described = exam.samples = 0
    exam.show(ALONE, 0.55, 600)
    assert exam.described <= 210
    assert exam.samples <= 620


def test_frames_close_to_each_other_are_not_five_votes() -> None:
    """They share their blur and their pose."""
    exam = enrolled()
    exam.show(seen(), 0.0, 5)
    exam.described = 0
    exam.show(ELSEWHERE, 0.9, 1.5)
    assert exam.described <= 4
    assert exam.opened == []


def test_switched_off_nothing_is_described() -> None:
    exam = Exam(RuleSettings.from_overrides({"different_person": {"enabled": False}})).show(ALONE, 0.0, 60)
    assert (exam.described, knows_candidate(exam.state)) == (0, False)


# --- who is known beforehand ------------------------------------------------------------------------------


def known(*, photo: bool) -> Exam:
    exam = Exam()
    exam.state, _ = step(exam.state, exam.settings, Enrolled(100.0, far(0.0), photo=photo))
    return exam


def test_who_was_known_before_a_restart_is_compared_at_once() -> None:
    exam = known(photo=False).show(ALONE, 0.62, 20)
    assert len(exam.opened) == 1
    assert exam.opened[0] - 100 <= 5
    assert known(photo=False).show(ALONE, 0.58, 60).opened == []


def test_a_photo_alone_accuses_only_who_is_farther() -> None:
    assert known(photo=True).show(ALONE, 0.64, 12).opened == []
    (opened,) = known(photo=True).show(ALONE, 0.66, 20).opened
    assert opened - 100 <= 5


def test_only_what_the_stream_gave_is_to_be_kept_and_only_once() -> None:
    exam = known(photo=True)
    before = exam.state
    assert newly_enrolled(State(), before) is None
    exam.show(ALONE, 0.4, 30)
    reference = newly_enrolled(before, exam.state)
    assert reference is not None
    assert np.frombuffer(reference, "<f4")[0] == pytest.approx(0.2)
    later = exam.state
    assert newly_enrolled(later, exam.show(ALONE, 0.4, 60).state) is None
    assert exam.opened == []


def test_what_is_kept_is_what_is_known_afterwards() -> None:
    reference = newly_enrolled(State(), enrolled().state)
    assert reference is not None
    state, _ = step(State(), RuleSettings(), Enrolled(0.0, reference))
    assert newly_enrolled(State(), state) == reference


def test_no_descriptor_is_in_the_text_of_a_state() -> None:
    exam = enrolled().show(ELSEWHERE, 0.8, 20)
    assert "array" not in repr(exam.state)
    assert "0.8" not in repr(Enrolled(0.0, far(0.8)))
    assert "array" not in repr([change for _, change in exam.told])
