"""One meeting in memory: how many frames a candidate may send, which are new, and how much is remembered."""

import pytest

from detection.values import DetectorInfo, Observation, Quality
from server.errors import BadFrame, Conflict, NotFound, TooMany
from server.meetings import (
    RECENT_BYTES,
    RECENT_INCIDENTS,
    RECENT_SAMPLES,
    Allowance,
    Candidate,
    LiveIncident,
    Meeting,
    Sample,
    moment,
)
from server.protocol import CandidateState
from server.sampling import Frame
from server.settings import Settings

from . import records

NOW = 1_700_000_000.0


@pytest.fixture
def meeting() -> Meeting:
    return Meeting(records.meeting(), Settings().for_meeting({}))


@pytest.fixture
def candidate(meeting: Meeting) -> Candidate:
    return meeting.add(records.participant(meeting.id))


def frame(seq: int) -> Frame:
    return Frame(seq, NOW, NOW, b"jpeg")


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ([0, 0, 0, 0], [True, True, True, False]),
        ([0, 0, 0, 0.49, 0.51], [True, True, True, False, True]),
        ([0, 0, 0, 1, 1, 1], [True, True, True, True, True, False]),
        ([0, 0, 0, 1000, 1000, 1000, 1000], [True] * 6 + [False]),
        ([0, 0, 0, -50, -50], [True, True, True, False, False]),
    ],
    ids=["a burst", "refilled by time", "at its rate", "never over the burst", "a clock set back gives nothing"],
)
def test_an_allowance_takes_its_burst_and_then_its_rate(times: list[float], taken: list[bool]) -> None:
    allowance = Allowance(rate=2.0, burst=3)
    assert [allowance.take(NOW + at) for at in times] == taken


def test_an_allowance_goes_on_after_a_clock_was_set_back() -> None:
    allowance = Allowance(rate=2.0, burst=3)
    assert [allowance.take(NOW) for _ in range(3)] == [True] * 3
    assert [allowance.take(NOW - 3600 + 0.6 * n) for n in range(4)] == [False, True, True, True]


def test_a_candidate_may_send_what_pace_asks_for_and_a_bunch(candidate: Candidate) -> None:
    fps = candidate.meeting.settings.stream.fps
    for n in range(200):
        candidate.admit(NOW + n / fps)
    for _ in range(10):
        candidate.admit(NOW + 200 / fps)


def test_a_flood_of_frames_is_refused_and_the_next_second_is_good_again(candidate: Candidate) -> None:
    def flood() -> None:
        for _ in range(1000):
            candidate.admit(NOW)

    with pytest.raises(TooMany):
        flood()
    candidate.admit(NOW + 1)


@pytest.mark.parametrize("seq", [5, 4, 0])
def test_a_frame_that_is_not_newer_is_refused_and_changes_nothing(seq: int, candidate: Candidate) -> None:
    candidate.receive(frame(5))
    with pytest.raises(BadFrame) as caught:
        candidate.receive(frame(seq))
    assert caught.value.code == "replayed_seq"
    assert (candidate.frames, candidate.latest and candidate.latest.seq) == (1, 5)
    candidate.receive(frame(6))


def test_the_count_may_have_holes_and_begin_anywhere(candidate: Candidate) -> None:
    for seq in (0, 7, 2**53 - 1):
        candidate.receive(frame(seq))
    assert candidate.frames == 3


@pytest.mark.parametrize("why", ["finished", "ended", "meeting"])
def test_when_it_is_over_no_frame_is_admitted(why: str, candidate: Candidate) -> None:
    if why == "finished":
        candidate.finished = True
    elif why == "ended":
        candidate.record = records.participant(candidate.meeting.id, ended_at=records.AT)
    else:
        candidate.meeting.record = records.meeting(ended_at=records.AT)
    with pytest.raises(Conflict):
        candidate.admit(NOW)


def test_the_state_of_a_stream_is_what_can_be_said_of_it(candidate: Candidate) -> None:
    assert candidate.view().state is CandidateState.WAITING
    candidate.receive(frame(1))
    assert candidate.view().state is CandidateState.STREAMING
    candidate.finished = True
    assert candidate.view().state is CandidateState.FINISHED


def test_adding_somebody_twice_finds_who_is_there(meeting: Meeting, candidate: Candidate) -> None:
    assert meeting.add(candidate.record) is candidate


def test_a_stranger_is_not_found(meeting: Meeting) -> None:
    for stranger in (None, records.participant().id):
        with pytest.raises(NotFound):
            meeting.candidate(stranger)


def test_a_meeting_remembers_its_newest_incidents_and_every_open_one(meeting: Meeting, candidate: Candidate) -> None:
    still_open = records.incident(candidate.record)
    meeting.remember(LiveIncident(still_open))
    made = [
        records.incident(candidate.record, state="closed", closed_at=records.AT) for _ in range(2 * RECENT_INCIDENTS)
    ]
    for each in made:
        meeting.remember(LiveIncident(each))
    assert len(meeting.incidents) == RECENT_INCIDENTS
    assert still_open.id in meeting.incidents
    assert made[-1].id in meeting.incidents
    assert made[0].id not in meeting.incidents


def test_open_incidents_are_all_remembered_however_many(meeting: Meeting, candidate: Candidate) -> None:
    for _ in range(RECENT_INCIDENTS + 50):
        meeting.remember(LiveIncident(records.incident(candidate.record)))
    assert len(meeting.incidents) == RECENT_INCIDENTS + 50


def test_a_whole_year_may_join_at_once_and_a_script_that_makes_names_may_not(meeting: Meeting) -> None:
    assert [meeting.joins.take(NOW) for _ in range(201)] == [True] * 200 + [False]
    assert [meeting.joins.take(NOW + 1) for _ in range(11)] == [True] * 10 + [False]


def test_a_moment_is_aware_utc() -> None:
    assert moment(0).isoformat() == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("size", "kept"), [(15_000, RECENT_SAMPLES), (512 * 1024, 2), (RECENT_BYTES + 1, 1)])
def test_judged_frames_are_kept_up_to_a_number_and_up_to_their_bytes(
    candidate: Candidate, size: int, kept: int
) -> None:
    seen = Observation((), Quality(0.5, 0.2, 100.0), 320, 240)
    judge = DetectorInfo("yunet", "model", "0" * 64, 0.7)
    for seq in range(20):
        candidate.keep(Sample(Frame(seq, NOW, NOW, bytes(size)), seen, judge, NOW, NOW))
    assert [each.frame.seq for each in candidate.samples] == list(range(20 - kept, 20))
