"""Each expectation of what goes out: marts poisoned for it are not published, or warned about, as its severity says.

The marts are laid out by hand; of their tables only what is measured.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from command_line.quality_commands import accept_results
from data_quality.marts_measures import AGREEING
from data_quality.runner import check_marts
from data_quality.settings import SETTINGS_FILE, read_settings
from ingestion.contracts import ConfigurationError
from operations import doctor
from publishing.partitioning import Partitioning
from publishing.release import Checks, publish
from publishing.settings import RELEASE_ROOT, ReleaseSettings
from tests.python.data_quality.conftest import failed

MARTS = """
create schema landing; create schema silver; create schema entity; create schema gold; create schema metrics;
create table landing.files as select 4::bigint as load_id, null::varchar as relation, 'not_read' as status, 1::bigint as file_id, 'x' as path,
    null::varchar as sha256, 'x' as source_file, null::varchar as reason, '' as columns, 1::bigint as rows_landed, 1::bigint as rows_unreadable;
create table silver.as_of as select timestamp '2026-10-31 12:00:00' as as_of;
create table entity.entity_customers as select
    'acc-' || n as customer_id, 'Company ' || n as customer_name, ['SMB', 'Mid-Market', 'Enterprise'][1 + n % 3] as customer_tier, true as is_active,
    100.0::decimal(18, 4) as monthly_recurring_revenue, 40.0 + n % 50 as customer_health_score, 90.0 as health_coverage_pct,
    ['Healthy', 'Neutral', 'At Risk'][1 + n % 3] as health_category, (10 + n % 60)::double as churn_risk_score,
    ['Low Risk', 'Medium Risk'][1 + n % 2] as churn_risk_category, 50.0 as composite_success_score, 0.1 as churn_probability, 10.0 as nps_score,
    timestamp '2026-10-31 12:00:00' as as_of
from range(300) as r (n);
create table entity.entity_customers_daily as select customer_id, date '2026-10-31' as date, monthly_recurring_revenue as total_mrr
from entity.entity_customers;
create table entity.entity_people as select n as id from range(400) as r (n);
create table entity.entity_users as select n as id from range(900) as r (n);
create table entity.entity_features as select 0.4 as adoption_rate from range(90);
create table metrics.revenue as select date '2026-10-01' as month, 30000.0::decimal(18, 4) as closing_mrr, 300::bigint as closing_customers,
    0.98 as gross_revenue_retention, 0.01 as logo_churn_rate;
create table metrics.revenue_by_segment as select date '2026-10-01' as month, 'customer_tier' as segment_kind, 10000.0::decimal(18, 4) as closing_mrr
from range(3);
create table metrics.customer_success as select customer_id, 0.5 as feature_adoption_rate, 0.6 as user_activation_rate, 0.9 as ticket_resolution_rate,
    0.8 as csat_ratio_90d from entity.entity_customers;
create table metrics.support as select 0.1 as escalation_rate from range(12);
create table metrics.next_best_action as select 0.2 as leaving_probability from range(60);
create table metrics.account_health_report as select customer_id from entity.entity_customers;
create table metrics.identity_resolution as select timestamp '2026-10-31 12:00:00' as as_of;
create table gold.fct_mrr_movements as select customer_id, date '2026-10-01' as month, 100.0::decimal(18, 4) as closing_mrr from entity.entity_customers;
create table gold.fct_scores as select customer_health_score as score_value from entity.entity_customers;
create table gold.fct_sessions as select n as id from range(5000) as r (n);
create table gold.fct_attribution as select 'c' || n % 100 as conversion_id, 'm' || n % 2 as attribution_model, 0.1::double as credit from range(1000) as r (n);
create table gold.load_ledger as select 'f' as source_file, 's' as sha256, null::varchar as file_reason, 10::bigint as rows_landed,
    8::bigint as rows_in_bronze, 1::bigint as rows_duplicate, 1::bigint as rows_quarantined;
"""
#: What is done to the marts, and all that is said of it.
CASES: dict[str, tuple[str, set[tuple[str, str, str]]]] = {
    "a score above its scale": (
        "update entity.entity_customers set customer_health_score = 101 where customer_id = 'acc-7'",
        {("values_in_range", "blocking", "entity.entity_customers")},
    ),
    "a rate below nothing": (
        "update metrics.support set escalation_rate = -0.1",
        {("values_in_range", "blocking", "metrics.support")},
    ),
    "a score is no number": (
        "update entity.entity_customers set churn_risk_score = 'nan'::double where customer_id = 'acc-7'",
        {("values_in_range", "blocking", "entity.entity_customers")},
    ),
    "a table is empty": ("delete from gold.fct_sessions", {
        ("table_there", "blocking", "gold.fct_sessions"), ("rows_not_collapsed", "blocking", "gold.fct_sessions"),
        ("rows_as_released", "warning", "gold.fct_sessions"),
    }),
    "a table is gone": ("drop table entity.entity_people", {("table_there", "blocking", "entity.entity_people")}),
    "a third of a table is gone": (
        "delete from gold.fct_sessions where id % 3 = 0",
        {("rows_as_released", "warning", "gold.fct_sessions")},
    ),
    "names are lost": (
        "update entity.entity_customers set customer_name = null where customer_id > 'acc-2'",
        {("column_filled", "warning", "entity.entity_customers")},
    ),
    "one band holds everybody": ("update entity.entity_customers set churn_risk_category = 'Low Risk'", {
        ("band_not_everything", "warning", "entity.entity_customers"), ("bands_as_released", "warning", "entity.entity_customers"),
    }),
    "half of the scores are worse": (
        "update entity.entity_customers set customer_health_score = customer_health_score / 2 where customer_id > 'acc-2'",
        {("mean_as_released", "warning", "entity.entity_customers")},
    ),
    "revenue grew by a fifth, everywhere": (
        "update entity.entity_customers set monthly_recurring_revenue = 120; update entity.entity_customers_daily set total_mrr = 120;"
        "update gold.fct_mrr_movements set closing_mrr = 120; update metrics.revenue set closing_mrr = 36000;"
        "update metrics.revenue_by_segment set closing_mrr = 12000",
        {("mrr_as_released", "warning", "entity.entity_customers")},
    ),
    "revenue fell to a third, in one table": ("update entity.entity_customers set monthly_recurring_revenue = 30", {
        ("mrr_as_released", "warning", "entity.entity_customers"), ("mrr_not_collapsed", "blocking", "entity.entity_customers"),
        ("numbers_agree", "blocking", "entity.entity_customers_daily"),
    }),
}  # fmt: skip
#: What makes each of the numbers that stand in several tables disagree, in the table that is compared.
DISAGREEING = {
    "recurring revenue of today": "update entity.entity_customers_daily set total_mrr = total_mrr + 1",
    "recurring revenue of the last month": "update metrics.revenue set closing_mrr = closing_mrr + 1",
    "customers with revenue in the last month": "update metrics.revenue set closing_customers = 299",
    "accounts": "delete from metrics.customer_success where customer_id = 'acc-1'",
    "customers of today": "delete from metrics.account_health_report where customer_id = 'acc-1'",
    "credit of conversions": "update gold.fct_attribution set credit = 0.11",
    "landed rows": "update gold.load_ledger set rows_duplicate = 0",
    "moment the numbers speak for": "update metrics.identity_resolution set as_of = as_of - interval 1 day",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Marts that are as they should be, and their release."""
    data: Path = tmp_path_factory.mktemp("marts")
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        con.execute(MARTS)
    report = check_marts(data)
    assert failed(report) == set()
    drift = [one for one in report.results if one.suite == "marts drift"]
    assert drift and all(one.success is None and "no release to compare with" in one.expected_words for one in drift)
    publish(data, report.checks)
    return data


@pytest.fixture
def marts(built: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    shutil.copytree(built, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


def _do(data: Path, sql: str) -> None:
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        con.execute(sql)


@pytest.mark.parametrize("case", CASES)
def test_poisoned_marts_are_stopped_or_warned_about(marts: Path, case: str) -> None:
    sql, expected = CASES[case]
    _do(marts, sql)
    report = check_marts(marts)
    assert failed(report) == expected
    assert len(report.checks.failed) == len([one for one in expected if one[1] == "blocking"])


def test_numbers_that_disagree_are_all_said(marts: Path) -> None:
    assert set(DISAGREEING) == set(AGREEING)
    for sql in DISAGREEING.values():
        _do(marts, sql)
    report = check_marts(marts)
    said = {one.column for one in report.blocking if one.expectation == "numbers_agree"}
    assert said == set(AGREEING)


def test_every_expectation_has_its_poison() -> None:
    poisoned = {expectation for _, expected in CASES.values() for expectation, _, _ in expected}
    assert poisoned == set(read_settings().rules["marts"])


def test_the_same_marts_again_are_fine_and_remembered_once(marts: Path) -> None:
    reports = [check_marts(marts), check_marts(marts)]
    assert [failed(report) for report in reports] == [set(), set()]
    assert {one.expectation for one in reports[0].results if one.success} == set(read_settings().rules["marts"])
    with duckdb.connect(str(marts / "warehouse.duckdb")) as con:
        # One run before there was a release, one beside it.
        runs = con.execute(
            "select run_id, results, passed, compared_with is null from quality.runs order by 4 desc"
        ).fetchall()
        assert len(runs) == 2 and [run[3] for run in runs] == [True, False]
        for run_id, results, passed, _ in runs:
            counted = con.execute(
                "select count(*), count(*) filter (where success) from quality.expectation_results where run_id = ?",
                [run_id],
            ).fetchall()
            assert counted == [(results, passed)]
        con.execute("update quality.runs set checked_at = checked_at - interval 366 day where compared_with is null")
    check_marts(marts)
    with duckdb.connect(str(marts / "warehouse.duckdb")) as con:
        assert con.execute("select count(*), count(distinct run_id) from quality.runs").fetchall() == [(1, 1)]
        assert con.execute("select count(distinct run_id) from quality.expectation_results").fetchall() == [(1,)]


def test_marts_are_let_out_if_somebody_accepts_them(marts: Path) -> None:
    _do(marts, "delete from gold.fct_sessions where id > 2000")
    report = check_marts(marts)
    (one,) = report.blocking
    assert one.accept_id and one.accept_id in report.message
    accept_results(marts, [one.accept_id], "maria", "we dropped old sessions")
    accepted = check_marts(marts)
    assert accepted.blocking == []
    assert any("accepted by maria" in warning for warning in accepted.warnings)
    # Fewer still is another matter.
    _do(marts, "delete from gold.fct_sessions where id > 100")
    assert check_marts(marts).blocking


def test_what_is_accepted_is_that_number_and_no_other(marts: Path) -> None:
    """The other side of a comparison may be what is wrong: it is not the side that is looked at, and people see rounded figures of both."""
    _do(marts, "update entity.entity_customers set monthly_recurring_revenue = 101 where customer_id = 'acc-7'")
    (one,) = {result.accept_id for result in check_marts(marts).blocking if result.expectation == "numbers_agree"}
    assert one
    accept_results(marts, [one], "maria", "one dollar is fine")
    assert check_marts(marts).blocking == []
    _do(marts, "update entity.entity_customers set monthly_recurring_revenue = 101 where customer_id < 'acc-2'")
    assert {result.expectation for result in check_marts(marts).blocking} == {"numbers_agree"}


DAMAGED: dict[str, Callable[[Path], object]] = {
    "its file is damaged": lambda release: (release / "marts.duckdb").write_bytes(b"\0" * 20_000),
    "its file is gone": lambda release: (release / "marts.duckdb").unlink(),
    "its note is torn": lambda release: (release / "release.json").write_text('{"rel'),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_release_that_cannot_be_read_keeps_nobody_from_the_next(marts: Path, name: str) -> None:
    DAMAGED[name]((marts / "published" / "current").resolve())
    report = check_marts(marts)
    assert report.blocking == []
    assert any("the release that is out cannot be read" in warning for warning in report.warnings)
    publish(marts, report.checks)
    assert check_marts(marts).warnings == []


def test_partitions_of_a_release_are_compared_wherever_it_is_read_from(
    marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RELEASE_ROOT, "relative")
    monkeypatch.setattr(
        "publishing.release.declared_partitions", lambda: {"fct_sessions": Partitioning(partition_by="date_day")}
    )
    _do(marts, "alter table gold.fct_sessions add column date_day date default date '2026-10-31'")
    publish(marts, Checks(1), ReleaseSettings(3, 1, ""))
    (wrong,) = [one for one in doctor.examine(marts) if one.check == "releases"]
    assert wrong.status == "ok", wrong
    _do(marts, "update gold.fct_scores set score_value = score_value / 2")
    assert ("mean_as_released", "warning", "gold.fct_scores") in failed(check_marts(marts))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "gold.fct_scores.score_value,",
            "gold.fct_scores.score,",
            "gold.fct_scores.score, which is no column .*; score_value is one",
        ),
        (
            "bands: [entity.entity_customers.health_category",
            "bands: [entity.entity_customers.health",
            "measured.bands names",
        ),
        (
            "entity_customers.customer_name, filled: 0.5",
            "entity_customers.customer_name, from: 0",
            "customer_name is varchar",
        ),
    ],
)
def test_a_column_that_is_none_is_said_before_anything_is_judged(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    _settings(tmp_path, monkeypatch, old, new)
    with pytest.raises(ConfigurationError, match=said):
        check_marts(marts)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gold.fct_attribution.credit,", "gold.fct_atribution.credit,"),
        ("    change: 0.25\n", "    change: 0.25\n    tables: {gold.fct_atribution: {change: 1}}\n"),
    ],
)
def test_a_table_that_is_not_there_is_said(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    _settings(tmp_path, monkeypatch, old, new)
    assert any("gold.fct_atribution, which is not there" in warning for warning in check_marts(marts).warnings)


def _settings(folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    text = SETTINGS_FILE.read_text()
    assert old in text
    (folder / "expectations.yml").write_text(text.replace(old, new, 1))
    settings = read_settings(folder / "expectations.yml")
    monkeypatch.setattr("data_quality.runner.read_settings", lambda: settings)


def test_the_page_shows_what_failed_first(marts: Path) -> None:
    _do(
        marts,
        "update entity.entity_customers set customer_health_score = 101, customer_tier = '<b>x</b>' where customer_id = 'acc-7'",
    )
    report = check_marts(marts)
    assert report.page is not None
    page = report.page.read_text()
    assert page.index("What failed") < page.index("values_in_range") < page.index("<h2>What goes out")
    assert "most is 101" in page and f"--accept {report.blocking[0].accept_id}" in page
    # Works offline, and repeats no markup of the data.
    assert "http" not in page and "<b>x" not in page
    for expectation in read_settings().rules["marts"]:
        assert expectation in page
