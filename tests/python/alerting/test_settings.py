"""Settings that are wrong are told by name, with what they are and may be; secrets never are."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerting.settings import SettingsError, read_settings

MAIL = "{name: m, kind: mail, host: h, sender: a@b.test, recipients: [c@d.test]"


def test_without_a_file_there_is_one_channel(tmp_path: Path) -> None:
    (channel,) = read_settings(tmp_path).channels
    assert (channel.name, channel.kind, channel.digest_above) == ("file", "file", None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"channels: [{MAIL}, port: abc}}]", "channels[0].port is 'abc'; it may be a whole number from 1 to 65535."),
        (f"channels: [{MAIL}, port: 70000}}]", "channels[0].port is 70000; it may be a whole number from 1 to 65535."),
        (f"channels: [{MAIL}, severities: [hihg]}}]", "channels[0].severities[0] is 'hihg'; it may be a list of critical, high, medium, low."),
        (f"channels: [{MAIL}, reports: [retention, at_risk_account]}}]", "channels[0].reports[1] is 'at_risk_account'; it may be a list of at_risk_accounts, health_changes, retention."),
        ("channels: [{name: w, kind: webhook}]", "channels[0].url_env is missing; it may be the name of the environment variable that holds the URL."),
        ("channels: [{name: w, kind: slack}]", "channels[0].kind is 'slack'; it may be webhook, mail or file."),
        ("channels: [{name: w}]", "channels[0].kind is None; it may be webhook, mail or file."),
        ("channels: [{name: a, kind: file}, {name: a, kind: file}]", "two channels are called 'a'; every channel has a name of its own."),
        (f"channels: [{MAIL}, username_env: U}}]", "channels[0]: username_env and password_env are set together, or neither is."),
        ("keep_days: 0", "keep_days is 0; it may be a whole number of days from 1."),
        ("keep_day: 9", "keep_day is no setting; there are channels, keep_days, run_seconds."),
        ("channels: 3", "channels is 3; it may be a list of channels, each with name, kind and what its kind asks for."),
        ("channels: [", "line 1 is not YAML"),
        ("- a", "is list; it may be a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "alerts.yml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert sentence in str(caught.value)
    assert str(tmp_path / "alerts.yml") in str(caught.value)


@pytest.mark.parametrize(
    "text", [f"channels: [{MAIL}, password: hunter2}}]", "channels: [{name: w, kind: webhook, url_env: 'https://x.test/hunter2'}]"]
)  # fmt: skip
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "alerts.yml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_another_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_SETTINGS", str(tmp_path / "other.yml"))
    with pytest.raises(SettingsError, match="there is no such file"):
        read_settings(tmp_path)
    (tmp_path / "other.yml").write_text("keep_days: 7")
    assert read_settings(tmp_path).keep_days == 7
