"""Writing export files: plain or gzipped, the same bytes every time, with planted defects; and putting them in place."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from simulator.defects import Defects
from simulator.settings import Month

MARKER = ".simulated.json"
_HEAD_LINES = 4000


class Landing:
    """Writes the files of one export below a folder and counts their rows."""

    def __init__(self, session: duckdb.DuckDBPyConnection, folder: Path, defects: Defects) -> None:
        self.session, self.folder, self.defects = session, folder, defects
        self.rows: dict[str, int] = {}
        self.files = 0

    def write(self, contract: str, name: str, query: str, month: Month) -> None:
        """Write a query as `<contract>/<name>`; the ending of the name (.csv, .jsonl, .parquet, with .gz) says how.

        Text files get the defects planned for this contract and month. A query without rows writes no file.
        """
        path = self.folder / contract / name
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = path.with_name(path.name.removesuffix(".gz") + ".plain")
        target = path if name.endswith(".parquet") else plain
        count = write_query(self.session, query, target, name.removesuffix(".gz").rsplit(".", 1)[1])
        if count == 0:
            target.unlink()
            return
        if target is plain:
            self._finish_text(plain, path, contract, month)
        self.files += 1
        self.rows[contract] = self.rows.get(contract, 0) + count

    def _finish_text(self, plain: Path, path: Path, contract: str, month: Month) -> None:
        with plain.open("rb") as source, path.open("wb") as raw:
            head = [line for _, line in zip(range(_HEAD_LINES), source, strict=False)]
            before = len(head)
            head = self.defects.plant(head, contract, path.name, month)
            self.rows[contract] = self.rows.get(contract, 0) + len(head) - before
            if path.name.endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as packed:
                    packed.writelines(head)
                    shutil.copyfileobj(source, packed, 1 << 20)
            else:
                raw.writelines(head)
                shutil.copyfileobj(source, raw, 1 << 20)
        plain.unlink()


def write_query(session: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> int:
    """Write the rows of a query, in its order, as csv, jsonl or parquet; returns their number.

    Written by one thread, because parallel writers cut a file differently each time.
    """
    options = {
        "csv": "format csv, header true",
        "jsonl": "format json",
        "parquet": "format parquet, compression zstd, row_group_size 122880",
    }[form]
    threads = session.execute("select current_setting('threads')").fetchall()[0][0]
    session.execute("set threads = 1")
    try:
        quoted = str(path).replace("'", "''")
        result = session.execute(f"copy ({query}) to '{quoted}' ({options})").fetchall()
    finally:
        session.execute(f"set threads = {threads}")
    return int(result[0][0])


def _files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir()} if folder.exists() else set()


def refuse_foreign_files(out: Path) -> None:
    """Make sure that landing/files and truth below `out` hold nothing but an earlier output of the simulator.

    Raises:
        FileExistsError: naming the first file that the simulator did not write, or that was changed since.
    """
    found = _files_below(out / "landing" / "files") | _files_below(out / "truth")
    marker = out / "landing" / "files" / MARKER
    known: dict[str, int] = {}
    if marker.is_file():
        try:
            known = json.loads(marker.read_text("utf-8"))["files"]
        except (ValueError, KeyError, TypeError):
            raise FileExistsError(
                f"{marker} is not readable as the simulator's list of files; move the folder away."
            ) from None
    for path in sorted(found - {marker}):
        if known.get(path.relative_to(out).as_posix()) != path.stat().st_size:
            raise FileExistsError(
                f"{path} was not written by the simulator, or was changed since; choose another folder."
            )


@contextmanager
def put_in_place(out: Path, settings: dict[str, Any]) -> Iterator[Path]:
    """A folder to write `landing/files` and `truth` into; moved into `out` when the block ends well, else thrown away.

    An earlier output of the simulator is replaced. A process that is killed leaves a folder `.simulating-*` behind
    and the earlier output as it was.

    Raises:
        FileExistsError: as `refuse_foreign_files`.
    """
    out.mkdir(parents=True, exist_ok=True)
    refuse_foreign_files(out)
    work = Path(tempfile.mkdtemp(prefix=".simulating-", dir=out))
    try:
        (work / "landing" / "files").mkdir(parents=True)
        (work / "truth").mkdir()
        (work / "spill").mkdir()
        yield work
        written = sorted(_files_below(work / "landing") | _files_below(work / "truth"))
        listing = {path.relative_to(work).as_posix(): path.stat().st_size for path in written}
        marker = work / "landing" / "files" / MARKER
        marker.write_text(json.dumps({"settings": settings, "files": listing}, indent=1) + "\n", "utf-8")
        refuse_foreign_files(out)
        (out / "landing").mkdir(exist_ok=True)
        for place in ("truth", "landing/files"):
            if (out / place).exists():
                (work / "old" / place).parent.mkdir(parents=True, exist_ok=True)
                (out / place).rename(work / "old" / place)
            (work / place).rename(out / place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
