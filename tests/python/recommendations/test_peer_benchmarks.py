"""Nothing is told of fewer than five others, and what is told is what others have."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.python.recommendations.conftest import PROJECT_DIR, Workbench

pytestmark = pytest.mark.slow

SHOWN = "peer_quartile_1, peer_median, peer_quartile_3, own_percentile, peer_accounts_at_least, standing"


@pytest.mark.parametrize(
    ("accounts", "level"), [(4, "tier and industry"), (5, "tier and industry"), (6, "tier, industry and size")]
)
def test_groups_widen_until_five_others_are_in_them(bench: Workbench, accounts: int, level: str) -> None:
    # The group itself, and others of the tier and industry that are larger.
    bench.accounts([f"s{place}" for place in range(accounts)], users=3)
    bench.accounts([f"l{place}" for place in range(8)], users=50)
    found = bench.query(
        "select distinct level_name, other_accounts_at_least from reference.fct_peer_groups where customer_id like 's%'"
    )
    assert found == [(level, 5 * ((accounts - 1 if level.endswith("size") else accounts + 7) // 5))]


@pytest.mark.parametrize(("accounts", "published"), [(4, 0), (5, 0), (6, 6)])
def test_nothing_is_told_of_fewer_than_five_others(bench: Workbench, accounts: int, published: int) -> None:
    # All are one group in which few have the figure; eight more have none.
    bench.accounts(
        [f"a{place}" for place in range(accounts)], composite_success_score=[10.0 * place for place in range(accounts)]
    )
    bench.accounts([f"b{place}" for place in range(8)])
    rows = bench.query(
        f"select customer_id, is_published, {SHOWN} from reference.peer_benchmarks where metric = 'composite_success_score'"
    )
    told = [row for row in rows if any(value is not None for value in row[2:])]
    assert len(rows) == accounts + 8
    assert [row for row in told if not row[1]] == []
    assert len([row for row in told if row[0].startswith("a")]) == published
    # Who has no figure has one other more: five others are enough.
    assert len([row for row in told if row[0].startswith("b")]) == (8 if accounts >= 5 else 0)


def test_neither_ends_nor_single_places_are_told(bench: Workbench) -> None:
    bench.accounts([f"a{place}" for place in range(6)], composite_success_score=[0.0, 31, 42, 53, 64, 1000])
    rows = bench.query(
        "select peer_quartile_1, peer_quartile_3, own_percentile from reference.peer_benchmarks where metric = 'composite_success_score'"
    )
    assert len(rows) == 6
    assert all(0 < low <= high < 1000 and 0.1 <= percentile <= 0.9 for low, high, percentile in rows)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 12), min_size=6, max_size=15))
def test_quartiles_are_those_of_the_others(bench: Workbench, values: list[int]) -> None:
    bench.clear()
    bench.accounts(
        [f"a{place:02}" for place in range(len(values))], support_tickets_90d=[float(value) for value in values]
    )
    rows = bench.query(
        "select peer_quartile_1, peer_median, peer_quartile_3, standing from reference.peer_benchmarks "
        "where metric = 'support_tickets_90d' order by customer_id"
    )
    for place, (*quartiles, standing) in enumerate(rows):
        others = [value for other, value in enumerate(values) if other != place]
        expected = np.percentile(others, [25, 50, 75])
        assert np.abs(np.array(quartiles) - expected).max() <= 0.5
        if values[place] > quartiles[2]:
            assert standing == "worst quarter"
        if values[place] < quartiles[0]:
            assert standing == "best quarter"


def test_the_least_number_of_others_cannot_be_set_below_five() -> None:
    rules = (PROJECT_DIR / "macros/configuration/variables.sql").read_text()
    assert "'peer_group_min_accounts': {'kind': 'whole number', 'min': 5," in rules
    assert yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())["vars"]["peer_group_min_accounts"] >= 5
