"""`dbt build` with a selection, where nothing was ever built."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.thorough]


def test_a_selection_with_its_parents_builds_on_an_empty_warehouse(site: Any, tools: Any) -> None:
    site.clear()
    site.put("files/accounts.csv", "customer_id,customer_name\nacc-1,One\n")
    site.run("build", "--select", "+customer_success", program="dbt")
    assert tools.query(site.data, "select customer_id from metrics.customer_success") == [("acc-1",)]
