"""The settings of alerts and of mailed reports: which channels there are, and what goes over which. Secrets stand in the environment only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reporting.names import EVERY

#: The environment variable that names another file than DATA_DIR/alerts.yml.
SETTINGS_FILE = "ALERTS_SETTINGS"

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class SettingsError(Exception):
    """The settings cannot be used; the message names the setting, what it is, and what it may be."""


class ChannelSettings(BaseModel):
    """What every channel has. The descriptions say what a value may be, for the message about one that is not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[A-Za-z0-9_.-]{1,60}$", description="1 to 60 letters, digits, dots, dashes or underscores"
    )
    severities: tuple[Severity, ...] = Field(
        default=SEVERITIES, min_length=1, description="a list of critical, high, medium, low"
    )
    owners: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="a list of names as in csm_owner; leave it out for everybody"
    )
    rules: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="a list of rules of seeds/alert_rules.csv that are in the release; leave it out for all",
    )
    tells_cleared: bool = Field(default=False, description="true or false")
    digest_above: int | None = Field(
        default=20, ge=1, description="a whole number from 1: of more alerts that begin at once only a summary is sent"
    )
    timeout_seconds: float = Field(default=10, gt=0, le=120, description="seconds, more than 0 and at most 120")


class WebhookSettings(ChannelSettings):
    """A webhook that takes Slack's messages."""

    kind: Literal["webhook"] = Field(description="webhook, mail or file")
    url_env: str = Field(pattern=_VARIABLE, description="the name of the environment variable that holds the URL")


class MailSettings(ChannelSettings):
    """Mail over SMTP."""

    kind: Literal["mail"] = Field(description="webhook, mail or file")
    host: str = Field(min_length=1, description="the name of the mail server")
    port: int = Field(default=587, ge=1, le=65535, description="a whole number from 1 to 65535")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="starttls, tls or none")
    ca_file: Path | None = Field(default=None, description="a file with the certificate of your own authority")
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="a mail address")
    recipients: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = Field(
        min_length=1, description="a list of mail addresses"
    )
    username_env: str | None = Field(
        default=None, pattern=_VARIABLE, description="the name of the environment variable that holds the user"
    )
    password_env: str | None = Field(
        default=None, pattern=_VARIABLE, description="the name of the environment variable that holds the password"
    )
    reports: tuple[Annotated[str, Field(pattern=f"^({'|'.join(EVERY)})$")], ...] = Field(
        default=(), description=f"a list of {', '.join(EVERY)}"
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> MailSettings:
        if (self.username_env is None) != (self.password_env is None):
            raise ValueError("username_env and password_env are set together, or neither is")
        return self


class FileSettings(ChannelSettings):
    """A file of JSON lines."""

    kind: Literal["file"] = Field(description="webhook, mail or file")
    path: Path = Field(
        default=Path("alerts.jsonl"), description="a path; one that is not absolute begins at DATA_DIR/alerts/"
    )
    tells_cleared: bool = Field(default=True, description="true or false")
    digest_above: int | None = Field(default=None, ge=1, description="a whole number from 1, or nothing")


_KINDS: dict[str, type[ChannelSettings]] = {"webhook": WebhookSettings, "mail": MailSettings, "file": FileSettings}


class AlertSettings(BaseModel):
    """All of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[Annotated[WebhookSettings | MailSettings | FileSettings, Field(discriminator="kind")], ...] = Field(
        default_factory=lambda: (FileSettings(name="file", kind="file"),),
        description="a list of channels, each with name, kind and what its kind asks for",
    )
    keep_days: int = Field(default=400, ge=1, description="a whole number of days from 1")
    run_seconds: float = Field(default=60, gt=0, le=3600, description="seconds, more than 0 and at most 3600")

    @model_validator(mode="after")
    def _names_differ(self) -> AlertSettings:
        names = [channel.name for channel in self.channels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two channels are called {twice[0]!r}; every channel has a name of its own")
        return self


def settings_file(data_dir: Path) -> Path:
    """Where the settings of a data folder stand, whether they do or not."""
    return Path(os.environ.get(SETTINGS_FILE) or data_dir / "alerts.yml")


def read_settings(data_dir: Path) -> AlertSettings:
    """The settings of a data folder; without a file, one channel: DATA_DIR/alerts/alerts.jsonl.

    Raises SettingsError for the first thing that is wrong.
    """
    path = settings_file(data_dir)
    if not path.exists():
        if os.environ.get(SETTINGS_FILE):
            raise SettingsError(f"{SETTINGS_FILE} is {str(path)!r}, and there is no such file; name one, or unset it.")
        return AlertSettings()
    try:
        given = yaml.safe_load(path.read_text()) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        at = getattr(error, "problem_mark", None)
        place = f", line {at.line + 1}" if at else ""
        raise SettingsError(f"{path}{place} is not YAML: {getattr(error, 'problem', None) or error}.") from error
    if not isinstance(given, dict):
        raise SettingsError(
            f"{path} is {type(given).__name__}; it may be a mapping with channels, keep_days, run_seconds."
        )
    try:
        return AlertSettings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(f"{path}: {_sentence(error.errors(include_url=False)[0])}") from error


def require_rules(settings: AlertSettings, known: Iterable[str], data_dir: Path) -> None:
    """Raises SettingsError if a channel names a rule that is not `known`: nobody would ever be told over it."""
    rules = sorted(known)
    for place, channel in enumerate(settings.channels):
        for turn, rule in enumerate(channel.rules or ()):
            if rule not in rules:
                raise SettingsError(
                    f"{settings_file(data_dir)}: channels[{place}].rules[{turn}] is {rule!r}; it may be a rule of the release: {', '.join(rules)}."
                )


def secret(variable: str, channel: str, setting: str) -> str:
    """The value of an environment variable that a channel names. Raises SettingsError if it is not set."""
    value = os.environ.get(variable, "")
    if not value:
        raise SettingsError(
            f"The channel {channel!r} takes {setting} from the environment variable {variable}, which is not set."
        )
    return value


def _sentence(error: Any) -> str:
    """One error of pydantic as: the setting, what it is, and what it may be."""
    steps = list(error["loc"])
    model: type[BaseModel] = AlertSettings
    names: list[str] = []
    allowed = ""
    for step in steps:
        if isinstance(step, int):
            names[-1] += f"[{step}]"
        elif step in _KINDS and names and names[-1].startswith("channels["):
            model = _KINDS[step]
        else:
            names.append(str(step))
            known = model.model_fields.get(str(step))
            allowed = (known.description or "") if known else allowed
    setting = ".".join(names)
    if error["type"] == "extra_forbidden":
        # Its value is not shown: it may be a secret in the wrong place.
        return f"{setting} is no setting; there are {', '.join(model.model_fields)}. Secrets stand in the environment only."
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = error["input"].get("kind") if isinstance(error["input"], dict) else error["input"]
        return f"{setting}.kind is {given!r}; it may be webhook, mail or file."
    if error["type"] == "missing":
        return f"{setting} is missing; it may be {allowed}."
    if error["type"] == "value_error":
        return f"{setting + ': ' if setting else ''}{error['ctx']['error']}."
    value = "not the name of a variable" if setting.endswith("_env") else repr(error["input"])
    return f"{setting} is {value}; it may be {allowed}."
