"""What two names, dates, suffixes and genders are to each other, pair by pair, and by which keys records meet."""

from __future__ import annotations

import duckdb
import pytest

from intelligence.identity.candidates import keys_sql
from intelligence.identity.comparisons import COLUMNS, COMPARISONS
from intelligence.identity.matching import TABLES

LISTS = ("given_name_forms", "former_family_names", "emails", "phones", "identifiers")
SHORT = {"given": "given_name_key", "middle": "middle_name_key", "family": "family_name_key", "former": "former_family_names",
         "suffix": "name_suffix_key", "gender": "gender_key", "birth": "birth_digits", "forms": "given_name_forms"}  # fmt: skip


def words(comparison: str, one: dict[str, str], other: dict[str, str]) -> str:
    """The level that two records fall into, either way round; lists are given with blanks."""
    compared = next(it for it in COMPARISONS if it.name == comparison)
    found = set()
    for left, right in ((one, other), (other, one)):
        columns = []
        for side, record in (("l", left), ("r", right)):
            said = {SHORT[name]: value for name, value in record.items()}
            for column in COLUMNS:
                value = f"'{said[column]}'" if column in said else "null::varchar"
                columns.append(f"{f'string_split({value}, chr(32))' if column in LISTS else value} as {column}_{side}")
        with duckdb.connect() as con:
            gamma = con.execute(f"select {compared.gamma_sql()} from (select {', '.join(columns)})").fetchall()[0][0]
        found.add("unknown" if gamma < 0 else compared.level(gamma).words)
    assert len(found) == 1
    return found.pop()


def named(names: str) -> dict[str, str]:
    """Given/middle/family, a dot for none."""
    return {
        kind: name for kind, name in zip(("given", "middle", "family"), names.split("/"), strict=True) if name != "."
    }


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ian/./berg", "in/./berg", "given name similar"),
        ("mia/./berg", "ima/./berg", "given name similar"),
        ("leo/./berg", "eo/./berg", "given name similar"),
        ("jo/./berg", "al/./berg", "other given name"),
        ("leo/./berg", "tim/./berg", "other given name"),
        ("johnson/leo/m", "leo/./johnson", "given and family name swapped"),
        ("adebayo/kwame/emeka", "kwame/./adebayo", "given and family name swapped"),
        ("kwame/emeka/adebayo", "adebayo/kwame/emeka", "given and family name swapped"),
        ("russ/./lhisa", "luisa/./russo", "given and family name swapped"),
        ("mary/ann/berg", "ann/./berg", "middle name for the given name"),
        ("paul/./berg", "berg/./rosa", "other given name"),
    ],
)
def test_given_names(one: str, other: str, level: str) -> None:
    assert words("given_name", named(one), named(other)) == level


def test_names_in_another_order_count_once() -> None:
    for comparison in ("family_name", "middle_name"):
        assert words(comparison, named("kwame/emeka/adebayo"), named("adebayo/kwame/emeka")) == "unknown"


def test_a_former_family_name() -> None:
    now = {"given": "anna", "family": "stone", "former": "berg klein"}
    assert words("family_name", now, {"given": "anna", "family": "klein"}) == "former family name"
    assert words("family_name", now, {"given": "anna", "family": "moser"}) == "other family name"


@pytest.mark.parametrize(
    ("kind", "comparison", "one", "other", "level"),
    [
        ("suffix", "name_suffix", "2", "2", "same name suffix"),
        ("suffix", "name_suffix", "1", "2", "other name suffix"),
        ("suffix", "name_suffix", "1", "", "name suffix on one side only"),
        ("suffix", "name_suffix", "", "", "unknown"),
        ("gender", "gender", "f", "m", "other gender"),
        ("gender", "gender", "f", "", "unknown"),
        ("birth", "birth_date", "19800101", "19800517", "same year of birth, day doubtful"),
        ("birth", "birth_date", "19800101", "19800101", "same birth date"),
        ("birth", "birth_date", "19800101", "19850517", "other birth date"),
    ],
)
def test_what_else_people_differ_in(kind: str, comparison: str, one: str, other: str, level: str) -> None:
    assert words(comparison, {kind: one} if one else {}, {kind: other} if other else {}) == level


def test_records_meet_under_a_former_name() -> None:
    with duckdb.connect() as con:
        con.execute(f"create table people ({TABLES['people']})")
        con.execute(
            "insert into people by name from (values (1, 'anna', 'stone', ['berg'], '19800304'), (2, 'anna', 'berg', null, '19800304')) "
            "as record (unique_id, given_name_key, family_name_key, former_family_names, birth_digits)"
        )
        con.execute(f"create table keys as {keys_sql('people')}")
        in_common = "select count(*) from keys as one inner join keys as other using (key) where one.unique_id = 1 and other.unique_id = 2"
        with_former = con.execute(in_common).fetchall()[0][0]
        twice = con.execute("select count(*) from (from keys group by all having count(*) > 1)").fetchall()[0][0]
        con.execute("update people set former_family_names = null")
        con.execute(f"create or replace table keys as {keys_sql('people')}")
        assert with_former > con.execute(in_common).fetchall()[0][0]
        assert twice == 0
