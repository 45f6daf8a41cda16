"""What SQLFluff's Jinja templater puts in place of dbt: every macro of the project becomes a plain function call of its name.

So the SQL is linted as it is written, not as the macros expand, and no warehouse has to be open. The macros are found in
macros/, the variables in dbt_project.yml; only those that give no expression need an entry of their own below.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import Environment

_PROJECT_DIR = Path(__file__).resolve().parents[1]
_VARIABLES: dict[str, Any] = yaml.safe_load((_PROJECT_DIR / "dbt_project.yml").read_text())["vars"]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(value) if re.search(r"\w", str(value)) else f"'{value}'"


def _call_of(name: str) -> Callable[..., str]:
    return lambda *values, **named: f"{name}({', '.join(map(_shown, [*values, *named.values()]))})"


def _list_of(expression: str) -> Callable[[], Any]:
    value = Environment(autoescape=True).compile_expression(expression)()
    return lambda: value


for _path in sorted((_PROJECT_DIR / "macros").rglob("*.sql")):
    _text = _path.read_text()
    for _name in re.findall(r"\{%-?\s*macro\s+(\w+)\s*\(", _text):
        globals()[_name] = _call_of(_name)
    # A macro that does nothing but return a list gives that list.
    for _name, _expression in re.findall(
        r"\{% macro (\w+)\(\) -%\}\s*\{\{ return\((\[.*?\])\) \}\}\s*\{%-", _text, re.S
    ):
        globals()[_name] = _list_of(_expression)


execute = False


def var(name: str, default: Any = None) -> Any:
    """A variable at its default."""
    return _VARIABLES.get(name, default)


def landed_rows(name: str, with_details: bool = False) -> str:
    """A whole query, so it cannot stand as a function call."""
    return f"select * from {name}"


def arrived_events(only_unseen: bool) -> str:
    """A whole query, so it cannot stand as a function call."""
    return "select * from customer_events"


def contributions_of(relation: str, *_: Any) -> str:
    """A whole query, so it cannot stand as a function call."""
    return f"select * from {relation}"


def scores_of(contributions: str, keys: list[str]) -> str:
    """A whole query, so it cannot stand as a function call."""
    return f"select {', '.join(keys)}, score_value from {contributions}"


def join_placeholders(name: str, kind: str, value: str) -> str:
    """A join, so it cannot stand as a function call."""
    return f"left join placeholders as {name} on {name}.kind = '{kind}' and {value} = {name}.value"


def attached_tables() -> list[dict[str, str]]:
    """Empty, as while dbt parses."""
    return []


def input_contracts() -> list[dict[str, str]]:
    """Empty, as while dbt parses."""
    return []


dbt = SimpleNamespace(
    dateadd=lambda datepart, interval, from_date_or_timestamp: (
        f"dateadd({datepart}, {interval}, {from_date_or_timestamp})"
    ),
    datediff=lambda first_date, second_date, datepart: f"datediff({datepart}, {first_date}, {second_date})",
    safe_cast=lambda field, type: f"try_cast({field} as {type})",
    type_string=lambda: "varchar",
)


def block_keys(records: str) -> str:
    """A whole query, so it cannot stand as a function call."""
    return f"select record_key, block_key from {records}"


def _plan(*_: Any, **__: Any) -> SimpleNamespace:
    return SimpleNamespace(part=False, number=1, seen={})


for _name in [name for name in globals() if name.startswith("plan_") or name == "build_plan"]:
    globals()[_name] = _plan


def landed_outcomes(contract_names: list[str]) -> str:
    """A whole query, too."""
    return f"select * from {contract_names[0]}"
