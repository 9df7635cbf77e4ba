"""Detectors that others bring: installed distributions on the path, in real worker processes and a real server."""

import asyncio
import itertools
import math
import re
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection import codec, worker
from detection.analyzer import decode
from detection.codec import Failed, Observed
from detection.faces import DetectorFault, DetectorUnavailable, Frame, Sight, choose, plugins
from detection.faces.plugins import Guarded
from detection.values import Box, DetectorInfo, Face
from server import monitor
from server.app import Running
from server.settings import SettingsError, load

from . import faces, people
from .conftest import Serve
from .people import Exam, Http
from .test_worker import Child, started

README = Path(__file__).resolve().parents[1] / "README.md"
PLAIN = """
from detection.faces import Sight
from detection.values import Box, DetectorInfo, Face

class Mine:
    info = DetectorInfo(name="whatever", model="mine.onnx", model_sha256="ab" * 32, threshold=0.5)

    def __init__(self, folder):
        self.folder = folder

    def detect(self, frame):
        return {detect}
"""
"""A detector whose `detect` returns one expression."""

Install = Callable[..., str]


def plain(detect: str = "Sight((Face(Box(0.1, 0.1, 0.2, 0.2), 0.9),))") -> str:
    return PLAIN.format(detect=detect)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution with one module and one entry point on the path, also of the processes that we start."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    numbers = itertools.count()

    def distribution(source: str, *, name: str = "mine", attribute: str = "Mine") -> str:
        module = f"plugin_{tmp_path.name}_{next(numbers)}"  # a name of its own: modules stay imported
        put(site, module, source, {name: f"{module}:{attribute}"})
        return module

    return distribution


def put(site: Path, module: str, source: str, points: dict[str, str]) -> None:
    """What an installer leaves behind."""
    (site / f"{module}.py").write_text(source)
    about = site / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (about / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{lines}")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's example, installed."""
    text = README.read_text(encoding="utf-8")
    section = text[text.index("## A detector of your own") :]
    python, toml = (re.search(rf"```{kind}\n(.*?)```", section, re.S) for kind in ("python", "toml"))
    assert python
    assert toml
    assert len(python[1].splitlines()) <= 25, "short enough to be read"
    points = tomllib.loads(toml[1])["project"]["entry-points"][plugins.GROUP]
    (module,) = {str(value).partition(":")[0] for value in points.values()}
    put(tmp_path, module, python[1], points)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


# --- being found ---


@pytest.mark.usefixtures("example")
def test_the_example_of_the_readme_finds_who_is_there_in_a_worker() -> None:
    with started("--detector", "lbp") as child:
        for number, (jpeg, count) in enumerate([(faces.no_face(), 0), (faces.one_face(), 1), (faces.two_faces(), 2)]):
            reply = child.ask(number + 1, jpeg)
            assert isinstance(reply, Observed)
            assert len(reply.observation.faces) == count


def test_it_is_told_the_models_folder_and_bears_the_name_it_was_chosen_by(install: Install, tmp_path: Path) -> None:
    install(plain("Sight((Face(Box(0, 0, 1, 1), len(self.folder.name)),))"))
    detector = choose("mine", tmp_path)
    assert (detector.info.name, detector.info.model, detector.info.threshold) == ("mine", "mine.onnx", 0.5)
    assert detector.detect(grey()).faces[0].score == len(tmp_path.name)
    install(plain("Sight((Face(Box(0, 0, 1, 1), 9 if self.folder is None else 1),))"), name="other")
    assert choose("other", None).detect(grey()).faces[0].score == 9


def test_it_may_also_be_made_by_a_function(install: Install) -> None:
    install(plain() + "\n\ndef make(folder):\n    return Mine(folder)\n", attribute="make")
    assert choose("mine", None).detect(grey()) == Sight((Face(Box(0.1, 0.1, 0.2, 0.2), 0.9),))


@pytest.mark.parametrize("name", ["auto", "hog", pytest.param("yunet", marks=faces.needs_models)])
def test_a_built_in_name_cannot_be_taken_over(install: Install, name: str) -> None:
    install(plain(), name=name)
    assert choose(name, faces.models_folder()).info.model != "mine.onnx"
    assert name not in plugins.names()
    assert load(detector=name).detector == name


def test_auto_never_picks_a_plugin(install: Install) -> None:
    install(plain())
    assert choose("auto", None).info.name == "hog"


def test_a_name_of_two_distributions_is_refused_with_both(install: Install) -> None:
    modules = [install(plain()), install(plain())]
    with pytest.raises(DetectorUnavailable) as caught:
        choose("mine", None)
    assert all(f"{module}:Mine" in str(caught.value) for module in modules)


def test_an_unknown_name_is_refused_with_what_there_is(install: Install) -> None:
    install(plain())
    with pytest.raises(DetectorUnavailable, match=r"no detector `magic`.*`auto`, `hog`, `yunet`, `mine`"):
        choose("magic", None)
    with pytest.raises(SettingsError, match=r"INVIGIL_DETECTOR: .*no such detector; there are auto, hog, yunet, mine"):
        load(detector="magic")
    assert load(detector="mine").detector == "mine"


# --- what does not load ---

UNFIT = {
    "a module that is missing": ("import no_such_module_anywhere", "ModuleNotFoundError"),
    "a module that does not compile": ("def (", "SyntaxError"),
    "a module that exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "a name that is missing": ("", "has no attribute 'Mine'"),
    "a thing that cannot be called": ("Mine = 3", "not callable"),
    "a callable that takes nothing": ("def Mine(): return None", "TypeError"),
    "a maker that fails": ("def Mine(folder): raise FileNotFoundError('mine.onnx')", "mine.onnx.*line 1"),
    "a maker that returns nothing": ("def Mine(folder): return None", "`info`, a DetectorInfo, and `detect`"),
    "a detector without a name": (plain().replace("info = ", "about = "), "`info`, a DetectorInfo"),
    "a detector that cannot look": (plain().replace("def detect", "def find"), "and `detect`"),
    "a property that fails": ("class Mine:\n def __init__(s, f): 0\n @property\n def info(s): 1 / 0", "ZeroDivision"),
    "a model that is a path": (plain().replace('"mine.onnx"', "__import__('pathlib').Path()"), "short texts"),
    "an endless name": (plain().replace('"mine.onnx"', "'x' * 501"), "short texts"),
    "a threshold that is none": (plain().replace("0.5", "float('nan')"), "a threshold"),
    "a threshold in words": (plain().replace("0.5", "'high'"), "a threshold"),
}


@pytest.mark.parametrize("source", UNFIT)
def test_what_does_not_fit_is_refused_by_its_name_and_the_reason(install: Install, source: str) -> None:
    program, words = UNFIT[source]
    module = install(program)
    with pytest.raises(DetectorUnavailable, match=rf"(?s)`mine` \({module}:Mine\).*{words}"):
        choose("mine", None)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import no_such_module_anywhere", b"cannot be loaded: ModuleNotFoundError"),
        (plain("1 / 0"), b"The detector `mine` failed on a frame: ZeroDivisionError"),
        (plain("None"), b"The detector `mine` answered nonsense: not a Sight but NoneType"),
    ],
)
def test_a_worker_says_at_its_start_why_it_cannot_and_ends(install: Install, program: str, words: bytes) -> None:
    install(program)
    child = Child("--detector", "mine")
    output, errors = child.close()
    assert (output, child.process.returncode) == (b"", worker.UNAVAILABLE)
    assert words in errors
    assert b"Traceback" not in errors


async def test_a_server_does_not_start_on_a_plugin_that_fails(
    install: Install, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    install("import no_such_module_anywhere")
    with pytest.raises(Exception, match="The detector cannot run"):
        async with serve(workers=1, detector="mine"):
            pass
    assert "cannot be loaded: ModuleNotFoundError" in caplog.text


# --- what it answers ---


class Says:
    """A plug-in with one answer."""

    info = DetectorInfo(name="says", model="none", model_sha256="", threshold=0.5)

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def detect(self, frame: Frame) -> Sight:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(frame) if callable(self.answer) else self.answer  # type: ignore[no-any-return]


def look(answer: Any) -> Sight:
    return Guarded(Says(answer), Says.info).detect(grey())


def grey() -> Frame:
    return np.full((240, 320, 3), 127, dtype=np.uint8)


def face(x: Any = 0.1, y: Any = 0.1, w: Any = 0.2, h: Any = 0.2, score: Any = 0.9, **more: Any) -> Face:
    return Face(Box(x, y, w, h), score, **more)


NONSENSE = {
    "nothing": None,
    "bare faces": (face(),),
    "faces that are no sequence": Sight(3),  # type: ignore[arg-type]
    "a face that is a box": Sight((Box(0, 0, 1, 1),)),  # type: ignore[arg-type]
    "a face without a box": Sight((Face((0, 0, 1, 1), 0.9),)),  # type: ignore[arg-type]
    "no number": Sight((face(math.nan),)),
    "an endless box": Sight((face(w=math.inf),)),
    "words": Sight((face("left"),)),
    "a missing coordinate": Sight((face(None),)),
    "pixels": Sight((face(32, 24, 64, 48),)),
    "a box left of the frame": Sight((face(-0.1),)),
    "a box below the frame": Sight((face(y=0.9),)),
    "a box without area": Sight((face(w=0),)),
    "a negative box": Sight((face(h=-0.1),)),
    "a score that is no number": Sight((face(score=math.nan),)),
    "a score beyond all": Sight((face(score=1e7),)),
    "a score of an array": Sight((face(score=np.zeros(3)),)),
    "a face below the threshold": Sight((face(), face(score=0.4))),
    "thousands of faces": Sight((face(),) * 2000),
    "thousands of traces": Sight((), perhaps=(face(),) * 2000),
    "a trace out of the frame": Sight((), perhaps=(face(2),)),
    "two landmarks": Sight((face(landmarks=((0.1, 0.1), (0.2, 0.2))),)),
    "landmarks in pixels": Sight((face(landmarks=((100, 100),) * 5),)),
    "landmarks with three numbers": Sight((face(landmarks=((0.1, 0.1, 0.1),) * 5),)),
    "landmarks that are none": Sight((face(landmarks=None),)),
    "faces that fail when looked at": Sight(1 / each for each in (1, 0)),  # type: ignore[arg-type]
    "an error": ZeroDivisionError("division by zero"),
    "an exit": SystemExit(3),
}


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_a_fault_of_the_detector(answer: str) -> None:
    with pytest.raises(DetectorFault, match="The detector `says` "):
        look(NONSENSE[answer])


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        (Sight(()), Sight(())),
        (Sight([face()]), Sight((face(),))),  # type: ignore[arg-type]
        (Sight((face(score=0.6), face(score=0.8))), Sight((face(score=0.8), face(score=0.6)))),
        (Sight((), perhaps=(face(score=0.1),)), Sight((), perhaps=(face(score=0.1),))),
        (Sight((face(-0.0005, 0.8005, 0.3, 0.2),)), Sight((face(0.0, 0.8005, 0.3, 1 - 0.8005),))),
        (Sight((face(landmarks=[[0.1, 0.2]] * 5),)), Sight((face(landmarks=((0.1, 0.2),) * 5),))),
    ],
)
def test_sound_answers_are_passed_on_in_order(answer: Sight, passed: Sight) -> None:
    assert look(answer) == passed


def test_numbers_of_numpy_become_plain_ones() -> None:
    half = np.float32(0.5)
    seen = look(Sight((face(half, half, half, half, half, landmarks=np.full((5, 2), half)),)))
    (found,) = seen.faces
    box = found.box
    assert {type(each) for each in (box.x, box.y, box.w, box.h, found.score, *found.landmarks[0])} == {float}


def test_what_it_draws_on_the_frame_is_its_own() -> None:
    def draw(frame: Frame) -> Sight:
        frame[:] = 0
        return Sight(())

    frame = grey()
    Guarded(Says(draw), Says.info).detect(frame)
    assert np.array_equal(frame, grey())


# --- in a worker and in an exam ---

PARTIAL = plain("Sight((Face(Box(0.1, 0.1, 0.2, 0.2), 0.9),)) if frame.std() == 0 else {trouble}")
"""Sound on the grey frame at the start, and in trouble on every picture."""


@pytest.mark.parametrize("trouble", ["1 / 0", "Sight((Face(Box(3, 0, 1, 1), 1),))", "__import__('sys').exit(3)"])
def test_a_worker_outlives_its_plugins_faults(install: Install, trouble: str) -> None:
    install(PARTIAL.format(trouble=trouble))
    with started("--detector", "mine") as child:
        for number, jpeg in enumerate([faces.one_face(), b"nonsense", faces.one_face()], start=1):
            reply = child.ask(number, jpeg)
            assert isinstance(reply, Failed)
            assert reply.readable is ("`mine`" in reply.error) is (jpeg != b"nonsense")


def test_a_plugin_that_prints_cannot_get_between_the_messages(install: Install) -> None:
    noise = "(print('noise'), __import__('os').write(1, b'noise'), Sight(()))[2]"
    install("import os, sys\nprint('noise', flush=True)\nos.system('echo noise')\n" + plain(noise))
    with started("--detector", "mine") as child:
        for number in range(1, 4):
            assert isinstance(child.ask(number, faces.no_face()), Observed)
        output, errors = child.close()
        assert output == b""
        assert errors.count(b"noise") == 2 + 2 * 4  # when it loads, when it warms, and for each picture


@pytest.fixture
async def server(serve: Serve, example: None) -> AsyncIterator[Running]:
    """A server that judges by the README's example."""
    async with serve(workers=1, detector="lbp") as server:
        yield server


async def test_an_incident_names_the_plugin_that_judged(http: Http, room: Exam) -> None:
    assert (await http.get("/healthz")).json["detector"] == "lbp"
    async with people.proctor(room) as paula, people.candidate(room) as ada:
        opened = await ada.stream(faces.two_faces(), asyncio.ensure_future(paula.inbox.next("incident")))
        why = opened["incident"]["why"]
        assert (opened["incident"]["kind"], why["detector"]) == ("multiple_faces", "lbp")
        assert len(why["model_sha256"]) == 64
        # It gives no landmarks, and says so: nobody is told that it is looked at who they are.
        looked_for = set((await http.get("/api/held", str(ada.token))).json["looked_for"])
        assert "multiple_faces" in looked_for
        assert not looked_for & {"different_person", "looking_away"}


async def test_an_exam_goes_on_under_a_plugin_that_fails_and_says_that_nobody_is_judged(
    install: Install, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "FAULTS", 3)
    install(PARTIAL.format(trouble="1 / 0"))
    async with serve(workers=1, detector="mine") as server, people.calls(server) as http:
        room = await people.exam(http, sample_interval=0.1, stream={"fps": 15}, stream_lost_after=1)
        async with people.proctor(room) as paula, people.candidate(room) as ada:
            assert paula.inbox.all("snapshot")[0]["notice"] is None
            told = paula.inbox.next("snapshot", where=lambda data: data["notice"])
            snapshot = await ada.stream(faces.one_face(), asyncio.ensure_future(told))
            assert "(mine) fails" in snapshot["notice"]
            health = (await http.get("/healthz")).json
            assert (health["status"], health["workers"]) == ("degraded", {"wanted": 1, "alive": 1})
            assert await http.metric("samples_failed_total") >= 3
            assert await http.metric("detector_restarts_total") == 0
            # The camera is fine: what fails is the detector.
            assert not paula.inbox.all("incident")
            assert all(each["refused"] == 0 for each in snapshot["candidates"])


def test_hello_holds_what_a_plugin_says_of_itself(install: Install) -> None:
    install(plain())
    child = Child("--detector", "mine")
    number, payload = child.receive()
    assert (number, codec.parse_hello(payload)) == (codec.HELLO_ID, choose("mine", None).info)
    child.close()


def test_the_example_sees_what_the_built_in_ones_see(example: None) -> None:
    (found,) = choose("lbp", None).detect(decode(faces.one_face())).faces
    (hog,) = choose("hog", None).detect(decode(faces.one_face())).faces
    middles = [(each.box.x + each.box.w / 2, each.box.y + each.box.h / 2) for each in (found, hog)]
    assert math.dist(*middles) < 0.08
