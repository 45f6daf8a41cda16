"""Any score of an account can be asked why, down to the line of the file that it came from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

import command_line.console as shared
import command_line.main as main

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(published: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks about accounts of the published company."""
    folder, _, _ = published
    for name, stream in (("console", False), ("errors", True)):
        shown = Console(stderr=stream, highlight=False, soft_wrap=True, width=300)
        for module in (shared, main):
            monkeypatch.setattr(module, name, shown, raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main.app, ["explain", "account", *arguments, "--data-dir", str(folder)])

    return run


@pytest.fixture
def warehouse(published: Any) -> duckdb.DuckDBPyConnection:
    folder, _, _ = published
    return duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True)


def _scored(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, Any]:
    """The account and day with the most known signals, and a ticket among them."""
    found = warehouse.execute(
        "select customer_id, date_day from gold.fct_score_contributions where score in ('health', 'churn_risk') "
        "group by all having max(case when signal = 'ticket_volume' then raw_value end) > 0 order by count(*) desc, customer_id, date_day limit 1"
    ).fetchone()
    assert found is not None
    return found


def test_the_rows_shown_add_up_to_the_score(ask: Any, warehouse: duckdb.DuckDBPyConnection) -> None:
    customer, day = _scored(warehouse)
    scores = warehouse.execute(
        "select score_value from gold.fct_scores where customer_id = ? and date_day = ? "
        "order by case score when 'health' then 1 when 'churn_risk' then 2 else 3 end",
        [customer, day],
    ).fetchall()
    shown = ask(customer, "--at", str(day))
    assert shown.exit_code == 0, shown.output
    sums = [float(value) for value in re.findall(r"sum of \d+ contributions?: ([\d.]+)", shown.output)]
    assert sums == pytest.approx([value for (value,) in scores], abs=2e-9)
    assert len(re.findall(r"sum of \d+", ask(customer, "--at", str(day), "--score", "health").output)) == 1


def test_a_signal_leads_to_the_landed_line(ask: Any, published: Any, warehouse: duckdb.DuckDBPyConnection) -> None:
    folder, _, _ = published
    customer, day = _scored(warehouse)
    shown = ask(customer, "--at", str(day), "--signal", "ticket_volume")
    assert shown.exit_code == 0, shown.output
    places = re.findall(r"ticket id (\S+?),.* (files/support_tickets/\S+)\s+(\d+)", shown.output)
    assert places
    for ticket, file, line in places:
        lines = (Path(folder) / "landing" / file).read_text().splitlines()
        assert ticket in lines[int(line) - 1]


def test_every_signal_finds_its_rows(ask: Any, warehouse: duckdb.DuckDBPyConnection) -> None:
    customer, day = _scored(warehouse)
    signals = warehouse.execute(
        "select distinct signal from gold.fct_score_contributions where customer_id = ? and date_day = ? order by 1",
        [customer, day],
    ).fetchall()
    assert len(signals) > 15
    for (signal,) in signals:
        shown = ask(customer, "--at", str(day), "--signal", signal)
        assert shown.exit_code == 0, (signal, shown.output)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "No account is known as 'nobody'"),
        (["{customer}", "--at", "last week"], "--at is 'last week'; it must be a day such as 2026-"),
        (
            ["{customer}", "--at", "2031-01-01"],
            "has no score on 2031-01-01; within the kept history it was a customer on days from 202",
        ),
        (["{customer}", "--score", "luck"], "--score is 'luck'; it must be one of health, churn_risk, success."),
        (["{customer}", "--signal", "mood"], "--signal is 'mood', which took no part on 202"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(
    ask: Any, warehouse: duckdb.DuckDBPyConnection, arguments: list[str], words: str
) -> None:
    customer, _ = _scored(warehouse)
    shown = ask(*[argument.replace("{customer}", customer) for argument in arguments])
    assert shown.exit_code == 1
    assert words in shown.output
    assert "Traceback" not in shown.output


def test_without_a_warehouse(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main.app, ["explain", "account", "acc-1", "--data-dir", str(tmp_path)])
    assert shown.exit_code == 1
    assert "run `customer-analytics run` first" in shown.output
