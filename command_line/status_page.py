"""Prints which release is out, how fresh it is, what failed in the last run, and what it cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.doctor import ago, duration
from operations.faults import WAREHOUSE, OperationError, sentence_of
from operations.freshness import freshness
from operations.logs import log_path
from operations.run_costs import dearest
from operations.run_lock import holder
from publishing import store
from publishing.reading import connect
from publishing.release import PublishError, current_release


def print_status(console: Console, data_dir: Path) -> int:
    """Print the status of a data folder. Returns the exit code: 0 if a release is out and the last run went through, else 1.

    Raises OperationError if the release cannot be read.
    """
    try:
        release = current_release(data_dir)
        if release is None:
            console.print(f"no release is out in {data_dir / 'published'}; run `customer-analytics run` to make one")
        else:
            _print_release(console, data_dir, release)
    except PublishError as error:
        raise OperationError(str(error)) from error
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        words = (str(error).splitlines() or [""])[0]
        raise OperationError(
            f"The release in {data_dir / 'published'} cannot be read ({words}): `customer-analytics doctor` says which ones can, "
            "and `customer-analytics publish` makes a whole one."
        ) from error
    at_work = holder(data_dir)
    if at_work is not None:
        since = str(at_work.get("since", ""))[:19].replace("T", " ")
        console.print(
            f"at work    {at_work.get('command', 'a command')} (process {at_work.get('pid')}), since {since} UTC"
        )
    note = data_dir / "last_run.json"
    if not note.exists():
        return 0 if release else 1
    try:
        last = json.loads(note.read_text())
    except ValueError:
        console.print(f"last run   unknown: {note} cannot be read; the next run writes it anew")
        return 1
    verdict = "published" if last["succeeded"] else "published nothing"
    console.print(f"last run   {last['started_at'][:19]} UTC, {last['seconds']:.0f} s, {verdict}")
    for problem in last["problems"]:
        console.print(f"           failed: {escape(problem)}", soft_wrap=True)
    log = log_path(data_dir, last.get("run_id", ""))
    if not last["succeeded"] and log.exists():
        console.print(f"           log: {log}", soft_wrap=True)
    return 0 if release and last["succeeded"] else 1


def _print_release(console: Console, data_dir: Path, release: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    checks = release["checks"]
    console.print(
        f"release    {release['release_id']}, published {ago(now - datetime.fromisoformat(release['published_at']))}",
        soft_wrap=True,
    )
    commit = (release["git_commit"] or "unknown")[:12]
    console.print(f"as of      {release['as_of'][:19]} UTC, load {release['load_id']}, commit {commit}")
    console.print(f"checks     {checks['passed']} passed, {len(checks['warned'])} warned")
    for name in checks["warned"]:
        console.print(f"           warned: {name}")
    if said := store.held(data_dir / "published"):
        console.print(f"held       by {said['by']} since {store.since_when(said)}: {said['reason']}", soft_wrap=True)
    console.print(f"tables     {len(release['row_counts'])} with {sum(release['row_counts'].values()):,} rows")
    marts = data_dir / "published" / "marts.duckdb"
    with connect(marts) as con:
        quarantined, files, lost = con.execute(
            "select sum(rows_quarantined), count(*) filter (where file_status != 'loaded'), sum(rows_lost) from gold.load_ledger"
        ).fetchall()[0]
        came = freshness(con, now)
    console.print(
        f"set aside  {quarantined or 0:,.0f} rows, {files or 0} files (gold.load_ledger), {lost or 0:,.0f} rows lost"
    )
    for number, one in enumerate(came):
        usual = f", usually every {duration(one.usual)}" if one.usual else ""
        late = " [yellow]overdue[/yellow]" if one.overdue else ""
        head = "came in" if number == 0 else ""
        console.print(f"{head:<11}{one.name}: {ago(now - one.loaded_at)}{usual}{late}", soft_wrap=True)


def print_costs(console: Console, data_dir: Path, most: int) -> int:
    """Print what the dearest parts of the last run took, beside what they usually take. Returns the exit code.

    It is read from the warehouse, or from the release while a build has that open.
    """
    parts: list[dict[str, Any]] = []
    for database in (data_dir / WAREHOUSE, data_dir / "published" / "marts.duckdb"):
        try:
            if database.exists() and not parts:
                with duckdb.connect(str(database), read_only=True) as con:
                    parts = dearest(con, most)
        except duckdb.Error as error:
            console.print(escape(sentence_of(error, data_dir) or str(error).splitlines()[0]), soft_wrap=True)
    if not parts:
        console.print("no costs are known; `customer-analytics run` keeps them")
        return 1
    table = Table(box=None, pad_edge=False, title=f"run {parts[0]['run_id']}", title_justify="left")
    for name, justify in (("part", "left"), ("kind", "left"), ("seconds", "right"), ("share", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("usual", justify="right")
    table.add_column("rows", justify="right")
    table.add_column("")
    for part in parts:
        table.add_row(
            escape(part["name"]),
            part["kind"],
            f"{part['seconds']:.2f}",
            f"{part['share_of_run'] or 0:.1%}",
            "" if part["usual_seconds"] is None else f"{part['usual_seconds']:.2f}",
            "" if part["table_rows"] is None else f"{part['table_rows']:,}",
            "[yellow]slower than usual[/yellow]" if part["is_slower_than_usual"] else "",
        )
    console.print(table)
    return 0
