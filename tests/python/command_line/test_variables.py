"""A wrong setting is told before anything is built: its name, its value, and what it may be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from command_line.pipeline import run_dbt, wrong_settings
from ingestion import seeds
from tests.python.parsed_project import parsed_project

pytestmark = pytest.mark.slow

Command = Callable[..., Result]

# As YAML on the command line: variables, and words of what is said about them.
WRONG = [
    (
        "{session_timeout_minutes: 0, late_event_days: 0.5, journey_max_stages: 2.5, attribution_half_life_days: .nan, "
        "session_timeout: 20, systems: [nosuch], own_domains: shop.example, as_of: yesterday}",
        [
            *("'session_timeout_minutes' is 0", "a whole number from 1 to 1440"),
            *("'late_event_days' is 0.5", "a whole number from 0 to 36500"),
            *("'journey_max_stages' is 2.5", "a whole number from 2 to 30"),
            *("'attribution_half_life_days' is nan", "a number from 0.01 to 3650"),
            *("'session_timeout' does not exist", "session_timeout_minutes", "mrr_anchor"),
            *("'systems'", "nosuch", "files, hubspot, salesforce, snowplow, stripe, zendesk"),
            *("'own_domains' is", "shop.example", "a list of domains"),
            *("'as_of' is", "yesterday", "2026-10-31"),
        ],
    ),
    (
        "{own_domains: ['https://shop.example/'], as_of: '2026-02-31', business_hours_from: 17}",
        ["'own_domains' is", "https://shop.example/", "'as_of' is", "2026-02-31"],
    ),
    ("{business_hours_from: 17}", ["'business_hours_to' is 17", "later than business_hours_from, which is 17"]),
]


@pytest.mark.thorough
def test_a_wrong_variable_loads_and_builds_nothing(command: Command, place: Path, tmp_path: Path) -> None:
    variables, words = WRONG[0]
    (tmp_path / "landing" / "files").mkdir(parents=True)
    (tmp_path / "landing" / "files" / "accounts.csv").write_text("customer_id\nacc-1\n")
    result = command("run", "--data-dir", tmp_path, "--vars", variables)
    assert result.exit_code == 1
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.count("\n") == 1
    assert json.loads((tmp_path / "last_run.json").read_text())["succeeded"] is False
    assert not (tmp_path / "warehouse.duckdb").exists()


@pytest.mark.parametrize(("variables", "words"), WRONG)
def test_what_a_variable_may_be_is_told(place: Path, variables: str, words: list[str]) -> None:
    said = wrong_settings(["--vars", variables], place / "data", parsed_project())
    assert said is not None
    assert [word for word in words if word not in said] == []


def test_a_wrong_line_of_a_seed_builds_nothing(
    command: Command, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "seeds"
    shutil.copytree(seeds.SEEDS_DIR, wrong)
    with (wrong / "identity_decisions.csv").open("a") as file:
        file.write("merge,crm,1,shop,2,kim,yesterday,\n")
    monkeypatch.setattr(seeds, "SEEDS_DIR", wrong)
    result = command("run", "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert "seeds/identity_decisions.csv line 2: decided_at is 'yesterday'; it must be a time like" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "data" / "warehouse.duckdb").exists()


def test_variables_that_are_no_mapping(command: Command, tmp_path: Path) -> None:
    result = command("run", "--data-dir", tmp_path, "--vars", "session_timeout_minutes")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "session_timeout_minutes" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_setting_that_stored_tables_were_made_with_asks_for_a_rebuild(command: Command, place: Path) -> None:
    data = place / "data"
    assert run_dbt(["build", "--select", "currencies"], data, manifest=parsed_project()).succeeded
    other = run_dbt(["build", "--vars", "{session_timeout_minutes: 45}"], data, manifest=parsed_project())
    assert not other.succeeded
    for word in ("'session_timeout_minutes'", "was 30", "now 45", "--full-refresh"):
        assert word in other.problems[0]
    (place / "mappings" / "acme.yml").write_text(
        "tables: [{contract: accounts, files: accounts, columns: {customer_id: id}}]"
    )
    result = command("run", "--data-dir", data)
    assert result.exit_code == 1
    assert "mappings" in result.stderr
    assert "--full-refresh" in result.stderr
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute(
            "select count(*) from information_schema.tables where table_schema = 'bronze'"
        ).fetchall() == [(0,)]


def test_a_wrong_mapping_is_told_by_the_run(command: Command, place: Path, tmp_path: Path) -> None:
    (place / "mappings" / "acme.yml").write_text("tables: [{contract: custmers, files: a, columns: {customer_id: id}}]")
    try:
        result = command("run", "--data-dir", tmp_path)
    finally:
        (place / "mappings" / "acme.yml").unlink()
    assert result.exit_code == 1
    assert "acme.yml: contract 'custmers' does not exist; it may be one of accounts" in result.stderr
    assert "Traceback" not in result.output
