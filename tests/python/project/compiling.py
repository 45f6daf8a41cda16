"""Compiles the project with every macro that differs between engines as a plain function call.

What comes out of `macros/portable/` and of dbt's own cross-database macros is allowed to be DuckDB's alone, since each has another
form for Spark. Looking for such text in the compiled SQL and taking it out again would guess; so exactly these macros get other bodies
in what dbt has read of the project, dbt compiles it, and whatever is still the engine's own was written outside them. Both readings of
`is_incremental()` and of the variables that choose SQL are compiled.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from tests.python.parsed_project import parsed_project

OURS = "customer_analytics"
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(([^)]*)\)\s*-?%\}(.*?)\{%-?\s*endmacro\s*-?%\}", re.S)

# dbt's own macros that the project uses, each with what stands for it here. `try_cast` is the same on both engines.
NEUTRAL_DBT = {
    "dateadd": "{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}"
    "dbt__dateadd({{ interval }}, {{ from_date_or_timestamp }}){%- endmacro %}",
    "datediff": "{% macro duckdb__datediff(first_date, second_date, datepart) -%}"
    "dbt__datediff({{ first_date }}, {{ second_date }}){%- endmacro %}",
    "safe_cast": "{% macro duckdb__safe_cast(field, type) -%}try_cast({{ field }} as {{ type }}){%- endmacro %}",
    "type_string": "{% macro duckdb__type_string() -%}string{%- endmacro %}",
}
INCREMENTAL = (
    "{% macro is_incremental() %}"
    "{{ return(model.config.materialized == 'incremental' and env_var('LINT_INCREMENTAL') == '1') }}"
    "{% endmacro %}"
)
#: Whether the tables are there already, the variables, and what is left out: unit tests, dbt's own tests, and at the second reading all tests that
#: are written once for many columns, which read the same then.
READINGS = (
    ("0", {}, [f"test_name:{name}" for name in ("unique", "not_null", "accepted_values", "relationships")]),
    ("1", {"as_of": "2026-10-31 23:59:59", "mrr_anchor": "month_start"}, ["test_type:generic"]),
)


@dataclass(frozen=True)
class CompiledNode:
    """One model, test or hook with its SQL."""

    name: str
    path: str
    sql: str


@dataclass(frozen=True)
class Macro:
    """A macro as it stands in its file."""

    name: str
    arguments: tuple[str, ...]
    body: str
    text: str


def macros_in(text: str) -> list[Macro]:
    """The macros that a file defines."""
    return [
        Macro(
            found[1],
            tuple(part.split("=")[0].strip() for part in found[2].split(",") if part.strip()),
            found[3],
            found[0],
        )
        for found in MACRO.finditer(text)
    ]


def neutral_form(text: str) -> str:
    """The file of a dispatched macro with one neutral macro in place of all its forms; a file that dispatches nothing stays."""
    forms = {macro.name: macro for macro in macros_in(text)}
    dispatched = [name for name in forms if f"default__{name}" in forms]
    for name in dispatched:
        default = forms[f"default__{name}"]
        shown = ", ".join(_shown(argument, default.body) for argument in default.arguments)
        signature = ", ".join(forms[name].arguments)
        text = f"{{% macro {name}({signature}) -%}}portable__{name}({shown}){{%- endmacro %}}"
    return "" if re.search(r"macro\s+duckdb__", text) else text


def _shown(argument: str, body: str) -> str:
    if f"'{{{{ {argument} }}}}'" in body:
        return f"'{{{{ {argument} }}}}'"
    return f"{{{{ {argument} if {argument} is string else {argument} | join(', ') }}}}"


def dbt_macros_used(project_dir: Path) -> set[str]:
    """Names of dbt's own macros that models, macros and tests call."""
    texts = [
        path.read_text()
        for folder in ("models", "macros", "seeds", "tests/dbt")
        for path in (project_dir / folder).rglob("*.sql")
    ]
    return set(re.findall(r"\bdbt\.(\w+)\(", "\n".join(texts)))


def compile_neutrally(project_dir: Path, folder: Path) -> list[CompiledNode]:
    """The SQL of all models, singular tests, the project's own generic tests, and the hooks of models."""
    found: dict[tuple[str, str], CompiledNode] = {}
    place = ["--project-dir", str(project_dir), "--profiles-dir", str(project_dir), "--quiet", "--log-level", "none"]
    (folder / "mappings").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "DATA_DIR": folder / "data",
            "MAPPINGS_DIR": folder / "mappings",
            "DBT_TARGET_PATH": folder / "target",
        }.items():
            patch.setenv(name, str(value))
        for incremental, variables, others in READINGS:
            # Variables choose SQL and no tables, and macros are expanded only now: one reading of the project serves all.
            project = parsed_project()
            _make_neutral(project, project_dir)
            _add_hooks(project)
            patch.setenv("LINT_INCREMENTAL", incremental)
            chosen = ["--vars", json.dumps(variables), "--exclude", "resource_type:unit_test", *others]
            answer = dbtRunner(project).invoke(["compile", *chosen, *place])
            DuckDBConnectionManager.close_all_connections()
            assert answer.success, answer.exception
            for node in project.nodes.values():
                sql = (getattr(node, "compiled_code", None) or "").strip()
                if re.sub(r"--.*", "", sql).strip() and _is_ours(node):
                    found.setdefault((node.name, sql), CompiledNode(node.name, node.original_file_path, sql))
    return list(found.values())


def _make_neutral(project: Manifest, project_dir: Path) -> None:
    """Give the macros that differ between engines their neutral bodies, and take away the forms for one engine."""
    neutral = macros_in("\n".join([*NEUTRAL_DBT.values(), INCREMENTAL]))
    for path in sorted((project_dir / "macros" / "portable").rglob("*.sql")):
        here = str(path.relative_to(project_dir))
        text = path.read_text()
        form = neutral_form(text)
        if form != text:
            for key in [key for key, macro in project.macros.items() if macro.original_file_path == here]:
                del project.macros[key]
            neutral += macros_in(form)
    some = next(macro for macro in project.macros.values() if macro.package_name == OURS)
    for macro in neutral:
        key = f"macro.{OURS}.{macro.name}"
        project.macros[key] = replace(some, name=macro.name, unique_id=key, macro_sql=macro.text)


def _add_hooks(project: Manifest) -> None:
    """Each hook as a model that depends on what its own depends on."""
    models = [node for node in project.nodes.values() if node.resource_type == "model"]
    for node in models:
        for kind, hooks in (("pre_hook", node.config.pre_hook), ("post_hook", node.config.post_hook)):
            for place, hook in enumerate(hooks):
                model = copy.deepcopy(node)
                model.name = model.alias = f"{node.name}__{kind}_{place}"
                model.unique_id = f"model.{OURS}.{model.name}"
                model.raw_code = hook.sql
                model.config.materialized = "incremental"
                project.nodes[model.unique_id] = model


def _is_ours(node: Any) -> bool:
    if node.resource_type == "test":
        described = getattr(node, "test_metadata", None)
        return not described or (
            described.namespace is None and f"macro.{node.package_name}.test_{described.name}" in node.depends_on.macros
        )
    return bool(node.resource_type == "model")
