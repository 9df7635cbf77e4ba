"""What an evaluation is told as: JSON, tables, a page, the difference to another one, a floor."""

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from detection.values import DetectorInfo, Kind
from server.evaluation import against, floor, page, report, tables
from server.evaluation.dataset import Dataset, Picture
from server.evaluation.results import ClipResult, Cost, Evaluation, PictureResult, Setup
from server.evaluation.stress import AS_IS
from server.evaluation.ways import OLD, served
from server.settings import Settings

from . import faces
from .test_evaluation_matching import AWAY, raised, result

NASTY = "<script>alert('&')</script>"


def setup(name: str = "yunet", *, old: bool = False) -> Setup:
    way = OLD["tutorial"] if old else served(name, 320)
    info = DetectorInfo(name, "model.onnx", "ab" * 32, 0.7)
    return Setup(way, info, Settings().for_meeting({"stream": {"width": way.width}}))


def picture(path: str, faces_there: int, found: int, *, ambiguous: bool = False) -> PictureResult:
    labelled = Picture(path, Path(path), faces_there, ambiguous, NASTY)
    counts = {("yunet:320", AS_IS): found, ("tutorial", AS_IS): 0}
    return PictureResult(labelled, counts, {} if found == faces_there else {AS_IS: faces.one_face()})


def evaluation(*pictures: PictureResult, clips: tuple[ClipResult, ...] = ()) -> Evaluation:
    pictures = pictures or (picture("a.jpg", 1, 1), picture("b.jpg", 2, 1), picture("c.jpg", 0, 1, ambiguous=True))
    return Evaluation(
        dataset=Dataset("folder", tuple(each.picture for each in pictures), (), "cd" * 32),
        setups=(setup(), setup("hog", old=True)),
        conditions=(AS_IS,),
        pictures=pictures,
        clips=clips,
        costs={"yunet:320": Cost(2.5, 3.0, 3)},
        unreadable=("d.jpg: cannot be read as a picture",),
        seconds=1.5,
        processes=2,
    )


def exam(*incidents: Any, counts: list[int] | None = None) -> ClipResult:
    made = result(*AWAY, incidents=list(incidents), counts=counts or [1] * 10 + [0] * 10 + [1] * 40)
    return ClipResult(made.clip, "yunet:320", made.seconds, made.moments, made.raised, 60, {5.4: faces.one_face()})


def told(*pictures: PictureResult, clips: tuple[ClipResult, ...] = ()) -> dict[str, Any]:
    """As it is read back from a file."""
    written: dict[str, Any] = json.loads(json.dumps(report.as_json(evaluation(*pictures, clips=clips))))
    return written


# --- JSON and tables --------------------------------------------------------------------------------------


def test_a_report_holds_figures_results_and_what_they_were_made_with() -> None:
    full = told(clips=(exam(raised(Kind.NO_FACE, 11, 23)),))
    assert full["figures"]["yunet:320"]["pictures"][AS_IS]["exact"] == 0.5
    assert full["figures"]["yunet:320"]["incidents"]["no_face"]["alert_seconds_median"] == 1
    assert full["figures"]["yunet:320"]["cost_ms"]["median"] == 2.5
    assert full["pictures"][1]["found"] == {"yunet:320": {AS_IS: 1}, "tutorial": {AS_IS: 0}}
    assert full["clips"][0]["incidents"][0]["false"] is False
    assert full["clips"][0]["expected"][0]["incidents"] == 1
    assert full["ways"][0]["detector"]["model_sha256"] == "ab" * 32
    assert re.fullmatch("[0-9a-f]{64}", full["ways"][0]["settings_sha256"])
    assert full["ways"][1]["once"] is True


def test_the_tables_fit_a_hundred_columns_and_name_every_way_and_every_mistake() -> None:
    text = tables.text(evaluation(clips=(exam(raised(Kind.MULTIPLE_FACES, 5)),)))
    assert max(map(len, text.splitlines())) <= tables.COLUMNS
    for word in ("yunet:320", "tutorial", "b.jpg", "c.jpg", "d.jpg", "missed", "FALSE"):
        assert word in text


# --- the page ---------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """What a browser would see of a page."""

    VOID = ("meta", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.all: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def outline() -> Outline:
    seen = Outline()
    seen.feed(page.html(evaluation(clips=(exam(raised(Kind.MULTIPLE_FACES, 5), counts=[1] * 60),))))
    return seen


def test_the_page_is_whole_and_needs_nothing_else(outline: Outline) -> None:
    assert outline.open == []
    tags = {tag for tag, _ in outline.all}
    assert tags >= {"main", "h1", "table", "svg", "figure", "style"}
    assert not tags & {"script", "link", "iframe", "object"}
    sources = [attributes["src"] for _, attributes in outline.all if "src" in attributes]
    assert sources
    assert all(source is not None and source.startswith("data:image/jpeg;base64,") for source in sources)


def test_every_picture_of_the_page_has_words(outline: Outline) -> None:
    images = [attributes for tag, attributes in outline.all if tag == "img"]
    drawings = [attributes for tag, attributes in outline.all if tag == "svg"]
    assert len(images) == 3, "a wrong count, an ambiguous one, a wrong second"
    assert all(each["alt"] for each in images)
    assert all(each.get("aria-label") or each.get("aria-hidden") for each in drawings)


def test_labels_cannot_put_anything_into_the_page() -> None:
    html = page.html(evaluation(picture(f"{NASTY}.jpg", 1, 0)))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_page_without_mistakes_says_so() -> None:
    assert "None." in page.html(evaluation(picture("a.jpg", 1, 1)))


# --- against another report -------------------------------------------------------------------------------


def test_nothing_changed_is_told_as_nothing() -> None:
    same = told(clips=(exam(raised(Kind.NO_FACE, 11, 23)),))
    text = against.text(same, copy.deepcopy(same))
    assert text.splitlines()[1:] == ["Pictures as before: 3 of 3"]


def test_what_changed_is_told_picture_by_picture() -> None:
    before = told(picture("a.jpg", 1, 1), picture("b.jpg", 2, 1), picture("c.jpg", 3, 1), picture("old.jpg", 1, 1))
    after = told(picture("a.jpg", 1, 0), picture("b.jpg", 2, 2), picture("c.jpg", 3, 2), picture("new.jpg", 1, 1))
    text = against.text(before, after)
    for title, path in [
        ("Now wrong", "a.jpg"), ("Now right", "b.jpg"), ("Wrong in another way", "c.jpg"),
        ("Pictures no longer there", "old.jpg"), ("New pictures", "new.jpg"),
    ]:  # fmt: skip
        assert re.search(rf"{title}: 1\n.*{re.escape(path)}", text), title
    assert "pictures.as is.one: 1.0 -> 0.5" in text
    assert "labels" not in text.splitlines()[1]


def test_what_changed_is_told_incident_by_incident() -> None:
    before = told(clips=(exam(raised(Kind.NO_FACE, 11, 23), raised(Kind.MULTIPLE_FACES, 40)),))
    after = told(clips=(exam(raised(Kind.NO_FACE, 12, 23), raised(Kind.LOOKING_AWAY, 40)),))
    text = against.text(before, after)
    assert re.search(r"no longer raised: 1\n  multiple_faces .* FALSE", text)
    assert re.search(r"raised now: 1\n  looking_away .* FALSE", text)
    assert re.search(r"at another time: 1\n  11.0 -> no_face", text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "another/1"}', "[" * 100_000])
def test_another_file_is_no_report(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(against.ReportError, match=r"other\.json"):
        against.read(path)
    with pytest.raises(against.ReportError, match="not whole"):
        against.text({"format": report.FORMAT}, told())


# --- the floor --------------------------------------------------------------------------------------------


def test_a_floor_names_each_figure_below_it() -> None:
    figures = told()["figures"]["yunet:320"]
    limits = {"least": {"pictures.as is.exact": 0.6, "pictures.as is.one": 1}, "most": {"cost_ms.mean": 2.9}}
    assert floor.check(limits, figures) == [
        "pictures.as is.exact: 0.5, expected at least 0.6",
        "cost_ms.mean: 3, expected at most 2.9",
    ]


def test_a_figure_without_anything_to_measure_it_on_keeps_no_floor() -> None:
    assert floor.check({"least": {"incidents.once": 0.5}}, told()["figures"]["yunet:320"]) == [
        "incidents.once: there is nothing to measure it on, expected least 0.5"
    ]


@pytest.mark.parametrize("name", ["pictures", "pictures.as is.exakt", "cost_ms.mean.x", ""])
def test_a_floor_of_something_that_is_no_figure_is_refused(name: str) -> None:
    with pytest.raises(floor.FloorError):
        floor.check({"least": {name: 1}}, told()["figures"]["yunet:320"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lowest": {}}', '{"least": []}', '{"least": {"a": "b"}}'])
def test_a_file_that_is_no_floor_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "floor.json"
    path.write_text(text)
    with pytest.raises(floor.FloorError, match=r"floor\.json"):
        floor.read(path)
