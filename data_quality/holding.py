"""Which files of the register are judged, and how files are held back whose load must not be built.

A file that is held back has no rows in its landing table any more and stands in the register as set aside, so that no build of any kind takes
it in. It goes on blocking while it lies in the landing folder as it is. A changed file is read as a new one; a file that is accepted, or that
passes under other limits, is taken out of the register and read once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from ingestion.contracts import Catalogue
from ingestion.reading import FILE_COLUMN
from publishing.reading import attached

#: How the reason begins for which a file is set aside.
HELD = "held back by data quality: "


def register(con: duckdb.DuckDBPyConnection, data_dir: Path) -> pd.DataFrame:
    """Files of the register that belong to a table that is read.

    Returns:
        file_id, relation, path, sha256 (empty if unknown), file (with its version), load_id, status, reason, columns, rows_landed, rows_unreadable,
        is_published (a release holds this content of it), is_held, is_in_place (it lies in the landing folder).
    """
    files = con.execute(
        "select file_id, relation, path, coalesce(sha256, '') as sha256, source_file as file, load_id, status, coalesce(reason, '') as reason, "
        "coalesce(columns, '') as columns, rows_landed, rows_unreadable from landing.files where relation is not null and status != 'not_read' "
        "order by file_id"
    ).df()
    published = published_files(con, data_dir)
    keys = pd.MultiIndex.from_frame(files[["path", "sha256"]])
    files["is_published"] = keys.isin(pd.MultiIndex.from_frame(published)) if len(published) else False
    files["is_held"] = files["reason"].str.startswith(HELD) & files["status"].eq("quarantined")
    landing = data_dir / "landing"
    files["is_in_place"] = [
        (landing / path).exists() if status != "loaded" else True
        for path, status in zip(files["path"], files["status"], strict=True)
    ]
    return files


def published_files(con: duckdb.DuckDBPyConnection, data_dir: Path) -> pd.DataFrame:
    """path and sha256 of the contents that the release which is out was made of; none if none is out."""
    nothing = pd.DataFrame({"path": pd.Series(dtype=object), "sha256": pd.Series(dtype=object)})
    try:
        with attached(con, data_dir / "published") as catalog:
            return con.execute(
                "select distinct regexp_replace(source_file, '@[0-9]{4}$', '') as path, coalesce(sha256, '') as sha256 "
                f"from {catalog}.gold.load_ledger where coalesce(file_reason, '') not like ?",
                [f"{HELD}%"],
            ).df()
    except (OSError, duckdb.Error):
        return nothing


def hold(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, files: pd.DataFrame, reasons: Mapping[int, str]) -> bool:
    """Take the rows of loaded files out of their landing tables, and set the files aside.

    Args:
        files: of the register; file_id, relation, load_id.
        reasons: by file_id.

    Returns:
        Whether rows of them may have been built already. Then the next build asks for a rebuild.
    """
    if not len(files):
        return False
    known = {table.relation: ", ".join(table.columns) for table in catalogue.source_tables}
    built = _built_load(con) >= int(files["load_id"].min())
    con.begin()
    for relation, group in files.groupby("relation"):
        numbers = ", ".join(map(str, group["file_id"]))
        for table in (f'landing."{relation}"', "landing.unreadable_rows"):
            con.execute(f"delete from {table} where {FILE_COLUMN} in ({numbers})")
    con.executemany(
        "update landing.files set status = 'quarantined', reason = ?, rows_unreadable = rows_landed, columns = ? where file_id = ?",
        [
            [HELD + reasons[file_id], known[relation], file_id]
            for file_id, relation in zip(files["file_id"].tolist(), files["relation"], strict=True)
        ],
    )
    if built:
        con.execute("create table if not exists landing.build_settings (name varchar, setting varchar)")
        con.execute("delete from landing.build_settings where name = 'unfinished_rebuild'")
        con.execute("insert into landing.build_settings values ('unfinished_rebuild', 'true')")
    con.commit()
    return built


def release(con: duckdb.DuckDBPyConnection, files: pd.DataFrame) -> None:
    """Take files that are held back out of the register: the next load reads them."""
    if len(files):
        con.execute(f"delete from landing.files where file_id in ({', '.join(map(str, files['file_id']))})")


def _built_load(con: duckdb.DuckDBPyConnection) -> int:
    """The newest load that a bronze table holds rows of; 0 if nothing was built."""
    tables = con.execute(
        "select table_name from duckdb_columns() inner join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = current_database() and schema_name = 'bronze' and column_name = 'load_id'"
    ).fetchall()
    if not tables:
        return 0
    parts = " union all ".join(f'select max(load_id) as load_id from bronze."{table}"' for (table,) in tables)
    return int(con.execute(f"select coalesce(max(load_id), 0) from ({parts})").fetchall()[0][0])
