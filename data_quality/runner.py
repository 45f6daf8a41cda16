"""Judges what came in and what is to go out, remembers the results, and says what stops the flow and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from data_quality import history, holding
from data_quality.acceptance import accepted_ids
from data_quality.judging import Result, digest, judge
from data_quality.landing_claims import LandedFiles, landing_claims
from data_quality.landing_measures import LandedTable, landed_tables, measure, read_measures
from data_quality.marts_claims import marts_claims
from data_quality.marts_measures import MartsMeasures, agreeing_numbers, check_names, measure_marts, rows_frame
from data_quality.settings import Settings, read_settings
from ingestion.contracts import Catalogue, current_catalogue
from ingestion.landing import ingest
from intelligence.warehouse import open_warehouse
from publishing.reading import attached
from publishing.release import Checks, PublishError, current_release

#: Results of a run that a message repeats.
SHOWN = 10


@dataclass
class QualityReport:
    """What became of the expectations at a boundary."""

    boundary: str
    results: list[Result] = field(default_factory=list)
    page: Path | None = None
    #: Whether rows of a file that is held back now may have been built before.
    needs_rebuild: bool = False
    #: What kept something from being judged.
    remarks: list[str] = field(default_factory=list)

    @property
    def blocking(self) -> list[Result]:
        """What stops the flow."""
        return [result for result in self.results if result.blocks]

    @property
    def warnings(self) -> list[str]:
        """A line for each result that only warns, and for what could not be judged."""
        return [*self.remarks, *(f"{result.expectation}: {result.sentence}" for result in self.results if result.warns)]

    @property
    def checks(self) -> Checks:
        """The results as checks of the audit."""
        return Checks(
            sum(result.success is True for result in self.results),
            [*self.remarks, *(_name(result) for result in self.results if result.warns)],
            [_name(result) for result in self.blocking],
        )

    @property
    def message(self) -> str:
        """What stops the flow, and what to do; empty if nothing does."""
        blocking = self.blocking
        if not blocking:
            return ""
        lines = [
            f"  {result.expectation}: {result.sentence}{f' [{result.accept_id}]' if result.accept_id else ''}"
            for result in blocking[:SHOWN]
        ]
        if len(blocking) > SHOWN:
            lines.append(f"  … and {len(blocking) - SHOWN} more{f': {self.page}' if self.page else ''}")
        ids = list(dict.fromkeys(result.accept_id for result in blocking if result.accept_id))
        accept = f"customer-analytics quality {' '.join(f'--accept {one}' for one in ids)} --by NAME --note TEXT"
        if self.boundary == "landing":
            files = sorted({result.file for result in blocking if result.file})
            head = f"Data quality holds back {_few(files) if files else 'what came in'}. Nothing is built, and readers keep the last release."
            advice = (
                "Put a corrected file in its place, take it out of landing/, or, if it is right as it is, accept it:"
            )
        else:
            head = "Data quality does not let the built tables out. Readers keep the last release."
            advice = "Mend the data or the model and run again, or, if the numbers are right as they are, accept them:"
        tail = ["Rows of it were built already: run once with --full-refresh afterwards."] if self.needs_rebuild else []
        return "\n".join([head, *lines, advice, f"  {accept}", *tail])


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more files" if len(names) > 3 else shown


def _name(result: Result) -> str:
    place = result.file or f"{result.table}{f'.{result.column}' if result.column else ''}"
    return f"{result.expectation} of {place}"


def check_landing(
    data_dir: Path,
    load: bool = True,
    with_newest: bool = False,
    progress: Callable[[str], None] | None = None,
) -> QualityReport:
    """Load what is new and judge every file that no release holds yet. A file that fails is held back; it blocks until it is replaced, taken
    out of the landing folder, or accepted.

    Args:
        load: also look for new files; else only what the register knows is judged.
        with_newest: judge the last load of every table too, although it may be published. Nothing is held back for it.

    Raises:
        StepError: the warehouse is in use or cannot be opened.
        ConfigurationError: a mapping or `expectations.yml` is wrong.
    """
    settings, catalogue = read_settings(), current_catalogue()
    tables = landed_tables(catalogue, settings)
    warehouse = data_dir / "warehouse.duckdb"
    if load and not warehouse.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        duckdb.connect(str(warehouse)).close()
    with open_warehouse(warehouse) as con:
        if load:
            ingest(con, data_dir / "landing", catalogue, progress)
        elif not _exists(con, "landing", "files"):
            return QualityReport("landing")
        if progress:
            progress("judging what came in")
        report = _judge_landing(con, data_dir, settings, catalogue, tables, with_newest)
        report.page = _write_page(con, data_dir)
    return report


def check_marts(data_dir: Path, progress: Callable[[str], None] | None = None) -> QualityReport:
    """Judge the tables that are to be published, beside each other and beside the release that is out. Also judges files that came in unjudged
    (by a plain `dbt build`): nothing of a file is published that nobody looked at.

    Raises:
        StepError: there is no warehouse, or it is in use.
        ConfigurationError: `expectations.yml` is wrong.
    """
    settings = read_settings()
    if progress:
        progress("judging what is to be published")
    with open_warehouse(data_dir / "warehouse.duckdb") as con:
        results = _unjudged_files(con, data_dir, settings)
        needs_rebuild = False
        if results is not None:
            needs_rebuild = results.needs_rebuild
        report = _judge_marts(con, data_dir, settings)
        if results is not None and results.blocking:
            report = QualityReport("landing", [*results.results, *report.results], None, needs_rebuild, report.remarks)
        report.page = _write_page(con, data_dir)
    return report


def _unjudged_files(con: duckdb.DuckDBPyConnection, data_dir: Path, settings: Settings) -> QualityReport | None:
    """What is to be said of files that were loaded and never measured; None if there are none."""
    if not _exists(con, "landing", "files"):
        return None
    catalogue = current_catalogue()
    tables = landed_tables(catalogue, settings)
    files = holding.register(con, data_dir)
    waiting = files[(files["status"] == "loaded") & ~files["is_published"] & files["relation"].isin(list(tables))]
    if _exists(con, "landing", "measured_files") and len(waiting):
        measured, _, _ = read_measures(con, waiting)
        known = pd.MultiIndex.from_frame(measured[["relation", "path", "sha256"]])
        waiting = waiting[~pd.MultiIndex.from_frame(waiting[["relation", "path", "sha256"]]).isin(known)]
    if not len(waiting):
        return None
    return _judge_landing(con, data_dir, settings, catalogue, tables, False)


def _judge_landing(
    con: duckdb.DuckDBPyConnection,
    data_dir: Path,
    settings: Settings,
    catalogue: Catalogue,
    tables: dict[str, LandedTable],
    with_newest: bool,
) -> QualityReport:
    files = holding.register(con, data_dir)
    measure(con, tables)
    files = files[files["relation"].isin(list(tables))].reset_index(drop=True)
    landed = _beside_history(con, settings, files, with_newest)
    if not landed.files["judged"].any():
        return QualityReport("landing")
    accepted = accepted_ids(data_dir)
    judged = judge(landing_claims(settings, tables, landed), settings)
    results, by_file = _landing_results(judged, landed.files, accepted)
    # Only what no release holds yet can be held back.
    pending = files[files["file_id"].isin(landed.files.loc[landed.files["pending"], "file_id"])]
    failing = pending[pending["file_id"].isin(list(by_file))]
    newly = failing[failing["status"] == "loaded"]
    needs_rebuild = holding.hold(con, catalogue, newly, by_file)
    freed = pending[pending["is_held"] & ~pending["file_id"].isin(list(by_file))]
    holding.release(con, freed)
    if len(freed):
        # They are read once more, and their measurements are known already.
        ingest(con, data_dir / "landing", catalogue)
        measure(con, tables)
    load_id = int(con.execute("select coalesce(max(load_id), 0) from landing.files").fetchall()[0][0])
    report = QualityReport("landing", results, needs_rebuild=needs_rebuild)
    _remember(con, report, settings, load_id, None)
    return report


def _beside_history(
    con: duckdb.DuckDBPyConnection, settings: Settings, files: pd.DataFrame, with_newest: bool
) -> LandedFiles:
    """The files that are judged, with measurements, and as many of those before them as are considered."""
    files = files.copy()
    loaded = files["status"] == "loaded"
    held = files["is_held"] & files["is_in_place"]
    set_aside = (files["status"] == "quarantined") & ~files["is_held"] & files["is_in_place"] & ~files["is_published"]
    files["pending"] = (loaded & ~files["is_published"]) | held | set_aside
    files["judged"] = files["pending"]
    if with_newest:
        newest = files[loaded].groupby("relation")["load_id"].transform("max")
        files.loc[newest.index[newest == files.loc[newest.index, "load_id"]], "judged"] = True
    # A file that is held back is judged as if it came now.
    files.loc[held, "load_id"] = files["load_id"].max() + 1
    files.loc[held, "status"] = "loaded"
    files["place"] = files["load_id"] * (files["file_id"].max() + 1) + files["file_id"]
    files = files.sort_values("place")
    # Of files without rows, those of quiet days, any two may have the same bytes.
    told = files[loaded.loc[files.index] & files["sha256"].ne("") & files["rows_landed"].gt(0)]
    first = told.groupby(["relation", "sha256"])["path"].transform("first")
    files["same_as"] = first.where(first.ne(told["path"])).reindex(files.index)
    before = files[loaded.loc[files.index] & ~files["judged"]].groupby("relation").tail(settings.history.considered)
    files = pd.concat([before, files[files["judged"]]]).sort_values("place", ignore_index=True)
    of_files, columns, values = read_measures(con, files)
    # What the register says of a file that is held back is that nothing of it was read; what was read of it, its measurements say.
    measured = of_files.drop(columns=["definition"]).rename(
        columns={"columns": "columns_read", "rows_unreadable": "unreadable"}
    )
    files = files.merge(measured, on=["relation", "path", "sha256"], how="left")
    files["columns"] = files["columns_read"].fillna(files["columns"])
    files["rows_unreadable"] = files["unreadable"].fillna(files["rows_unreadable"])
    # Without a measurement there is nothing that could be judged but that the file was not read.
    files.loc[files["rows_read"].isna() & (files["status"] == "loaded"), "judged"] = False
    files = files.astype({"rows_read": "float64", "keys_filled": "float64", "keys_distinct": "float64"})
    loads = con.execute(
        "select files.relation, files.load_id, max(measured.newest) as newest from landing.files as files "
        "inner join landing.measured_files as measured using (relation, path, sha256) where files.status = 'loaded' group by 1, 2"
    ).df()
    return LandedFiles(files, columns, values, loads)


def _landing_results(
    judged: pd.DataFrame, files: pd.DataFrame, accepted: dict[str, str]
) -> tuple[list[Result], dict[int, str]]:
    """The results, and for each file that is to be held back the reason.

    A file is accepted with all that stops it: the id changes with its content and with what was found wrong.
    """
    failing = judged[(judged["severity"] == "blocking") & (judged["success"] == False)]  # noqa: E712
    wrong = failing.assign(what=failing["expectation"] + "|" + failing["column"].fillna("").astype(str))
    # What is wrong with a load as a whole is wrong with each of its files.
    of_one = wrong[wrong["file"].notna()].merge(files[["file", "file_id", "path", "sha256", "pending"]], on="file")
    of_load = wrong[wrong["file"].isna() & wrong["load_id"].notna()].merge(
        files.loc[files["judged"], ["relation", "load_id", "file_id", "path", "sha256", "pending"]].rename(
            columns={"relation": "table"}
        ),
        on=["table", "load_id"],
    )
    concerned = pd.concat([of_one, of_load], ignore_index=True)
    ids: dict[int, str] = {}
    for file_id, group in concerned.groupby("file_id"):
        ids[int(str(file_id))] = digest(
            [group["path"].iloc[0], group["sha256"].iloc[0], *sorted(set(group["what"]))], 10
        )
    by_name = {
        name: ids[file_id] for name, file_id in zip(files["file"], files["file_id"], strict=True) if file_id in ids
    }
    by_load = {
        (table, load): ids[file_id]
        for table, load, file_id in zip(
            of_load.get("table", []), of_load.get("load_id", []), of_load.get("file_id", []), strict=True
        )
    }

    def accept_id(row: Any) -> str:
        if isinstance(row.file, str):
            return by_name[row.file]
        return by_load.get((row.table, row.load_id)) or digest([row.expectation, row.table, row.observed], 10)

    results = _results(judged, accept_id, accepted)
    reasons = {
        file_id: f"{one} ({'; '.join(dict.fromkeys(concerned.loc[concerned['file_id'] == file_id, 'expectation']))})"
        for file_id, one in ids.items()
        if one not in accepted
    }
    is_pending = dict(zip(files["file_id"].tolist(), files["pending"], strict=True))
    return results, {file_id: reason for file_id, reason in reasons.items() if is_pending[file_id]}


def _judge_marts(con: duckdb.DuckDBPyConnection, data_dir: Path, settings: Settings) -> QualityReport:
    catalog = con.execute("select current_database()").fetchall()[0][0]
    quoted = f'"{catalog}"'
    absent = check_names(con, catalog, settings)
    now = measure_marts(con, catalog, settings.measured)
    agreeing = agreeing_numbers(con, quoted)
    released, release_id, unread = _released(con, data_dir, settings)
    judged = judge(marts_claims(settings, now, agreeing, released), settings)
    load_id = (
        int(con.execute("select coalesce(max(load_id), 0) from landing.files").fetchall()[0][0])
        if _exists(con, "landing", "files")
        else 0
    )

    def accept_id(row: Any) -> str:
        # Nine digits: sums of the same rows differ in the last ones, and what people read is rounded to far fewer.
        numbers = [f"{number:.9g}" for number in (row.observed, row.lowest, row.highest)]
        words = [row.observed_words, row.expected_words]
        return digest([row.expectation, row.table, row.column, *words, *numbers, load_id, release_id], 10)

    report = QualityReport("marts", _results(judged, accept_id, accepted_ids(data_dir)), remarks=[*absent, *unread])
    _remember(con, report, settings, load_id, release_id)
    return report


def _released(
    con: duckdb.DuckDBPyConnection, data_dir: Path, settings: Settings
) -> tuple[MartsMeasures | None, str | None, list[str]]:
    """The measures of the release that is out, its id, and what to say if there is one that cannot be read: it is nothing to compare with."""
    try:
        release = current_release(data_dir)
        if release is None:
            return None, None, []
        with attached(con, data_dir / "published") as catalog:
            released = measure_marts(con, catalog, settings.measured)
    except (PublishError, OSError, duckdb.Error):
        said = "the release that is out cannot be read, so that nothing is compared with it (`customer-analytics doctor` says more)"
        return None, None, [said]
    # The release itself says how many rows it has, wherever they lie.
    return replace(released, rows=rows_frame(release["row_counts"].items())), release["release_id"], []


def _results(judged: pd.DataFrame, accept_id: Callable[[Any], str], accepted: dict[str, str]) -> list[Result]:
    """One result for each claim that failed, and one for each expectation, table and column that did not: what lay closest to its limit."""
    room = np.fmin(judged["highest"] - judged["observed"], judged["observed"] - judged["lowest"])
    judged = judged.assign(room=room, state=judged["success"].map({True: 1, False: 0}).fillna(2).astype(int))
    judged = judged.sort_values(["state", "suite", "expectation", "table", "column", "room", "file"], kind="stable")
    fails = judged["state"].eq(0)
    first = judged["state"].eq(1) & ~judged.duplicated(["state", "expectation", "table", "column"])
    # That something could not be compared is said once a table, and only if nothing of it could be.
    compared = pd.MultiIndex.from_frame(judged.loc[judged["state"] < 2, ["expectation", "table"]])
    idle = judged["state"].eq(2) & ~judged.duplicated(["state", "expectation", "table"])
    idle &= ~pd.MultiIndex.from_frame(judged[["expectation", "table"]]).isin(compared)
    results = []
    for row in judged[fails | first | idle].itertuples():
        success = None if row.success is None else bool(row.success)
        place = row.file if isinstance(row.file, str) else row.table
        column = row.column if isinstance(row.column, str) else None
        said = f"{row.observed_words}; expected: {row.expected_words}"
        if row.problem:
            said = f"could not be judged ({row.problem})"
        one = accept_id(row) if success is False and row.severity == "blocking" else None
        results.append(
            Result(
                row.boundary, row.suite, row.expectation, row.severity, row.table, column, row.file if isinstance(row.file, str) else None,
                success, _number(row.observed), _number(row.lowest), _number(row.highest), row.observed_words, row.expected_words,
                f"{place}{f', {column}' if column else ''}: {said}", one, one in accepted,
            )
        )  # fmt: skip
    return [
        replace(one, sentence=f"{one.sentence} (accepted by {accepted[one.accept_id]})")
        if one.is_accepted and one.accept_id
        else one
        for one in results
    ]


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _remember(
    con: duckdb.DuckDBPyConnection, report: QualityReport, settings: Settings, load_id: int, release_id: str | None
) -> None:
    state = [report.boundary, load_id, release_id, settings.digest]
    state += [(one.sentence, one.severity, one.success) for one in report.results]
    history.remember(
        con, digest(state), report.boundary, report.results, load_id, release_id, settings.history.days_kept
    )


def _write_page(con: duckdb.DuckDBPyConnection, data_dir: Path) -> Path | None:
    if not _exists(con, "quality", "runs"):
        return None
    from data_quality.page import write_page

    return write_page(con, data_dir / "reports" / "quality.html")


def _exists(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        con.execute(
            "select 1 from duckdb_tables() where database_name = current_database() and schema_name = ? and table_name = ?",
            [schema, table],
        ).fetchall()
    )
