"""The journal: what the rules were told can be told them again, and a segment has a short form for the index."""

import pytest

from detection import rules
from detection.rules import Enrolled, Event, Finished, Noticed, Sampled, StreamExpected, Tick
from detection.values import Box, DetectorInfo, Face, Kind, Observation, Quality
from server import journal
from server.meetings import Sample
from server.sampling import Frame
from storage.recordings.segment import encode, gap, read_lines
from storage.records import Json

from .streams import AT

INFO = DetectorInfo("yunet", "model", "0" * 64, 0.7)
LEVELS = bytes(range(64))
FACE = Face(Box(0.1, 0.2, 0.3, 0.4), 0.9, tuple((0.1 * n, 0.2) for n in range(5)))
SEEN = Observation((FACE,), Quality(0.5, 0.4, 30.0), 320, 240)
EVENTS: list[Event] = [
    StreamExpected(AT),
    Noticed(AT + 0.1, Kind.TAB_HIDDEN, active=True, detail="Zoë's tab"),
    Noticed(AT + 0.2, Kind.CLIPBOARD),
    Tick(AT + 1, None),
    Tick(AT + 2, AT + 1.9),
    Finished(AT + 3),
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_comes_out_as_it_went_in(event: Event) -> None:
    [line] = read_lines(encode(journal.told(event)), "x")
    assert journal.event_of(line) == event


def test_a_sample_comes_out_without_its_descriptor() -> None:
    sample = Sample(Frame(7, AT - 1, AT, b"jpeg"), SEEN, INFO, AT + 0.1, AT + 0.2)
    [line] = read_lines(encode(journal.sampled(sample, described=True)), "x")
    assert journal.event_of(line) == Sampled(AT, 7, SEEN)
    assert (line["described"], line["sampled_at"], line["observed_at"]) == (True, AT + 0.1, AT + 0.2)


def test_no_reference_of_a_face_is_ever_written() -> None:
    text = encode(journal.told(Enrolled(AT, b"\x01\x02\x03\x04" * 128, photo=True)))
    assert len(text) < 120
    assert journal.event_of(read_lines(text, "x")[0]) is None


def test_a_sample_is_no_mere_event() -> None:
    with pytest.raises(ValueError, match="line of its own"):
        journal.told(Sampled(AT, 1, SEEN))


def test_the_beginning_says_what_is_in_force() -> None:
    settings = rules.RuleSettings.from_overrides({"sample_interval": 0.5})
    line = journal.begun(settings, INFO)
    assert rules.RuleSettings.from_overrides(line["settings"]) == settings
    assert line["settings_sha256"] == settings.sha256()
    assert line["detector"]["model_sha256"] == INFO.model_sha256
    assert {"invigil", "python", "onnxruntime"} <= line["versions"].keys()
    assert journal.begun(settings, None)["detector"] is None


def test_other_lines_tell_the_rules_nothing() -> None:
    settings = rules.RuleSettings()
    lines = [journal.begun(settings, None), journal.changed(settings), gap("disk", AT, AT + 1, frames=3)]
    lines.append(journal.failed(3, AT, AT + 0.1, readable=False))
    assert [journal.event_of(line) for line in lines] == [None] * 4


def test_a_digest_has_the_bounds_the_gaps_and_where_the_faces_were() -> None:
    sample = Sample(Frame(2, AT, AT + 0.2, b"jpeg"), SEEN, INFO, AT + 0.3, AT + 0.4)
    frames = [
        {"type": "frame", "seq": n, "captured_at": AT, "received_at": AT + n / 10, "bytes": 100 + n} for n in (1, 2, 3)
    ]
    lines: list[Json] = [
        {"type": "segment", "recording_id": "x", "number": 0},
        *frames,
        journal.sampled(sample, described=False),
        gap("disk", AT + 0.5, AT + 1.5, frames=4, lines=2),
    ]
    brief = journal.digest(lines)
    assert (brief.began_at, brief.ended_at) == (AT + 0.1, AT + 1.5)
    assert (brief.first_seq, brief.last_seq, brief.frames, brief.bytes, brief.not_recorded) == (1, 3, 3, 306, 4)
    assert [(each["cause"], each["lines"]) for each in brief.gaps] == [("disk", 2)]
    assert brief.samples == [{"seq": 2, "at": AT + 0.2, "boxes": [[0.1, 0.2, 0.3, 0.4]]}]


def test_a_digest_of_a_segment_without_frames_has_no_numbers() -> None:
    brief = journal.digest([{"type": "segment"}, journal.told(Tick(AT, None))])
    assert (brief.first_seq, brief.last_seq, brief.frames, brief.began_at) == (None, None, 0, AT)
