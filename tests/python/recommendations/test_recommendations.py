"""What is recommended to users of the portal, over activity in which the pattern is planted."""

from __future__ import annotations

import pytest

from tests.python.recommendations.conftest import Workbench

pytestmark = pytest.mark.slow

TABLES = (
    *("fct_recommendations", "fct_portal_usage_facts", "fct_unexplored_data_sources", "fct_peer_groups"),
    *("peer_benchmarks", "recommendation_backtest"),
)


def plant(bench: Workbench, together: int, apart: int = 20, days_ago: float = 5) -> None:
    """Accounts whose user works with cohorts and funnels, others with neither but with forecasts, and one that works with cohorts only."""
    names = [f"t{place}" for place in range(together)]
    others = [f"o{place}" for place in range(apart)]
    bench.accounts([*names, *others, "me"])
    for name in names:
        bench.activity(name, f"{name}-u", "cohort_analysis", days_ago=days_ago)
        bench.activity(name, f"{name}-u", "funnel_analysis", days_ago=days_ago)
    for name in others:
        bench.activity(name, f"{name}-u", "forecast", days_ago=days_ago)
        bench.activity(name, f"{name}-u", "segmentation", days_ago=days_ago)
    bench.activity("me", "me-u", "cohort_analysis", days_ago=days_ago, times=14)


def test_what_goes_together_is_found_and_told_in_the_users_figures(bench: Workbench) -> None:
    plant(bench, together=12)
    rows = bench.query(
        "select item, method, given_item, own_evidence, other_accounts_at_least, reason from reference.fct_recommendations "
        "where user_id = 'me-u' and item_type = 'feature' and method <> 'rule' order by recommendation_rank"
    )
    assert rows[0][:5] == ("funnel_analysis", "used_together", "cohort_analysis", 14, 10)
    assert rows[0][5].startswith("You used cohort analysis 14 times in 90 days; about 100 % of those")
    assert {row[1] for row in rows[1:]} <= {"popular"}


@pytest.mark.parametrize(("together", "shown"), [(4, False), (5, True)])
def test_what_fewer_than_five_others_use_is_not_recommended(bench: Workbench, together: int, shown: bool) -> None:
    plant(bench, together=together, apart=40)
    found = bench.query(
        "select 1 from reference.fct_recommendations where user_id = 'me-u' and item = 'funnel_analysis'"
    )
    assert bool(found) == shown


def test_the_users_own_account_is_no_evidence(bench: Workbench) -> None:
    plant(bench, together=4, apart=40)
    bench.activity("me", "me-v", "funnel_analysis")
    assert not bench.query(
        "select 1 from reference.fct_recommendations where user_id = 'me-u' and item = 'funnel_analysis'"
    )


def test_a_dashboard_of_the_account_goes_to_colleagues_and_to_nobody_else(bench: Workbench) -> None:
    plant(bench, together=12)
    for user in ("me-v", "me-w"):
        bench.activity("me", user, dashboard="ours")
    rows = bench.query(
        "select user_id, method, other_accounts_at_least, reason from reference.fct_recommendations where item = 'ours'"
    )
    assert rows == [
        ("me-u", "colleagues", None, "2 of your 2 colleagues in the portal used the dashboard \"ours\" in the last 90 days; you never did.")
    ]  # fmt: skip


def test_nothing_used_is_recommended_however_long_ago(bench: Workbench) -> None:
    plant(bench, together=12)
    bench.activity("me", "me-u", "funnel_analysis", days_ago=170)
    bench.activity("me", None, "forecast", days_ago=3)
    used = bench.query(
        "select recommendations.item from reference.fct_recommendations as recommendations "
        "inner join silver.portal_item_uses as used on used.moment = 'today' and used.customer_id = recommendations.customer_id "
        "and (used.user_id = recommendations.user_id or recommendations.user_id is null and used.user_id = '') "
        "and used.item = recommendations.item"
    )
    assert used == []
    # Nobody is named in some rows: what they hold belongs to the account, which gets recommendations of its own.
    accounts = bench.query(
        "select count(*) from reference.fct_recommendations where customer_id = 'me' and user_id is null"
    )
    assert accounts[0][0] > 0


def test_few_accounts_have_rules_only(bench: Workbench) -> None:
    plant(bench, together=1, apart=2)
    bench.activity("me", "me-u", "anomaly_detection", times=3)
    methods = dict(bench.query("select method, count(*) from reference.fct_recommendations group by method"))
    assert methods.keys() == {"rule"}
    assert bench.query("select title, reason from reference.fct_recommendations where user_id = 'me-u' and rule_id = 'alert_on_anomalies'") == [
        ("Be told when something is out of line", "You looked for anomalies 3 times in the last 30 days; an alert rule looks for you.")
    ]  # fmt: skip


def test_a_source_nobody_looks_at_is_told_with_what_at_least_five_others_do(bench: Workbench) -> None:
    names = [f"a{place}" for place in range(7)]
    bench.accounts([*names, "me"])
    for place, name in enumerate(names):
        bench.activity(name, f"{name}-u", dashboard="dash-08")
        if place < 4:
            bench.activity(name, f"{name}-u", dashboard="dash-01")
    bench.activity("me", "me-u", dashboard="dash-12", days_ago=10)
    rows = bench.query(
        "select data_source, unexplored_since, peers_using_at_least, peer_share, item, peer_group "
        "from reference.fct_unexplored_data_sources where customer_id = 'me' and data_source in ('support_tickets', 'revenue') order by 1"
    )
    assert rows == [
        ("revenue", "never", None, None, None, None),
        ("support_tickets", "never", 5, 1.0, "dash-08", "SMB, Retail, 1 to 4 users"),
    ]
    # What an account has nothing of is no source for it.
    bench.con.execute("update given.silver__account_daily set tickets_90d = 0 where customer_id = 'me'")
    assert not bench.query(
        "select 1 from reference.fct_unexplored_data_sources where customer_id = 'me' and data_source = 'support_tickets'"
    )


def adopt(bench: Workbench, users: int) -> None:
    """Half of the users take up funnels after cohorts, the other half segmentation after forecasts; exports are the most popular and taken up by nobody."""
    names = [f"n{place}" for place in range(users)]
    bench.accounts(names)
    for place, name in enumerate(names):
        first, second = [("cohort_analysis", "funnel_analysis"), ("forecast", "segmentation")][place % 2]
        bench.activity(name, f"{name}-u", first, days_ago=100)
        # A third has both already, a third takes the second up later.
        if place % 3 == 0:
            bench.activity(name, f"{name}-u", second, days_ago=95)
        if place % 3 == 1:
            bench.activity(name, f"{name}-u", second, days_ago=20)
        if place % 3 == 0:
            bench.activity(name, f"{name}-w", "export", days_ago=90)
            bench.activity(name, f"{name}-x", "alert_rule", days_ago=90)
            bench.activity(name, f"{name}-y", "sharing", days_ago=90)


def test_the_back_test_knows_what_is_taken_up_and_is_ahead_of_chance(bench: Workbench) -> None:
    adopt(bench, users=90)
    rates = dict(bench.query("select way, hit_rate from reference.recommendation_backtest"))
    assert rates["recommended by used together"] > 0.3
    assert rates["recommended"] > rates["most_popular"]
    assert rates["recommended"] > rates["random"]


def test_recommendations_of_the_back_test_know_nothing_of_what_came_later(bench: Workbench) -> None:
    adopt(bench, users=30)
    sql = "select * from silver.recommendation_candidates where moment = 'backtest' order by all"
    before = bench.query(sql)
    bench.con.execute(
        "delete from given.silver__portal_activities where activity_at > (select as_of - interval 60 day from given.silver__as_of)"
    )
    assert before
    assert bench.query(sql) == before


def test_an_empty_log_builds(bench: Workbench) -> None:
    for table in TABLES:
        assert bench.query(f"select * from reference.{table}") == []
    bench.accounts(["only"], composite_success_score=[50.0])
    assert bench.query("select level_name, peer_group from reference.fct_peer_groups") == [("none", None)]
    assert bench.query("select item, user_id, method from reference.fct_recommendations") == [
        ("first_steps", None, "rule")
    ]
    assert bench.query("select * from reference.peer_benchmarks") == []
