"""The step on a warehouse: what it leaves there, when it trains, and that a failure leaves everything as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from intelligence.churn import step
from intelligence.churn.step import STEP, TABLES
from intelligence.warehouse import StepError
from tests.python.churn.conftest import AS_OF, company


def fill(warehouse: Path, observations: pd.DataFrame, as_of: pd.Timestamp = AS_OF) -> None:
    """Put observations where the step reads them."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema if not exists gold; create schema if not exists silver")
        con.register("rows", observations.drop(columns="true_log_odds"))
        con.execute("create or replace table gold.fct_churn_observations as from rows")
        con.execute(f"create or replace table silver.as_of as select timestamp '{as_of}' as as_of")


def ask(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, thousand: pd.DataFrame) -> tuple[Path, step.ChurnReport]:
    warehouse = tmp_path_factory.mktemp("churn") / "warehouse.duckdb"
    fill(warehouse, thousand)
    return warehouse, STEP.run(warehouse)


def test_every_account_of_today_has_a_probability(
    scored: tuple[Path, step.ChurnReport], thousand: pd.DataFrame
) -> None:
    warehouse, report = scored
    today = thousand[thousand["days_followed"] == 0]
    assert report.states == {30: "current", 60: "current", 90: "current"}
    assert report.scored == len(today)
    assert ask(
        warehouse,
        "select count(*), count(distinct customer_id), bool_and(probability between 0 and 1) from churn.predictions",
    ) == [(3 * len(today), len(today), True)]
    ((nearer, further),) = ask(
        warehouse,
        "select avg(probability) filter (where horizon_days = 30), avg(probability) filter (where horizon_days = 90) from churn.predictions",
    )
    assert nearer < further


def test_reasons_of_those_at_risk_add_up(scored: tuple[Path, step.ChurnReport]) -> None:
    warehouse, _ = scored
    bases = ask(
        warehouse,
        """with summed as (select customer_id, horizon_days, sum(contribution) as added from churn.reasons group by all)
        select horizon_days, max(log_odds - added) - min(log_odds - added), count(*)
        from churn.predictions inner join summed using (customer_id, horizon_days) group by 1 order by 1""",
    )
    assert [horizon for horizon, _, _ in bases] == [30, 60, 90]
    assert all(spread < 1e-9 and accounts > 20 for _, spread, accounts in bases)


def test_times_are_told_in_order(scored: tuple[Path, step.ChurnReport]) -> None:
    warehouse, _ = scored
    assert ask(
        warehouse, "select bool_and(low_days < expected_days and expected_days < high_days) from churn.expected_times"
    ) == [(True,)]
    ((likeliest, least),) = ask(
        warehouse,
        "select first(expected_days order by log_odds desc), first(expected_days order by log_odds) "
        "from churn.expected_times inner join churn.predictions using (customer_id) where horizon_days = 30",
    )
    assert likeliest < least


def test_the_card_says_what_was_measured(scored: tuple[Path, step.ChurnReport]) -> None:
    warehouse, report = scored
    assert report.page is not None
    page = report.page.read_text()
    for auc, rule in ask(warehouse, "select auc, auc_rule from churn.models"):
        assert f"{auc:.3f}" in page
        assert f"{rule:.3f}" in page
    assert page.count("<svg") == 9
    assert "http" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_the_next_day_is_only_scored_and_the_next_week_looked_at(
    scored: tuple[Path, step.ChurnReport], thousand: pd.DataFrame, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(scored[0].read_bytes())
    models = ask(warehouse, "select model_id from churn.models order by all")
    fill(warehouse, thousand, AS_OF + pd.Timedelta(days=1))
    next_day = STEP.run(warehouse)
    assert next_day.trained == []
    assert next_day.page is None
    fill(warehouse, thousand, AS_OF + pd.Timedelta(days=7))
    next_week = STEP.run(warehouse)
    assert next_week.trained == []
    assert ask(warehouse, "select model_id from churn.models order by all") == models
    assert all(
        "Looked at again on 2026-07-07" in reason for (reason,) in ask(warehouse, "select reason from churn.models")
    )
    assert ask(warehouse, "select count(distinct model_id) from churn.test_scores") == [(3,)]


def test_a_model_that_is_not_used_is_not_trained_every_day(
    thousand: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule knows everything, so no model is ahead of it: that is said once, and tried again after a week, also with other columns."""
    monkeypatch.setattr(step, "HORIZONS", (30,))
    warehouse = tmp_path / "warehouse.duckdb"
    knowing = thousand.assign(churn_risk_score=50 + 10 * thousand["true_log_odds"]).drop(
        columns=["bad", "late", "happy"]
    )
    fill(warehouse, knowing)
    first = STEP.run(warehouse)
    assert (set(first.states.values()), first.scored) == ({"no better than the rule"}, 0)
    again = STEP.run(warehouse)
    assert (again.states, again.trained) == (first.states, [])
    fill(warehouse, knowing, AS_OF + pd.Timedelta(days=8))
    later = STEP.run(warehouse)
    assert later.trained == [30]
    assert ask(warehouse, "select count(*), count(distinct model_id) from churn.models") == [(2, 2)]


def test_a_model_whose_columns_are_gone_is_replaced(
    scored: tuple[Path, step.ChurnReport], thousand: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "HORIZONS", (30,))
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(scored[0].read_bytes())
    fill(warehouse, thousand.drop(columns="noise"))
    report = STEP.run(warehouse)
    assert report.trained == [30]
    assert ask(warehouse, "select state, count(*) from churn.models group by 1 order by 1") == [
        ("current", 1),
        ("replaced", 1),
    ]


def test_small_companies_are_refused_and_nobody_is_scored(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    for observations in (company(30, weeks=10), company(30, weeks=10).head(0)):
        fill(warehouse, observations)
        report = STEP.run(warehouse)
        assert (report.scored, set(report.states.values())) == (0, {"too few"})
    assert ask(warehouse, "select count(*), count(model), min(reason) from churn.models")[0][:2] == (3, 0)
    assert ask(warehouse, "select count(*) from churn.predictions") == [(0,)]


def test_a_failure_leaves_everything_as_it_was(
    scored: tuple[Path, step.ChurnReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(scored[0].read_bytes())
    before = {table: ask(warehouse, f"select * from churn.{table} order by all") for table in TABLES}

    def broken(*_: object) -> None:
        raise ValueError("no room")

    monkeypatch.setattr(step, "write_card", broken)
    with pytest.raises(
        StepError, match=r"The churn step failed: no room\. The results it found earlier are as they were\."
    ):
        STEP.run(warehouse, retrain=True)
    assert {table: ask(warehouse, f"select * from churn.{table} order by all") for table in TABLES} == before


def test_without_what_it_reads_it_says_so(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    with pytest.raises(
        StepError, match=r"There is no gold\.fct_churn_observations, silver\.as_of to foretell churn from"
    ):
        STEP.run(warehouse)
