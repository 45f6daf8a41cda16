"""The compiled SQL holds no form that Spark lacks or reads differently; every rule that says so is shown to work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.python.project.compiling import NEUTRAL_DBT, CompiledNode, dbt_macros_used, macros_in, neutral_form
from tests.python.project.conftest import PROJECT_DIR
from tests.python.project.portability import NEVER_NULL, NEVER_ZERO, RULES, Finding, Statement, findings

PORTABLE_FILES = sorted((PROJECT_DIR / "macros" / "portable").rglob("*.sql"))

# (node, rule): why it stays.
ACCEPTED: dict[tuple[str, str], str] = {
    (
        "silver__identity_conflicts__pre_hook_0",
        "changed_rows",
    ): "forgets the conflicts of components that are worked out again; Spark would overwrite their partition",
}

CASES: dict[str, tuple[str, str]] = {
    "date_difference": ("select date_diff('day', a, b) from t", "select portable__seconds_between(a, b) from t"),
    "date_addition": ("select date_add(a, interval 1 day) from t", "select dbt__dateadd(1, a) from t"),
    "epoch": ("select epoch_ms(a) from t", "select a as epoch from t"),
    "date_part": ("select dayofweek(a) from t", "select extract(month from a) from t"),
    "formatted_date": ("select strftime(a, '%Y') from t", "select cast(a as date) from t"),
    "series": ("select unnest(generate_series(1, 3))", "select portable__each_day(a, b) from t"),
    "joined_text": ("select string_agg(a, ',') from t", "select portable__joined_text(a, ',', b) from t"),
    "collected_list": ("select array_agg(a) from t", "select count(a) from t"),
    "json_function": ("select json_extract(a, '$.b') from t", "select portable__json_object(a, b) from t"),
    "arg_max": ("select arg_max(a, b) from t", "select max_by(a, event_place) from t"),
    "first_or_last_row": (
        "select first(a) from t",
        "select first_value(a) over (order by event_place) as first from t",
    ),
    "quantile": (
        "select quantile_cont(a, 0.5) from t",
        "select percentile_cont(0.5) within group (order by a nulls last) from t",
    ),
    "replaced_pattern": ("select regexp_replace(a, 'b', 'c', 'g') from t", "select replace(a, 'b', 'c') from t"),
    "split_text": ("select split(a, '.') from t", "select split_part(a, '.', 1) from t"),
    "concatenation": ("select concat(a, b) from t", "select concat_ws(' ', a, b), a || coalesce(b, '') from t"),
    "hash": ("select hash(a) from t", "select md5(a) from t"),
    "struct_or_list_function": ("select list_transform(a, b) from t", "select length(a) from t"),
    "text_function": ("select starts_with(a, 'b') from t", "select a like 'b%' from t"),
    "chance": ("select random() from t", "select 1 as random from t"),
    "asof_join": ("select 1 from t asof join s on t.a >= s.a", "select 1 from t inner join s on t.a >= s.a"),
    "positional_join": ("select 1 from t positional join s", "select 1 from t cross join s"),
    "distinct_on": ("select distinct on (a) a, b from t", "select distinct a, b from t"),
    "changed_star": ("select * exclude (a) from t", "select *, t.*, count(*) from t"),
    "union_by_name": ("select a from t union all by name select a from s", "select a from t union all select a from s"),
    "ordered_aggregate": (
        "select sum(a order by b nulls last) from t",
        "select sum(a) over (order by b nulls last), percentile_cont(0.5) within group (order by a nulls last) from t",
    ),
    "ignored_nulls": (
        "select last_value(a ignore nulls) over (order by event_place) from t",
        "select any_value(a) from t",
    ),
    "part_of_date": ("select extract(dow from a) from t", "select extract(year from a) from t"),
    "json_arrow": ("select a ->> 'b' from t", "select a || 'b' from t"),
    "list_or_struct_literal": ("select [1, 2] as a", "select a in (1, 2) from t"),
    "lambda": ("select list_filter(a, lambda x: x > 1) from t", "select a > 1 from t"),
    "subscript": ("select a[1] from t", "select a from t"),
    "pattern_operator": ("select a similar to '[0-9]+' from t", "select a like '1%' from t"),
    "backslash_class": (r"select a like '\d' from t", "select a like '[0-9]' from t"),
    "caret": ("select a ^ 2 from t", "select power(a, 2) from t"),
    "whole_division": ("select a // 2 from t", "select floor(a / 2) from t"),
    "summed_boolean": ("select sum(a > 1) from t", "select sum(case when a > 1 then 1 else 0 end), sum(a) from t"),
    "distinct_in_window": ("select count(distinct a) over (partition by b) from t", "select count(distinct a) from t"),
    "unguarded_division": (
        "select a / b from t",
        "select a / nullif(b, 0), a / 60, a / power(10, b), a / (12 * 30.5), case when b > 0 then a / b end from t",
    ),
    "unstated_nulls": (
        "select row_number() over (order by a) from t",
        "select row_number() over (order by a nulls last, b desc, date_day) from t",
    ),
    "range_over_date": (
        "select sum(a) over (order by date_day range between interval 7 day preceding and current row) from t",
        "select sum(a) over (order by started_at range between interval 7 day preceding and current row) from t",
    ),
    "type_of_one_engine": (
        "select cast(a as varchar) from t",
        "select cast(a as string), a as text, cast(a as decimal(18, 4)) from t",
    ),
    "time_zone": ("select a at time zone 'UTC' from t", "select cast(a as timestamp) from t"),
    "tied_max_by": ("select max_by(a, occurred_at) from t", "select max_by(a, event_place) from t"),
    "truncated_date": ("select date_trunc('month', a) from t", "select cast(date_trunc('month', a) as date) from t"),
    "changed_rows": ("delete from t where a = 1", "select a from t"),
    "unknown_function": ("select bar(a) from t", "select coalesce(a, 0), portable__read_timestamp(a) from t"),
}


@cache
def found_in(sql: str) -> tuple[Finding, ...]:
    """What is found in a text; the texts are long, and looked at by more than one test."""
    return tuple(findings(sql))


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} == set(CASES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_the_bad_form_and_leaves_the_good_one(rule) -> None:
    bad, good = CASES[rule.name]
    assert findings(bad, [rule])
    assert not findings(good, [rule])


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_shown_as_good_breaks_no_other_rule(name: str) -> None:
    assert not findings(CASES[name][1])


def test_where_nulls_go_counts_only_if_it_is_not_said() -> None:
    assert not findings("select lag(a) over (order by b nulls first) from t")
    assert findings("select lag(a) over (order by b asc) from t")
    assert findings("select a from t order by b + 1")


def test_a_division_is_guarded_only_by_its_own_divisor() -> None:
    assert not findings("select case when c and s.b > 0 then coalesce(a / s.b, 1) end from t")
    assert findings("select case when c > 0 then a / b end from t")
    assert findings("select case when b > 0 then 1 else a / b end from t")


@pytest.mark.parametrize("macro", ["default__seconds_between", "spark__seconds_between"])
def test_both_forms_of_a_macro_are_left_out_of_the_neutral_one(macro: str) -> None:
    text = (PROJECT_DIR / "macros" / "portable" / "seconds_between.sql").read_text()
    assert macro in text
    assert macro not in neutral_form(text)
    assert "portable__seconds_between(" in neutral_form(text)


@pytest.mark.slow
def test_no_compiled_sql_holds_a_form_of_one_engine(compiled: list[CompiledNode]) -> None:
    assert len(compiled) > 60
    assert {"portable__seconds_between", "portable__read_timestamp", "dbt__dateadd"} <= {
        name for node in compiled for name in Statement(node.sql).functions
    }
    found = sorted(
        {
            f"{node.path}: {finding}"
            for node in compiled
            for finding in found_in(node.sql)
            if (node.name, finding.rule) not in ACCEPTED
        }
    )
    assert not found, "\n" + "\n".join(found)


@pytest.mark.slow
def test_every_accepted_form_is_still_there(compiled: list[CompiledNode]) -> None:
    seen = {(node.name, finding.rule) for node in compiled for finding in found_in(node.sql)}
    assert set(ACCEPTED) <= seen


@pytest.mark.slow
def test_every_column_said_to_be_safe_is_used(compiled: list[CompiledNode]) -> None:
    text = " ".join(node.sql for node in compiled)
    assert not [name for name in {**NEVER_NULL, **NEVER_ZERO} if name not in text]


def test_every_macro_of_dbt_that_is_used_has_a_neutral_form() -> None:
    assert dbt_macros_used(PROJECT_DIR) <= set(NEUTRAL_DBT)


@pytest.mark.parametrize("path", PORTABLE_FILES, ids=lambda path: path.stem)
def test_a_portable_macro_has_both_forms_with_the_same_arguments(path: Path) -> None:
    macros = {macro.name: macro for macro in macros_in(path.read_text())}
    for name, macro in macros.items():
        if name.startswith("default__"):
            twin = macros.get(name.replace("default__", "spark__", 1))
            assert twin, f"{name} has no twin for Spark"
            assert twin.arguments == macro.arguments
            assert f"dispatch('{name.removeprefix('default__')}'" in path.read_text()
        elif name.startswith("spark__"):
            assert name.replace("spark__", "default__", 1) in macros


@pytest.mark.parametrize("path", PORTABLE_FILES, ids=lambda path: path.stem)
def test_a_file_holds_one_family_of_macros(path: Path) -> None:
    families = {macro.name.split("__")[-1] for macro in macros_in(path.read_text())}
    assert families == {path.stem.split("__")[-1]}
