"""Which columns a column is made of: known answers, and a book that looks once."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.column_lineage import LineageBook, column_lineage

PARENTS = {
    "silver.bills": {"customer_id": "VARCHAR", "amount": "DOUBLE", "paid_on": "DATE"},
    "silver.accounts": {"customer_id": "VARCHAR", "tier": "VARCHAR"},
}
SQL = """
with paid as (select customer_id, sum(amount) as paid from "warehouse"."silver"."bills" where paid_on is not null group by customer_id)
select accounts.*, coalesce(paid.paid, 0) as total, 1 as constant
from "warehouse"."silver"."accounts" as accounts left join paid on accounts.customer_id = paid.customer_id
"""
COLUMNS = {"customer_id": "VARCHAR", "tier": "VARCHAR", "total": "DOUBLE", "constant": "INTEGER"}


def test_columns_are_followed_through_steps_and_stars():
    assert column_lineage(SQL, COLUMNS, PARENTS) == {
        "customer_id": [("silver.accounts", "customer_id")],
        "tier": [("silver.accounts", "tier")],
        "total": [("silver.bills", "amount")],
        "constant": [],
    }


@pytest.mark.parametrize("sql", ["select from where", "this is no SQL (", ""])
def test_what_cannot_be_read_has_no_lineage(sql: str):
    assert column_lineage(sql, COLUMNS, PARENTS) is None


def test_a_book_looks_once_and_only_as_long_as_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from orchestration import column_lineage as module

    path = tmp_path / "book.json"
    busy = LineageBook(path, seconds=0)
    assert busy.lineage("sum", SQL, COLUMNS, PARENTS) is None
    assert busy.left == 1
    first = LineageBook(path, seconds=60)
    found = first.lineage("sum", SQL, COLUMNS, PARENTS)
    first.close()
    monkeypatch.setattr(module, "column_lineage", lambda *_: pytest.fail("looked again"))
    again = LineageBook(path, seconds=60).lineage("sum", SQL, COLUMNS, PARENTS)
    assert {column: [tuple(pair) for pair in made_of] for column, made_of in again.items()} == found
    path.write_text("{ half a file")
    assert LineageBook(path, seconds=0).lineage("sum", SQL, COLUMNS, PARENTS) is None
