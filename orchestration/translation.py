"""How dbt's nodes look in Dagster: which asset each one is, its group and owners, its layer, its checks and its words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtProject

from orchestration.freshness import freshness_of


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


def relation_of(props: Mapping[str, Any]) -> str:
    """A source, seed or model as the warehouse calls it: schema.table."""
    return f"{props['schema']}.{props.get('alias') or props['identifier']}"


def with_source_groups(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest, with a group for each table that a Python step writes: that of the models in whose folder it is described."""
    of_folder = {tuple(node["fqn"][1:-1]): node["group"] for node in manifest["nodes"].values() if node.get("group")}
    for source in manifest["sources"].values():
        group = of_folder.get(tuple(source["fqn"][1:-2]))
        if group and not is_landed(source):
            source["group"] = group
    return manifest


def _upstream(manifest: Mapping[str, Any], unique_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        parents = set(manifest["parent_map"].get(waiting.pop(), ())) - found
        found |= parents
        waiting += parents
    return found


class Translator(DagsterDbtTranslator):
    """Keys, groups, owners, tags, freshness and descriptions of the assets made of dbt's sources, seeds and models."""

    _owners: Mapping[str, str] = {}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """`<schema>/<name dbt knows it by>`, unless the node names a key of its own (meta.dagster.asset_key).

        The graph shows the last part only, and `accounts` alone could be any layer's.
        """
        props = dbt_resource_props
        if ((props.get("config") or {}).get("meta") or {}).get("dagster", {}).get("asset_key"):
            return super().get_asset_key(props)
        return AssetKey([props["schema"], props.get("identifier") or props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The domain: dbt's group of the node (models/_groups.yml), or `landing` for what the loader writes."""
        if is_landed(dbt_resource_props):
            return "landing"
        group = dbt_resource_props.get("group")
        return group["name"] if isinstance(group, Mapping) else group

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The team that owns the group."""
        group = dbt_resource_props.get("group")
        name = group["owner"]["name"] if isinstance(group, Mapping) else self._owners.get(group or "")
        return [f"team:{name}"] if name else None

    def know_groups(self, manifest: Mapping[str, Any]) -> None:
        """Read who owns a group; dagster-dbt passes the whole group for models only."""
        self._owners = {group["name"]: group["owner"]["name"] for group in manifest.get("groups", {}).values()}

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """dbt's own tags; the layer (`landing` for what the loader writes, else the folder below models/) and, in it, the subject."""
        props = dbt_resource_props
        if is_landed(props):
            return {**super().get_tags(props), "layer": "landing"}
        folders = ["reference"] if props["resource_type"] == "seed" else props["fqn"][1:-1]
        tags = {key: value for key, value in super().get_tags(props).items() if key != folders[0]}
        return {**tags, "layer": folders[0], **({"subject": folders[1]} if len(folders) > 1 else {})}

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """The asset with its layer as a kind, and how old it may be."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] not in ("model", "seed"):
            return spec
        spec = spec.replace_attributes(kinds={*spec.kinds, spec.tags["layer"]})
        policy = freshness_of(props, spec.group_name)
        return spec.replace_attributes(freshness_policy=policy) if policy else spec

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
