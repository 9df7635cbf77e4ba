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


# --- Dyte and RealtimeKit ---------------------------------------------------------------------------------

DYTE = {"INVIGIL_DYTE_ORGANIZATION_ID": "org", "INVIGIL_DYTE_API_KEY": "hush-hush"}
REALTIMEKIT = {
    "INVIGIL_REALTIMEKIT_ACCOUNT_ID": "account",
    "INVIGIL_REALTIMEKIT_APP_ID": "app",
    "INVIGIL_REALTIMEKIT_API_TOKEN": "hush-hush",
}


@pytest.mark.parametrize("credentials", [DYTE, REALTIMEKIT, {**DYTE, **REALTIMEKIT}, {}])
def test_whole_credentials_are_taken(credentials: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials.items():
        monkeypatch.setenv(name, value)
    assert "hush" not in repr(load())


@pytest.mark.parametrize("missing", [*DYTE, *REALTIMEKIT])
@pytest.mark.parametrize("empty", [True, False])
def test_half_set_credentials_are_a_fault_that_names_what_is_missing(
    missing: str, empty: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (DYTE if missing in DYTE else REALTIMEKIT).items():
        if name != missing:
            monkeypatch.setenv(name, value)
        elif empty and name.endswith(("_KEY", "_TOKEN")):
            monkeypatch.setenv(name, "")
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).splitlines()[1].startswith(f"  {missing}: ")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("credentials", [DYTE, REALTIMEKIT])
@pytest.mark.parametrize("secret", ["hush hush", "hush\n", "hush-é"])
def test_a_secret_that_no_header_can_carry_is_refused_and_not_repeated(
    secret: str, credentials: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in credentials.items():
        monkeypatch.setenv(name, secret if value == "hush-hush" else value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert "no key has" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["INVIGIL_REALTIMEKIT_ACCOUNT_ID", "INVIGIL_DYTE_ORGANIZATION_ID"])
@pytest.mark.parametrize("value", ["../x", "a b", "a/b", "?"])
def test_an_id_that_could_not_be_part_of_an_address_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load()


@pytest.mark.parametrize(
    ("candidate", "proctor"),
    [("group_call_host", "x"), ("Exam-HOST", "x"), ("same", "same"), ("", "x"), ("webinar_host_2", "x")],
)
def test_a_preset_for_candidates_by_which_they_could_run_the_room_is_refused(
    candidate: str, proctor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVIGIL_CANDIDATE_PRESET", candidate)
    monkeypatch.setenv("INVIGIL_PROCTOR_PRESET", proctor)
    with pytest.raises(SettingsError, match="INVIGIL_CANDIDATE_PRESET"):
        load()
