"""Settings: checked together, read from one place, never shown."""

import os
from pathlib import Path

import pytest

from server.errors import Invalid
from server.settings import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("INVIGIL_")]:
        monkeypatch.delenv(name)


def test_without_any_setting_there_are_the_defaults_of_the_design() -> None:
    settings = load()
    assert (settings.sample_interval, settings.max_interval) == (1.0, 5.0)
    assert (settings.stream_fps, settings.stream_width, settings.stream_quality) == (5.0, 480, 0.6)
    assert settings.host == "127.0.0.1"


BAD = {
    "INVIGIL_PORT": "70000",
    "INVIGIL_PUBLIC_URL": "not a url",
    "INVIGIL_TOKEN_LIFETIME": "0",
    "INVIGIL_EVIDENCE_LINK_LIFETIME": "-1",
    "INVIGIL_MAX_CANDIDATES": "0",
    "INVIGIL_METRICS": "perhaps",
    "INVIGIL_WORKERS": "many",
    "INVIGIL_SAMPLE_INTERVAL": "0",
    "INVIGIL_STREAM_FPS": "99",
    "INVIGIL_STREAM_WIDTH": "12",
    "INVIGIL_STREAM_QUALITY": "2",
    "INVIGIL_LOG_LEVEL": "loud",
}


def test_all_faults_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    lines = str(caught.value).splitlines()
    assert {line.split(":")[0].strip() for line in lines[1:]} == set(BAD)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OPERATOR_TOKEN", "short-secret", "16 characters"),
        ("SECRET", "short-secret-of-31-letters-long", "32 characters"),
        ("MAX_INTERVAL", "0.5", "sample_interval"),
        ("DETECTOR", "magic", "there are auto, hog, yunet"),
        ("STREAM_FPS", "nan", ""),
        ("STREAM_FPS", "inf", ""),
        ("SAMPLE_INTERVAL", "nan", ""),
        ("TOKEN_LIFETIME", "nan", ""),
        ("TOKEN_LIFETIME", "inf", ""),
    ],
)
def test_a_single_fault_is_named_with_its_setting(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"INVIGIL_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert f"INVIGIL_{name}" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["OPERATOR_TOKEN", "SECRET"])
def test_a_refused_secret_is_not_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"INVIGIL_{name}", "hush-hush")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "hush-hush" not in str(caught.value)


def test_secrets_do_not_show_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVIGIL_OPERATOR_TOKEN", "operator-token-operator")
    monkeypatch.setenv("INVIGIL_SECRET", "secret-" * 8)
    monkeypatch.setenv("INVIGIL_DATABASE_URL", "postgresql://ada:password@localhost/exams")
    shown = repr(load()) + str(load())
    assert not any(word in shown for word in ("operator-token-operator", "secret-secret", "password"))


def test_the_command_line_goes_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVIGIL_PORT", "1234")
    assert load(port=0, host=None, data_dir=None).port == 0


def test_settings_are_read_from_dotenv_under_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    (tmp_path / ".env").write_text("INVIGIL_PORT=1111\nINVIGIL_HOST=0.0.0.0\nOTHER=1\n")
    monkeypatch.setenv("INVIGIL_PORT", "2222")
    settings = load()
    assert (settings.port, settings.host) == (2222, "0.0.0.0")


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", []),
        ("https://a.example", ["https://a.example"]),
        (" https://a.example , https://b.example,", ["https://a.example", "https://b.example"]),
    ],
)
def test_origins_are_separated_by_commas(text: str, origins: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVIGIL_ALLOWED_ORIGINS", text)
    assert load().allowed_origins == origins


def test_a_meeting_overrides_rules_and_stream() -> None:
    made = load().for_meeting({"sample_interval": 0.5, "no_face": {"enabled": False}, "stream": {"fps": 2}})
    assert made.rules.sample_interval == 0.5
    assert not made.rules.no_face.enabled
    assert (made.stream.fps, made.stream.width) == (2, 480)


def test_a_meeting_without_overrides_has_the_servers_settings() -> None:
    made = Settings(sample_interval=0.25, max_interval=2, stream_fps=3).for_meeting({})
    assert (made.rules.sample_interval, made.rules.max_interval, made.stream.fps) == (0.25, 2, 3)


@pytest.mark.parametrize(
    "overrides",
    [
        {"unknown": 1},
        {"no_face": {"unknown": 1}},
        {"no_face": 3},
        {"no_face": {"enter_samples": 1}},
        {"sample_interval": "often"},
        {"sample_interval": float("nan")},
        {"stream_lost_after": float("inf")},
        {"sample_interval": 6},
        {"stream": {"fps": 0}},
        {"stream": {"fps": float("nan")}},
        {"stream": {"colour": True}},
        {"stream": 5},
        {"stream": None},
        {"stream": []},
    ],
)
def test_a_meetings_override_that_cannot_be_used_is_refused(overrides: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="settings"):
        load().for_meeting(overrides)
