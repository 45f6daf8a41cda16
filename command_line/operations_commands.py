"""`customer-analytics doctor`, `backup` and `restore`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from command_line.console import DataDir, folder_of

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def add_operations_commands(app: typer.Typer, console: Console) -> None:
    """Add the commands of whoever is on call."""

    @app.command()
    def doctor(
        as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a machine.")] = False,
        read_all: Annotated[
            bool, typer.Option("--read-all", help="Read every value of the release that is out.")
        ] = False,
        data_dir: DataDir = None,
    ) -> None:
        """Check environment, settings, disk, rights, locks, clock, warehouse and releases, and say what to do. Changes nothing."""
        from operations.doctor import examine

        with console.status("looking it over"):
            findings = examine(folder_of(data_dir), read_all)
        failed = any(finding.status == "fail" for finding in findings)
        if as_json:
            worst = "fail" if failed else "warn" if any(finding.status == "warn" for finding in findings) else "ok"
            print(json.dumps({"status": worst, "checks": [asdict(finding) for finding in findings]}, indent=2))
        else:
            for finding in findings:
                colour = COLOURS[finding.status]
                to_do = f" → {finding.to_do}" if finding.to_do else ""
                said = escape(f"{finding.check:<12}{finding.found}{to_do}")
                console.print(f"[{colour}]{finding.status:<5}[/{colour}]{said}", soft_wrap=True)
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def backup(
        to: Annotated[
            Path | None,
            typer.Option(help="Folder of back-ups; default: backups/ of the data folder.", show_default=False),
        ] = None,
        show: Annotated[bool, typer.Option("--list", help="Only say which there are.")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """Copy the warehouse and what people said to a folder of its own, read through; the last few are kept."""
        from operations.backup import BACKUPS, back_up, list_backups
        from operations.faults import size_in_words
        from operations.runs import one_run

        folder = folder_of(data_dir)
        target = to.resolve() if to else None
        if show:
            made = list_backups(target or folder / BACKUPS)
            for one in made:
                console.print(
                    f"{one.backup_id}  load {one.load_id}, {size_in_words(one.size)}, {one.folder}", soft_wrap=True
                )
            if not made:
                console.print(f"there are none in {target or folder / BACKUPS}", soft_wrap=True)
            return
        with one_run(folder, "backup") as run, console.status("copying the warehouse"):
            done = back_up(folder, target)
            run.log.info("backed up", step="backup", folder=done.folder, size_bytes=done.size)
        rows = sum(done.row_counts.values())
        console.print(
            f"backed up {len(done.row_counts)} tables with {rows:,} rows and {len(done.files) - 1} other files "
            f"({size_in_words(done.size)}) to {done.folder}",
            soft_wrap=True,
        )

    @app.command()
    def restore(
        source: Annotated[
            Path | None,
            typer.Argument(metavar="BACKUP", help="Folder of a back-up; default: the last one.", show_default=False),
        ] = None,
        data_dir: DataDir = None,
    ) -> None:
        """Put the warehouse of a back-up in place of the present one, which is moved aside and not deleted."""
        from operations.backup import BACKUPS, list_backups
        from operations.backup import restore as put_back
        from operations.faults import OperationError
        from operations.runs import one_run

        folder = folder_of(data_dir)
        made = list_backups(folder / BACKUPS)
        if source is None and not made:
            raise OperationError(f"There is no back-up in {folder / BACKUPS}; name the folder of one.")
        with one_run(folder, "restore", usable=False) as run, console.status("comparing with the manifest"):
            done = put_back(folder, (source or made[-1].folder).resolve())
            run.log.info("restored", step="restore", backup_id=done.backup.backup_id, set_aside=done.set_aside)
        aside = f"; the former one lies in {done.set_aside}" if done.set_aside else ""
        console.print(
            f"the warehouse is that of back-up {done.backup.backup_id} (load {done.backup.load_id}){aside}",
            soft_wrap=True,
        )
        if done.put_back:
            console.print(f"put back as well, since they were missing: {', '.join(done.put_back)}", soft_wrap=True)
        console.print("Readers keep the release that is out; `customer-analytics run` loads what has come in since.")
