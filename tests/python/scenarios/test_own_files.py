"""The page about bringing one's own files keeps its word: five CSV files of a company nobody wrote a connector for."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contracts import PROJECT_DIR, read_catalogue
from ingestion.landing import ingest

pytestmark = pytest.mark.slow

FILES = {
    "accounts.csv": (
        "account_id,account_name,industry,country,signup_date,plan_tier,seats,churn_flag\n"
        "A-1,Ardent,Software,DE,2025-01-10,Pro,10,False\n"
        "A-1,Ardent,Software,DE,2025-01-10,Pro,10,False\n"
        # gone by its own flag, though its subscription runs
        "A-2,Brisk,Retail,FR,2025-02-01,Basic,3,True\n"
        # never used anything
        "A-3,Calm,Energy,US,2025-03-01,Enterprise,50,False\n"
    ),
    "subscriptions.csv": (
        "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,is_trial,billing_frequency,auto_renew_flag\n"
        "S-1,A-1,2025-01-15,,Pro,10,500,False,monthly,True\n"
        "S-1,A-1,2025-01-15,,Pro,10,500,False,monthly,True\n"
        # two more of the same account: one that ended, one on trial
        "S-2,A-1,2025-02-01,2025-05-01,Basic,1,70,False,monthly,False\n"
        "S-3,A-1,2025-06-01,,Pro,1,999,True,Annual,False\n"
        # sums up with S-1: 500 + 250.50
        "S-4,A-1,2025-06-01,,Add-on,1,250.50,False,ANNUAL,True\n"
        "S-5,A-2,2025-02-01,,Basic,3,90,False,monthly,True\n"
        "S-6,A-3,2025-03-01,,Enterprise,50,4000,False,annual,True\n"
        # ends before it begins: a contradiction that is kept, and counts nothing
        "S-7,A-3,2025-03-01,2025-02-01,Basic,1,10,False,monthly,False\n"
        # an account that no file lists
        "S-8,A-9,2025-04-01,,Basic,1,40,False,monthly,True\n"
        "S-9,A-3,2025-03-01,,Basic,1,ten,False,weekly-ish,True\n"
    ),
    "feature_usage.csv": (
        "usage_id,subscription_id,usage_date,feature_name,usage_count,usage_duration_secs,error_count\n"
        "U-1,S-1,2025-06-20,reports,4,120,0\n"
        "U-1,S-1,2025-06-20,reports,4,120,0\n"
        # the same id again, later and with another count: the first one stays
        "U-1,S-1,2025-06-21,reports,9,120,0\n"
        "U-2,S-5,2025-06-20,exports,1,10,1\n"
        "U-3,S-8,2025-06-30,exports,2,10,0\n"
    ),
    "support_tickets.csv": (
        "ticket_id,account_id,submitted_at,closed_at,priority,first_response_time_minutes,satisfaction_score,escalation_flag\n"
        "T-1,A-1,2025-06-10 09:00:00,2025-06-10 12:00:00,high,30,4.0,False\n"
        "T-2,A-2,2025-06-11 09:00:00,,low,,,True\n"
    ),
    "churn_events.csv": (
        "churn_event_id,account_id,churn_date,reason_code,feedback_text\n"
        'C-1,A-2,2025-06-15,price,"too dear, they say"\n'
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of the five files, and the mapping as the page has it."""
    folder = tmp_path_factory.mktemp("exports") / "acme"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    page = (PROJECT_DIR / "docs/how-to/bring-your-own-files.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
    assert len(blocks) == 1
    mapping = folder.parent / "acme.yml"
    mapping.write_text(blocks[0])
    return folder, mapping


@pytest.fixture(scope="module")
def built(site: Any, exports: tuple[Path, Path]) -> Path:
    """The five files loaded with the mapping, and all that is made of them."""
    folder, mapping = exports
    site.clear()
    (site.mappings / "acme.yml").write_text(mapping.read_text())
    for path in folder.iterdir():
        site.put(f"acme/{path.name}", path.read_bytes())
    site.build_all()
    return site.keep("own_files")


@pytest.mark.thorough
def test_check_says_what_would_be_set_aside(site: Any, exports: tuple[Path, Path]) -> None:
    folder, mapping = exports
    printed = site.run("check", str(folder), "--mapping", str(mapping), code=1)
    assert "subscriptions: 10 rows, 9 accepted, 1 would be set aside" in printed
    assert "subscriptions.csv:11: mrr cannot be read as" in printed
    assert "accounts: 4 rows, 4 accepted, 0 would be set aside" in printed


def test_the_figures_are_those_worked_out_by_hand(built: Path, tools: Any) -> None:
    customers = {
        row[0]: row[1:]
        for row in tools.query(
            built,
            "select customer_id, monthly_recurring_revenue, is_active, is_listed, health_coverage_pct from entity.entity_customers",
            "published/marts.duckdb",
        )
    }
    assert {key: value[:3] for key, value in customers.items()} == {
        "A-1": (Decimal("750.5"), True, True),
        "A-2": (Decimal(90), True, True),
        "A-3": (Decimal(4000), True, True),
        "A-9": (Decimal(40), True, False),
    }
    assert 0 < customers["A-3"][3] < 100
    assert tools.query(built, "select customer_id, is_churned_by_source from silver.accounts where is_listed order by 1") == [
        ("A-1", False), ("A-2", True), ("A-3", False),
    ]  # fmt: skip
    assert tools.query(built, "select event_type, reason, comment from bronze.lifecycle_events") == [
        ("churned", "price", "too dear, they say")
    ]
    assert tools.query(built, "select usage_id, usage_count from bronze.feature_usage order by 1") == [
        ("U-1", 4),
        ("U-2", 1),
        ("U-3", 2),
    ]
    assert tools.query(built, "select distinct billing_interval from bronze.subscriptions order by 1") == [
        ("month",),
        ("year",),
    ]
    assert tools.query(built, "select customer_id, sum(uses) from silver.feature_use group by 1 order by 1") == [
        ("A-1", 4),
        ("A-2", 1),
        ("A-9", 2),
    ]


def test_what_became_of_every_row(built: Path, tools: Any) -> None:
    ledger = tools.query(
        built,
        "select source_table, rows_landed, rows_in_bronze, rows_duplicate, rows_quarantined, rows_lost from gold.load_ledger order by 1",
        "published/marts.duckdb",
    )
    assert ledger == [
        ("accounts", 4, 3, 1, 0, 0),
        ("churn_events", 1, 1, 0, 0, 0),
        ("feature_usage", 5, 3, 2, 0, 0),
        ("subscriptions", 10, 8, 1, 1, 0),
        ("support_tickets", 2, 2, 0, 0, 0),
    ]
    ((file, line, reason),) = tools.query(
        built, "select source_file, source_line, reason from quarantine.subscriptions"
    )
    assert (file, line) == ("acme/subscriptions.csv", 11)
    assert "mrr cannot be read" in reason
    assert "weekly-ish" in reason


@pytest.mark.thorough
def test_rows_of_a_system_that_is_read_no_more_are_not_lost(site: Any, tools: Any) -> None:
    # The ledger says of every landed row where it is; "lost" stops every release, with nothing the user could do about it.
    site.clear()
    site.put("files/accounts.csv", "customer_id\nacc-1\n")
    site.put("stripe/customer.csv", "id,name\ncus-1,One\n")
    site.put("acme/accounts.csv", "id\nacc-2\n")
    (site.mappings / "acme.yml").write_text(
        "tables: [{contract: accounts, files: accounts, columns: {customer_id: id}}]"
    )
    with duckdb.connect(str(site.data / "warehouse.duckdb")) as con:
        ingest(con, site.data / "landing", read_catalogue(mappings_dir=site.mappings))
    (site.mappings / "acme.yml").unlink()
    site.build("--select", "+load_ledger", "--full-refresh", "--vars", "{systems: [files]}")
    assert tools.query(site.data, "select source_file from gold.load_ledger where rows_lost != 0") == []
