"""Each expectation of what comes in: an export poisoned for it is stopped or warned about as its severity says, and nothing else is.

No dbt: exports are loaded into a small warehouse and judged as `run` does before its first model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from data_quality.runner import check_landing
from data_quality.settings import read_settings
from tests.python.data_quality.conftest import (
    MONTHS,
    NEXT,
    Flow,
    Rows,
    accounts,
    answers,
    as_csv,
    charges,
    events,
    failed,
)

FILES = "files__"


def _with(rows: Rows, column: str, value: Any, every: int = 1) -> Rows:
    """Rows of which every so many-th has another value in a column; a function makes it of the row's place."""
    return [
        {**row, column: (value(n) if callable(value) else value) if n % every == 0 else row[column]}
        for n, row in enumerate(rows)
    ]


def _without(rows: Rows, column: str) -> Rows:
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def _broken_lines(rows: Rows, share: float) -> str:
    """Text in which a share of the lines has a field too many."""
    head, *lines = as_csv(rows).splitlines()
    return "\n".join([head, *(f"{line},surplus" if n < share * len(lines) else line for n, line in enumerate(lines))])


# What is poisoned, how, and all that is said of it: expectation and severity, of that table.
CASES: dict[str, tuple[str, Callable[[], Rows | str], set[tuple[str, str]]]] = {
    "a required column is gone": (
        "customer_events",
        lambda: _without(events(NEXT), "event_name"),
        {("key_columns_there", "blocking"), ("required_filled", "blocking"), ("columns_kept", "warning"), ("filled_as_usual", "warning")},
    ),
    "the key of a connector's table is gone": (
        "charge",
        lambda: _without(charges(NEXT), "id"),
        {("key_columns_there", "blocking"), ("columns_kept", "warning"), ("filled_as_usual", "warning")},
    ),
    "another column is gone": (
        "accounts",
        lambda: _without(accounts(NEXT), "country"),
        {("columns_kept", "warning"), ("filled_as_usual", "warning")},
    ),
    "the whole file cannot be read": (
        "accounts",
        lambda: "customer_id,customer_id\n1,2\n",
        {("file_readable", "warning"), ("table_keeps_up", "warning")},
    ),
    "most rows cannot be read": (
        "accounts",
        lambda: _broken_lines(accounts(NEXT), 0.6),
        {("rows_readable", "blocking"), ("rows_readable_as_usual", "warning"), ("rows_as_usual", "warning")},
    ),
    "some rows cannot be read": (
        "accounts",
        lambda: _broken_lines(accounts(NEXT), 0.1),
        {("rows_readable_as_usual", "warning")},
    ),
    "a full export has a twentieth of its rows": (
        "accounts",
        lambda: accounts(NEXT)[:12],
        {("rows_not_collapsed", "blocking"), ("rows_as_usual", "warning")},
    ),
    "only the header is left": (
        "accounts",
        lambda: as_csv(accounts(NEXT)[:1]).splitlines()[0] + "\n",
        {("rows_not_collapsed", "blocking"), ("rows_as_usual", "warning"), ("table_keeps_up", "warning")},
    ),
    "a third of the rows": ("customer_events", lambda: events(NEXT)[:100], {("rows_as_usual", "warning")}),
    "three times the rows": (
        "customer_events",
        lambda: [{**row, "event_id": f"{row['event_id']}.{n}"} for n in range(3) for row in events(NEXT)],
        {("rows_as_usual", "warning")},
    ),
    "a required column is mostly empty": (
        "customer_events",
        lambda: [{**row, "event_name": None} if n % 10 < 7 else row for n, row in enumerate(events(NEXT))],
        {("required_filled", "blocking"), ("filled_as_usual", "warning")},
    ),
    "a column is half empty": ("accounts", lambda: _with(accounts(NEXT), "country", None, every=2), {("filled_as_usual", "warning")}),
    "a column changed its format": (
        "accounts",
        lambda: _with(accounts(NEXT), "created_at", "the 14th of March"),
        {("values_usable", "blocking"), ("values_usable_as_usual", "warning"), ("column_varies", "warning")},
    ),
    "a tenth of the numbers is out of range": (
        "accounts",
        lambda: _with(accounts(NEXT), "seats", -5, every=10),
        {("values_usable_as_usual", "warning")},
    ),
    "some times lie in the future": (
        "survey_responses",
        lambda: _with(answers(NEXT), "responded_at", "2093-01-01 00:00:00", every=30),
        {("times_in_the_past", "warning")},
    ),
    "values that the contract does not accept": (
        "survey_responses",
        lambda: _with(answers(NEXT), "survey_type", "mood", every=4),
        {("categories_known", "warning"), ("values_usable_as_usual", "warning")},
    ),
    "most values are none that the contract accepts": (
        "survey_responses",
        lambda: [{**row, "survey_type": "mood"} if n % 4 else row for n, row in enumerate(answers(NEXT))],
        {("categories_known", "warning"), ("values_usable", "blocking"), ("values_usable_as_usual", "warning")},
    ),
    "values that were never seen": (
        "customer_events",
        lambda: _with(events(NEXT), "event_name", "screen", every=3),
        {("categories_known", "warning")},
    ),
    "values that were never seen, in a connector's table": (
        "charge",
        lambda: _with(charges(NEXT), "status", "pending", every=3),
        {("categories_known", "warning")},
    ),
    "one key in all rows": (
        "customer_events",
        lambda: _with(events(NEXT), "event_id", "e-1"),
        {("keys_differ", "blocking"), ("column_varies", "warning")},
    ),
    "few keys": ("customer_events", lambda: _with(events(NEXT), "event_id", lambda n: n % 40), {("keys_differ", "blocking")}),
    "another column is constant": ("accounts", lambda: _with(accounts(NEXT), "seats", 5), {("column_varies", "warning")}),
    "an old export comes again": (
        "customer_events",
        lambda: _with(events("2025-07"), "event_id", lambda n: f"again-{n}"),
        {("newest_row_is_new", "warning"), ("table_keeps_up", "warning")},
    ),
    "an export comes again under another name": (
        "accounts",
        lambda: accounts(MONTHS[-1]),
        {("content_is_new", "warning"), ("table_keeps_up", "warning")},
    ),
    "nothing comes any more": ("customer_events", lambda: None, {("table_keeps_up", "warning")}),
}  # fmt: skip


def _rounds() -> list[list[str]]:
    """The cases in groups that are judged in one load, since they poison different tables."""
    rounds: list[dict[str, str]] = []
    for name, (table, _, _) in CASES.items():
        free = next((one for one in rounds if table not in one), None)
        if free is None:
            rounds.append(free := {})
        free[table] = name
    return [list(one.values()) for one in rounds]


@pytest.mark.parametrize("cases", _rounds(), ids="; ".join)
def test_a_poisoned_export_is_stopped_or_warned_about(flow: Flow, cases: list[str]) -> None:
    tables = {CASES[case][0]: CASES[case] for case in cases}
    flow.put_month(NEXT, **{table: poison() for table, (_, poison, _) in tables.items()})
    report = flow.check()
    expected = {
        (expectation, severity, "stripe__charge" if table == "charge" else FILES + table)
        for table, (_, _, said) in tables.items()
        for expectation, severity in said
    }
    assert failed(report) == expected
    assert {(one.expectation, one.table) for one in report.blocking} == {
        (a, c) for a, b, c in expected if b == "blocking"
    }
    # Every blocking one names the file, what was seen and expected, and what to do.
    assert all(one.file and one.file.endswith(f"{one.table.split('__')[1]}_{NEXT}.csv") for one in report.blocking)
    assert all(one.sentence in report.message and str(one.accept_id) in report.message for one in report.blocking)


def test_every_expectation_has_its_poison() -> None:
    poisoned = {expectation for _, _, expected in CASES.values() for expectation, _ in expected}
    assert poisoned == set(read_settings().rules["landing"])


def test_clean_exports_raise_no_alarm(clean: Any, flow: Flow) -> None:
    for report in clean[1]:
        assert failed(report) == set()
    flow.put_month(NEXT)
    report = flow.check()
    assert failed(report) == set()
    # All of them had something to compare with by now.
    assert {one.expectation for one in report.results if one.success} == set(read_settings().rules["landing"])


def test_too_little_history_says_nothing_of_what_is_usual(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAPPINGS_DIR", str(tmp_path))
    flow = Flow(tmp_path / "data")
    flow.put("files/accounts", "2025-06", accounts("2025-06"))
    flow.check()
    flow.publish()
    flow.put("files/accounts", "2025-07", accounts("2025-07")[:3])
    report = flow.check()
    assert failed(report) == set()
    assert {one.success for one in report.results if one.expectation == "rows_not_collapsed"} == {None}


def test_a_day_after_months_is_no_collapse(flow: Flow) -> None:
    flow.put_month(NEXT, customer_events=[row for row in events(NEXT) if row["received_at"].startswith(f"{NEXT}-28")])
    assert failed(flow.check()) == set()


def test_as_few_rows_over_the_whole_month_are_one(flow: Flow) -> None:
    flow.put_month(NEXT, customer_events=events(NEXT)[::30])
    assert ("rows_not_collapsed", "blocking", f"{FILES}customer_events") in failed(flow.check())


def test_what_is_usual_after_a_first_load_of_many_files_is_said_of_files(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPPINGS_DIR", str(tmp_path))
    flow = Flow(tmp_path / "data")
    for month in ("2025-04", "2025-05", "2025-06", *MONTHS):
        flow.put("files/customer_events", month, events(month))
    flow.check()
    flow.publish()
    flow.put("files/customer_events", NEXT, events(NEXT)[:100])
    assert ("rows_as_usual", "warning", f"{FILES}customer_events") in failed(flow.check())


def test_an_empty_folder_is_fine(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAPPINGS_DIR", str(tmp_path))
    assert check_landing(tmp_path / "data").results == []
    assert check_landing(tmp_path / "data", with_newest=True).checks.failed == []


def test_a_mapped_file_is_judged_by_its_contract(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yml").write_text(
        "tables:\n- contract: accounts\n  files: buyers\n  columns:\n    customer_id: Nr\n    seats: Chairs\n    country: {value: DE}\n"
    )
    monkeypatch.setenv("MAPPINGS_DIR", str(tmp_path / "mappings"))
    flow = Flow(tmp_path / "data")
    flow.put("shop/buyers", "1", [{"Nr": n, "Chairs": "many"} for n in range(50)])
    assert failed(flow.check()) == {
        ("values_usable", "blocking", "shop__buyers"),
        ("values_usable_as_usual", "warning", "shop__buyers"),
    }
    flow.put("shop/buyers", "1", [{"Chairs": n} for n in range(50)])
    assert ("key_columns_there", "blocking", "shop__buyers") in failed(flow.check())
