"""What a decision about two records would change, before anybody takes it.

The decision is added to a copy of the warehouse, and the models of the build run on that copy: what comes out is what the next build
would make of it, without a second way of clustering that could disagree with the first.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console
from rich.markup import escape

from command_line.explain_person import ExplainError, Person, place_of, print_table, rows, tables
from ingestion.contracts import project_variables

DECISIONS = ("merge", "keep_apart")
MODELS = ("identity_decisions+,path:models/silver/identity", "identity_decisions+,path:models/silver/golden")
COUNTED_SCHEMAS = ("silver", "gold", "entity", "metrics")


@dataclass(frozen=True)
class Decision:
    """What somebody would decide about two records."""

    decision: str
    record_key_a: str
    record_key_b: str


def read_decision(con: duckdb.DuckDBPyConnection, text: str) -> Decision:
    """`keep_apart:crm|1,shop|2`. Raises ExplainError if it is none, or names a record that does not exist."""
    word, colon, pair = text.partition(":")
    if not colon or word not in DECISIONS:
        raise ExplainError(f"'{text}' is no decision; write merge:crm|1,shop|2 or keep_apart:crm|1,shop|2.")
    parts = pair.split(",")
    # An id may hold a comma itself: the comma that counts is the one with a record on both sides.
    for place in range(1, len(parts)):
        one, other = ",".join(parts[:place]).strip(), ",".join(parts[place:]).strip()
        known = rows(con, "select record_key from silver.source_records where record_key in (?, ?)", [one, other])
        if len(known) == 2:
            return Decision(word, one, other)
    if len(parts) == 2 and parts[0].strip() == parts[1].strip():
        raise ExplainError("A decision is about two records; these are one.")
    named = [part.strip() for part in parts]
    there = {
        row["record_key"]
        for row in rows(
            con, "select record_key from silver.source_records where record_key in (select unnest(?))", [named]
        )
    }
    missing = ", ".join(name for name in named if name not in there) or pair
    raise ExplainError(
        f"There is no record {missing}; a decision names two records as system|id, with a comma between."
    )


def concern(person: Person, decision: Decision) -> None:
    """Raises ExplainError if neither record is one of the person's."""
    if not {decision.record_key_a, decision.record_key_b} & person.record_keys:
        raise ExplainError(
            f"Neither {decision.record_key_a} nor {decision.record_key_b} belongs to {person.name} ({person.golden_customer_id}); "
            "ask for a person that one of them belongs to."
        )


def print_effect(console: Console, data_dir: Path, decision: Decision) -> None:
    """Work out on a copy what the decision would change, and print it."""
    from command_line.pipeline import in_folders, project_aside, run_dbt

    warehouse = data_dir / "warehouse.duckdb"
    with tempfile.TemporaryDirectory(prefix="decision-") as name:
        folder = Path(name)
        copy = _copy(warehouse, folder)
        variables = _add(copy, decision)
        # What these models are made of does not hang on the variables: what dbt read of the project last may be read again.
        project = project_aside()
        with in_folders(DATA_DIR=folder / "data", DBT_TARGET_PATH=folder / "target", DBT_LOG_PATH=folder / "logs"):
            arguments = ["run", "--select", *MODELS, "--vars", yaml.safe_dump(variables)]
            outcome = run_dbt(arguments, folder / "data", manifest=project)
        if not outcome.succeeded or not outcome.nodes:
            problem = outcome.problems[0] if outcome.problems else "dbt built nothing"
            raise ExplainError(f"The decision cannot be tried out: {problem}")
        with (
            duckdb.connect(str(warehouse), read_only=True) as before,
            duckdb.connect(str(copy), read_only=True) as after,
        ):
            _print_difference(console, decision, before, after)


def _copy(warehouse: Path, folder: Path) -> Path:
    size = warehouse.stat().st_size
    if shutil.disk_usage(folder).free < 2 * size:
        raise ExplainError(
            f"Trying the decision out takes a copy of the warehouse ({2 * size / 1e9:.1f} GB with room to work), which {folder.parent} "
            "has no room for; let TMPDIR name a folder that has."
        )
    (folder / "data" / "landing").mkdir(parents=True)
    for path in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
        if path.exists():
            shutil.copy(path, folder / "data" / path.name)
    return folder / "data" / warehouse.name


def _add(copy: Path, decision: Decision) -> dict[str, Any]:
    """Put the decision into the copy, later than all others; gives the variables that the warehouse was built with."""
    with duckdb.connect(str(copy)) as con:
        one, other = decision.record_key_a.split("|", 1), decision.record_key_b.split("|", 1)
        con.execute(
            "insert into reference.identity_decisions (decision, source_system_a, source_record_id_a, source_system_b, source_record_id_b, "
            "decided_by, decided_at, reason) select ?, ?, ?, ?, ?, 'proposed', greatest((select max(as_of) from silver.as_of), "
            "(select max(cast(decided_at as timestamp)) + interval 1 second from reference.identity_decisions)), 'proposed'",
            [decision.decision, *one, *other],
        )
        stored = dict(con.execute("select name, setting from landing.build_settings").fetchall())
    rules = project_variables()
    found: dict[str, Any] = {}
    for name, setting in stored.items():
        if name in rules and setting != "None":
            found[name] = (
                setting.split(", ")
                if isinstance(rules[name], list)
                else setting
                if name == "as_of"
                else yaml.safe_load(setting)
            )
    return found


def _moved(
    before: duckdb.DuckDBPyConnection, after: duckdb.DuckDBPyConnection
) -> tuple[dict[str, str], dict[str, str]]:
    """Members of every cluster that is not the same before and after."""
    sql = "select record_key, golden_customer_id from silver.identity_map"
    was, will = dict(before.execute(sql).fetchall()), dict(after.execute(sql).fetchall())
    ids = {
        golden
        for key in was.keys() | will.keys()
        if was.get(key) != will.get(key)
        for golden in (was.get(key), will.get(key))
    }
    return {k: v for k, v in was.items() if v in ids}, {k: v for k, v in will.items() if v in ids}


def _fields(con: duckdb.DuckDBPyConnection, ids: set[str]) -> dict[tuple[str, str], tuple[str, str]]:
    found = rows(
        con, "select * from silver.golden_fields where golden_customer_id in (select unnest(?))", [sorted(ids)]
    )
    return {(row["golden_customer_id"], row["field"]): (row["value"], row["record_key"]) for row in found}


def _print_difference(
    console: Console, decision: Decision, before: duckdb.DuckDBPyConnection, after: duckdb.DuckDBPyConnection
) -> None:
    was, will = _moved(before, after)
    console.print(
        f"[bold]{decision.decision}[/bold] {escape(decision.record_key_a)} and {escape(decision.record_key_b)}"
    )
    together = dict(
        after.execute(
            "select record_key, golden_customer_id from silver.identity_map where record_key in (?, ?)",
            [decision.record_key_a, decision.record_key_b],
        ).fetchall()
    )
    state = "one person" if len(set(together.values())) == 1 else "two persons"
    if not was and not will:
        console.print(f"No golden record changes: the two are {state} with and without the decision.")
        return
    console.print(f"The two records would be {state}.")
    print_table(console, "clusters before", ["golden id", "records"], _clusters(was))
    print_table(console, "clusters after", ["golden id", "records"], _clusters(will))
    ids_before, ids_after = set(was.values()), set(will.values())
    for word, ids in (
        ("kept", ids_before & ids_after),
        ("new", ids_after - ids_before),
        ("no longer used", ids_before - ids_after),
    ):
        if ids:
            console.print(f"golden ids {word}: {', '.join(sorted(ids))}")
    one, other = _fields(before, ids_before), _fields(after, ids_after)
    changed = sorted(
        (
            key
            for key in one.keys() | other.keys()
            if one.get(key) != other.get(key) and key[0] in ids_before & ids_after
        ),
        key=lambda key: (key[0], place_of(key[1])),
    )
    print_table(
        console,
        "fields that would change",
        ["golden id", "field", "now", "then"],
        [[*key, _said(one.get(key)), _said(other.get(key))] for key in changed],
    )
    new = sorted((key for key in other if key[0] not in ids_before), key=lambda key: (key[0], place_of(key[1])))
    print_table(
        console,
        "fields of the new golden records",
        ["golden id", "field", "value"],
        [[*key, _said(other[key])] for key in new],
    )
    print_table(
        console,
        "rows that name these persons now",
        ["table", "rows"],
        [[name, f"{count:,}"] for name, count in _rows_downstream(before, ids_before)],
    )
    console.print(
        "\nNothing was changed. To decide so, add a row to seeds/identity_decisions.csv and run `customer-analytics run`."
    )


def _clusters(members: dict[str, str]) -> list[list[str]]:
    return [
        [golden, ", ".join(sorted(key for key, value in members.items() if value == golden))]
        for golden in sorted(set(members.values()))
    ]


def _said(found: tuple[str, str] | None) -> str:
    return f"{found[0]} ({found[1]})" if found else "nothing"


def _rows_downstream(con: duckdb.DuckDBPyConnection, ids: set[str]) -> list[tuple[str, int]]:
    named = con.execute(
        "select table_schema || '.' || table_name from information_schema.columns where column_name = 'golden_customer_id' "
        "and table_schema in (select unnest(?)) order by all",
        [list(COUNTED_SCHEMAS)],
    ).fetchall()
    there = tables(con)
    counts = [
        (
            name,
            con.execute(
                f"select count(*) from {name} where golden_customer_id in (select unnest(?))", [sorted(ids)]
            ).fetchall()[0][0],
        )
        for (name,) in named
        if name in there
    ]
    return [(name, count) for name, count in counts if count]
