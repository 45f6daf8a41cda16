"""A run is one build with the Python steps between its parts: every node once, one load, one rebuild, and one sentence if a step fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from command_line import pipeline
from command_line.pipeline import BEFORE_LEARNING, BEFORE_MATCHING, CHECKS_OF_A_PART, DbtOutcome, run_dbt
from data_quality.runner import QualityReport
from ingestion.contracts import PROJECT_DIR
from intelligence.identity.comparisons import COLUMNS
from intelligence.identity.matching import FEWEST_RECORDS, TABLES, MatchReport, create_tables
from intelligence.learning import LEARNING
from intelligence.warehouse import Step, StepError, StepReport
from intelligence.warehouse import create_tables as create_tables_of_a_step
from publishing.release import Checks
from tests.python.parsed_project import parsed_project

Command = Callable[..., Result]

REPORT = MatchReport(100, 100, 400, 30, True, "model_1", {"scoring": 1.0})


def _listed(*selection: str) -> list[str]:
    from dbt.cli.main import dbtRunner

    place = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR), "--quiet", "--log-level", "none"]
    answer = dbtRunner(parsed_project()).invoke(
        ["ls", "--output", "json", "--output-keys", "unique_id", *selection, *place]
    )
    assert answer.success, answer.exception
    return [json.loads(line)["unique_id"] for line in answer.result]


@pytest.mark.slow
def test_the_parts_together_are_everything_once(place: Path) -> None:
    parts: list[list[str]] = []
    built: list[str] = []
    for selection in (BEFORE_MATCHING, BEFORE_LEARNING):
        parts.append(_listed(*CHECKS_OF_A_PART, "--select", *selection, *(["--exclude", *built] if built else [])))
        built += selection
    parts.append(_listed(*CHECKS_OF_A_PART, "--exclude", *built))
    everything = [
        name for name in _listed() if name.split(".")[0] in ("model", "seed", "test", "unit_test", "source", "exposure")
    ]
    kinds = Counter(name.split(".")[0] for name in parts[0])
    assert kinds["model"] > 10 and kinds["test"] > 50 and kinds["seed"] > 3
    assert sum((Counter(part) for part in parts), Counter()) == Counter(everything)
    for part in parts:
        assert any(name.startswith("unit_test.") for name in part)


LEARN = [step.name for step in LEARNING]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a run does, in its order; nothing is really built."""
    done: list[str] = []

    def build(
        arguments: list[str], data_dir: Path, progress: object = None, part: str = "", manifest: object = None
    ) -> DbtOutcome:
        done.append(part or "whole")
        return DbtOutcome(True, Checks(3), nodes=5)

    def match(warehouse: Path, *, retrain: bool = False, progress: object = None) -> MatchReport:
        done.append("match anew" if retrain else "match")
        return REPORT

    def learn(step: Step, warehouse: Path, *, retrain: bool = False, progress: object = None) -> StepReport:
        done.append(f"{step.name} anew" if retrain else step.name)
        return StepReport(f"the {step.name} step has learnt", page=Path("card.html"), seconds=2.0)

    monkeypatch.setattr(pipeline, "read_project", lambda *_: DbtOutcome(True, Checks(0)))
    monkeypatch.setattr(pipeline, "run_dbt", build)
    monkeypatch.setattr(pipeline, "match_warehouse", match)
    monkeypatch.setattr(Step, "run", learn)
    # Nothing is loaded or built here that could be judged.
    monkeypatch.setattr("data_quality.runner.check_landing", lambda *_, **__: QualityReport("landing"))
    monkeypatch.setattr("data_quality.runner.check_marts", lambda *_, **__: QualityReport("marts"))
    return done


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ([], ["first", "text", "match", "middle", *LEARN, "last"]),
        (
            ["--full-refresh"],
            ["first", "text anew", "match anew", "middle", *(f"{name} anew" for name in LEARN), "last"],
        ),
        (["--no-match"], ["first", "text", "middle", *LEARN, "last"]),
    ],
)
def test_the_steps_run_between_the_parts(
    command: Command, tmp_path: Path, parts: list[str], arguments: list[str], order: list[str]
) -> None:
    result = command("run", "--data-dir", tmp_path, *arguments)
    assert parts == order
    # There is no warehouse to publish here.
    assert result.exit_code == 1
    assert ("matched 100 records: 100 new or changed, 30 links, model_1" in result.stdout) == (
        "match" in " ".join(order)
    )
    last = json.loads((tmp_path / "last_run.json").read_text())
    assert last["nodes"] == 5 * len([word for word in order if word in ("first", "middle", "last")])
    for name in ("text", *LEARN):
        assert f"the {name} step has learnt, 2.0 s; card.html" in result.stdout


def test_a_run_says_what_warned_and_which_decisions_have_no_effect(
    command: Command, tmp_path: Path, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute(
            """
            create schema silver;
            create table silver.identity_decisions_without_effect as from (values
                ('merge', 'crm|3', 'crm|4', timestamp '2026-01-01', 'overruled', 'overruled by a later line'),
                ('merge', 'crm|1', 'crm|99', null, 'unknown_record', 'there is no record crm|99'),
                ('merge', 'crm|2', 'crm|98', null, 'unknown_record', 'there is no record crm|98')
            ) as lines (decision, record_key_a, record_key_b, decided_at, problem, explanation)
            """
        )
    outcomes = iter(
        [DbtOutcome(True, Checks(3, ["one"]), nodes=5, warnings=["one: 1 row"]), *[DbtOutcome(True, Checks(3), nodes=5)] * 2]
    )  # fmt: skip
    monkeypatch.setattr(pipeline, "run_dbt", lambda *_, **__: next(outcomes))
    lines = command("run", "--data-dir", tmp_path).stdout.splitlines()
    assert "warned: one: 1 row" in lines
    told = [line for line in lines if line.startswith("seeds/identity_decisions.csv")]
    assert told == [
        "seeds/identity_decisions.csv: 2 lines have no effect, such as merge crm|1, crm|99 (there is no record crm|99)",
        "seeds/identity_decisions.csv: 1 line has no effect: merge crm|3, crm|4 (overruled by a later line)",
    ]


def test_what_fails_in_the_first_part_ends_the_run(
    command: Command, tmp_path: Path, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, part: str = "", **__: object) -> DbtOutcome:
        parts.append(part)
        return DbtOutcome(False, Checks(2, failed=["unique_key"]), ["unique_key: Got 1 result"], 3)

    monkeypatch.setattr(pipeline, "run_dbt", fail)
    result = command("run", "--data-dir", tmp_path)
    assert parts == ["first"]
    assert result.exit_code == 1
    assert "Nothing was published" in result.stderr and "unique_key" in result.stderr


def test_a_step_that_fails_publishes_nothing(
    command: Command, tmp_path: Path, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> MatchReport:
        raise StepError("The matching step failed: no memory. The links it found earlier are as they were.")

    monkeypatch.setattr(pipeline, "match_warehouse", fail)
    result = command("run", "--data-dir", tmp_path)
    assert parts == ["first", "text"]
    assert result.exit_code == 1
    assert "Nothing was published. The matching step failed: no memory." in result.stderr
    assert "Readers keep the last release" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "published").exists()
    last = json.loads((tmp_path / "last_run.json").read_text())
    assert last["succeeded"] is False
    assert "no memory" in last["problems"][0]


def test_matching_before_any_run(command: Command, tmp_path: Path) -> None:
    result = command("match", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "customer-analytics run" in result.stderr
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    result = command("match", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "silver.source_records" in result.stderr and "customer-analytics run" in result.stderr
    assert result.stderr.count("\n") == 1


def _warehouse(folder: Path, records: int) -> None:
    named = ", ".join(
        f"'{name}' || i as {name}"
        if name in ("given_name_key", "family_name_key", "email_key")
        else f"cast(null as varchar) as {name}"
        for name in dict.fromkeys((*COLUMNS, "email_key", "phone", "mobile_phone", "content_hash"))
    )
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("create schema silver; create schema reference")
        con.execute(
            f"create table silver.source_records as select 'crm|' || i as record_key, {named} from range({records}) as r(i)"
        )
        con.execute(
            "create table silver.matching_identifiers (record_key varchar, identifier_type varchar, identifier_value varchar)"
        )
        con.execute("create table reference.nicknames (nickname varchar, given_name varchar)")


def test_too_few_records_are_no_error(command: Command, tmp_path: Path) -> None:
    _warehouse(tmp_path, FEWEST_RECORDS - 1)
    result = command("match", "--data-dir", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("\n") == 1
    assert f"{FEWEST_RECORDS - 1} records are too few" in result.stdout


def test_what_goes_wrong_inside_the_step_is_one_sentence(command: Command, tmp_path: Path) -> None:
    _warehouse(tmp_path, FEWEST_RECORDS - 1)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("insert into silver.source_records select * from silver.source_records limit 1")
    result = command("match", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "every record may stand in it once" in result.stderr
    assert result.stderr.count("\n") == 1


def _rows(data: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        return con.execute(sql).fetchall()


def _build(data: Path, *arguments: str, part: str = "") -> DbtOutcome:
    return run_dbt(["build", "--select", "nicknames", *arguments], data, part=part, manifest=parsed_project())


@pytest.mark.slow
def test_a_build_makes_the_tables_of_the_step_and_keeps_what_is_in_them(place: Path, tmp_path: Path) -> None:
    assert _build(tmp_path).succeeded
    columns = (
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'identity' "
        f"and table_name in {tuple(TABLES)} order by all"
    )
    with duckdb.connect() as con:
        create_tables(con)
        assert _rows(tmp_path, columns) == con.execute(columns).fetchall()
    _rows(tmp_path, "insert into identity.probabilistic_links values ('a', 'b', 0.9, 3, '{}', 'model_1', 1, 2)")
    assert _build(tmp_path, "--full-refresh").succeeded
    assert _rows(tmp_path, "select model_id from identity.probabilistic_links") == [("model_1",)]


@pytest.mark.slow
def test_the_second_part_loads_nothing(place: Path, tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "files"
    landing.mkdir(parents=True)
    (landing / "accounts.csv").write_text("customer_id\nacc-1\n")
    assert _build(tmp_path, part="first").succeeded
    (landing / "users.csv").write_text("user_id,customer_id\nu-1,acc-1\n")
    files = "select count(*) from landing.files"
    assert _build(tmp_path, part="last").succeeded
    assert _rows(tmp_path, files) == [(1,)]
    assert _build(tmp_path, part="first").succeeded
    assert _rows(tmp_path, files) == [(2,)]


@pytest.mark.slow
@pytest.mark.thorough
def test_both_parts_are_one_rebuild(place: Path, tmp_path: Path) -> None:
    assert _build(tmp_path).succeeded
    anew = ("--full-refresh", "--vars", "{session_timeout_minutes: 45}")
    stored = "select name, setting from landing.build_settings where name in ('session_timeout_minutes', 'unfinished_rebuild') order by all"
    assert _build(tmp_path, *anew, part="first").succeeded
    begun = [("session_timeout_minutes", "45"), ("unfinished_rebuild", "true")]
    assert _rows(tmp_path, stored) == begun
    # A selection of somebody's own, even a rebuilt one, does not pass for the end of it.
    assert _build(tmp_path, *anew).succeeded
    assert _rows(tmp_path, stored) == begun
    unfinished = _build(tmp_path, *anew[1:])
    assert "did not come to its end" in unfinished.problems[0]
    assert _build(tmp_path, *anew, part="last").succeeded
    assert _rows(tmp_path, stored) == begun[:1]


def test_a_table_of_an_older_version_gets_the_columns_it_lacks() -> None:
    with duckdb.connect() as con:
        con.execute("create schema step; create table step.found (id varchar); insert into step.found values ('one')")
        for _ in range(2):
            create_tables_of_a_step(con, "step", {"found": "id varchar, looked_at timestamp, notes varchar[]"})
        assert con.execute("select * from step.found").fetchall() == [("one", None, None)]
        assert con.execute("select count(*) from duckdb_tables() where table_name != 'found'").fetchall() == [(0,)]
