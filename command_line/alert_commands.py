"""`customer-analytics alerts` and `report`: what somebody should be told and what to do; and reports to read, to send round and to reckon with."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from command_line.console import DataDir, errors, fail, folder_of

if TYPE_CHECKING:
    from alerting.messages import Alert

console = Console(highlight=False, soft_wrap=True)


def alerts(
    send: Annotated[bool, typer.Option("--send", help="Send what was not told yet; `run` does so itself.")] = False,
    most: Annotated[int, typer.Option("--top", min=1, help="How many are shown.")] = 20,
    data_dir: DataDir = None,
) -> None:
    """Show the alerts that are open, what to do, and over which channels they were told."""
    from alerting.delivery import AlertError, send_alerts
    from alerting.settings import SettingsError
    from alerting.state import StateError
    from publishing.reading import NoReleaseError

    folder = folder_of(data_dir)
    try:
        if send:
            report = send_alerts(folder)
            console.print(escape(report.sentence))
            raise typer.Exit(1 if report.waiting else 0)
        _print_open(folder, most)
    except (AlertError, NoReleaseError, SettingsError, StateError) as error:
        raise fail(str(error)) from error


def tell_alerts(data_dir: Path) -> None:
    """Send alerts after a publication, and say so in a line. Whatever goes wrong is said and never raised: the release is out."""
    try:
        from alerting.delivery import send_alerts

        console.print(escape(send_alerts(data_dir).sentence))
    except Exception as error:
        errors.print(f"warned: alerts were not sent: {escape(str(error))} The release is out all the same.")


def report(
    name: Annotated[str, typer.Argument(help="at_risk_accounts, health_changes or retention.")],
    formats: Annotated[str, typer.Option("--format", help="Some of html, pdf and xlsx.")] = "html,pdf,xlsx",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder; default: reports/NAME/DAY of the data folder.", show_default=False),
    ] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Mail it over the mail channels that name it.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --mail: also to those who have it of this day.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write a report of the release that is out: a page, a PDF and a workbook."""
    from alerting.settings import settings_file
    from reporting.reports import ReportError, mail_report, write_report

    folder = folder_of(data_dir)
    if again and not mail:
        raise fail("--again mails a report to those who have it: give --mail as well.")
    try:
        wanted = [form.strip() for form in formats.split(",") if form.strip()]
        files = write_report(folder, name, wanted, out)
        for file in files:
            console.print(escape(str(file)))
        if mail:
            mailed = mail_report(folder, name, files, again)
            if mailed.waiting:
                raise fail(mailed.sentence)
            if not (mailed.sent or mailed.had):
                raise fail(
                    f"The report {name} was written but not mailed, since no mail channel has it among its reports: "
                    f"set `reports: [{name}]` for a channel of kind mail in {settings_file(folder)}."
                )
            console.print(escape(mailed.sentence))
    except ReportError as error:
        raise fail(str(error)) from error


def _print_open(folder: Path, most: int) -> None:
    from alerting.delivery import READS, read_alerts, read_rules, refused_recipients, unreached
    from alerting.settings import read_settings, require_rules
    from alerting.state import AlertState
    from publishing.reading import open_release

    settings = read_settings(folder)
    with open_release(folder) as release:
        release.require(READS)
        require_rules(settings, read_rules(release), folder)
        with AlertState(folder) as state:
            open_keys, states, waiting, set_aside, refused = (
                state.open_keys(),
                state.delivery_states(),
                state.waiting(),
                state.set_aside(),
                refused_recipients(state, settings),
            )
        shown = read_alerts(release, "holds")
        shown += [alert for alert in read_alerts(release, "not holds") if alert.alert_key in open_keys]
        console.print(
            f"{len(shown):,} open alert{'' if len(shown) == 1 else 's'} in release {release.release_id}, as of {release.as_of:%Y-%m-%d %H:%M} UTC"
        )
    for alert in shown[:most]:
        _print_alert(alert, states.get(alert.alert_key), alert.alert_key in open_keys)
    if len(shown) > most:
        console.print(f"\n… and {len(shown) - most:,} more; --top {len(shown)} shows all, metrics.alerts holds them")
    names = {channel.name for channel in settings.channels}
    for channel, (count, why) in waiting.items():
        gone = "" if channel in names else ", which the settings do not name any more"
        console.print(
            f"\n{count:,} message{' waits' if count == 1 else 's wait'} for {escape(channel)}{gone}{f': {escape(why)}' if why else ''}"
        )
    for words in unreached(refused):
        console.print(f"\n{escape(words)}")
    if set_aside:
        console.print(f"\n{set_aside:,} message{' was' if set_aside == 1 else 's were'} refused for good and set aside")


def _print_alert(alert: Alert, states: dict[str, str] | None, is_open: bool) -> None:
    about = [alert.customer_id] if alert.customer_id and alert.customer_name else []
    about += [f"owner {alert.owner}" if alert.owner else "no owner"]
    about += [f"since {alert.holds_since}"] if alert.holds_since else []
    console.print(
        f"\n[bold]{alert.severity:<8} {escape(alert.title)}: {escape(alert.subject_of)}[/bold] ({escape('; '.join(about))})"
    )
    told = "; ".join(f"{channel}: {state}" for channel, state in (states or {}).items())
    if not told:
        told = "goes over no channel" if is_open else "not told yet (`customer-analytics alerts --send`)"
    for line in (*textwrap.wrap(alert.explanation, 110), f"To do: {alert.action}", told):
        console.print(f"         {escape(line)}")
