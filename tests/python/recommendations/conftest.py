"""A workbench for recommendations and benchmarks: the real models and seeds over accounts and activities that a test writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT_DIR = Path(__file__).resolve().parents[3]
AS_OF = datetime(2026, 6, 30, 12)
#: What the metrics of the seed benchmark_metrics may be, beside the key.
METRICS = (
    *("composite_success_score", "feature_adoption_rate", "user_activation_rate", "avg_engagement_score", "active_days_30d"),
    *("sessions_30d", "days_since_last_login", "support_tickets_90d", "ticket_resolution_rate", "avg_first_response_minutes"),
    *("avg_resolution_time_hours", "ticket_satisfaction_ratio", "csat_ratio_90d", "effort_ratio_90d", "device_health_avg"),
    *("meetings_held_90d", "engagements_held_90d", "stakeholder_participation_rate_180d", "goal_completion_rate_365d"),
)  # fmt: skip
HOLDINGS = (
    *("mrr", "bills_due_180d", "user_days_30d", "sessions_30d", "tickets_90d", "survey_answers_180d"),
    *("engagements_held_90d", "goals_judged_365d"),
)
GIVEN = {
    "silver__as_of": "as_of timestamp",
    "silver__portal_activities": (
        "source_system varchar, activity_id varchar, customer_id varchar, user_id varchar, activity_at timestamp, activity_type varchar, "
        "feature_used varchar, dashboard_id varchar, query_id varchar, success_indicator boolean, support_ticket_created boolean, "
        "marked_as_valuable boolean"
    ),
    "silver__accounts": "customer_id varchar, customer_tier varchar, industry varchar",
    "silver__account_daily": "customer_id varchar, date_day date, is_customer boolean, total_users bigint, "
    + ", ".join(f"{name} bigint" for name in HOLDINGS),
    "fct_account_journey_stages": "customer_id varchar, journey_stage varchar, success_rate double, activities_count bigint",
    "customer_success": "customer_id varchar, " + ", ".join(f"{name} double" for name in METRICS),
}
FOLDERS = ("silver/recommendations", "silver/peers", "gold/recommendations")
PROJECT = """
name: customer_analytics
version: "1.0.0"
config-version: 2
profile: bench
model-paths: [models]
macro-paths: [macros]
seed-paths: [seeds]
test-paths: [tests]
models: {customer_analytics: {+materialized: view, +schema: reference}}
seeds: {customer_analytics: {+schema: reference}}
vars: {peer_group_min_accounts: 5}
"""
PROFILE = "bench: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 1}}}\n"


@dataclass(frozen=True)
class Workbench:
    """A warehouse with tables `given.*`, over which the models are views."""

    con: duckdb.DuckDBPyConnection

    def clear(self) -> None:
        """Empty what is given, but for as_of."""
        for name in GIVEN:
            self.con.execute(f"delete from given.{name}")
        self.con.execute("insert into given.silver__as_of values (?)", [AS_OF])

    def accounts(
        self,
        names: Sequence[str],
        tier: str = "SMB",
        industry: str = "Retail",
        users: int = 3,
        **metrics: Sequence[float],
    ) -> None:
        """Customers of one group, with a value of each metric for each."""
        for place, name in enumerate(names):
            self.con.execute("insert into given.silver__accounts values (?, ?, ?)", [name, tier, industry])
            self.con.execute(
                "insert into given.silver__account_daily by name select ? as customer_id, ?::date as date_day, true as is_customer, "
                "? as total_users, 7 as tickets_90d",
                [name, AS_OF, users],
            )
            columns = "".join(f", ?::double as {metric}" for metric in metrics)
            self.con.execute(
                f"insert into given.customer_success by name select ? as customer_id{columns}",
                [name, *(values[place] for values in metrics.values())],
            )

    def activity(
        self,
        account: str,
        user: str | None,
        feature: str | None = None,
        dashboard: str | None = None,
        days_ago: float = 5,
        times: int = 1,
    ) -> None:
        """Uses of a feature or dashboard, a minute apart."""
        for _ in range(times):
            ((count,),) = self.query("select count(*) from given.silver__portal_activities")
            self.con.execute(
                "insert into given.silver__portal_activities values ('files', ?, ?, ?, ?, ?, ?, ?, null, true, false, false)",
                [
                    f"act-{count}", account, user, AS_OF - timedelta(days=days_ago) + timedelta(seconds=count),
                    "dashboard_view" if dashboard else "deep_analysis", feature, dashboard,
                ],
            )  # fmt: skip

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.con.execute(sql).fetchall()


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench."""
    root = tmp_path_factory.mktemp("recommendations")
    shutil.copytree(PROJECT_DIR / "macros", root / "macros")
    shutil.copytree(PROJECT_DIR / "tests/dbt/generic", root / "tests/generic")
    (root / "models").mkdir()
    (root / "seeds").mkdir()
    for folder in FOLDERS:
        for path in (PROJECT_DIR / "models" / folder).glob("*.sql"):
            shutil.copy(path, root / "models")
    for name in ("peer_benchmarks", "recommendation_backtest"):
        shutil.copy(PROJECT_DIR / f"models/metrics/{name}.sql", root / "models")
    shutil.copy(PROJECT_DIR / "seeds/_recommendation_seeds.yml", root / "seeds")
    for path in (PROJECT_DIR / "seeds").glob("*.csv"):
        if f"name: {path.stem}\n" in (root / "seeds/_recommendation_seeds.yml").read_text():
            shutil.copy(path, root / "seeds")
    (root / "dbt_project.yml").write_text(PROJECT)
    (root / "profiles.yml").write_text(PROFILE % (root / "bench.duckdb"))
    for name in GIVEN:
        (root / "models" / f"{name}.sql").write_text(f"select * from given.{name}")
    with duckdb.connect(str(root / "bench.duckdb")) as con:
        con.execute("create schema given")
        for name, columns in GIVEN.items():
            con.execute(f"create table given.{name} ({columns})")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        paths = ["--project-dir", str(root), "--profiles-dir", str(root), "--target-path", str(root / "target")]
        for command in ("seed", "run"):
            outcome = dbtRunner().invoke(["--quiet", "--log-path", str(root / "logs"), command, *paths])
            assert outcome.success, outcome.exception or [(row.node.name, row.message) for row in outcome.result]
    DuckDBConnectionManager.close_all_connections()
    with duckdb.connect(str(root / "bench.duckdb")) as con:
        yield Workbench(con)


@pytest.fixture
def bench(warehouse: Workbench) -> Workbench:
    """The workbench with nothing given."""
    warehouse.clear()
    return warehouse
