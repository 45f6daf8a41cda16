"""The folder of releases: which there are, which one is out, who may write, which are kept."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publishing.partitions import Earlier, Written

NOTE = "release.json"
LINKS = ("marts.duckdb", "parquet", NOTE)
HELD = "held.json"
#: What every release's note says, those of older versions too.
_SAYS = {"release_id", "as_of", "published_at", "load_id", "row_counts", "checks"}


class HeldError(Exception):
    """Somebody has asked that nothing be released; the message says who, why, and how to let releases go on."""


def releases(published: Path) -> list[dict[str, Any]]:
    """The note (release.json) of every release whose note can be read, the newest first."""
    notes = [note for folder in folders(published) if (note := note_of(folder / NOTE))]
    return sorted(notes, key=lambda note: (note["sequence"], note["release_id"]), reverse=True)


def folders(published: Path) -> list[Path]:
    """The folder of every release that was made whole, by name, whether its note can be read or not."""
    return sorted(path.parent for path in (published / "releases").glob(f"[!.]*/{NOTE}"))


def note_of(path: Path) -> dict[str, Any] | None:
    """What a release.json says; None where there is none, or none that can be read."""
    try:
        note = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    # Releases of older versions were not numbered.
    return {"sequence": 0, "partitions": {}, **note} if isinstance(note, dict) and note.keys() >= _SAYS else None


def unreadable(published: Path) -> list[str]:
    """The folders of releases whose note cannot be read, by name."""
    return [folder.name for folder in folders(published) if note_of(folder / NOTE) is None]


def current_id(published: Path) -> str | None:
    """The id of the release that is out."""
    link = published / "current"
    return Path(os.readlink(link)).name if link.is_symlink() else None


@contextmanager
def writing(published: Path, though_held: bool = False) -> Iterator[None]:
    """Nobody else writes releases meanwhile; a process that dies lets go. Raises HeldError while releases are held."""
    folder = os.open(published / "releases", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not though_held:
            require_free(published)
        yield
    finally:
        os.close(folder)


def require_free(published: Path) -> None:
    """Raises HeldError while somebody holds releases."""
    if said := held(published):
        raise HeldError(
            f"{said['by']} holds releases since {since_when(said)} ({said['reason'] or 'no reason given'}). Readers keep release "
            f"{current_id(published)}; `customer-analytics publish --let-go` lets releases go on."
        )


def held(published: Path) -> dict[str, str] | None:
    """Who holds releases, since when and why; None if nobody does."""
    path = published / HELD
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text())
        return {key: str(said[key]) for key in ("by", "since", "reason")}
    except (OSError, ValueError, KeyError, TypeError):
        # Whoever held them meant it.
        return {"by": "somebody", "since": "an unknown time", "reason": f"{path} cannot be read"}


def since_when(said: dict[str, str]) -> str:
    """Since when releases are held, in words."""
    since = said["since"][:19]
    return f"{since} UTC" if since[:1].isdigit() else said["since"]


def hold(published: Path, by: str, reason: str) -> None:
    """Keep the release that is out until `let_go`."""
    said = {"by": by, "since": datetime.now(UTC).isoformat(timespec="seconds"), "reason": reason}
    fresh = published / f".{HELD}"
    fresh.write_text(json.dumps(said) + "\n")
    fresh.replace(published / HELD)


def let_go(published: Path) -> bool:
    """Let releases go on. Returns whether they were held."""
    was_held = (published / HELD).exists()
    (published / HELD).unlink(missing_ok=True)
    return was_held


def earlier_tables(folder: Path, known: Sequence[dict[str, Any]]) -> dict[str, Earlier]:
    """The partitioned tables of the release made last, by schema.table; `folder` is that of all releases, `known` has the newest first."""
    found: dict[str, Earlier] = {}
    for note in known[:1]:
        release = folder / note["release_id"]
        for path in (release / "basis").glob("*.json"):
            schema, table = path.stem.split(".")
            # What cannot be read is written anew.
            with suppress(ValueError, TypeError, KeyError):
                found[path.stem] = Earlier(Written.load(path), release / "parquet" / schema / table, release / "basis")
    return found


def finish(folder: Path, note: str) -> None:
    """Make a release of a folder: what is in it reaches the disk before the note that says that it is whole."""
    for path in folder.rglob("*"):
        settle(path)
    unfinished = folder / f".{NOTE}"
    unfinished.write_text(note)
    settle(unfinished)
    unfinished.replace(folder / NOTE)
    settle(folder)


def settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlast the power."""
    if path.is_dir() or path.stat().st_nlink == 1:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def switch(published: Path, release_id: str) -> None:
    """Point `published/current` to a release in one step; the outer links are laid once and never change."""
    fresh = published / f".current-{release_id}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("releases") / release_id)
    os.replace(fresh, published / "current")
    for name in LINKS:
        link = published / name
        if not link.is_symlink():
            link.symlink_to(Path("current") / name)
    settle(published)


def clear_unfinished(published: Path) -> None:
    """Remove what a run left that died while it was writing a release."""
    for folder in (published / "releases").glob("*"):
        if folder.is_dir() and (folder.name.startswith(".") or not (folder / NOTE).exists()):
            shutil.rmtree(folder, ignore_errors=True)
    for link in published.glob(".current-*"):
        link.unlink(missing_ok=True)


def prune(published: Path, keep: int) -> None:
    """Remove the oldest releases over `keep`, never the one that is out. One whose note cannot be read goes first."""
    out = current_id(published)
    names = [*(note["release_id"] for note in releases(published)), *unreadable(published)]
    for name in names[keep:]:
        if name != out:
            folder = published / "releases" / name
            # What is no release any more is not taken for one if this dies on the way.
            (folder / NOTE).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
