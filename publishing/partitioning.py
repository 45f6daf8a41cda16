"""Which tables a release holds as partitions by day, and how it is known which days have changed since the last one.

A model says so in its own YAML (`config: meta: release:`), so that the column and its partitioning stand in one place:

- `partition_by`: its date or timestamp (UTC); a partition holds the rows of a day.
- `made_of`: for a view, the stored relations whose rows of a day make up its rows of that day. Without it the model's own rows are compared.
- `load`: the column of the first of these that rises whenever a row changes. Only rows above what the last release had seen are read then, not
  the history; the count tells whether rows have gone or were replaced as well.
- `builds_of`: what that relation is called in identity.builds, which knows when it was last made anew.
- `whole`: small relations of which any change may concern any day.
- `looked_up`: relations that rows are joined to by a key: days with rows whose key means something else now have changed.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.contracts import PROJECT_DIR, ConfigurationError

MODELS_DIR = PROJECT_DIR / "models"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Made(_Declared):
    """A stored relation (schema.table) whose rows of a day make up those of a model on that day."""

    relation: str
    partition_by: str


class LookedUp(_Declared):
    """A relation that rows of the first relation of `made_of` are joined to: where its `value` under a `key` changes, their days do.

    `key` are its columns, `matched_by` those of the rows that are compared with them, in the same order.
    """

    relation: str
    key: tuple[str, ...]
    matched_by: tuple[str, ...]
    value: tuple[str, ...] = ()


class Partitioning(_Declared):
    """How a model is cut into partitions, and what tells which of them have changed; see the head of this module."""

    partition_by: str
    made_of: tuple[Made, ...] = ()
    load: str | None = None
    builds_of: str | None = None
    whole: tuple[str, ...] = ()
    looked_up: tuple[LookedUp, ...] = ()


def declared_partitions(models_dir: Path = MODELS_DIR) -> dict[str, Partitioning]:
    """The models that are released as partitions, by name.

    Raises ConfigurationError where what a YAML file says of it cannot be understood.
    """
    found: dict[str, Partitioning] = {}
    for path in sorted(models_dir.rglob("*.yml")):
        text = path.read_text()
        if "partition_by:" not in text:
            continue
        # The loader in C reads the same ten times as fast.
        for model in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).get("models") or ():
            said = ((model.get("config") or {}).get("meta") or {}).get("release")
            if said is None:
                continue
            try:
                found[model["name"]] = Partitioning.model_validate(said)
            except ValidationError as error:
                one = error.errors()[0]
                raise ConfigurationError(
                    f"{path.relative_to(models_dir.parent)}: config.meta.release of {model['name']}, "
                    f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']} (was {one['input']!r})."
                ) from error
    return found
