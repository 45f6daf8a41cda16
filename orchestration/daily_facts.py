"""The daily facts by day, for whoever is on call: which days are there, when each last changed, and whether one is missing.

The models need no partitions: an incremental build finds by itself which days a late row touches, and ends where a rebuild would. So a partition here
is a day as it stands in a table that dbt built, reported after the build if it changed. Materialising days (a backfill) is for the case that
somebody does not believe them: it computes the whole table anew, because a day is made of those before it, and reports what has changed.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb

from command_line.pipeline import WITHOUT_UNIT_TESTS, run_dbt
from ingestion.contracts import project_variables
from orchestration.data_folder import DataFolder
from orchestration.days import FACTS, DailyFact, Day, day_of_as_of, days_of, missing_days
from orchestration.options import RunOptions
from orchestration.project import ASSETS, POOL, RELATIONS, TRANSLATOR

_VERSION = "dagster/data_version"


def days_key(fact: DailyFact) -> dg.AssetKey:
    """The asset whose partitions are the days of a table."""
    return dg.AssetKey(["days", fact.table.split(".")[1]])


def check_name(fact: DailyFact) -> str:
    """The check that no day of a table is missing."""
    return f"{fact.table.split('.')[1]}_has_every_day"


#: The days of each table; a run adds those that come and takes out those that its history no longer keeps.
PARTITIONS = {fact.table: dg.DynamicPartitionsDefinition(name=f"days_of_{fact.table.split('.')[1]}") for fact in FACTS}


@dg.asset(
    deps=[ASSETS[fact.table] for fact in FACTS],
    check_specs=[
        dg.AssetCheckSpec(
            check_name(fact),
            asset="daily_facts",
            description=f"No day of {fact.table} is missing up to the day of as_of.",
        )
        for fact in FACTS
    ],
    group_name="release",
    owners=["team:data-platform"],
    pool=POOL,
    kinds={"duckdb"},
    tags={"layer": "release"},
)
def daily_facts(context: dg.AssetExecutionContext, data: DataFolder, options: RunOptions) -> dg.MaterializeResult:
    """Looks which days the daily facts hold, and reports those that have changed as partitions of `days/…`."""
    with duckdb.connect(str(data.warehouse), read_only=True) as con:
        as_of = day_of_as_of(con)
        found = {fact: days_of(con, fact) for fact in FACTS}
    checks, metadata = [], {}
    for fact, days in found.items():
        changed = _report(context, fact, days)
        metadata[fact.table] = f"{len(days)} days, {len(changed)} of them changed"
        missing = missing_days(days, as_of) if _is_daily(fact, options) else []
        checks.append(
            dg.AssetCheckResult(
                passed=not missing,
                check_name=check_name(fact),
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"days": len(days), "missing": dg.MetadataValue.json(missing)},
                description=f"missing: {', '.join(missing[:5])}" if missing else None,
            )
        )
    return dg.MaterializeResult(metadata=metadata, check_results=checks)


def _is_daily(fact: DailyFact, options: RunOptions) -> bool:
    if fact.frequency is None:
        return True
    variables = project_variables() | options.variables
    return bool(variables[fact.frequency] == "daily")


def _report(context: dg.AssetExecutionContext, fact: DailyFact, days: dict[str, Day]) -> list[str]:
    """Report the days that have changed since they were reported last, and forget those that are gone. Answers the changed ones."""
    instance, key, partitions = context.instance, days_key(fact), PARTITIONS[fact.table]
    known = set(instance.get_dynamic_partitions(partitions.name))
    instance.add_dynamic_partitions(partitions.name, [day for day in days if day not in known])
    for day in known - days.keys():
        instance.delete_dynamic_partition(partitions.name, day)
    reported = instance.event_log_storage.get_latest_tags_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, [_VERSION]
    )
    changed = [day for day, held in days.items() if reported.get(day, {}).get(_VERSION) != held.mark]
    for day in changed:
        context.log_event(
            dg.AssetMaterialization(
                key, partition=day, metadata={"dagster/row_count": days[day].rows}, tags={_VERSION: days[day].mark}
            )
        )
    return changed


def _days_asset(fact: DailyFact) -> dg.AssetsDefinition:
    @dg.asset(
        key=days_key(fact),
        deps=[ASSETS[fact.table]],
        partitions_def=PARTITIONS[fact.table],
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=f"The days of `{fact.table}` with their rows. Materialising some computes the table anew, all days of it.",
        group_name=TRANSLATOR.get_group_name(RELATIONS[fact.table]),
        owners=TRANSLATOR.get_owners(RELATIONS[fact.table]),
        tags={"layer": "days"},
        pool=POOL,
        kinds={"dbt", "duckdb"},
    )
    def days(context: dg.AssetExecutionContext, data: DataFolder) -> Iterator[dg.MaterializeResult]:
        rebuild(data.folder, fact)
        with duckdb.connect(str(data.warehouse), read_only=True) as con:
            found = days_of(con, fact)
        asked = context.partition_keys
        gone = [day for day in asked if day not in found]
        context.log.info(f"{len(_report(context, fact, found))} days of {fact.table} have changed.")
        if gone:
            raise dg.Failure(
                f"{fact.table} has no rows of {', '.join(gone[:5])} after it was computed anew: the history it is made of has none either.",
                allow_retries=False,
            )
        for day in asked:
            context.add_asset_metadata({"dagster/row_count": found[day].rows}, partition_key=day)
        yield dg.MaterializeResult()

    return days


def rebuild(folder: Path, fact: DailyFact) -> None:
    """Compute a table anew from what it is made of, with its tests. Raises Failure if dbt fails."""
    name = fact.table.split(".")[1]
    whole = ["--full-refresh"] if fact.incremental else []
    outcome = run_dbt(["build", "--select", name, *whole, *WITHOUT_UNIT_TESTS], folder)
    if not outcome.succeeded:
        raise dg.Failure("; ".join(outcome.problems), allow_retries=False)


with warnings.catch_warnings():
    # A backfill of many days as one run is what is wanted; Dagster calls the setting beta.
    warnings.simplefilter("ignore", dg.BetaWarning)
    days_assets = [_days_asset(fact) for fact in FACTS]
