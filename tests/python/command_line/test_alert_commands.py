"""`customer-analytics alerts` and `report`: what they say of a release, and of settings that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from command_line.alert_commands import tell_alerts
from tests.python.alerting.conftest import Released, an_alert, released  # noqa: F401

Command = Callable[..., Result]


def test_open_alerts_are_shown_with_what_to_do_and_where_they_were_told(
    command: Command,
    tmp_path: Path,
    released: Released,  # noqa: F811
) -> None:
    released(an_alert("a", customer_name="Firm [red]"), an_alert("b", severity="low"))
    shown = command("alerts", "--data-dir", tmp_path).stdout
    assert "2 open alerts in release r1, as of 2026-10-31 12:00 UTC" in shown
    assert "high     Health score below 40: Firm [red] (a; owner Kim; since 2026-10-29)" in shown
    assert "To do: Call them" in shown
    assert "not told yet" in shown
    (tmp_path / "alerts.yml").write_text(
        "channels: [{name: log, kind: file, severities: [high]}, {name: hook, kind: webhook, url_env: NOT_SET, severities: [high]}]"
    )
    sent = command("alerts", "--send", "--data-dir", tmp_path)
    assert sent.exit_code == 1
    assert "alerts: 2 began, 0 cleared, 2 open; sent 1 to log; 1 wait for hook" in sent.stdout
    shown = command("alerts", "--data-dir", tmp_path, "--top", "1").stdout
    assert "log: sent 20" in shown
    assert "environment variable NOT_SET, which is not set" in shown
    assert "… and 1 more" in shown
    assert "goes over no channel" in command("alerts", "--data-dir", tmp_path).stdout


def test_wrong_settings_are_one_sentence_and_stop_no_run(
    command: Command,
    tmp_path: Path,
    released: Released,  # noqa: F811
) -> None:
    released(an_alert("a"))
    (tmp_path / "alerts.yml").write_text("keep_days: none")
    result = command("alerts", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "keep_days is 'none'; it may be a whole number of days from 1." in result.stderr
    assert result.stderr.count("\n") == 1
    tell_alerts(tmp_path)
    tell_alerts(tmp_path / "nothing")


def test_a_report_that_cannot_be_made(command: Command, tmp_path: Path) -> None:
    result = command("report", "retention", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "run `customer-analytics run` first" in result.stderr
