"""Rules of alerts may watch every number that is known of an account."""

from __future__ import annotations

import re

import yaml

from tests.python.project.conftest import PROJECT_DIR


def test_every_numeric_column_of_an_account_can_be_watched() -> None:
    (model,) = yaml.safe_load((PROJECT_DIR / "models/entity/entity_customers.yml").read_text())["models"]
    numeric = {
        column["name"]
        for column in model["columns"]
        if column["data_type"].split("(")[0] in ("double", "bigint", "integer", "decimal")
    }
    macro = (PROJECT_DIR / "macros/health/alert_measures.sql").read_text()
    assert len(numeric) > 10
    # A line of a file is no figure of the account.
    assert numeric - set(re.findall(r"'measure': '(\w+)'", macro)) == {"source_line"}
