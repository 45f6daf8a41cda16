"""The landing folder as assets: one for each table that the loader keeps."""

from collections.abc import Iterator

import dagster as dg
import duckdb

from command_line.pipeline import remember_run
from command_line.quality_commands import as_outcome
from data_quality.settings import LANDING
from ingestion.contracts import current_catalogue
from ingestion.landing import ingest
from operations.faults import kind_of, sentence_of
from orchestration.data_folder import DataFolder
from orchestration.freshness import DAILY
from orchestration.project import MANIFEST, POOL, TRANSLATOR, began, step_errors, warehouse_in_use
from orchestration.quality import check_results, figures, landing_checks
from orchestration.translation import is_landed


def _landed_tables() -> Iterator[dg.AssetSpec]:
    for source in MANIFEST["sources"].values():
        if is_landed(source):
            register = source["identifier"] == "files"
            yield dg.AssetSpec(
                TRANSLATOR.get_asset_key(source),
                description=source["description"] or source["source_description"],
                group_name="landing",
                kinds={"file", "duckdb"},
                owners=["team:data-platform"],
                tags={"system": source["source_name"], "layer": "landing"},
                freshness_policy=DAILY if register else None,
            )


@dg.multi_asset(specs=list(_landed_tables()), check_specs=landing_checks(), pool=POOL)
def landing(
    context: dg.AssetExecutionContext, data: DataFolder
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Loads what is new in the landing folder and looks whether it is as expected: one asset for each table the loader keeps.

    dbt loads too, from within its own process, before its first model: whoever runs `dbt build` by hand gets the newest files.
    Here the same loader runs first, as a step with its own log, counts and failures; dbt then finds nothing new, except what
    arrives in the seconds between. Both take the file one after the other, because only one process may have it open.
    """
    from data_quality.runner import check_landing

    folder = data.folder
    try:
        con = duckdb.connect(str(data.warehouse))
    except duckdb.Error as error:
        if kind_of(error) == "in_use":
            raise warehouse_in_use() from error
        raise dg.Failure(sentence_of(error, folder) or str(error), allow_retries=False) from error
    with con:
        report = ingest(con, folder / "landing", current_catalogue())
    for problem in report.problems:
        context.log.warning(problem)
    with step_errors(context):
        quality = check_landing(folder, load=False)
    register = dg.AssetKey(["landing", "files"])
    with duckdb.connect(str(data.warehouse), read_only=True) as con:
        files = con.execute(
            "select relation, count(*) filter (where status = 'loaded'), count(*) filter (where status <> 'loaded'), "
            "sum(rows_unreadable), count(*) filter (where load_id = ?) from landing.files group by relation",
            [report.load_id if report.files_loaded + report.files_set_aside else -1],
        ).fetchall()
        by_table = {table: counts for table, *counts in files}
        whole = [sum(counts[i] for counts in by_table.values()) for i in range(4)]
        for key in sorted(context.selected_asset_keys):
            schema, table = key.path
            loaded, aside, unreadable, new = whole if table == "files" else by_table.get(table, (0, 0, 0, 0))
            rows = con.execute(f'select count(*) from {schema}."{table}"').fetchall()[0][0]
            counts = {"files_loaded": loaded, "files_set_aside": aside, "rows_unreadable": unreadable, "files_new": new}
            more = figures(quality) if key == register else {}
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows, **counts, **more})
    yield from check_results(quality, LANDING, register)
    if quality.blocking:
        remember_run(folder, began(context), as_outcome(quality), release_id=None)
        raise dg.Failure(quality.message, allow_retries=False)
