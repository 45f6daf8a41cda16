"""The rules of the layers, checked on dbt's manifest: which layer may read which, and what every model carries.

Every check takes the manifest (or a piece of it) and gives what is wrong in words; nothing given means that the rule holds.
dbt's manifest knows a reference only if it is seen while parsing, so one inside `{% if is_incremental() %}` counts through its
`-- depends_on:` line, without which dbt itself refuses to build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from intelligence import step_tables

Node = dict[str, Any]

# Schemas of the Python steps.
STEPS = ("identity", *(step.SCHEMA for step in step_tables.STEPS))

# What each layer may read. "own" is the source of the connector's own system.
MAY_READ: dict[str, frozenset[str]] = {
    "connectors": frozenset({"own", "seeds"}),
    "staging": frozenset({"files", "landing", "connectors"}),
    "bronze": frozenset({"staging"}),
    "quarantine": frozenset({"staging", "landing", "systems"}),
    # "steps" is what the Python steps hand over.
    "silver": frozenset({"bronze", "silver", "seeds", "steps"}),
    "gold": frozenset({"silver", "gold", "seeds", "steps"}),
    "ledger": frozenset({"landing", "systems", "staging", "bronze", "quarantine", "ledger"}),
    "entity": frozenset({"silver", "gold", "entity", "seeds"}),
    "metrics": frozenset({"silver", "gold", "entity", "metrics", "seeds"}),
}

# (model, what it reads): why it may although its layer may not.
EXCEPTIONS: dict[tuple[str, str], str] = {
    **dict.fromkeys(
        [("silver__record_arrivals", "staging__customers"), ("silver__record_arrivals", "staging__users")],
        "the load in which a record first came in must not change when bronze takes another of its rows",
    ),
}

CLOCK = re.compile(
    r"\b(current_date|current_timestamp|current_time|localtime|localtimestamp|getdate|sysdate|get_current_timestamp"
    r"|transaction_timestamp|run_started_at|unix_timestamp)\b|\b(now|today)\s*\(\s*\)|\bmodules\.datetime\b",
    re.IGNORECASE,
)
TARGET = re.compile(r"\btarget\.(type|name|profile_name)\b|\btarget\[")
GRAIN = re.compile(r"-- Grain: one row( per |:)")
CONTRACT_LIST = re.compile(r"\[((?:\s*'\w+'\s*,?)+)\s*\]")
CONNECTOR_COLUMNS = ("landed_file_id", "landed_line")
#: The newest file with details of a row, for contracts that keep rows from build to build (see landed_rows).
DETAIL_COLUMN = "detail_file_id"


def models_of(manifest: Node) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer_of(node: Node) -> str:
    """The layer a node belongs to, by its folder and name; unknown names are no layer and may read nothing."""
    if node["resource_type"] == "seed":
        return "seeds"
    if node["resource_type"] == "source":
        if node["source_name"] in STEPS:
            return "steps"
        return node["source_name"] if node["source_name"] in ("landing", "files") else "systems"
    folders = node["original_file_path"].split("/")
    if folders[1] == "gold" and folders[2] == "ledger":
        return "ledger"
    return node["name"].split("__")[0] if folders[1] in ("bronze", "silver") else folders[1]


def wrong_reads(manifest: Node) -> list[str]:
    """Models that read what their layer may not."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    wrong = []
    for model in models_of(manifest):
        layer = layer_of(model)
        for parent in (nodes[name] for name in model["depends_on"]["nodes"]):
            read = layer_of(parent)
            if read == "systems" and layer == "connectors" and parent["source_name"] == _system_of(model):
                read = "own"
            allowed = read in MAY_READ.get(layer, ()) or (model["name"], parent["name"]) in EXCEPTIONS
            if not allowed:
                wrong.append(f"{model['name']} ({layer}) reads {parent['name']} ({read})")
    return wrong


def _system_of(model: Node) -> str:
    return str(model["original_file_path"].split("/")[2])


def unused_exceptions(manifest: Node) -> list[str]:
    """Exceptions that nothing needs any more."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    read = {
        (model["name"], nodes[name]["name"]) for model in models_of(manifest) for name in model["depends_on"]["nodes"]
    }
    return [f"{model} does not read {parent}" for model, parent in EXCEPTIONS if (model, parent) not in read]


def without_description(models: Iterable[Node]) -> list[str]:
    return [model["original_file_path"] for model in models if not model["description"].strip()]


def without_grain(models: Iterable[Node]) -> list[str]:
    """Models whose first line does not say what one row stands for."""
    return [model["original_file_path"] for model in models if not GRAIN.match(model["raw_code"])]


def code_of(text: str) -> str:
    """SQL with Jinja, without comments of either."""
    return re.sub(r"--[^\n]*", "", re.sub(r"\{#.*?#\}", "", text, flags=re.S))


def clock_reads(text: str) -> list[str]:
    """Places where SQL or Jinja asks what time it is."""
    return [match.group(0) for match in CLOCK.finditer(code_of(text))]


def target_reads(text: str) -> list[str]:
    """Places where SQL is chosen by the engine or the environment."""
    return [match.group(0) for match in TARGET.finditer(code_of(text))]


def unattached_tables(manifest: Node) -> list[str]:
    """Tables of connectors with rows that describe rows of another table, as far as nobody watches over them."""
    tables = {(source["source_name"], source["name"]): source for source in manifest["sources"].values()}
    watcher = next(model for model in models_of(manifest) if model["name"] == "quarantine__unattached_rows")
    watched = set(re.findall(r"\('(\w+)',\s*'(\w+)',\s*'(\w+)',\s*'(\w+)'\)", watcher["raw_code"]))
    wrong, expected = [], set()
    for (system, table), source in sorted(tables.items()):
        meta = source["config"]["meta"]
        if meta.get("role") not in ("rows", "detail", "lookup") and system not in ("landing", *STEPS):
            wrong.append(f"{system}.{table}: role is {meta.get('role')!r}; it may be rows, detail or lookup")
        if meta.get("role") != "detail":
            continue
        parent, key = meta.get("attached_to"), meta.get("attached_by")
        if (system, parent) not in tables:
            wrong.append(f"{system}.{table}: attached_to is {parent!r}, which is no table of {system}")
        if key not in source["columns"]:
            wrong.append(f"{system}.{table}: attached_by is {key!r}, which is no column of it")
        expected.add((system, table, parent, key))
    wrong += [
        f"{'.'.join(map(str, row))} is missing in quarantine__unattached_rows" for row in sorted(expected - watched)
    ]
    wrong += [
        f"{'.'.join(row)} in quarantine__unattached_rows is no table with details" for row in sorted(watched - expected)
    ]
    return wrong


def contracts_of(manifest: Node) -> set[str]:
    return {
        model["config"]["meta"]["input_contract"]
        for model in models_of(manifest)
        if "input_contract" in model["config"]["meta"]
    }


def contracts_with(manifest: Node, column: str) -> set[str]:
    """The contracts that have a column of this name."""
    return {
        model["config"]["meta"]["input_contract"]
        for model in models_of(manifest)
        if "input_contract" in model["config"]["meta"] and column in model["columns"]
    }


def contracts_not_in_the_ledger(manifest: Node) -> list[str]:
    """Contracts whose rows no model of the ledger, or more than one, counts."""
    counted: list[str] = []
    for model in models_of(manifest):
        if layer_of(model) == "ledger":
            counted += [name.rsplit(".bronze__", 1)[1] for name in model["depends_on"]["nodes"] if ".bronze__" in name]
    return [
        f"{contract}: read by {counted.count(contract)} models of the ledger"
        for contract in sorted(contracts_of(manifest))
        if counted.count(contract) != 1
    ]


def contract_lists(text: str, contracts: set[str]) -> list[set[str]]:
    """Lists in a text that name contracts and nothing else, and more than a few of them."""
    lists = [set(re.findall(r"'(\w+)'", match.group(1))) for match in CONTRACT_LIST.finditer(text)]
    return [named for named in lists if len(named & contracts) > max(3, len(named) // 2)]


def wrong_contract_lists(nodes: Iterable[Node], contracts: set[str]) -> list[str]:
    """Hard-written lists of contracts that are not the contracts there are."""
    return [
        f"{node['original_file_path']}: missing {sorted(contracts - named)}, unknown {sorted(named - contracts)}"
        for node in nodes
        for named in contract_lists(node["raw_code"], contracts)
        if named != contracts
    ]


def wrong_connector_columns(manifest: Node, built: dict[str, set[str]]) -> list[str]:
    """Connector models whose YAML names other columns than their SQL gives, or than their contract has."""
    contracts = {
        model["config"]["meta"]["input_contract"]: set(model["columns"])
        for model in models_of(manifest)
        if "input_contract" in model["config"]["meta"]
    }
    wrong = []
    for model in models_of(manifest):
        if layer_of(model) != "connectors":
            continue
        named, given = set(model["columns"]), built[model["name"]] - set(CONNECTOR_COLUMNS)
        contract = model["name"].split("__", 1)[1]
        wrong += [f"{model['name']}: the SQL gives {name}, the YAML does not name it" for name in sorted(given - named)]
        wrong += [f"{model['name']}: the YAML names {name}, the SQL does not give it" for name in sorted(named - given)]
        wrong += [
            f"{model['name']}: {name} is no column of the contract {contract}"
            for name in sorted(given - contracts.get(contract, set()) - {DETAIL_COLUMN})
        ]
        wrong += [
            f"{model['name']}: {name} is missing, so its rows cannot be traced"
            for name in CONNECTOR_COLUMNS
            if name not in built[model["name"]]
        ]
    return wrong


def signals_of_macros(macros: Node) -> dict[str, list[str]]:
    """The signals that the macros `…_signals` list, by macro, in their order."""
    return {
        macro["name"]: re.findall(r"'(\w+)'", macro["macro_sql"])
        for macro in macros.values()
        if macro["package_name"] == "customer_analytics" and macro["name"].endswith("_signals")
    }
