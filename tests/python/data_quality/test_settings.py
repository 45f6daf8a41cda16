"""Settings that people change are checked, and a wrong one is said with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data_quality.landing_measures import landed_tables
from data_quality.settings import SETTINGS_FILE, read_settings
from ingestion.contracts import ConfigurationError, current_catalogue

GOOD = SETTINGS_FILE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  days_kept: 365", "  days_kept: 0", "history.days_kept"),
        (
            "    severity: blocking\n    share: 0.5",
            "    severity: fatal\n    share: 0.5",
            "landing.rows_readable.severity",
        ),
        ("    share: 0.5", "    share: 50", r"landing.rows_readable.share is 50; it must be a number from 0 to 1"),
        ("    share: 0.5", "    part: 0.5", r"landing.rows_readable has no limit 'part'; its limits are share"),
        ("    share: 0.5", "    share: true", r"landing.rows_readable.share is True"),
        ("  columns_kept:", "  colums_kept:", r"landing.colums_kept is no expectation"),
        (
            "    share: 0.5",
            "    share: 0.5\n    tables: {files__users: {share: 2}}",
            r"landing.rows_readable.tables.files__users.share is 2",
        ),
        ("    share: 0.5", "    share: 0.5\n    tables: {files__users: {share: null}}", r"files__users.share is None"),
        (
            "    share: 0.5",
            "    share: 0.5\n    tables: {files__user: {share: 1}}",
            "files__user, which is no landing table; files__users is",
        ),
        ("  considered: 12", "  considered: 2", "it must be at least `needed`, 3"),
        ("from: 0, to: 100}", "from: 100, to: 0}", "`from` must not be greater than `to`"),
        ("from: 0, to: 100}", "from: .nan, to: 100}", "finite number"),
        ("history:", "history: [", "cannot be read"),
        ("to: 100}", "}", None),
        ("column: entity.entity_customers.nps_score", "column: nps_score", "measured.columns"),
        ("files__invoices: [status", "files__invoices: [mood", "files__invoices.mood, which is no column"),
    ],
)
def test_a_wrong_setting_is_said(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    path = tmp_path / "expectations.yml"
    path.write_text(GOOD.replace(old, new, 1))
    if said is None:
        read_settings(path)
        return
    with pytest.raises(ConfigurationError, match=said):
        landed_tables(current_catalogue(), read_settings(path))


def test_a_table_may_have_limits_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "expectations.yml"
    path.write_text(
        GOOD.replace(
            "    share: 0.5",
            "    share: 0.5\n    tables: {files__users: {severity: 'off'}, files__goals: {share: 0.9}}",
            1,
        )
    )
    settings = read_settings(path)
    assert settings.severity("landing", "rows_readable", "files__users") == "off"
    assert settings.severity("landing", "rows_readable", "files__goals") == "blocking"
    tables = pd.Series(["files__users", "files__goals"])
    assert settings.limit("landing", "rows_readable", "share", tables).tolist() == [0.5, 0.9]


def test_personal_columns_are_no_categories() -> None:
    """Their values would be kept, and published with the results."""
    tables = landed_tables(current_catalogue(), read_settings())
    kept = {(name, category) for name, table in tables.items() for category in table.categories}
    personal = {
        (name, column.name) for name, table in tables.items() for column in table.columns if column.contract.personal
    }
    assert kept and not kept & personal
