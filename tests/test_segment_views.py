"""A segment's journal as a player reads it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from detection import rules
from detection.codec import observation_to_json
from detection.rules import Enrolled, Finished, Noticed, StreamExpected, Tick
from detection.values import DetectorInfo, Kind
from server import journal
from server.segment_views import segment_view

from . import faces

AT = 1_767_323_045.678
SETTINGS = rules.RuleSettings()
HEAD = {"type": "segment", "recording_id": "x", "number": 3}


def frame(seq: int, at: float) -> dict[str, Any]:
    return {"type": "frame", "seq": seq, "captured_at": at - 0.1, "received_at": at, "bytes": 9}


def test_everything_has_its_place() -> None:
    seen = faces.observation(2)
    lines = [
        HEAD,
        journal.begun(SETTINGS, DetectorInfo("yunet", "m", "0", threshold=0.9)),
        journal.told(StreamExpected(AT)),
        frame(7, AT + 1),
        {"type": "sample", "seq": 7, "at": AT + 1, "observation": observation_to_json(seen)},
        journal.failed(8, AT + 2, AT + 3, readable=True),
        journal.changed(SETTINGS),
        journal.told(Noticed(AT + 4, Kind.CLIPBOARD)),
        journal.told(Noticed(AT + 5, Kind.TAB_HIDDEN, active=False)),
        journal.told(Enrolled(AT + 6, b"", photo=True)),
        journal.told(Tick(AT + 7, None)),
        {"type": "gap", "cause": "queue", "began_at": AT, "ended_at": AT, "frames": 1, "lines": 0},
        journal.told(Finished(AT + 8)),
    ]
    shown = segment_view(3, AT, lines)
    assert shown.number == 3
    assert [(each.seq, each.at, each.captured_at) for each in shown.frames] == [(7, moment(1), moment(0.9))]
    [sample] = shown.samples
    assert (sample.seq, sample.at, len(sample.faces)) == (7, moment(1), 2)
    box = seen.faces[0].box
    assert sample.faces[0].box == [box.x, box.y, box.w, box.h]
    assert (sample.quality.brightness, sample.quality.sharpness) == (seen.quality.brightness, seen.quality.sharpness)
    assert [(each.seq, each.at, each.readable) for each in shown.missed] == [(8, moment(2), True)]
    assert [(each.kind, each.at, each.text) for each in shown.events] == [
        ("begun", moment(0), "Judged by yunet from here on"),
        ("expected", moment(0), "Frames are expected from here on"),
        ("settings", moment(2), "Other settings are in force from here on"),
        ("noticed", moment(4), "The browser reported: Clipboard used"),
        ("noticed", moment(5), "The browser reported: Exam's tab hidden: it ended"),
        ("enrolled", moment(6), "The candidate's face is known, from a photo"),
        ("finished", moment(8), "The candidate is done"),
    ]
    assert shown.events[0].settings == SETTINGS.as_dict()
    assert {each.settings_sha256 for each in shown.events} == {None, SETTINGS.sha256()}
    assert [each.detector for each in shown.events[:2]] == ["yunet", None]


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(AT + seconds, UTC)


def test_a_segment_without_anything_is_empty() -> None:
    shown = segment_view(0, AT, [HEAD, journal.begun(SETTINGS, None)])
    assert (shown.frames, shown.samples, shown.missed) == ([], [], [])
    assert [each.text for each in shown.events] == ["Detection is off from here on"]


@pytest.mark.parametrize("line", [{"type": "frame"}, {"type": "sample", "seq": 1, "at": AT, "observation": 7}, {}])
def test_a_line_that_is_damaged_is_told(line: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        segment_view(0, AT, [line])
