"""Says what a folder of files lacks, by loading it into a warehouse that is thrown away and asking the contracts themselves."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import duckdb
from rapidfuzz import fuzz, process
from rich.console import Console

from command_line.pipeline import project_aside, run_dbt
from ingestion.contracts import (
    CONTRACT_SYSTEM,
    Contract,
    read_catalogue,
    read_contracts,
    read_mapping,
)

SIMILAR = 70


class CheckError(Exception):
    """The folder cannot be checked; the message says why."""


def check_folder(console: Console, folder: Path, mapping: Path | None, system: str | None = None) -> int:
    """Print a report about the files of `folder`. Returns 0 if every row would be taken, 1 if something would be set aside.

    `folder` holds files in the shape of the contracts (`accounts.csv` or `accounts/*.csv`), or, with `mapping`, files of a mapped
    system, or a whole landing folder (`<system>/<table>/…`).
    """
    if not folder.is_dir():
        raise CheckError(f"'{folder}' is no folder; give the folder that holds the files.")
    if mapping is not None and not mapping.is_file():
        raise CheckError(f"There is no mapping file '{mapping}'.")
    contracts = read_contracts()
    if mapping is not None:
        read_mapping(mapping, contracts, set())
    with tempfile.TemporaryDirectory(prefix="customer-analytics-check-") as name:
        place = Path(name)
        _lay_out(folder.resolve(), mapping, system, place)
        with console.status("reading the project"):
            project = project_aside()
        os.environ["DBT_TARGET_PATH"] = str(place / "target")
        os.environ["DBT_LOG_PATH"] = str(place / "logs")
        os.environ["MAPPINGS_DIR"] = str(place / "mappings")
        with console.status("reading the files as a build would"):
            outcome = run_dbt(
                ["build", "--exclude-resource-type", "test", "unit_test", "--select", "+staging__*", "+quarantine__*"],
                place,
                manifest=project,
            )
        if not outcome.succeeded:
            raise CheckError(outcome.problems[0] if outcome.problems else "dbt could not read the files.")
        with duckdb.connect(str(place / "warehouse.duckdb"), read_only=True) as con:
            return _report(console, con, contracts)


def _lay_out(folder: Path, mapping: Path | None, given: str | None, place: Path) -> None:
    """A data folder that sees `folder` as the landing folder, or as that of one system in it."""
    mappings = place / "mappings"
    mappings.mkdir()
    if mapping is not None:
        shutil.copy(mapping, mappings / mapping.name)
        system = mapping.stem
    else:
        catalogue = read_catalogue()
        systems = {*catalogue.systems, *catalogue.mappings}
        if given is not None and given not in systems:
            raise CheckError(f"There is no system '{given}'; systems are {', '.join(sorted(systems))}.")
        if given is None and any(path.is_dir() and path.name in systems for path in folder.iterdir()):
            (place / "landing").symlink_to(folder)
            return
        system = given or (folder.name if folder.name in systems else CONTRACT_SYSTEM)
    (place / "landing").mkdir()
    (place / "landing" / system).symlink_to(folder)


def _report(console: Console, con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> int:
    con.execute("set timezone = 'UTC'")
    files = con.execute(
        "select source_system, source_table, source_file, status, reason, rows_landed, rows_unreadable, columns from landing.files "
        "order by source_file"
    ).fetchall()
    if not files:
        console.print(
            "[bold]no files found[/bold]: name them after the contracts, such as accounts.csv or accounts/2026-01.csv"
        )
        return 1
    trouble = 0
    for system, table, path, status, reason, rows, unreadable, _ in files:
        if status == "loaded":
            note = f", {unreadable:,} lines unreadable" if unreadable else ""
            console.print(f"[green]read[/green]      {path} as {table}: {rows:,} rows{note}")
            trouble += unreadable
        elif status == "not_read" and system != CONTRACT_SYSTEM and reason.startswith("nothing reads"):
            console.print(f"[dim]not read[/dim]  {path}: {reason}")
        else:
            console.print(f"[red]set aside[/red] {path}: {reason}")
            hint = process.extractOne(table, list(contracts), scorer=fuzz.WRatio, score_cutoff=SIMILAR)
            if status == "not_read" and hint:
                console.print(f"          did you mean the contract {hint[0]}?")
            trouble += 1
    for line, raw, reason in con.execute(
        "select files.source_file || ':' || coalesce(cast(u.landed_line as varchar), '?'), left(u.raw, 60), u.reason "
        "from landing.unreadable_rows u join landing.files on files.file_id = u.landed_file_id order by 1 limit 10"
    ).fetchall():
        console.print(f"          {line}: {reason}: {json.dumps(raw, ensure_ascii=False)}", soft_wrap=True)
    console.print()
    for name, contract in contracts.items():
        trouble += _report_contract(console, con, name, contract)
    console.print(
        "every row would be taken" if not trouble else "rows named above would go to quarantine; nothing was loaded"
    )
    return 1 if trouble else 0


def _report_contract(console: Console, con: duckdb.DuckDBPyConnection, name: str, contract: Contract) -> int:
    rows, accepted = con.execute(
        f"select count(*), count(*) filter (where violations is null) from staging.{name}"
    ).fetchall()[0]
    if not rows:
        console.print(f"[dim]{name}: no rows[/dim]")
        return 0
    console.print(f"[bold]{name}[/bold]: {rows:,} rows, {accepted:,} accepted, {rows - accepted:,} would be set aside")
    for reason, count, example in con.execute(
        "select regexp_replace(violations, ': [^;]*', '', 'g'), count(*), min(source_file || ':' || source_line || ': ' || violations) "
        f"from staging.{name} where violations is not null group by 1 order by 2 desc limit 5"
    ).fetchall():
        console.print(f"  {count:,} × {reason}, e.g. {example}", soft_wrap=True)
    counts = con.execute(
        f"select {', '.join(f'count({column.name})' for column in contract.columns)} from staging.{name}"
    ).fetchall()[0]
    empty = [column.name for column, count in zip(contract.columns, counts, strict=True) if not count]
    if empty:
        console.print(f"  empty columns: {', '.join(empty)}")
    found = {
        column
        for (columns,) in con.execute(
            "select columns from landing.files where source_system = 'files' and source_table = ? and status = 'loaded'",
            [name],
        ).fetchall()
        for column in columns.split(", ")
        if column
    }
    missing = [name for name in contract.column_names if name not in found]
    for column in sorted(found - set(contract.column_names)):
        hint = process.extractOne(column, missing, scorer=fuzz.WRatio, score_cutoff=SIMILAR)
        advice = f"; did you mean {hint[0]}?" if hint else " and stays in the landing table"
        console.print(f"  column {column} is in no contract{advice}")
    return int(rows - accepted)
