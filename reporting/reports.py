"""Writes reports to DATA_DIR/reports/<name>/<day of as_of>/, and mails them where the settings say so."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from alerting.channels import ChannelError, MailChannel
from alerting.settings import MailSettings, SettingsError, read_settings
from publishing.reading import NoReleaseError, OpenRelease, open_release
from reporting import at_risk_accounts, health_changes, retention
from reporting.contents import Report
from reporting.document import write_document
from reporting.page import write_page
from reporting.workbook import write_workbook


class ReportError(Exception):
    """No report was written, or not mailed; the message says why and what to do."""


@dataclass(frozen=True)
class Kind:
    """A report: how it is made, what it reads, and how often it is meant to be."""

    make: Callable[[OpenRelease], Report]
    reads: tuple[str, ...]
    every: str


REPORTS: dict[str, Kind] = {
    "at_risk_accounts": Kind(at_risk_accounts.at_risk_accounts, at_risk_accounts.READS, "day"),
    "health_changes": Kind(health_changes.health_changes, health_changes.READS, "week"),
    "retention": Kind(retention.retention, retention.READS, "month"),
}
FORMATS: dict[str, Callable[[Path, Report], Path]] = {
    "html": write_page,
    "pdf": write_document,
    "xlsx": write_workbook,
}


def write_report(
    data_dir: Path, name: str, formats: Iterable[str] = tuple(FORMATS), folder: Path | None = None
) -> list[Path]:
    """Write a report of the release that is out, and give the files.

    Each file is there whole or as it was; the page has the same bytes for the same release.

    Args:
        data_dir: data folder, with a release.
        name: one of REPORTS.
        formats: some of FORMATS.
        folder: where to; default: DATA_DIR/reports/<name>/<day of as_of>.

    Raises:
        ReportError: if there is no such report or format, no release, or the files cannot be written.
    """
    wanted = list(dict.fromkeys(formats))
    if name not in REPORTS:
        raise ReportError(f"There is no report {name!r}; there are {', '.join(REPORTS)}.")
    unknown = [form for form in wanted if form not in FORMATS]
    if unknown or not wanted:
        raise ReportError(f"The format is {','.join(unknown)!r}; it may be some of {', '.join(FORMATS)}.")
    try:
        with open_release(data_dir) as release:
            release.require(REPORTS[name].reads)
            report = REPORTS[name].make(release)
        folder = folder or data_dir / "reports" / name / f"{report.as_of:%Y-%m-%d}"
        return [FORMATS[form](folder / f"{name}.{form}", report) for form in wanted]
    except NoReleaseError as error:
        raise ReportError(str(error)) from error
    except (OSError, duckdb.Error) as error:
        raise ReportError(f"The report {name} was not written: {str(error).splitlines()[0]}") from error


def mail_report(data_dir: Path, name: str, files: list[Path]) -> list[str]:
    """Mail the files over every mail channel of the settings whose `reports` name this one; gives the channels.

    Raises ReportError for wrong settings or a server that does not take it; the files stay, and it can be mailed again.
    """
    try:
        channels = [
            channel
            for channel in read_settings(data_dir).channels
            if isinstance(channel, MailSettings) and name in channel.reports
        ]
        with open_release(data_dir) as release:
            made_of = f"Release {release.release_id}, as of {release.as_of:%Y-%m-%d %H:%M} UTC."
            subject = f"{name.replace('_', ' ').capitalize()}, {release.as_of:%Y-%m-%d}"
        for channel in channels:
            MailChannel(channel).send(str(uuid.uuid4()), subject, f"{made_of} The report is attached.\n", files)
    except (ChannelError, NoReleaseError, SettingsError) as error:
        raise ReportError(f"The report {name} was written but not mailed: {error}") from error
    return [channel.name for channel in channels]
