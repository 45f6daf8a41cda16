"""The layers hold: who reads whom, what every model carries, and lists in SQL that must name all there is."""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable
from typing import Any

import pytest

from publishing.partitioning import declared_partitions
from tests.python.project import layering
from tests.python.project.conftest import PROJECT_DIR

pytestmark = pytest.mark.slow


def model_named(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return next(model for model in layering.models_of(manifest) if model["name"] == name)


@pytest.fixture
def changed(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest of one's own to break."""
    return copy.deepcopy(manifest)


def test_every_model_is_in_a_known_layer(manifest: dict[str, Any]) -> None:
    models = layering.models_of(manifest)
    assert len(models) > 50
    assert not [model["name"] for model in models if layering.layer_of(model) not in layering.MAY_READ]


def test_nothing_reads_to_its_right(manifest: dict[str, Any]) -> None:
    wrong = layering.wrong_reads(manifest)
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_exception_is_needed(manifest: dict[str, Any]) -> None:
    assert not layering.unused_exceptions(manifest)


@pytest.mark.parametrize(
    ("model", "reads"),
    [
        ("silver__accounts", "model.customer_analytics.fct_sessions"),
        ("silver__accounts", "model.customer_analytics.staging__accounts"),
        ("silver__accounts", "source.customer_analytics.files.accounts"),
        ("bronze__accounts", "model.customer_analytics.stripe__accounts"),
        ("bronze__accounts", "model.customer_analytics.bronze__users"),
        ("stripe__accounts", "source.customer_analytics.zendesk.organization"),
        ("stripe__accounts", "source.customer_analytics.landing.files"),
        ("staging__accounts", "source.customer_analytics.stripe.customer"),
        ("fct_sessions", "model.customer_analytics.bronze__customer_events"),
        ("fct_sessions", "model.customer_analytics.entity_customers"),
        ("entity_customers", "model.customer_analytics.customer_success"),
        ("customer_success", "source.customer_analytics.landing.files"),
    ],
)
def test_a_read_against_the_layers_is_found(changed: dict[str, Any], model: str, reads: str) -> None:
    assert reads in {**changed["nodes"], **changed["sources"]}
    model_named(changed, model)["depends_on"]["nodes"].append(reads)
    assert [wrong for wrong in layering.wrong_reads(changed) if wrong.startswith(model)]


def test_every_model_is_described(manifest: dict[str, Any]) -> None:
    wrong = layering.without_description(layering.models_of(manifest))
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_model_begins_with_its_grain(manifest: dict[str, Any]) -> None:
    wrong = layering.without_grain(layering.models_of(manifest))
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("check", "field", "value"),
    [
        (layering.without_description, "description", " "),
        (layering.without_grain, "raw_code", "{{ config(materialized='view') }}\n-- Grain: one row per account."),
        (layering.without_grain, "raw_code", "-- Grain: accounts\nselect 1"),
    ],
)
def test_a_model_without_them_is_found(
    changed: dict[str, Any], check: Callable[[list[dict[str, Any]]], list[str]], field: str, value: str
) -> None:
    model = model_named(changed, "silver__accounts")
    model[field] = value
    assert check([model]) == [model["original_file_path"]]


def test_no_model_asks_for_the_engine_or_the_time(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{model['original_file_path']}: {read}"
        for model in layering.models_of(manifest)
        for read in [*layering.target_reads(model["raw_code"]), *layering.clock_reads(model["raw_code"])]
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("text", ["{% if target.type == 'spark' %}", "{{ target.name }}", "{{ target['type'] }}"])
def test_a_read_of_the_target_is_found(text: str) -> None:
    assert layering.target_reads(text)
    assert not layering.target_reads(f"{{# {text} #}} select target.schema from target_types")


@pytest.mark.parametrize(
    "text",
    [
        "current_date",
        "select now()",
        "Current_Timestamp",
        "today()",
        "{{ run_started_at }}",
        "{{ dbt.current_timestamp() }}",
    ],
)
def test_a_read_of_the_clock_is_found(text: str) -> None:
    assert layering.clock_reads(text)
    assert not layering.clock_reads(f"-- {text}\nwith today as (select 1 as now) select today.now from today")


def test_details_are_watched_over(manifest: dict[str, Any]) -> None:
    wrong = layering.unattached_tables(manifest)
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "meta",
    [
        {"attached_to": "nothing"},
        {"attached_by": "nothing"},
        {"attached_to": None},
        {"role": "lookup"},
        {"role": "something"},
    ],
)
def test_a_detail_that_is_described_wrongly_is_found(changed: dict[str, Any], meta: dict[str, Any]) -> None:
    changed["sources"]["source.customer_analytics.zendesk.ticket_comment"]["config"]["meta"].update(meta)
    assert layering.unattached_tables(changed)


def contracts_named_in(manifest: dict[str, Any], name: str) -> set[str]:
    """The contracts that the list in a model or test must name: all, or those that say which account a row is of."""
    if name == "silver__account_map":
        return layering.contracts_with(manifest, "customer_id")
    # Each of these counts the contracts of one domain; that they count all is a test of its own.
    if name.startswith("ledger__"):
        folder = f"models/bronze/{name.removeprefix('ledger__')}/"
        return {
            model["config"]["meta"]["input_contract"]
            for model in layering.models_of(manifest)
            if model["original_file_path"].startswith(folder) and "input_contract" in model["config"]["meta"]
        }
    return layering.contracts_of(manifest)


def test_the_ledger_counts_every_contract_once(changed: dict[str, Any]) -> None:
    assert len(layering.contracts_of(changed)) >= 10
    assert not layering.contracts_not_in_the_ledger(changed)
    read = model_named(changed, "ledger__journeys")["depends_on"]["nodes"]
    read.remove("model.customer_analytics.bronze__touchpoints")
    read.append("model.customer_analytics.bronze__accounts")
    assert [wrong.split(":")[0] for wrong in layering.contracts_not_in_the_ledger(changed)] == [
        "accounts",
        "touchpoints",
    ]


def test_a_list_of_contracts_names_them_all(manifest: dict[str, Any]) -> None:
    contracts = contracts_named_in(manifest, "silver__account_map")
    model = model_named(manifest, "silver__account_map")
    assert len(contracts) >= 10
    assert layering.contract_lists(model["raw_code"], contracts)
    assert not layering.wrong_contract_lists([model], contracts)
    assert layering.wrong_contract_lists([model], contracts | {"new_contract"})
    assert layering.wrong_contract_lists([model], contracts - {"invoices"})


def test_no_other_list_of_contracts_is_out_of_date(manifest: dict[str, Any]) -> None:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "test")]
    assert not [
        wrong
        for node in nodes
        for wrong in layering.wrong_contract_lists([node], contracts_named_in(manifest, node["name"]))
    ]


def test_every_connector_that_is_switched_on_has_its_models(manifest: dict[str, Any]) -> None:
    connectors = [model for model in layering.models_of(manifest) if layering.layer_of(model) == "connectors"]
    contracts = layering.contracts_of(manifest)
    assert not [model["name"] for model in connectors if model["name"].split("__", 1)[1] not in contracts]
    assert not [
        model["name"]
        for model in connectors
        if model["name"].split("__")[0] != model["original_file_path"].split("/")[2]
    ]


def test_every_signal_is_computed_and_every_computed_signal_is_named(manifest: dict[str, Any]) -> None:
    with (PROJECT_DIR / "seeds" / "score_signals.csv").open(newline="") as file:
        named = {row["signal"] for row in csv.DictReader(file)}
    computed = layering.signals_of_macros(manifest["macros"])
    assert len(computed) == 5
    assert all(len(signals) > 3 and len(signals) == len(set(signals)) for signals in computed.values())
    assert named == {signal for signals in computed.values() for signal in signals}


def test_what_a_view_released_as_partitions_is_made_of_is_all_declared(manifest: dict[str, Any]) -> None:
    """A release takes over the days of a view of which nothing declared has changed: what is not declared would go stale unseen."""
    declared = {name: how for name, how in declared_partitions().items() if how.made_of}
    assert {"fct_events", "fct_score_contributions"} <= declared.keys()
    nodes = manifest["nodes"]

    def stored_parents(node: layering.Node) -> set[str]:
        found: set[str] = set()
        for parent in (nodes[key] for key in node["depends_on"]["nodes"]):
            is_view = parent["resource_type"] == "model" and parent["config"]["materialized"] in ("view", "ephemeral")
            found |= stored_parents(parent) if is_view else {f"{parent['schema']}.{parent['alias']}"}
        return found

    for name, how in declared.items():
        known = {made.relation for made in how.made_of} | set(how.whole) | {one.relation for one in how.looked_up}
        # Of rows told by their load, a release compares the moment it speaks for by itself.
        known |= {"silver.as_of"} if how.load else set()
        assert stored_parents(model_named(manifest, name)) <= known, name
    for name, how in declared_partitions().items():
        is_view = model_named(manifest, name)["config"]["materialized"] == "view"
        assert is_view or not how.made_of, f"{name} is stored: its own rows tell"
