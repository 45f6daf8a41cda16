"""What somebody decides about two records holds in every table, for ever, and leaves nothing behind once it is taken back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

# What decisions do to records and people alone is tested with every change (tests/python/identity); this is the whole warehouse.
pytestmark = [pytest.mark.slow, pytest.mark.thorough]

#: A log says what happened, and it did happen; numbers of builds and loads go on counting.
COUNTERS = ("build_number", "fingerprint")
LATE = ("customers/customers_2026-10.csv", "customer_identifiers/customer_identifiers_2026-10.csv")
# The two people without a common household who stand in the most tables: a merge of them has the most to undo.
PEOPLE = """
    select golden_customer_id, min(household_id), count(*)
    from ({rows})
    left join silver.household_members using (golden_customer_id)
    where golden_customer_id in (select golden_customer_id from silver.identity_map group by 1 having count(*) between 3 and 9)
    group by 1 order by 3 desc, 1
"""


def _two_people(data: Path, tools: Any) -> tuple[str, str]:
    names = [
        name
        for (name,) in tools.query(
            data,
            "select table_schema || '.' || table_name from information_schema.columns where column_name = 'golden_customer_id' "
            "and table_schema in ('silver', 'gold', 'entity', 'metrics') and table_name != 'identity_changes'",
        )
    ]
    rows = " union all ".join(f"select distinct golden_customer_id from {name}" for name in names)
    first, *others = tools.query(data, PEOPLE.format(rows=rows))
    return first[0], next(row[0] for row in others if row[1] != first[1])


def _records(data: Path, tools: Any, golden: str) -> list[str]:
    return [
        key
        for (key,) in tools.query(
            data, f"select record_key from silver.identity_map where golden_customer_id = '{golden}' order by 1"
        )
    ]


def _everything(data: Path, tools: Any) -> dict[str, pa.Table]:
    """All tables of all schemas of a build, without its counters."""
    return {
        name: table.drop_columns([column for column in COUNTERS if column in table.column_names])
        for name, table in tools.tables(data, leave_out=()).items()
    }


def _mentions(data: Path, golden: str) -> set[str]:
    """Tables, the log left out, in which a golden id stands in any column."""
    found = set()
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('silver', 'gold', 'entity', 'metrics') and table_name != 'identity_changes'"
        ).fetchall():
            if con.execute(
                f"select 1 from {schema}.{table} as t where cast(t as varchar) like '%{golden}%' limit 1"
            ).fetchall():
                found.add(f"{schema}.{table}")
    return found


@pytest.fixture(scope="module")
def before(site: Any, company: Path, tools: Any) -> tuple[Path, dict[str, pa.Table]]:
    """The company without its last records of people, matched and built: the data folder and its tables."""
    site.clear()
    shutil.copytree(company / "landing", site.data / "landing", dirs_exist_ok=True)
    for name in LATE:
        (site.data / "landing" / "files" / name).unlink()
    site.run_unchecked()
    kept = site.keep("before_decisions")
    return kept, _everything(kept, tools)


@pytest.fixture(scope="module")
def merged(site: Any, before: tuple[Path, Any], tools: Any) -> tuple[Path, str, str, list[tuple[str, str]]]:
    """Two people made one by a line in the seed: the data folder, the id that stays, the one that goes, and the pair decided about."""
    kept, _ = before
    one, other = _two_people(kept, tools)
    ones, others = _records(kept, tools, one), _records(kept, tools, other)
    pairs = [(ones[-1], others[-1])]
    site.restore(kept.name)
    site.decide(*(("merge", *pair) for pair in pairs))
    ids = set(
        tools.query(
            site.data,
            f"select golden_customer_id from silver.identity_map where record_key in {(*ones, *others)}",
        )
    )
    assert ids in ({(one,)}, {(other,)})
    return site.keep("merged"), *((one, other) if ids == {(one,)} else (other, one)), pairs


def test_one_person_in_every_table(before: tuple[Path, Any], merged: tuple[Path, str, str, Any], tools: Any) -> None:
    data, stays, gone, _ = merged
    was = _mentions(before[0], gone) | _mentions(before[0], stays)
    assert len(was) > 20
    assert _mentions(data, gone) == set()
    assert _mentions(data, stays) == was
    assert len(_records(data, tools, stays)) == len(_records(before[0], tools, stays)) + len(
        _records(before[0], tools, gone)
    )


def test_a_merge_that_is_taken_back_leaves_nothing_behind(
    site: Any, before: tuple[Path, dict[str, pa.Table]], merged: tuple[Path, str, str, Any], tools: Any
) -> None:
    assert tools.differences(_everything(merged[0], tools), before[1]).keys() > {
        "silver.identity_map",
        "entity.entity_people",
    }
    site.restore("merged")
    site.decide()
    assert tools.differences(_everything(site.data, tools), before[1]) == {}
    assert tools.query(
        site.data,
        "select change, cause, decided_by, reason, count(*) from silver.identity_changes group by all order by 1",
    ) == [
        ("merge", "decision: merge", "maria", "seen both", len(_records(before[0], tools, merged[2]))),
        ("split", "decision withdrawn", "maria", "seen both", len(_records(before[0], tools, merged[2]))),
    ]


def test_a_merge_that_is_turned_into_its_opposite_leaves_the_opposite(
    site: Any,
    before: tuple[Path, dict[str, pa.Table]],
    merged: tuple[Path, str, str, list[tuple[str, str]]],
    tools: Any,
) -> None:
    site.restore("merged")
    site.decide(*(("keep_apart", *pair) for pair in merged[3]))
    found = tools.differences(_everything(site.data, tools), before[1])
    # Nothing but the decisions themselves, as people wrote them and as links.
    assert found.keys() == {
        "silver.identity_decided_pairs",
        "silver.identity_links",
        "silver.identity_stated_links",
        "gold.fct_identity_links",
        "metrics.identity_resolution",
    }
    for name in found.keys() - {"metrics.identity_resolution"}:
        assert found[name].startswith(f"{len(merged[3])} rows too many"), found[name]
        assert "0 missing" in found[name]
    (numbers,) = _everything(site.data, tools)["metrics.identity_resolution"].to_pylist()
    (numbers_before,) = before[1]["metrics.identity_resolution"].to_pylist()
    assert {name for name, value in numbers.items() if value != numbers_before[name]} == {"decisions_keep_apart"}


def test_who_is_kept_apart_stays_apart(site: Any, before: tuple[Path, Any], company: Path, tools: Any) -> None:
    site.restore(before[0].name)
    # Two records that are rightly one person's, by a rule; then more records of people, and one that is like both of the two.
    one, other = tools.query(
        site.data,
        """
        select links.record_key_a, links.record_key_b
        from silver.identity_links as links
        inner join silver.identity_map as map_a on links.record_key_a = map_a.record_key
        inner join silver.identity_map as map_b
            on links.record_key_b = map_b.record_key and map_a.golden_customer_id = map_b.golden_customer_id
        inner join bronze.customers as known on map_a.source_record_id = known.source_record_id
        where links.rule = 'identifier_and_name' and known.email is not null and map_a.golden_customer_id in
            (select golden_customer_id from silver.identity_map group by 1 having count(*) = 2)
        order by 1, 2
        """,
    )[0]
    together = (
        f"select count(distinct golden_customer_id) from silver.identity_map where record_key in ('{one}', '{other}')"
    )
    assert tools.query(site.data, together) == [(1,)]
    site.decide(("keep_apart", one, other))
    assert tools.query(site.data, together) == [(2,)]
    for name in LATE:
        site.put(f"files/{name}", (company / "landing" / "files" / name).read_bytes())
    alike = site.put("files/customers/alike.csv", "")
    with duckdb.connect(str(site.data / "warehouse.duckdb"), read_only=True) as con:
        columns = [name for (name, *_) in con.execute("describe bronze.customers").fetchall()]
        left_out = [
            name for name in columns if name in ("source_system", "source_file", "source_line", "load_id", "loaded_at")
        ]
        con.execute(
            f"copy (select * exclude ({', '.join(left_out)}) replace ('alike' as source_record_id, 'club' as origin_system) from bronze.customers "
            f"where origin_system || '|' || source_record_id = '{one}' order by updated_at desc limit 1) to '{alike}' (header)"
        )
    records = tools.query(site.data, "select count(*) from silver.identity_map")
    site.run_unchecked("--exclude", "identity_decisions")
    assert tools.query(site.data, "select count(*) from silver.identity_map") > records
    assert tools.query(site.data, together) == [(2,)]
    assert tools.query(
        site.data,
        f"select count(*) from silver.identity_map where record_key in ('{one}', '{other}') and golden_customer_id = "
        "(select golden_customer_id from silver.identity_map where record_key = 'club|alike')",
    ) == [(1,)]
    # Without the decision all three are one person: it is the decision that keeps them apart.
    site.decide()
    assert tools.query(site.data, together) == [(1,)]
