"""What all commands share: where they print, the option for the data folder, and how they end with one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ingestion.contracts import PROJECT_DIR

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", envvar="DATA_DIR", help="Data folder; default: data/ of the project.", show_default=False
    ),
]


def folder_of(given: Path | None) -> Path:
    """The data folder: the given one, or data/ of the project."""
    return (given or PROJECT_DIR / "data").resolve()


def fail(message: str) -> typer.Exit:
    """Print why a command did nothing; to be raised."""
    errors.print(f"[bold red]error[/bold red] {escape(message)}")
    return typer.Exit(1)
