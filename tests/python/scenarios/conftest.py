"""One workplace for all scenario builds: always the same paths, so that dbt keeps what it parsed, and snapshots of what was built.

The unit tests know no data: they run once, over the first build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pyarrow as pa
import pytest

from command_line.pipeline import Build, run_dbt
from ingestion.contracts import PROJECT_DIR
from intelligence.attribution import step as attribution
from publishing.release import Checks, publish
from simulator.company import simulate
from tests.python.parsed_project import parsed_project, spare_parsing

BIN = Path(sys.executable).parent
BUILT = ("bronze", "silver", "gold", "entity", "metrics", "quarantine")
#: columns that name the load, and differ between two ways to the same rows; `transition_id` and `journey_instance_id` are made of a golden id
OF_THE_LOAD = (
    *("load_id", "loaded_at", "sha256", "size_bytes", "first_load_id", "build_number", "fingerprint", "content_hash"),
    *("anchor_record_key", "matched_at", "transition_id", "journey_instance_id", "first_found_at", "is_first_time"),
)
#: A golden id is made of the record that came first, and the id of a household of such an id. Between two ways people and households
#: go by what they hold: the least of their records, the least of their people.
PEOPLE_AND_HOUSEHOLDS = """
    create temp table named_people as
    select golden_customer_id as id, 'person of ' || min(record_key) as name from silver.identity_map group by 1;
    create temp table named_components as
    select component_key as id, min(name) as name from silver.household_components inner join named_people on record_key = id group by 1;
    create temp table named_households as
    select household_id as id, 'household of ' || min(name) as name
    from silver.household_members inner join named_people on golden_customer_id = id group by 1;
"""
WITHOUT_CHECKS = ["--exclude-resource-type", "test", "unit_test"]
#: What the history and the scores of accounts are made from, and all that is made of it: no people in there.
WITHOUT_SCORES = (
    "--exclude",
    *(
        f"silver__{name}+"
        for name in (
            *("account_days", "account_steps", "engagements", "goals", "interventions", "features", "user_signals"),
            *("devices", "device_readings", "portal_activities", "survey_invitations"),
            *("bills", "payment_attempts", "billing_periods", "mrr_movements"),
        )
    ),
)
#: a log of what happened, which is not the same on two ways, and what is read off one
LOGS = (
    "identity_changes",
    "action_decisions",
    "next_best_action",
    "action_outcomes",
    "action_policies",
    "insight_summary",
)


class Site:
    """A data folder in which everything is built, one build after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.mappings = root / "mappings"
        self.mappings.mkdir()
        spare_parsing(self._target(), self.data)

    def environment(self, arguments: Sequence[str], unit_tests: bool = False) -> dict[str, str]:
        """Environment of a command: its own folders, nothing of the project's data.

        dbt reads the whole project anew where other variables are given than the last time, so each has a target folder of its own.
        """
        variables = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
        return {
            **os.environ,
            "DATA_DIR": str(self.data),
            "MAPPINGS_DIR": str(self.mappings),
            "DBT_TARGET_PATH": str(self._target(variables)),
            "DBT_LOG_PATH": str(self.root / "logs"),
            "DBT_EXCLUDE_RESOURCE_TYPES": "" if unit_tests else "unit_test",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "COLUMNS": "200",
        }

    def _target(self, variables: str = "") -> Path:
        return self.root / "target" / hashlib.sha256(variables.encode()).hexdigest()[:8]

    def clear(self) -> None:
        """Begin with an empty data folder and no mappings."""
        shutil.rmtree(self.data, ignore_errors=True)
        (self.data / "landing").mkdir(parents=True)
        for path in self.mappings.iterdir():
            path.unlink()

    def put(self, name: str, data: bytes | str) -> Path:
        """Write a file below landing/."""
        path = self.data / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    @contextmanager
    def _environment_of(self, *arguments: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment(arguments).items():
                patch.setenv(name, value)
            yield

    def start(
        self, *arguments: str, program: str = "customer-analytics", unit_tests: bool = False
    ) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            [str(BIN / program), *arguments],
            cwd=PROJECT_DIR,
            env=self.environment(arguments, unit_tests),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, program: str = "customer-analytics", code: int = 0, unit_tests: bool = False) -> str:
        """Run a command to its end, and give what it printed. Fails unless it ends with `code`."""
        process = self.start(*arguments, program=program, unit_tests=unit_tests)
        printed, _ = process.communicate(timeout=600)
        assert process.returncode == code, printed[-4000:]
        return printed

    def build(self, *arguments: str, as_of: str | None = None) -> None:
        """Load and build, without the checks, in this process (which spares the start of another one)."""
        moment, project = (("--vars", f"{{as_of: '{as_of}'}}"), parsed_project()) if as_of else ((), None)
        with self._environment_of(*arguments, *moment):
            # Nothing looks for checks that are left out.
            build = ["build", *WITHOUT_CHECKS, "--indirect-selection", "empty", *arguments, *moment]
            outcome = run_dbt(build, self.data, manifest=project)
        assert outcome.succeeded, outcome.problems

    def build_all(self) -> None:
        """Load, build, match, learn and publish as a run does, without the checks, in this process."""
        with self._environment_of():
            build = Build()
            build.do(self.data, WITHOUT_CHECKS)
            assert build.outcome.succeeded, build.outcome.problems
            publish(self.data, Checks(0))

    def run_unchecked(self, *arguments: str) -> None:
        """Load, build and match as a run does, without the checks, the release and the scores of accounts, in this process."""
        # Without the scores most steps have nothing to learn from.
        learnable = mock.patch("command_line.pipeline.LEARNING", (attribution.STEP,))
        with self._environment_of(*arguments), learnable:
            build = Build()
            build.do(self.data, [*WITHOUT_CHECKS, *WITHOUT_SCORES, *arguments])
        assert build.outcome.succeeded, build.outcome.problems

    def decide(self, *lines: tuple[str, str, str]) -> None:
        """Build as if the seed of decisions held these lines and no others: the word, one record, the other record."""
        with duckdb.connect(str(self.data / "warehouse.duckdb")) as con:
            con.execute("delete from reference.identity_decisions")
            for word, one, other in lines:
                con.execute(
                    "insert into reference.identity_decisions (decision, source_system_a, source_record_id_a, source_system_b, "
                    "source_record_id_b, decided_by, decided_at, reason) select ?, ?, ?, ?, ?, 'maria', '2026-11-02 10:00:00', 'seen both'",
                    [word, *one.split("|", 1), *other.split("|", 1)],
                )
        self.build(*WITHOUT_SCORES, "--exclude", "identity_decisions")

    def keep(self, name: str) -> Path:
        """Move the data folder away, as a snapshot."""
        kept = self.root / "kept" / name
        kept.parent.mkdir(exist_ok=True)
        self.data.rename(kept)
        return kept

    def restore(self, name: str) -> None:
        """Put a copy of a snapshot back in place."""
        self.clear()
        shutil.rmtree(self.data)
        shutil.copytree(self.root / "kept" / name, self.data, symlinks=True)


def query(data: Path, sql: str, database: str = "warehouse.duckdb") -> list[tuple[Any, ...]]:
    """Rows of a query over a warehouse or a published file."""
    with duckdb.connect(str(data / database), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        return con.execute(sql).fetchall()


def tables(data: Path, leave_out: Sequence[str] = OF_THE_LOAD) -> dict[str, pa.Table]:
    """All built tables and views of a warehouse, without the columns named; versions of a file go by its name."""
    found: dict[str, pa.Table] = {}
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        if leave_out:
            con.execute(PEOPLE_AND_HOUSEHOLDS)
        columns = con.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns "
            f"where table_schema in {BUILT} order by all"
        ).fetchall()
        selected: dict[tuple[str, str], list[str]] = {}
        for schema, table, column, data_type in columns:
            if column in leave_out or table in LOGS:
                continue
            expression = f'"{column}"'
            if column == "source_file" and leave_out:
                expression = "regexp_replace(source_file, '@[0-9]+$', '') as source_file"
            elif leave_out and (names := _names(table, column)):
                expression = f'{names} as "{column}"'
            elif data_type == "DOUBLE":
                # Parallel threads add up in any order, so the last bits differ; the odd summand keeps values off the edges of rounding.
                expression = f'round("{column}" + 0.0000002718281828, 6) as "{column}"'
            selected.setdefault((schema, table), []).append(expression)
        for (schema, table), expressions in selected.items():
            reader = con.sql(f'select {", ".join(expressions)} from "{schema}"."{table}"')
            found[f"{schema}.{table}"] = reader.to_arrow_table()
    return found


def _names(table: str, column: str) -> str | None:
    """SQL for what the person or household is called between two ways, of whom a column has the id; None if it has no such id."""
    if table == "household_links" and column in ("person_a", "person_b"):
        # The lesser id stands first, and that may be either.
        choose = "least" if column == "person_a" else "greatest"
        return f"{choose}({_named('people', 'person_a')}, {_named('people', 'person_b')})"
    if table == "household_components" and column == "component_key":
        return _named("components", column)
    if (table, column) == ("fct_lifetime_value", "customer_id"):
        # Of who has no contract it is the golden id.
        return _named("people", column)
    if (
        "golden_customer_id" in column
        or column == "person_key"
        or (table == "household_components" and column == "record_key")
    ):
        return _named("people", column)
    return _named("households", column) if column == "household_id" else None


def _named(what: str, column: str) -> str:
    return f'coalesce((select name from named_{what} where id = "{column}"), "{column}")'


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> dict[str, str]:
    """Tables that do not hold the same rows, each with numbers and an example."""
    found = dict.fromkeys(one.keys() ^ other.keys(), "only in one of them")
    with duckdb.connect() as con:
        for name in sorted(one.keys() & other.keys()):
            con.register("one_side", one[name])
            con.register("other_side", other[name])
            # Adding up what rows hash to takes a fifth of comparing them, and nearly all tables are the same.
            of_rows = (
                f"select count(*), sum(cast(hash(row_of) as hugeint)) from {side} as row_of"
                for side in ("one_side", "other_side")
            )
            one_hash, other_hash = (con.execute(sql).fetchall() for sql in of_rows)
            if one_hash == other_hash and one[name].schema.names == other[name].schema.names:
                continue
            surplus, missing = (
                con.execute(f"select * from {a} except all select * from {b} order by all").fetchall()
                for a, b in (("one_side", "other_side"), ("other_side", "one_side"))
            )
            if surplus or missing:
                found[name] = (
                    f"{len(surplus)} rows too many, such as {surplus[:1]}; {len(missing)} missing, such as {missing[:1]}"
                )
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The workplace."""
    return Site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated company, broken rows included: its folder with landing/ and truth/."""
    out = tmp_path_factory.mktemp("company")
    simulate(accounts=25, days=100, seed=23, out=out)
    return out


@pytest.fixture(scope="session")
def tools() -> Any:
    """Functions that read and compare what was built."""

    class Tools:
        query = staticmethod(query)
        tables = staticmethod(tables)
        differences = staticmethod(differences)

    return Tools


ACCOUNT_HEAD = b"customer_id,customer_name,customer_tier,seats\n"
#: broken file -> (content, the line that is broken or None for the whole file, words of the reason)
BROKEN: dict[str, tuple[bytes, int | None, str]] = {
    "files/accounts/x_latin_1.csv": (ACCOUNT_HEAD + b"acc-x1,One,pro,1\nacc-x2,M\xfcller,pro,1\n", 3, "not UTF-8"),
    "files/accounts/x_fields.csv": (ACCOUNT_HEAD + b"acc-x3,One,pro\nacc-x4,Four,pro,4\n", 2, "3 fields where the header has 4"),
    "files/accounts/x_type.csv": (ACCOUNT_HEAD + b"acc-x5,Five,pro,many\nacc-x6,Six,pro,4.0\n", 2, "seats cannot be read as"),
    "files/accounts/x_key.csv": (ACCOUNT_HEAD + b" ,Nobody,pro,1\n", 2, "customer_id is required"),
    "files/accounts/x_quote.csv": (ACCOUNT_HEAD + b'acc-x7,"Seven,pro,1\nacc-x8,Eight,pro,1\n', 2, "not readable as CSV"),
    "files/accounts/x_long.csv": (ACCOUNT_HEAD + b"acc-x9," + b"y" * 3_000_000 + b",pro,1\nacc-x10,Ten,pro,1\n", 2, "bytes long"),
    "files/accounts/x_json.jsonl": (b'{"customer_id":"acc-x11"}\n{"customer_id":"acc-x1\n', 2, "not readable as JSON"),
    "files/accounts/x_truncated.csv.gz": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", None, "gzip"),
    "files/accounts/x_empty.csv": (b"", None, "empty"),
    "files/accounts/x_other.csv": (b"ticket,opened\n1,2\n", None, "names none of the columns"),
    "files/accounts/x_twins.csv": (b"customer_id,seats,Seats\nacc-x12,1,2\n", None, "two columns are called seats"),
    "files/accounts/x_parquet.parquet": (b"PAR1 and no more", None, "not readable as Parquet"),
    "files/accounts/x_name.docx": (b"PK", None, "ending '.docx'"),
    "files/acounts/x.csv": (ACCOUNT_HEAD + b"acc-x13,Thirteen,pro,1\n", None, "nothing reads a table"),
    "sugar_crm/accounts.csv": (ACCOUNT_HEAD + b"acc-x14,Fourteen,pro,1\n", None, "no connector or mapping is called 'sugar_crm'"),
    "loose.csv": (ACCOUNT_HEAD + b"acc-x15,Fifteen,pro,1\n", None, "outside any system's folder"),
    "files/customer_events/x_2099.csv": (
        b"event_id,event_name,occurred_at,visitor_id\nx-1,login,2099-01-01 00:00:00,v\nx-2,login,2026-10-01 00:00:00,v\n", 2, "lies in the future",
    ),
}  # fmt: skip
SOUND = {"acc-x1", "acc-x4", "acc-x6", "acc-x8", "acc-x10", "acc-x11"}


@pytest.fixture(scope="session")
def published(site: Site, company: Path) -> tuple[Path, dict[str, tuple[bytes, int | None, str]], set[str]]:
    """The company and broken files of every kind, loaded, built, checked and published; with the broken files and the sound ids in them."""
    site.clear()
    shutil.copytree(company / "landing", site.data / "landing", dirs_exist_ok=True)
    for name, (data, _, _) in BROKEN.items():
        site.put(name, data)
    (site.data / "landing/files/accounts/x_folder.csv").mkdir()
    site.run("run")
    site.run("test", "--select", "test_type:unit", program="dbt", unit_tests=True)
    return site.keep("published"), BROKEN, SOUND
