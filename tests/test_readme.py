"""The README names every setting and every event: what is not there does not exist for a reader."""

import re
from pathlib import Path

import pytest

from detection.rules import CameraRule, NoticeRule, RuleSettings, StreamRule
from detection.rules.settings import Rule
from detection.values import Kind
from server.protocol import INBOUND, OUTBOUND
from server.settings import Settings

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(readme: str, name: str) -> None:
    assert f"`INVIGIL_{name.upper()}`" in readme


PLAIN = {
    name: f"{default:g}" if isinstance(default, float) else str(default)
    for name, field in Settings.model_fields.items()
    if isinstance(default := field.default, str | int | float | Path) and not isinstance(default, bool)
}
"""The defaults that can be written down, by setting."""


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_the_readme_has_the_default_of_every_setting(readme: str, name: str) -> None:
    assert f"\n| `INVIGIL_{name.upper()}` | `{PLAIN[name]}` |" in readme


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


KINDS = [kind for kind in Kind if kind in RuleSettings.model_fields]


def cells(rule: Rule) -> list[str]:
    """A rule's defaults as the README's table has them, after its kind and what that means."""
    values = {
        field: "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        for field, value in rule
    }
    shared = next(each for each in (CameraRule, NoticeRule, StreamRule) if isinstance(rule, each))
    own = [f"`{field}` {values[field]}" for field in values if field not in shared.model_fields]
    opens = (
        f"{values['enter_samples']} of {values['window']} over {values['enter_seconds']} s"
        if shared is CameraRule
        else "at once"
    )
    if isinstance(rule, StreamRule):
        opens = f"`stream_lost_after` {RuleSettings().stream_lost_after:g} s"
    over = [values.get("leave_samples", "-"), values.get("leave_seconds", "-"), values.get("merge_seconds", "-")]
    grows = f"{values['severity']}, {values['warning_after']}, {values['critical_after']}"
    return [opens, ", ".join(over), grows, ", ".join(own)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_has_every_rule_with_its_defaults(readme: str, kind: Kind) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in readme.splitlines()
        if line.startswith(f"| `{kind}` |")
    ]
    assert len(rows) == 1
    _, meaning, *found = rows[0]
    assert found == cells(RuleSettings().rule(kind))
    assert meaning


@pytest.mark.parametrize("field", sorted(set(RuleSettings.model_fields) - set(KINDS)))
def test_the_readme_has_every_setting_of_all_kinds_with_its_default(readme: str, field: str) -> None:
    value = getattr(RuleSettings(), field)
    assert f"`{field}` ({'none' if value is None else f'{value:g}'})" in readme


def test_the_readme_has_the_pause_between_banners(readme: str) -> None:
    assert {RuleSettings().rule(kind).banner_pause for kind in KINDS} == {3}
    assert "`banner_pause` (3)" in readme
