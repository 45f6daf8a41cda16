"""Prints which release is out, how fresh it is, and what failed in the last run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich.console import Console

from publishing import store
from publishing.release import current_release


def print_status(console: Console, data_dir: Path) -> int:
    """Print the status of a data folder. Returns the exit code: 0 if a release is out and the last run went through, else 1."""
    release = current_release(data_dir)
    if release is None:
        console.print(f"no release is out in {data_dir / 'published'}; run `customer-analytics run` to make one")
    else:
        age = datetime.now(UTC) - datetime.fromisoformat(release["published_at"])
        checks = release["checks"]
        console.print(f"release    {release['release_id']}, published {_age(age.total_seconds())} ago")
        commit = (release["git_commit"] or "unknown")[:12]
        console.print(f"as of      {release['as_of'][:19]} UTC, load {release['load_id']}, commit {commit}")
        console.print(f"checks     {checks['passed']} passed, {len(checks['warned'])} warned")
        for name in checks["warned"]:
            console.print(f"           warned: {name}")
        if said := store.held(data_dir / "published"):
            console.print(f"held       by {said['by']} since {said['since'][:19]} UTC: {said['reason']}", soft_wrap=True)
        console.print(f"tables     {len(release['row_counts'])} with {sum(release['row_counts'].values()):,} rows")
        marts = data_dir / "published" / "marts.duckdb"
        with duckdb.connect(str(marts), read_only=True) as con:
            quarantined, files, lost = con.execute(
                "select sum(rows_quarantined), count(*) filter (where file_status != 'loaded'), sum(rows_lost) from gold.load_ledger"
            ).fetchall()[0]
        console.print(
            f"set aside  {quarantined or 0:,.0f} rows, {files or 0} files (gold.load_ledger), {lost or 0:,.0f} rows lost"
        )
    note = data_dir / "last_run.json"
    if not note.exists():
        return 0 if release else 1
    last = json.loads(note.read_text())
    verdict = "published" if last["succeeded"] else "published nothing"
    console.print(f"last run   {last['started_at'][:19]} UTC, {last['seconds']:.0f} s, {verdict}")
    for problem in last["problems"]:
        console.print(f"           failed: {problem}", soft_wrap=True)
    return 0 if release and last["succeeded"] else 1


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
