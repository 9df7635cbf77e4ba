"""The README names every setting and every event: what is not there does not exist for a reader."""

import re
from pathlib import Path

import pytest

from detection.values import Kind
from server.protocol import INBOUND, OUTBOUND
from server.settings import Settings

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def readme() -> str:
    text = README.read_text(encoding="utf-8")
    if "INVIGIL_" not in text:
        pytest.skip("README.md has no table of settings yet")
    return text


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(readme: str, name: str) -> None:
    assert f"`INVIGIL_{name.upper()}`" in readme


@pytest.mark.parametrize("event", sorted({*INBOUND, *OUTBOUND}))
def test_every_event_is_in_the_readme(readme: str, event: str) -> None:
    assert f"`{event}`" in readme


def test_the_readme_names_no_setting_that_does_not_exist(readme: str) -> None:
    named = {name.rstrip("_") for name in re.findall(r"INVIGIL_([A-Z_]+)", readme)}
    unknown = {name for name in named if name.lower() not in Settings.model_fields}
    composed = (README.parent / "docker" / "compose.yaml").read_text(encoding="utf-8")
    assert {name for name in unknown - {"NAME"} if f"INVIGIL_{name}" not in composed} == set()


def test_every_kind_of_incident_is_one_word_of_the_wire() -> None:
    assert all(kind.value == kind.value.lower() and " " not in kind.value for kind in Kind)
