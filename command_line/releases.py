"""What `customer-analytics publish` says and does about releases that are kept: list them, go back to one, hold what is out."""

from __future__ import annotations

import getpass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from publishing import store
from publishing.release import PublishError, current_release, go_back


def print_releases(console: Console, data_dir: Path) -> None:
    """A line for each release that is kept, the newest first. Raises PublishError if there is none."""
    published = data_dir / "published"
    kept = store.releases(published)
    torn = store.unreadable(published)
    if torn:
        console.print(
            f"{', '.join(torn)}: {store.NOTE} cannot be read, so nobody can go there; it goes before any other when releases are removed",
            soft_wrap=True,
        )
    if not kept:
        raise PublishError(f"No release is kept in {published}; run `customer-analytics run` to make one.")
    out = store.current_id(published)
    table = Table(box=None, pad_edge=False)
    for name in ("release", "as of (UTC)"):
        table.add_column(name, no_wrap=True)
    for name in ("load", "rows", "warned", "days new"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for note in kept:
        written = sum(counts["written"] for counts in note["partitions"].values())
        days = sum(counts["partitions"] for counts in note["partitions"].values())
        table.add_row(
            *(note["release_id"], note["as_of"][:16], str(note["load_id"])),
            *(f"{sum(note['row_counts'].values()):,}", str(len(note["checks"]["warned"]))),
            *(f"{written:,}/{days:,}" if days else "", "out" if note["release_id"] == out else ""),
        )
    console.print(table)
    _print_held(console, published)


def go_to(console: Console, data_dir: Path, release_id: str) -> None:
    """Put a kept release out again. Raises PublishError if that cannot be done."""
    note = go_back(data_dir, release_id)
    console.print(f"release {release_id} is out again (as of {note['as_of'][:19]} UTC)")
    published = data_dir / "published"
    if not store.held(published):
        console.print(
            "the next run publishes what it builds; `customer-analytics publish --hold WHY` keeps this one out"
        )


def hold_releases(console: Console, data_dir: Path, reason: str) -> None:
    """Keep the release that is out. Raises PublishError if there is none."""
    release = current_release(data_dir)
    if release is None:
        raise PublishError(f"No release is out in {data_dir / 'published'}, so there is none to hold.")
    store.hold(data_dir / "published", getpass.getuser(), reason)
    console.print(
        f"release {release['release_id']} stays out until `customer-analytics publish --let-go`; builds go on"
    )


def let_releases_go(console: Console, data_dir: Path) -> None:
    """Let releases go on."""
    if not store.let_go(data_dir / "published"):
        console.print("releases were not held")


def _print_held(console: Console, published: Path) -> None:
    said = store.held(published)
    if said:
        console.print(f"held by {said['by']} since {store.since_when(said)}: {said['reason']}", soft_wrap=True)
