"""A landing folder and an in-memory warehouse, for tests of the loader without dbt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contracts import Catalogue, SourceTable, read_catalogue
from ingestion.landing import LoadReport, ingest


class Landing:
    """A landing folder beside a warehouse in memory; `load` is what a build does first."""

    def __init__(self, folder: Path, catalogue: Catalogue, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self.con = con or duckdb.connect()

    def put(self, name: str, data: bytes | str) -> Path:
        """Write a file below the folder; parents are made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def load(self) -> LoadReport:
        """Load what is new, and check that the counts of every loaded file add up."""
        report = ingest(self.con, self.folder, self.catalogue)
        for relation, file_id, landed, unreadable in self.query(
            "select relation, file_id, rows_landed, rows_unreadable from landing.files where status = 'loaded'"
        ):
            (rows,) = self.query(f'select count(*) from landing."{relation}" where landed_file_id = {file_id}')[0]
            (kept,) = self.query(f"select count(*) from landing.unreadable_rows where landed_file_id = {file_id}")[0]
            assert (landed, unreadable) == (rows + kept, kept)
        return report

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.con.execute(sql).fetchall()

    def file(self, source_file: str) -> dict[str, Any]:
        """What the register says of a file."""
        names = ("status", "reason", "rows_landed", "rows_unreadable", "source_table", "columns")
        rows = self.query(f"select {', '.join(names)} from landing.files where source_file = '{source_file}'")
        assert len(rows) == 1, f"{source_file} stands {len(rows)} times in the register: {self.files()}"
        return dict(zip(names, rows[0], strict=True))

    def files(self) -> list[str]:
        """Names of all registered files."""
        return [row[0] for row in self.query("select source_file from landing.files order by 1")]

    def rows(self, relation: str) -> list[tuple[Any, ...]]:
        """Rows of a landing table: line first, then its columns as they stand."""
        return self.query(
            f'select * exclude (landed_file_id) from landing."{relation}" order by landed_file_id, landed_line'
        )


@pytest.fixture(scope="session")
def boxes() -> Catalogue:
    """A catalogue of one system `box` with one table `things`, which takes any columns."""
    return Catalogue({}, (SourceTable("box", "things", "box__things", (), ("things",)),))


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The catalogue of the product, without mappings."""
    return read_catalogue(mappings_dir=tmp_path_factory.mktemp("mappings"))


@pytest.fixture
def landing(tmp_path: Path, product: Catalogue) -> Landing:
    """The landing folder of the product."""
    return Landing(tmp_path / "landing", product)


@pytest.fixture
def box(tmp_path_factory: pytest.TempPathFactory, boxes: Catalogue) -> Callable[[str, bytes], Landing]:
    """Lands one file of `box` into an emptied warehouse; what an earlier call gave is gone with the next one."""
    folder, con = tmp_path_factory.mktemp("box"), duckdb.connect()

    def land(name: str, data: bytes) -> Landing:
        con.execute("drop schema if exists landing cascade")
        landing = Landing(folder, boxes, con)
        for path in folder.glob("box/*"):
            path.unlink()
        landing.put(f"box/{name}", data)
        landing.load()
        return landing

    return land
