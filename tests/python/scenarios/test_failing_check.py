"""A blocking check that fails keeps the release that is out."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.slow


def test_a_failed_check_publishes_nothing(site: Any, published: Any) -> None:
    old, _, _ = published
    site.restore("published")
    with duckdb.connect(str(site.data / "warehouse.duckdb")) as con:
        # The incremental tables keep what they hold, so this stays broken until somebody rebuilds them.
        con.execute("insert into bronze.customer_events select * from bronze.customer_events limit 1")
    printed = site.run("run", code=1)
    assert "Nothing was published" in printed
    assert "customer_events" in printed
    release = (site.data / "published/release.json").read_text()
    assert release == (old / "published/release.json").read_text()
    assert len(list((site.data / "published/releases").iterdir())) == 1
    status = site.run("status", code=1)
    assert json.loads(release)["release_id"] in status
    assert "published nothing" in status
    assert "failed:" in status
