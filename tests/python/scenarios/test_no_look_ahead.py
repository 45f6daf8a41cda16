"""A score of a day is made of what was known on that day: with as_of moved back, everything up to it is as before."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

#: seven weeks before the day of the exports: the observations that churn is learnt from lie whole weeks before as_of
EARLIER = "2026-09-12"


@pytest.mark.parametrize("table", ["silver.account_signals", "gold.fct_scores"])
def test_nothing_of_later_is_in_the_past(moved_back: duckdb.DuckDBPyConnection, table: str) -> None:
    both = f"where date_day between (select min(date_day) from later.{table}) and date '{EARLIER}'"
    sides = [f"select * from {side}.{table} {both}" for side in ("later", "earlier")]
    for one, other in (sides, sides[::-1]):
        assert moved_back.execute(f"{one} except all {other} limit 3").fetchall() == []


def test_what_churn_is_learnt_from_holds_nothing_of_later(moved_back: duckdb.DuckDBPyConnection) -> None:
    """All but the outcome, which is what came later."""
    what = (
        "* exclude (days_followed, decides_in_days, leaves_in_days) "
        "replace (round(usual_churn_risk_score, 6) as usual_churn_risk_score)"
    )
    # Both keep as many days, so half a year from the first day of the later one on both have the same to look back on; but for accounts that
    # were no customer for a while, whose last 181 scored days reach back further.
    since = (
        "where date_day >= (select min(date_day) + 181 from later.gold.fct_churn_observations) and customer_id in ("
        "select customer_id from later.gold.fct_scores where score = 'churn_risk' "
        "group by 1 having count(*) = max(date_day) - min(date_day) + 1)"
    )
    earlier, later = (
        f"select {what} from {side}.gold.fct_churn_observations {since} and date_day <= date '{EARLIER}'"
        for side in ("earlier", "later")
    )
    assert moved_back.execute(f"select count(*) > 300 from ({earlier})").fetchall() == [(True,)]
    for one, other in ((earlier, later), (later, earlier)):
        assert moved_back.execute(f"{one} except all {other} limit 3").fetchall() == []


def test_both_know_enough_to_differ(moved_back: duckdb.DuckDBPyConnection) -> None:
    (days,) = moved_back.execute(
        "select max(date_day), count(distinct customer_id) > 10 from earlier.gold.fct_scores"
    ).fetchall()
    assert (str(days[0]), days[1]) == (EARLIER, True)
    for what in (
        "silver.engagements where occurred_at",
        "silver.subscription_terms where coalesce(canceled_at, valid_to)",
    ):
        assert moved_back.execute(
            f"select count(*) > 0 from later.{what} > timestamp '{EARLIER} 23:59:59'"
        ).fetchall() == [(True,)]


@pytest.fixture(scope="module")
def moved_back(site: Any, published: Any) -> Any:
    """The whole warehouse as `later`, and the same files built with an earlier as_of as `earlier`."""
    kept, _, _ = published
    site.restore("published")
    selected = ("--select", "+fct_scores", "+fct_churn_observations")
    site.build("--full-refresh", *selected, as_of=f"{EARLIER} 23:59:59")
    with duckdb.connect() as con:
        con.execute(f"attach '{kept}/warehouse.duckdb' as later (read_only)")
        con.execute(f"attach '{site.data}/warehouse.duckdb' as earlier (read_only)")
        yield con
