"""Identity resolution against the planted truth, beside Splink alone on the same records in the same run.

python -m benchmarks.identity febrl3 10000 100000 1000000    (REFERENCE_DATA names the folder with febrl3.csv)

Both get the same normalised records (silver.source_records). Ours: the seconds of the matching step and of all models after it, to the review
queue. Splink's: training, prediction, clustering. Then 10,000 further records are matched into what is there. Reading and normalising the
records (from the landed rows on) is timed by itself, for all and for the new.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from benchmarks.splink_alone import cluster_with_splink
from command_line.pipeline import BEFORE_MATCHING
from ingestion.contracts import PROJECT_DIR
from ingestion.dbt_plugin import BUILD_PART
from intelligence.identity.step import match_warehouse
from simulator.population import simulate_people

RESULTS = Path(__file__).parent / "results"
#: Models that read and normalise the records; what comes after them are rules, links, clusters, ids.
READING = (
    "bronze__customers", "bronze__customer_identifiers", "record_arrivals", "record_versions", "source_records", "record_identifiers",
    "identifier_values",
)  # fmt: skip
NEW_RECORDS = 10_000
FEBRL_COLUMNS = {
    "rec_id": "source_record_id", "given_name": "given_name", "surname": "family_name", "street_number": "house_number",
    "address_1": "street_address", "address_2": "address_line_2", "suburb": "city", "postcode": "postcode", "state": "region",
    "date_of_birth": "birth_date", "soc_sec_id": "national_id",
}  # fmt: skip


@dataclass
class Quality:
    """How clusters compare with the truth. Pairs: of records; a cluster is pure if all its records are of one person; people are exact if a
    cluster holds all of their records and nobody else's.
    """

    pair_precision: float
    pair_recall: float
    pair_f1: float
    cluster_precision: float
    people_exact: float
    largest_cluster: int


@dataclass
class Result:
    """What `main` prints and keeps for one data set."""

    data: str
    records: int
    people: int
    quality: dict[str, Quality] = field(default_factory=dict)
    links_found_without_review: float = 0.0
    resolved_without_review: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    parts: dict[str, dict[str, float]] = field(default_factory=dict)


def quality(con: duckdb.DuckDBPyConnection, clusters: str) -> Quality:
    """Compare table `clusters` (record_key, cluster) with table `truth` (record_key, person)."""
    row = con.execute(
        f"""
        with cell as (select cluster, person, count(*) as n from {clusters} inner join truth using (record_key) group by all),
        cluster as (select cluster, sum(n) as n, count(*) as people from cell group by cluster),
        person as (select person, sum(n) as n, count(*) as clusters from cell group by person),
        pair as (
            select
                (select sum(n * (n - 1) / 2) from cell) as agreed, (select sum(n * (n - 1) / 2) from cluster) as found,
                (select sum(n * (n - 1) / 2) from person) as planted
        )
        select
            agreed / found, agreed / planted, 2 * agreed / (found + planted),
            (select count(*) filter (where people = 1) / count(*) from cluster where n > 1),
            (select count(*) from cell inner join cluster using (cluster) inner join person using (person)
                where cluster.people = 1 and person.clusters = 1) / (select count(*) from person),
            (select max(n) from cluster)
        from pair
        """
    ).fetchall()[0]
    precision, recall, f1, pure, exact = (round(float(value), 5) for value in row[:5])
    return Quality(precision, recall, f1, pure, exact, int(row[5]))


def dbt(folder: Path, part: str, *select: str, exclude: Sequence[str] = ()) -> dict[str, float]:
    """Build what is selected as this part of a build (`first`, `last`), without tests; the seconds of each model and seed."""
    os.environ["DATA_DIR"] = str(folder)
    os.environ[BUILD_PART] = part
    place = [
        "--project-dir",
        str(PROJECT_DIR),
        "--profiles-dir",
        str(PROJECT_DIR),
        "--target-path",
        str(folder / "target"),
    ]
    arguments = [
        "build",
        "--quiet",
        "--log-level",
        "none",
        "--exclude-resource-type",
        "test",
        "unit_test",
        "--select",
        *select,
        *(("--exclude", *exclude) if exclude else ()),
        *place,
    ]
    outcome = dbtRunner().invoke(arguments)
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not outcome.success:
        raise SystemExit(str(outcome.exception or [it.message for it in outcome.result if it.status == "error"]))  # type: ignore[union-attr]
    return {it.node.name.removeprefix("silver__"): it.execution_time for it in outcome.result}  # type: ignore[union-attr]


def read_records(folder: Path) -> dict[str, float]:
    """Build what the matching step reads; the seconds of the models that read and normalise records."""
    timed = dbt(folder, "first", *BEFORE_MATCHING)
    return {name: timed[name] for name in READING}


def resolve(folder: Path, upto: str) -> dict[str, float]:
    """Build what comes after the matching step, as `customer-analytics run` does; the seconds of each model."""
    return dbt(folder, "last", "+" + upto, exclude=BEFORE_MATCHING)


def rules_alone(folder: Path, result: Result) -> tuple[dict[str, float], Quality]:
    """What rules and decisions make of the records without the step, in a copy of the warehouse."""
    copy = folder / "rules"
    copy.mkdir()
    (copy / "landing").symlink_to(folder / "landing")
    for name in ("warehouse.duckdb", "truth.parquet", "truth.csv"):
        if (folder / name).exists():
            shutil.copy(folder / name, copy / name)
    seconds = resolve(copy, "silver__identity_map")
    found = evaluate(copy, result)
    shutil.rmtree(copy)
    return seconds, found


def write_febrl(folder: Path) -> None:
    """FEBRL3 in the shape of the contract, and its truth: the number in rec_id, which nothing else sees (ids are numbered anew)."""
    source = Path(os.environ["REFERENCE_DATA"]) / "febrl3.csv"
    target = folder / "landing/files/customers"
    target.mkdir(parents=True)
    with (
        source.open() as file,
        (target / "febrl3.csv").open("w", newline="") as landed,
        (folder / "truth.csv").open("w") as truth,
    ):
        writer = csv.DictWriter(landed, [*FEBRL_COLUMNS.values(), "country"])
        writer.writeheader()
        truth.write("source_record_id,person\n")
        for number, row in enumerate(csv.DictReader(file, skipinitialspace=True)):
            record = {FEBRL_COLUMNS[name]: value.strip() for name, value in row.items() if name in FEBRL_COLUMNS}
            truth.write(f"{number},{record['source_record_id'].split('-')[1]}\n")
            writer.writerow({**record, "source_record_id": str(number), "country": "AU"})


def prepare(name: str, folder: Path) -> Path | None:
    """Write the data set into `folder`; for a simulated one, keep back NEW_RECORDS of it, and say where they are."""
    if name == "febrl3":
        write_febrl(folder)
        return None
    records = int(name)
    simulate_people(records=records + NEW_RECORDS if records >= 100_000 else records, seed=3, out=folder)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select source_system || '|' || source_record_id as record_key, person_id as person from '{folder}/truth/person_records.parquet') "
            f"to '{folder}/truth.parquet'"
        )
        if records < 100_000:
            return None
        con.execute(
            f"create table late as select source_system as origin_system, source_record_id from '{folder}/truth/person_records.parquet' "
            f"order by md5(source_system || source_record_id) limit {NEW_RECORDS}"
        )
        late = folder / "late"
        for table in ("customers", "customer_identifiers"):
            landed = folder / "landing/files" / table
            files = f"read_csv('{landed}/*.csv', all_varchar = true, union_by_name = true)"
            (late / table).mkdir(parents=True)
            con.execute(
                f"copy (select * from {files} semi join late using (origin_system, source_record_id)) to '{late}/{table}/late.csv' (header)"
            )
            con.execute(
                f"copy (select * from {files} anti join late using (origin_system, source_record_id)) to '{folder}/{table}.csv' (header)"
            )
            shutil.rmtree(landed)
            landed.mkdir()
            shutil.move(folder / f"{table}.csv", landed / "first.csv")
        return late


def step(folder: Path) -> tuple[dict[str, float], int]:
    """The matching step; seconds by part, and how many records it matched."""
    report = match_warehouse(folder / "warehouse.duckdb")
    return report.seconds, report.changed


def measure(name: str) -> Result:
    """Run one data set through everything."""
    with tempfile.TemporaryDirectory(prefix="identity-") as place:
        folder = Path(place)
        late = prepare(name, folder)
        result = Result(name, 0, 0)
        parts = {"reading": read_records(folder)}
        parts["rules"], result.quality["rules alone"] = rules_alone(folder, result)
        parts["step"], _ = step(folder)
        parts["models"] = resolve(folder, "silver__identity_review_queue")
        result.quality["ours"] = evaluate(folder, result)
        with duckdb.connect() as con:
            read_truth(con, folder)
            con.execute(f"attach '{folder}/warehouse.duckdb' as warehouse (read_only)")
            con.execute("create table person as select * from warehouse.silver.source_records")
            alone = cluster_with_splink("person", con)
            found = []
            for threshold, clusters in alone.clusters.items():
                con.register("alone", clusters)
                found.append((f"Splink alone at {threshold}", quality(con, "alone")))
            best = max(found, key=lambda it: it[1].pair_f1)
            result.quality[best[0]] = best[1]
        result.seconds = {
            "ours": sum(sum(parts[it].values()) for it in ("step", "models")),
            "Splink alone": sum(alone.seconds.values()),
            "reading": sum(parts["reading"].values()),
        }
        parts["Splink alone"] = alone.seconds
        if late:
            for table in ("customers", "customer_identifiers"):
                shutil.copy(late / table / "late.csv", folder / "landing/files" / table / "late.csv")
            parts["reading, 10,000 new"] = read_records(folder)
            seconds, matched = step(folder)
            parts["step, 10,000 new"] = seconds
            parts["models, 10,000 new"] = resolve(folder, "silver__identity_review_queue")
            result.seconds["reading, 10,000 new"] = sum(parts["reading, 10,000 new"].values())
            result.seconds["10,000 new"] = sum(
                sum(parts[it].values()) for it in ("step, 10,000 new", "models, 10,000 new")
            )
            result.quality["ours, with 10,000 new"] = evaluate(folder, result)
            print(f"  matched {matched} of them")
        result.parts = {part: {it: round(seconds, 2) for it, seconds in found.items()} for part, found in parts.items()}
        result.seconds = {it: round(seconds, 2) for it, seconds in result.seconds.items()}
        return result


def read_truth(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make table truth (record_key, person)."""
    source = (
        f"select 'files|' || source_record_id as record_key, person from read_csv('{folder}/truth.csv', all_varchar = true)"
        if (folder / "truth.csv").exists()
        else f"select * from '{folder}/truth.parquet'"
    )
    con.execute(f"create or replace temp table truth as {source}")


def evaluate(folder: Path, result: Result) -> Quality:
    """Quality of the map as it stands; notes records, people and what was found without review."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        read_truth(con, folder)
        con.execute(
            "create temp table ours as select record_key, golden_customer_id as cluster from silver.identity_map"
        )
        counts = con.execute("select count(*), count(distinct person) from truth inner join ours using (record_key)")
        result.records, result.people = counts.fetchall()[0]
        found = quality(con, "ours")
        result.links_found_without_review = found.pair_recall
        tables = (
            "select count(*) from duckdb_views() where schema_name = 'silver' and view_name = 'identity_review_queue'"
        )
        if con.execute(tables).fetchall()[0][0]:
            queue = "silver.identity_review_queue"
            asked = f"(select record_key_a as record_key from {queue} union select record_key_b from {queue})"
            query = (
                f"select 1 - count(asked.record_key) / count(*) from ours left join {asked} as asked using (record_key)"
            )
            result.resolved_without_review = round(con.execute(query).fetchall()[0][0], 4)
        return found


def show(result: Result) -> None:
    """Print a result."""
    for who, it in result.quality.items():
        print(
            f"  {who:22} pairs: precision {it.pair_precision:.4f} recall {it.pair_recall:.4f} F1 {it.pair_f1:.4f}"
            f" | clusters pure {it.cluster_precision:.4f} | people exact {it.people_exact:.4f} | largest {it.largest_cluster}"
        )
    print(f"  true links found without review {result.links_found_without_review:.4f}")
    print(f"  records that nobody need look at {result.resolved_without_review:.4f}")
    print("  seconds: " + ", ".join(f"{it} {seconds:.1f}" for it, seconds in result.seconds.items()))
    ours, alone = result.seconds["ours"], result.seconds["Splink alone"]
    print(f"  ours / Splink alone {ours / alone:.2f}")
    if "10,000 new" in result.seconds:
        fresh, read, read_fresh = (result.seconds[it] for it in ("10,000 new", "reading", "reading, 10,000 new"))
        print(
            f"  10,000 new / full run: matching {fresh / ours:.3f}, from the landed rows on {(fresh + read_fresh) / (ours + read):.3f}"
        )


def main() -> None:
    """Measure the data sets named on the command line, print them and keep them in results/."""
    RESULTS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or ["febrl3", "10000"]:
        began = time.perf_counter()
        result = measure(name)
        (RESULTS / f"identity_{name}.json").write_text(json.dumps(asdict(result), indent=1) + "\n")
        print(
            f"{name}: {result.records:,} records of {result.people:,} people, {time.perf_counter() - began:.0f} s in all"
        )
        show(result)


if __name__ == "__main__":
    main()
