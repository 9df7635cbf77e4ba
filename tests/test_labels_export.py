"""Labelled folders of recordings that no test could wait for live."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from detection.analyzer import Analyzer
from detection.faces import choose
from detection.identity.describer import Describer
from detection.rules import RuleSettings
from detection.values import Kind
from server.__main__ import main
from server.evaluation import dataset
from server.labels.export import Exported, export
from server.replay.difference import Collector, Incident
from server.replay.finding import find
from server.replay.rows import Kept, Row
from server.replay.sources import Recording
from storage.recordings.segment import VIDEO

from . import faces, virtual

pytestmark = [faces.needs_models, pytest.mark.timeout(300)]
MODELS = faces.models_folder() or Path("no-models")


def row(incident: Incident, verdict: str | None) -> Row:
    """As it is kept."""
    return Row(
        str(incident.opened_at), incident.kind.value, incident.severity, incident.opened_at, incident.updated_at,
        incident.closed_at, incident.rule, incident.seqs[-3:], verdict,
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Somebody is enrolled, and after a while somebody else sits there, which was confirmed."""
    folder = tmp_path_factory.mktemp("export") / "recording"
    before = virtual.frames(virtual.ada(), 100)
    after = virtual.frames(virtual.bob(), 30, first=len(before))
    analyzer, collector = Analyzer(choose("yunet", MODELS), Describer.installed()), Collector()
    for change in virtual.record(folder, [*before, *after], analyzer, RuleSettings()):
        collector.add(change)
    rows = [row(each, "confirmed" if each.kind is Kind.DIFFERENT_PERSON else None) for each in collector.incidents]
    (found,) = find([folder])
    return Recording(found.name, found.segments, Kept(tuple(rows), virtual.AT))


def made(folder: Path, recording: Recording) -> Exported:
    return export(folder, [recording], before=20, after=5)


def test_another_person_is_told_from_the_one_who_was_enrolled(recording: Recording, tmp_path: Path) -> None:
    """The clip begins with the enrolment; without it nobody could tell."""
    folder, report = tmp_path / "labels", tmp_path / "report.json"
    assert made(folder, recording).confirmed == 1
    (clip,) = dataset.read(folder).clips
    first = clip.segments[0]
    assert (first.ambiguous, first.note, round(first.end)) == (True, "enrolment", 40)
    words = ["--models", str(MODELS), "--no-timing", "--jobs", "1", "--json", str(report)]
    assert main(["evaluate", str(folder), *words]) == 0
    figures: Any = next(iter(json.loads(report.read_text())["figures"].values()))["incidents"]
    assert figures["stretches"] == 1
    assert figures["different_person"]["recall"] == figures["different_person"]["precision"] == 1
    assert figures["false"] == 0


def test_every_moment_of_a_clip_is_labelled_once(recording: Recording, tmp_path: Path) -> None:
    made(tmp_path / "labels", recording)
    with (tmp_path / "labels" / dataset.SEGMENTS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["start_s"] == "0.000"
    assert [each["start_s"] for each in rows[1:]] == [each["end_s"] for each in rows[:-1]]


def test_a_damaged_segment_leaves_its_incident_out(recording: Recording, tmp_path: Path) -> None:
    path = recording.segments[-2].path.with_suffix(VIDEO)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        told = made(tmp_path / "labels", recording)
    finally:
        path.write_bytes(whole)
    assert (told.clips, told.confirmed, told.missing) == (0, 0, 1)
    assert not (tmp_path / "labels").exists()
