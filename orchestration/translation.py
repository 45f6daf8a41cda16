"""How dbt's nodes look in Dagster: which asset each one is, its group (its layer), its checks and its words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtProject


def is_landed(props: Mapping[str, Any]) -> bool:
    """Whether the loader fills this dbt source; other sources are tables that a Python step writes."""
    return bool(props["resource_type"] == "source" and props["schema"] == "landing")


def with_owners(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest, with an owner for every test that reads several models.

    dagster-dbt shows such a test only if it names the model it belongs to (meta.dagster.ref). Unless it does, it belongs to the one
    that is furthest down the flow: only when that is built can the test run.
    """
    for test in manifest["nodes"].values():
        parents = test["depends_on"]["nodes"] if test["resource_type"] == "test" else []
        meta = test["config"].get("meta") or {}
        if len(set(parents)) > 1 and not test.get("attached_node") and "ref" not in meta.get("dagster", {}):
            built = [parent for parent in parents if parent in manifest["nodes"]]
            last = max(built, key=lambda parent: (len(_upstream(manifest, parent)), parent))
            owner = {"name": manifest["nodes"][last]["name"]}
            test["config"]["meta"] = {**meta, "dagster": {**meta.get("dagster", {}), "ref": owner}}
    return manifest


def with_steps(manifest: dict[str, Any], steps: Mapping[Sequence[str], Sequence[str]]) -> dict[str, Any]:
    """The manifest, with what each Python step reads as parents of the sources that it writes; dbt knows of no link between them.

    `steps` maps the tables that a step writes to those it reads, as schema.table.
    """
    known = relations(manifest)
    for writes, reads in steps.items():
        for table in writes:
            manifest["parent_map"][known[table]["unique_id"]] = [known[read]["unique_id"] for read in reads]
    return manifest


def relations(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Sources, seeds and models by schema.table, as the warehouse calls them."""
    built = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    found = {f"{node['schema']}.{node['alias']}": node for node in built}
    return found | {f"{source['schema']}.{source['identifier']}": source for source in manifest["sources"].values()}


def _upstream(manifest: Mapping[str, Any], unique_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        parents = set(manifest["parent_map"].get(waiting.pop(), ())) - found
        found |= parents
        waiting += parents
    return found


class Translator(DagsterDbtTranslator):
    """Keys, groups, tags and descriptions of the assets made of dbt's sources, seeds and models."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """`<schema>/<name dbt knows it by>`, unless the node names a key of its own (meta.dagster.asset_key).

        The graph shows the last part only, and `accounts` alone could be any layer's.
        """
        props = dbt_resource_props
        if ((props.get("config") or {}).get("meta") or {}).get("dagster", {}).get("asset_key"):
            return super().get_asset_key(props)
        return AssetKey([props["schema"], props.get("identifier") or props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer: the folder below models/, `reference` for seeds, `landing` for what the loader writes."""
        kind = dbt_resource_props["resource_type"]
        return {"seed": "reference", "source": "landing"}.get(kind) or str(dbt_resource_props["fqn"][1])

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """dbt's own tags and, to filter by, the domain: the folder below the layer."""
        folders = dbt_resource_props["fqn"][1:-1]
        tags = super().get_tags(dbt_resource_props)
        return {**tags, "domain": folders[1]} if len(folders) > 1 and not is_landed(dbt_resource_props) else tags

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description, or else the grain, which every model says in its first comment; then the SQL."""
        described = {**dbt_resource_props, "description": _words(dbt_resource_props)}
        return super().get_description(described)

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetCheckSpec | None:
        """The check, with what its SQL file says of it."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        words = _words(self.get_resource_props(manifest, unique_id))
        return spec._replace(description=words) if spec and words else spec


def _words(props: Mapping[str, Any]) -> str:
    lines = itertools.takewhile(lambda line: line.startswith("--"), (props.get("raw_code") or "").strip().splitlines())
    return str(props.get("description") or " ".join(line.removeprefix("--").strip() for line in lines))
