"""`customer-analytics alerts` and `report`: what they say of a release, and of settings that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from command_line.alert_commands import tell_alerts
from tests.python.alerting.conftest import Mailbox, Released, an_alert, free_port, mailbox, released  # noqa: F401
from tests.python.reporting.test_reports import Lay, lay  # noqa: F401

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
    (tmp_path / "alerts.yml").write_text("channels: [{name: log, kind: file, rules: [low_helth]}]")
    assert (
        "rules[0] is 'low_helth'; it may be a rule of the release: low_health."
        in command("alerts", "--data-dir", tmp_path).stderr
    )
    tell_alerts(tmp_path)
    tell_alerts(tmp_path / "nothing")


def test_a_recipient_whom_a_server_refuses_is_shown(
    command: Command,
    tmp_path: Path,
    released: Released,  # noqa: F811
    mailbox: Mailbox,  # noqa: F811
) -> None:
    released(an_alert("a"))
    mailbox.refusals = {"gone@d.test": "550 nobody here"}
    (tmp_path / "alerts.yml").write_text(
        f"channels: [{{name: mail, kind: mail, host: 127.0.0.1, port: {mailbox.port}, security: none, sender: a@b.test, recipients: [c@d.test, gone@d.test]}}]"
    )
    assert command("alerts", "--send", "--data-dir", tmp_path).exit_code == 0
    shown = command("alerts", "--data-dir", tmp_path).stdout
    assert "but not for gone@d.test" in shown
    assert "mail reaches nobody at gone@d.test (SMTP 550 nobody here)" in shown


def test_mail_that_was_asked_for_and_did_not_go_out_is_an_error(
    command: Command,
    lay: Lay,  # noqa: F811
    mailbox: Mailbox,  # noqa: F811
) -> None:
    data = lay()
    asked = ("report", "retention", "--format", "html", "--mail", "--data-dir", data)
    nobody = command(*asked)
    assert nobody.exit_code == 1
    assert f"set `reports: [retention]` for a channel of kind mail in {data / 'alerts.yml'}." in nobody.stderr
    common = (
        "kind: mail, host: 127.0.0.1, security: none, sender: a@b.test, recipients: [c@d.test], reports: [retention]"
    )
    board = f"{{name: board, port: {mailbox.port}, {common}}}"
    (data / "alerts.yml").write_text(f"channels: [{{name: dead, port: {free_port()}, {common}}}, {board}]")
    some = command(*asked)
    assert some.exit_code == 1
    assert "mailed over board; not taken by dead (Connection refused)" in some.stderr
    (data / "alerts.yml").write_text(f"channels: [{board}]")
    for options, told in (((), "mailed before over board"), (("--again",), "mailed over board")):
        every = command(*asked, *options)
        assert every.exit_code == 0
        assert told in every.stdout


def test_a_report_that_cannot_be_made(command: Command, tmp_path: Path) -> None:
    result = command("report", "retention", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "run `customer-analytics run` first" in result.stderr
