"""Every setting: `INVIGIL_<NAME>` in the environment or in `.env`, checked together at start."""

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from detection.faces import BUILT_IN, plugins
from detection.rules import RuleSettings
from detection.rules import SettingsError as RuleSettingsError
from server.checks import fault_lines, faults
from server.errors import Invalid
from server.protocol import Pace
from storage.days import Days

_ID = r"^[A-Za-z0-9._-]{1,100}$"
"""An id of another service: it becomes part of addresses."""


class SettingsError(Exception):
    """Settings that cannot be used; the text names every fault."""


class Settings(BaseSettings):
    """The operator's settings."""

    model_config = SettingsConfigDict(env_prefix="INVIGIL_", env_file=".env", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    """Address to listen on. Browsers give a camera only to https or localhost: put a TLS proxy before any other."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_url: HttpUrl | None = None
    """Where people reach the server, for the links it makes. Unset, the address of the request is used."""
    allowed_origins: Annotated[list[str], NoDecode] = []
    """Other origins whose pages may use the API and the sockets, separated by commas."""
    data_dir: Path = Path("data")
    """Folder for everything that is kept."""
    database_url: SecretStr | None = None
    """A PostgreSQL of your own, `postgresql://…`. Unset, the server runs its own in the data folder."""
    evidence_url: str | None = None
    """An object store for photographs (`s3://bucket/prefix`, `gs://…`, `az://…`). Unset, the data folder."""
    record: bool = True
    """Whether every frame that is received is recorded: `on` or `off`."""
    recordings_url: str | None = None
    """An object store for recordings, as for photographs. Unset, the data folder."""
    video_cache: float = Field(default=2.0, ge=0.01, le=100_000)
    """Gigabytes in the data folder for videos of recordings, which are made for whoever asks and can be made again."""
    keep_stream_days: int | None = Field(default=None, ge=1, le=36_500)
    """Days after a meeting's end after which its recordings are deleted. Unset, nothing does that by itself."""
    keep_evidence_days: int | None = Field(default=None, ge=1, le=36_500)
    """The same for photographs."""
    keep_incidents_days: int | None = Field(default=None, ge=1, le=36_500)
    """The same for incidents, reviews, what browsers reported, and the candidates' names; not before the others."""
    compact_after_days: int | None = Field(default=None, ge=0, le=36_500)
    """Days after a meeting's end after which what nobody flagged of its recordings is re-encoded. Unset, never."""
    operator_token: SecretStr | None = None
    """The operator's secret, at least 16 characters. Unset, one is made at each start."""
    secret: SecretStr | None = None
    """Key that signs tokens, at least 32 characters. Unset, one is made and kept in the data folder."""
    token_lifetime: float = Field(default=24 * 3600, gt=0, le=400 * 86400)
    """Seconds for which a participant's link is good."""
    evidence_link_lifetime: float = Field(default=12 * 3600, gt=0, le=30 * 86400)
    """Seconds for which the link to a photograph, a video or a bundle is good."""
    max_candidates: int = Field(default=1000, ge=1, le=100_000)
    """Most candidates a meeting takes."""
    metrics: Literal["open", "operator", "off"] = "open"
    """Who may read /metrics, which are counts and name nobody: anyone, whoever has the operator's token, or nobody."""
    detector: str = "auto"
    """`auto` (YuNet if its weights are there, else `hog`), `hog`, `yunet` or the name of an installed plug-in."""
    models: Path | None = None
    """Folder with the weights. Unset, `models` in the data folder, where `invigil models fetch` puts them."""
    workers: int = Field(default_factory=lambda: max(2, min(8, (os.cpu_count() or 2) - 1)), ge=0, le=64)
    """Detection processes. 0 switches detection off: frames are taken and nothing is judged."""
    sample_interval: float = Field(default=1.0, ge=0.1, le=60)
    """Seconds between the samples of one candidate while nothing is wrong."""
    max_interval: float = Field(default=5.0, ge=0.1, le=120)
    """Seconds past which overload does not stretch the interval of anyone before all others."""
    stream_fps: float = Field(default=5.0, gt=0, le=15)
    """Frames a second that candidates send."""
    stream_width: int = Field(default=480, ge=160, le=1280)
    """Width of those frames in pixels."""
    stream_quality: float = Field(default=0.6, ge=0.3, le=0.95)
    """JPEG quality of those frames."""
    webhook_urls: Annotated[list[HttpUrl], NoDecode] = []
    """Other services that are told of incidents and of the end of meetings, separated by commas."""
    webhook_secret: SecretStr | None = None
    """What signs that, as Standard Webhooks has it: `whsec_` and base64, or any text of at least 24 characters."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is written to standard error."""
    candidate_preset: str = Field(default="group_call_participant", min_length=1, max_length=100)
    """Dyte's or RealtimeKit's preset for candidates: what they may do in the video meeting. Never a host's."""
    proctor_preset: str = Field(default="group_call_host", min_length=1, max_length=100)
    """The preset for proctors."""
    dyte_organization_id: str | None = Field(default=None, pattern=_ID)
    """With `dyte_api_key`: meetings may be held at Dyte."""
    dyte_api_key: SecretStr | None = None
    """The organization's secret."""
    dyte_url: HttpUrl = HttpUrl("https://api.dyte.io/v2")
    """Where Dyte's API is."""
    dyte_webhook_key_url: HttpUrl = HttpUrl("https://api.dyte.io/.well-known/webhooks.json")
    """Where the public key is by which Dyte's webhooks are checked."""
    realtimekit_account_id: str | None = Field(default=None, pattern=_ID)
    """With the next two: meetings may be held at Cloudflare RealtimeKit."""
    realtimekit_app_id: str | None = Field(default=None, pattern=_ID)
    """The app of that account."""
    realtimekit_api_token: SecretStr | None = None
    """A Cloudflare API token with the permission Realtime Admin."""
    realtimekit_url: HttpUrl = HttpUrl("https://api.cloudflare.com/client/v4")
    """Where Cloudflare's API is."""
    realtimekit_webhook_key_url: HttpUrl = HttpUrl("https://api.realtime.cloudflare.com/.well-known/webhooks.json")
    """Where the public key is by which RealtimeKit's webhooks are checked."""

    @field_validator("allowed_origins", "webhook_urls", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    @field_validator("operator_token", "secret", "webhook_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        least = {"operator_token": 16, "secret": 32, "webhook_secret": 24}[str(info.field_name)]
        if value is not None and len(value.get_secret_value()) < least:
            raise ValueError(f"at least {least} characters, or it can be guessed")
        return value

    @field_validator("dyte_api_key", "realtimekit_api_token")
    @classmethod
    def _fit_for_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]*", value.get_secret_value()):
            raise ValueError("has characters that no key has: spaces, line breaks or others beyond ASCII")
        return value

    @field_validator("detector")
    @classmethod
    def _installed(cls, value: str) -> str:
        if value not in BUILT_IN and value not in (others := plugins.names()):
            raise ValueError(f"no such detector; there are {', '.join([*BUILT_IN, *others])}")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        text = "" if value is None else value.get_secret_value()
        if text.startswith("whsec_"):
            try:
                base64.b64decode(text.removeprefix("whsec_"), validate=True)
            except ValueError:
                raise ValueError("what stands after whsec_ is no base64") from None
        return value

    @model_validator(mode="after")
    def _check_webhooks(self) -> Self:
        if self.webhook_urls and self.webhook_secret is None:
            raise ValueError("webhook_secret: needed with webhook_urls, or nobody could tell what is ours")
        return self

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        if self.max_interval < self.sample_interval:
            raise ValueError("max_interval: not below sample_interval")
        return self

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        if fault := self.days.fault():
            raise ValueError(f"keep_{fault}")
        return self

    @property
    def days(self) -> Days:
        """How long the parts of a meeting are kept, unless it has days of its own."""
        return Days(self.keep_stream_days, self.keep_evidence_days, self.keep_incidents_days)

    @model_validator(mode="after")
    def _check_presets(self) -> Self:
        if self.candidate_preset == self.proctor_preset:
            raise ValueError(
                "candidate_preset: the same as proctor_preset; candidates must not be able to run the room"
            )
        if "host" in self.candidate_preset.casefold():
            raise ValueError(
                "candidate_preset: a host's preset by its name; candidates must not be able to run the room"
            )
        return self

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        for names in (
            ("dyte_organization_id", "dyte_api_key"),
            ("realtimekit_account_id", "realtimekit_app_id", "realtimekit_api_token"),
        ):
            missing = [name for name in names if not _is_set(getattr(self, name))]
            if missing and len(missing) < len(names):
                others = ", ".join(f"INVIGIL_{name.upper()}" for name in names if name not in missing)
                raise ValueError(f"{missing[0]}: not set, though {others} is; set all of them or none")
        return self

    @property
    def models_dir(self) -> Path:
        """Where the weights are."""
        return self.models if self.models is not None else self.data_dir / "models"

    def for_meeting(self, overrides: dict[str, Any]) -> "MeetingSettings":
        """These settings with a meeting's own over them: those of the rules, and `stream`.

        Raises:
            Invalid: the overrides name an unknown setting or a value out of range.
        """
        stream = {"fps": self.stream_fps, "width": self.stream_width, "quality": self.stream_quality}
        rules = {"sample_interval": self.sample_interval, "max_interval": self.max_interval, **overrides}
        asked = rules.pop("stream", {})
        try:
            pace = Pace.model_validate({**stream, **asked} if isinstance(asked, dict) else asked)
            return MeetingSettings(pace, RuleSettings.from_overrides(rules))
        except ValidationError as error:
            raise Invalid(f"settings.stream: {faults(error)}") from None
        except RuleSettingsError as error:
            raise Invalid(f"settings: {error}") from None


def _is_set(value: str | SecretStr | None) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


@dataclass(frozen=True, slots=True)
class MeetingSettings:
    """What is in force in one meeting."""

    stream: Pace
    """What the candidates' browsers are asked for."""
    rules: RuleSettings
    """When an observation becomes an incident, and how often one is made."""


def load(**given: Any) -> Settings:
    """The settings from the environment, with `given` (from the command line) over them.

    Raises:
        SettingsError: names every fault at once.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        lines = "\n".join(f"  INVIGIL_{fault}" for fault in fault_lines(error, upper=True))
        raise SettingsError(f"These settings cannot be used:\n{lines}") from None
