"""Forms of SQL that mean something else on Spark than on DuckDB, or do not exist there.

Looked at is what dbt compiles (see compiling.py). Most rules look at the syntax tree, some at the words, because the tree no longer
tells `arg_max` from `max_by`. A rule that cannot know the data (can this be null? can this be zero?) asks for the safe form unless the
column stands in a list below, with the reason why it is safe; the lists are short and are meant to be read in a review.

What this cannot see: types (whether `a + b` are dates), results that differ within one and the same form (the digits of a double as
text, the precision of a decimal division), and macros that only the loader runs. Only rows compared between two engines would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokens import Token, TokenType


class _NullsAreSmall(DuckDB):
    """DuckDB's grammar with Spark's place for nulls: where the two readings differ, the text does not say it."""

    NULL_ORDERING = "nulls_are_small"


# Columns that are never null, so that their order is the same on both engines.
NEVER_NULL = {
    "amount_minor": "filtered to be there in the step that makes it",
    "active_on": "part of a grain",
    "billing_interval": "inner-joined with the seed of intervals",
    "change_number": "part of a grain",
    "customer_id": "part of a grain",
    "date_day": "part of a grain",
    "decision": "tested not_null",
    "touchpoint_id": "made by md5, or of no consequence: the only row of a conversion without touchpoints",
    "touched_at": "of no consequence where it is null: the only row of a conversion without touchpoints",
    "effective_at": "part of a grain, tested not_null",
    "entered_place": "filtered to be there before the window",
    "event_id": "required by the contract",
    "event_place": "made by row_number",
    "hours_to_next": "percentile_cont leaves nulls out on both engines",
    "last_at": "the time of an event, required by the contract",
    "is_visit": "a constant",
    "landed_file_id": "written by the loader",
    "landed_line": "written by the loader",
    "link_type": "part of a grain",
    "month": "part of a grain",
    "occurred_at": "required by the contract",
    "points": "filtered to be above 0",
    "reason_rank": "made by row_number",
    "record_key_a": "part of a grain",
    "record_key_b": "part of a grain",
    "response_id": "part of a grain",
    "rule": "part of a grain",
    "signal": "part of a grain",
    "source_file": "written by the loader",
    "source_line": "written by the loader",
    "source_system": "written by the loader",
    "started_at": "part of what a session or a subscription is; required by the contract",
    "used_at": "required by the contract",
    "valid_from": "the later of two required times",
}

# Divisors that are never zero, as they are written.
NEVER_ZERO = {
    "billing_interval_count": "at least 1 by the contract",
    "known_share": "a sum of shares above 0 of rows that are there",
    "known_weight": "a sum of weights above 0 of rows that are there",
    "touchpoints": "counts the row itself",
    "touchpoints - 2": "divided only where there are more than two",
    "decay_of_all": "a sum of positive weights",
    "satisfaction_scale": "at least 1 by the contract",
}


@dataclass(frozen=True)
class Statement:
    """One statement, as text, as tokens and as a tree."""

    sql: str

    @cached_property
    def tokens(self) -> list[Token]:
        return DuckDB().tokenize(self.sql)

    @cached_property
    def tree(self) -> exp.Expression:
        return sqlglot.parse_one(self.sql, read=DuckDB)

    @cached_property
    def tree_with_small_nulls(self) -> exp.Expression:
        return sqlglot.parse_one(self.sql, read=_NullsAreSmall)

    @cached_property
    def functions(self) -> list[str]:
        """Names of the functions called, in lower case."""
        return [
            token.text.lower()
            for token, following in zip(self.tokens, self.tokens[1:], strict=False)
            if following.token_type == TokenType.L_PAREN
            and token.token_type not in (TokenType.STRING, TokenType.NUMBER)
            and re.fullmatch(r"[a-z_]\w*", token.text.lower())
            and token.text.lower() not in _NO_FUNCTIONS
        ]


@dataclass(frozen=True)
class Rule:
    """A form that is not the same on both engines, with what to write instead."""

    name: str
    instead: str
    finds: Callable[[Statement], Iterable[str]]


@dataclass(frozen=True)
class Finding:
    rule: str
    text: str
    instead: str

    def __str__(self) -> str:
        return f"{self.rule}: `{self.text}`; write {self.instead}"


_NO_FUNCTIONS = frozenset(
    "all and any as between by case distinct else end except exists filter from group having in intersect interval is join "
    "like limit materialized not null on or order over partition qualify select set then union using values when where "
    "window with decimal varchar numeric char".split()
)

# Functions that mean the same on both, as far as this project uses them.
KNOWN_SAME = frozenset(
    "abs any_value avg bool_and bool_or cast ceil chr coalesce concat_ws count count_if date_trunc dense_rank exp extract first_value "
    "floor greatest lag last_value lead least left length levenshtein ln log10 lower lpad ltrim max max_by md5 median min min_by mod ntile nullif "
    "percent_rank percentile_cont power rank replace right round row_number rpad rtrim sign split_part sqrt stddev_pop stddev_samp "
    "substr substring sum translate trim try_cast upper var_pop var_samp".split()
)


def _calls(*names: str) -> Callable[[Statement], Iterator[str]]:
    return lambda statement: (f"{name}(…)" for name in statement.functions if name in names)


def _nodes(*kinds: type[exp.Expression]) -> Callable[[Statement], Iterator[str]]:
    return lambda statement: (_text(node) for node in statement.tree.find_all(*kinds))


def _text(node: exp.Expression) -> str:
    return node.sql(dialect="duckdb")[:100]


def _tokens(*kinds: TokenType) -> Callable[[Statement], Iterator[str]]:
    return lambda statement: (token.text for token in statement.tokens if token.token_type in kinds)


def _joins(method: str) -> Callable[[Statement], Iterator[str]]:
    return lambda statement: (
        _text(join) for join in statement.tree.find_all(exp.Join) if (join.args.get("method") or "").upper() == method
    )


def _distinct_on(statement: Statement) -> Iterator[str]:
    return ("distinct on" for distinct in statement.tree.find_all(exp.Distinct) if distinct.args.get("on"))


def _changed_star(statement: Statement) -> Iterator[str]:
    for star in statement.tree.find_all(exp.Star, exp.Columns):
        if isinstance(star, exp.Columns) or any(star.args.values()):
            yield _text(star)


def _union_by_name(statement: Statement) -> Iterator[str]:
    return ("union by name" for union in statement.tree.find_all(exp.SetOperation) if union.args.get("by_name"))


def _ordered_aggregate(statement: Statement) -> Iterator[str]:
    for order in statement.tree.find_all(exp.Order):
        if isinstance(order.parent, exp.Func) and not isinstance(order.parent, exp.WithinGroup):
            yield _text(order.parent)


def _ignored_nulls(statement: Statement) -> Iterator[str]:
    # The grammar reads any_value, which leaves nulls out on both engines, as one of these too.
    return (_text(node) for node in statement.tree.find_all(exp.IgnoreNulls) if not isinstance(node.this, exp.AnyValue))


def _parts_of_dates(statement: Statement) -> Iterator[str]:
    same = {"year", "quarter", "month", "day", "hour", "minute"}
    return (_text(node) for node in statement.tree.find_all(exp.Extract) if node.name.lower() not in same)


def _backslashes(statement: Statement) -> Iterator[str]:
    return (
        token.text
        for token in statement.tokens
        if token.token_type == TokenType.STRING and re.search(r"\\[A-Za-z]", token.text)
    )


def _summed_booleans(statement: Statement) -> Iterator[str]:
    for node in statement.tree.find_all(exp.Sum, exp.Avg):
        inner = node.this.unnest()
        named = isinstance(inner, exp.Column) and re.match(r"(is|has)_", inner.name)
        if named or isinstance(inner, exp.Predicate | exp.Boolean | exp.Not | exp.Connector):
            yield _text(node)


def _distinct_in_windows(statement: Statement) -> Iterator[str]:
    for window in statement.tree.find_all(exp.Window):
        if isinstance(window.this, exp.AggFunc) and isinstance(window.this.this, exp.Distinct):
            yield _text(window)


def _unguarded_divisions(statement: Statement) -> Iterator[str]:
    for node in statement.tree.find_all(exp.Div):
        if not _never_zero(node.expression) and not _asked_before(node):
            yield _text(node)


def _asked_before(division: exp.Expression) -> bool:
    """Whether the division stands behind a `case when divisor > 0` (which both engines ask before they divide)."""
    asked = exp.GT(this=division.expression.unnest(), expression=exp.Literal.number(0))
    parent = division.parent
    while parent:
        if isinstance(parent, exp.If) and asked in parent.this.find_all(exp.GT):
            return True
        parent = parent.parent
    return False


def _never_zero(divisor: exp.Expression) -> bool:
    divisor = divisor.unnest()
    if isinstance(divisor, exp.Literal):
        return float(divisor.name) != 0
    if isinstance(divisor, exp.Mul | exp.Div):
        return _never_zero(divisor.this) and (isinstance(divisor, exp.Div) or _never_zero(divisor.expression))
    if isinstance(divisor, exp.Coalesce):
        return all(map(_never_zero, [divisor.this, *divisor.expressions]))
    if isinstance(divisor, exp.Cast):
        return _never_zero(divisor.this)
    if isinstance(divisor, exp.Count):
        return isinstance(divisor.this, exp.Star)
    return (
        isinstance(divisor, exp.Nullif | exp.Pow)
        or (divisor.name if isinstance(divisor, exp.Column) else divisor.sql(dialect="duckdb")) in NEVER_ZERO
    )


def _unstated_nulls(statement: Statement) -> Iterator[str]:
    both = zip(statement.tree.find_all(exp.Ordered), statement.tree_with_small_nulls.find_all(exp.Ordered), strict=True)
    for key, other in both:
        if key.args.get("nulls_first") != other.args.get("nulls_first"):
            inner = key.this.unnest()
            if not (isinstance(inner, exp.Column) and inner.name in NEVER_NULL):
                yield f"order by {inner.sql(dialect='duckdb')}"


def _ranges_over_dates(statement: Statement) -> Iterator[str]:
    for window in statement.tree.find_all(exp.Window):
        spec, order = window.args.get("spec"), window.args.get("order")
        if spec and order and (spec.args.get("kind") or "").upper() == "RANGE" and spec.find(exp.Interval):
            keys = [key.this.unnest() for key in order.expressions]
            if not all(isinstance(key, exp.Column) and key.name.endswith("_at") for key in keys):
                yield _text(window)


def _types_of_one_engine(statement: Statement) -> Iterator[str]:
    own = {
        "varchar",
        "text",
        "hugeint",
        "uhugeint",
        "ubigint",
        "uinteger",
        "usmallint",
        "utinyint",
        "timestamptz",
        "json",
        "uuid",
        "blob",
        "time",
    }
    for before, token, after in zip(statement.tokens, statement.tokens[1:], statement.tokens[2:], strict=False):
        cast = before.token_type == TokenType.DCOLON or (
            before.token_type == TokenType.ALIAS and after.token_type == TokenType.R_PAREN
        )
        if cast and token.text.lower() in own and after.token_type != TokenType.L_PAREN:
            yield f"cast … as {token.text.lower()}"
    for node in statement.tree.find_all(exp.DataType):
        if node.this in (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ):
            yield "timestamp with time zone"


def _ties(statement: Statement) -> Iterator[str]:
    for node in statement.tree.find_all(exp.ArgMax, exp.ArgMin):
        key = node.expression
        if not (isinstance(key, exp.Column) and key.name.endswith(("_place", "_rank", "_number"))):
            yield _text(node)


def _truncated_dates(statement: Statement) -> Iterator[str]:
    for node in statement.tree.find_all(exp.DateTrunc, exp.TimestampTrunc):
        if not isinstance(node.parent, exp.Cast):
            yield _text(node)


def _unknown_functions(statement: Statement) -> Iterator[str]:
    ruled = {name for rule in _FUNCTION_RULES.values() for name in rule[0]}
    for name in statement.functions:
        if name not in KNOWN_SAME | ruled and not name.startswith(("portable__", "dbt__")):
            yield f"{name}(…)"


_FUNCTION_RULES: dict[str, tuple[tuple[str, ...], str]] = {
    "date_difference": (("date_diff", "datediff", "date_sub", "datesub", "age"), "dbt.datediff or seconds_between"),
    "date_addition": (("date_add", "dateadd"), "dbt.dateadd"),
    "epoch": (
        ("epoch", "epoch_ms", "epoch_us", "epoch_ns", "to_timestamp"),
        "seconds_between, or read_timestamp where text comes in",
    ),
    "date_part": (
        ("date_part", "datepart", "dayofweek", "isodow", "weekday", "dayname", "monthname", "yearweek"),
        "a macro in macros/portable/: the days of the week are counted differently",
    ),
    "formatted_date": (
        ("strftime", "strptime", "date_format", "make_date", "make_timestamp"),
        "a macro in macros/portable/",
    ),
    "series": (
        ("generate_series", "range", "unnest", "generate_subscripts"),
        "each_day, or a macro in macros/portable/",
    ),
    "joined_text": (("string_agg", "listagg", "group_concat"), "joined_text"),
    "collected_list": (("array_agg", "list", "list_value", "list_agg", "collect_list"), "a macro in macros/portable/"),
    "json_function": (
        (
            "json_extract",
            "json_extract_string",
            "json_extract_path",
            "json_extract_path_text",
            "json_keys",
            "json_object",
            "to_json",
            "json_array_length",
            "from_json",
            "json_value",
        ),
        "json_object, or a macro in macros/portable/",
    ),
    "arg_max": (
        ("arg_max", "arg_min", "argmax", "argmin"),
        "max_by or min_by over a rank, or row_number with a total order",
    ),
    "first_or_last_row": (("first", "last", "arbitrary"), "row_number with a total order"),
    "quantile": (
        ("quantile", "quantile_cont", "quantile_disc", "approx_quantile", "mode"),
        "percentile_cont … within group",
    ),
    "replaced_pattern": (
        ("regexp_replace", "regexp_extract", "regexp_matches", "regexp_full_match", "regexp_extract_all"),
        "replace, split_part or like; else a macro: one engine replaces the first match and the other all of them",
    ),
    "split_text": (
        ("split", "string_split", "str_split", "string_to_array", "regexp_split_to_array", "string_split_regex"),
        "split_part: Spark reads the separator as a pattern",
    ),
    "concatenation": (
        ("concat",),
        "`||`, with coalesce where a part may be null: one engine skips nulls, the other gives null",
    ),
    "hash": (("hash", "xxhash64", "sha256"), "md5 of a text"),
    "struct_or_list_function": (
        (
            "struct_pack",
            "row",
            "list_transform",
            "list_filter",
            "list_contains",
            "list_sort",
            "list_sum",
            "len",
            "array_length",
        ),
        "rows and joins instead of nested values, or a macro in macros/portable/",
    ),
    "text_function": (
        ("starts_with", "ends_with", "strpos", "instr", "contains", "format", "printf"),
        "like, or a macro",
    ),
    "chance": (("random", "uuid", "gen_random_uuid", "setseed"), "nothing: results may not depend on chance"),
}

RULES: tuple[Rule, ...] = (
    *(Rule(name, instead, _calls(*names)) for name, (names, instead) in _FUNCTION_RULES.items()),
    Rule("asof_join", "a join by inequality and row_number", _joins("ASOF")),
    Rule("positional_join", "a join by a key", _joins("POSITIONAL")),
    Rule("distinct_on", "row_number and a filter on 1", _distinct_on),
    Rule("changed_star", "the names of the columns", _changed_star),
    Rule("union_by_name", "the columns in one order and `union all`", _union_by_name),
    Rule("ordered_aggregate", "joined_text, or row_number and a filter", _ordered_aggregate),
    Rule("ignored_nulls", "a running count of what is not null, and max over it", _ignored_nulls),
    Rule("part_of_date", "year, quarter, month, day, hour or minute only, else a macro", _parts_of_dates),
    Rule("json_arrow", "a macro in macros/portable/", _nodes(exp.JSONExtract, exp.JSONExtractScalar)),
    Rule("list_or_struct_literal", "rows (a seed, or `union all`)", _nodes(exp.Array, exp.Struct, exp.ToMap)),
    Rule("lambda", "rows instead of lists", _nodes(exp.Lambda)),
    Rule("subscript", "a macro: one engine counts from 1, the other from 0", _nodes(exp.Bracket)),
    Rule("pattern_operator", "like, or a macro in macros/portable/", _nodes(exp.SimilarTo, exp.RegexpLike, exp.Glob)),
    Rule("backslash_class", "[0-9], [a-z]: a backslash in a text is read differently", _backslashes),
    Rule("caret", "power(a, b): on Spark it is a bitwise xor", _tokens(TokenType.CARET)),
    Rule("whole_division", "floor(a / b)", _nodes(exp.IntDiv)),
    Rule("summed_boolean", "sum(case when … then 1 else 0 end), or count_if", _summed_booleans),
    Rule("distinct_in_window", "a step that aggregates first", _distinct_in_windows),
    Rule(
        "unguarded_division",
        "nullif(divisor, 0), or list the column in NEVER_ZERO with its reason",
        _unguarded_divisions,
    ),
    Rule(
        "unstated_nulls", "`nulls last` (or first), or list the column in NEVER_NULL with its reason", _unstated_nulls
    ),
    Rule("range_over_date", "`rows` over a dense spine, or a timestamp (named *_at)", _ranges_over_dates),
    Rule("type_of_one_engine", "dbt.type_string(), bigint, timestamp in UTC, or a macro", _types_of_one_engine),
    Rule("time_zone", "read_timestamp in staging; all times are UTC after it", _nodes(exp.AtTimeZone)),
    Rule("tied_max_by", "a key made by row_number and named *_place, *_rank or *_number", _ties),
    Rule("truncated_date", "cast(date_trunc(…) as date): the engines give different types", _truncated_dates),
    Rule(
        "changed_rows",
        "append-only rows: files of Parquet cannot be changed in place",
        _nodes(exp.Delete, exp.Update, exp.Merge),
    ),
    Rule(
        "unknown_function", "a function known to be the same, or check it and add it to KNOWN_SAME", _unknown_functions
    ),
)


def findings(sql: str, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """All that is not portable in one statement."""
    statement = Statement(sql)
    return [Finding(rule.name, text, rule.instead) for rule in rules for text in rule.finds(statement)]
