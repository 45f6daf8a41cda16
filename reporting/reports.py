"""Writes reports to DATA_DIR/reports/<name>/<day of as_of>/, and mails them where the settings say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import duckdb

from alerting.delivery import AlertError, ReportDelivery, send_report
from alerting.messages import ReportMail
from operations.faults import kind_of, sentence_of
from publishing.reading import NoReleaseError, OpenRelease, open_release
from reporting.contents import Report
from reporting.document import write_document
from reporting.names import EVERY
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


def _kind(name: str, every: str) -> Kind:
    module = import_module(f"reporting.{name}")
    return Kind(getattr(module, name), module.READS, every)


REPORTS = {name: _kind(name, every) for name, every in EVERY.items()}
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
    except OSError as error:
        raise ReportError(f"The report {name} was not written: {_unwritten(error, folder or data_dir)}") from error
    except duckdb.Error as error:
        raise ReportError(f"The report {name} was not written: {str(error).splitlines()[0]}") from error


def _unwritten(error: OSError, folder: Path) -> str:
    known = sentence_of(error, folder) if kind_of(error) in ("disk_full", "no_right") else None
    # What else there is against a folder, no right and no space will mend.
    return known or f"{folder} cannot be made or written ({error.strerror or error}): name another folder with --out."


def mail_report(data_dir: Path, name: str, files: Sequence[Path], again: bool = False) -> ReportDelivery:
    """Mail the files over every mail channel of the settings whose `reports` name this one, once for each day of as_of; says which took it.

    What a channel does not take waits, with a copy of the files, and goes out with the next alerts or the next report.

    Args:
        data_dir: data folder, with a release.
        name: one of REPORTS.
        files: what is attached.
        again: mail it also to those who have it.

    Raises:
        ReportError: if the settings are wrong, a file cannot be read, or what is to be mailed cannot be kept; the files stay.
    """
    try:
        with open_release(data_dir) as release:
            release_id, as_of = release.release_id, release.as_of
        mail = ReportMail(
            message_id="",
            kind="report",
            subject=f"{name.replace('_', ' ').capitalize()}, {as_of:%Y-%m-%d}",
            text="The report is attached.",
            release_id=release_id,
            as_of=f"{as_of:%Y-%m-%d %H:%M}",
            count=0,
            alerts=(),
            files=tuple((file.name, file.read_bytes()) for file in files),
        )
        return send_report(data_dir, name, f"{as_of:%Y-%m-%d}", mail, again)
    except (AlertError, NoReleaseError, OSError) as error:
        raise ReportError(f"The report {name} was written but not mailed: {error}") from error
