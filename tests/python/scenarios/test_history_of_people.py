"""A build for an earlier as_of says of that time what a later one says of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

EARLIER, LATER = "2026-09-20 10:30:00", "2026-10-20 00:00:00"
SELECTED = (
    "+silver__lifecycle_history",
    "+silver__segment_history",
    "+silver__consent_history",
    "+silver__customer_value",
)
# Each history with what is seen of it at a moment: what began by then, ending only if it had ended by then.
HISTORIES = {
    "lifecycle": "golden_customer_id, lifecycle_stage, valid_from, {ended}, cause_rule, cause_row from silver.lifecycle_history",
    "segments": (
        "golden_customer_id, segment_scheme, segment_name, valid_from, {ended}, origin, metric_value from silver.segment_history"
    ),
    "consents": "golden_customer_id, channel, purpose, status, valid_from, {ended}, records, has_conflict from silver.consent_history",
}
ENDED = "case when valid_to <= timestamp '{moment}' then valid_to end"
# People whose records were all there at the earlier moment, and are the same person in both builds.
SAME_PEOPLE = (
    "select golden_customer_id, count(*), min(record_key), max(record_key) from silver.identity_map group by 1"
)


def _seen(data: Path, tools: Any, name: str, moment: str) -> set[tuple[Any, ...]]:
    ended = ENDED.format(moment=moment)
    return set(
        tools.query(data, f"select {HISTORIES[name].format(ended=ended)} where valid_from <= timestamp '{moment}'")
    )


@pytest.fixture(scope="module")
def both(site: Any, company: Path) -> tuple[Path, Path]:
    """The same files, built for two moments."""
    kept = []
    for name, moment in (("earlier", EARLIER), ("later", LATER)):
        site.clear()
        shutil.copytree(company / "landing", site.data / "landing", dirs_exist_ok=True)
        site.build("--select", *SELECTED, as_of=moment)
        kept.append(site.keep(name))
    return kept[0], kept[1]


@pytest.mark.parametrize("name", sorted(HISTORIES))
def test_what_was_said_then_is_what_is_said_of_then(both: tuple[Path, Path], tools: Any, name: str) -> None:
    earlier, later = both
    same = {row[0] for row in set(tools.query(earlier, SAME_PEOPLE)) & set(tools.query(later, SAME_PEOPLE))}
    said = _seen(earlier, tools, name, EARLIER)
    found = _seen(later, tools, name, EARLIER)
    compared = {row for row in said if row[0] in same}
    assert len(compared) > 50
    assert len(same) > 0.8 * len({row[0] for row in said})
    assert compared == {row for row in found if row[0] in same}


def test_the_months_before_are_what_they_were(both: tuple[Path, Path], tools: Any) -> None:
    earlier, later = both
    rows = "select month, sum(source_rows), sum(revenue_usd), sum(cost_usd) from silver.customer_value group by 1 order by 1"
    said = tools.query(earlier, rows)
    assert said
    assert said == tools.query(later, rows)[: len(said)]


def test_nothing_of_the_time_after_is_known(both: tuple[Path, Path], tools: Any) -> None:
    for table in ("lifecycle_history", "segment_history", "consent_history"):
        assert tools.query(
            both[0], f"select count(*) from silver.{table} where greatest(valid_from, valid_to) > timestamp '{EARLIER}'"
        ) == [(0,)]
