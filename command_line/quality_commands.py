"""`customer-analytics quality`: what is expected of files that come in and of tables that go out, and whether it is so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from rich.console import Console
from rich.markup import escape

from command_line.pipeline import DbtOutcome
from intelligence.warehouse import open_warehouse

if TYPE_CHECKING:
    from data_quality.runner import QualityReport

BOUNDARIES = ("landing", "marts")
SHOWN_WARNINGS = 20


class QualityError(Exception):
    """The expectations were not judged, or nothing was accepted; the message says why and what to do."""


def as_outcome(report: QualityReport) -> DbtOutcome:
    """The expectations of a boundary as a part of a run: what failed are problems, what warned are warnings."""
    blocking = report.blocking
    problems = [f"{one.expectation}: {one.sentence}" for one in blocking]
    return DbtOutcome(not blocking, report.checks, problems, warnings=report.warnings)


def judge_boundaries(data_dir: Path, boundary: str | None) -> list[QualityReport]:
    """Judge one boundary of a warehouse, or both. What was loaded last is judged although it may be published."""
    if boundary is not None and boundary not in BOUNDARIES:
        raise QualityError(f"There is no boundary '{boundary}'; it must be one of {', '.join(BOUNDARIES)}.")
    if not (data_dir / "warehouse.duckdb").exists():
        raise QualityError(
            f"There is no {data_dir / 'warehouse.duckdb'} to judge: make one with `make demo`, or with `customer-analytics run` from your own files."
        )
    from data_quality.runner import check_landing, check_marts

    reports = []
    if boundary in (None, "landing"):
        reports.append(check_landing(data_dir, with_newest=True))
    if boundary in (None, "marts"):
        reports.append(check_marts(data_dir))
    return reports


def print_reports(console: Console, reports: list[QualityReport]) -> int:
    """Say what failed and what warned. Returns 1 if something blocks, else 0."""
    for report in reports:
        console.print(summary(report), soft_wrap=True)
        for warning in report.warnings[:SHOWN_WARNINGS]:
            console.print(f"  warned: {escape(warning)}", soft_wrap=True)
        if len(report.warnings) > SHOWN_WARNINGS:
            console.print(f"  … and {len(report.warnings) - SHOWN_WARNINGS} more")
        if report.message:
            console.print(escape(report.message), soft_wrap=True)
    pages = {report.page for report in reports if report.page}
    for page in pages:
        console.print(f"all of it, with history: {page}", soft_wrap=True)
    return 1 if any(report.blocking for report in reports) else 0


def summary(report: QualityReport) -> str:
    """One line about a boundary."""
    if not report.results:
        return f"quality ({report.boundary}): nothing to judge"
    passed, warned, failed = report.checks.passed, len(report.checks.warned), len(report.checks.failed)
    return f"quality ({report.boundary}): {passed:,} expectations met, {warned:,} warned, {failed:,} failed"


def accept_results(data_dir: Path, ids: list[str], who: str, note: str) -> list[str]:
    """Keep that somebody accepts results, and give the sentences that say so. Raises QualityError for an id that nothing has."""
    from data_quality.acceptance import accept

    with open_warehouse(data_dir / "warehouse.duckdb") as con:
        found = {}
        for one in ids:
            try:
                rows = con.execute(
                    "select expectation || ': ' || sentence from quality.expectation_results inner join quality.runs using (run_id) "
                    "where accept_id = ? order by checked_at desc, expectation",
                    [one],
                ).fetchall()
            except duckdb.CatalogException:
                rows = []
            if not rows:
                raise QualityError(
                    f"There is no failed expectation with the id {one}; `customer-analytics quality` shows those there are."
                )
            found[one] = "; ".join(dict.fromkeys(sentence for (sentence,) in rows))
    said = []
    for one, sentences in found.items():
        path = accept(data_dir, one, who, note, sentences)
        said.append(f"kept in {path}: {who} accepts {sentences}. `customer-analytics run` goes on from there.")
    return said
