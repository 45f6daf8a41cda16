"""What may be set of releases: variables of dbt_project.yml, and where readers see the published folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts import ConfigurationError, project_variables

#: Environment variable with the folder under which readers see `published/`, or `relative`.
RELEASE_ROOT = "RELEASE_ROOT"
RELATIVE = "relative"


@dataclass(frozen=True)
class ReleaseSettings:
    """Settings of releases.

    Attributes:
        kept: releases that are kept, the one that is out included.
        partition_rows: rows from which a table is released as partitions, if its model says how.
        root: what the views of a release put before `releases/`: an absolute path, or nothing for paths relative to the published folder.
    """

    kept: int
    partition_rows: int
    root: str


def release_settings(published: Path) -> ReleaseSettings:
    """The settings in force for a published folder. Raises ConfigurationError if one is none."""
    variables = project_variables()
    return ReleaseSettings(
        kept=_whole_number(variables, "keep_releases", 1, 1000),
        partition_rows=_whole_number(variables, "release_partition_rows", 0, 10**12),
        root=_root(published),
    )


def _whole_number(variables: dict[str, object], name: str, least: int, most: int) -> int:
    value = variables.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(
            f"The variable {name} in dbt_project.yml is {value!r}; it may be a whole number from {least:,} to {most:,}."
        )
    return value


def _root(published: Path) -> str:
    given = os.environ.get(RELEASE_ROOT) or str(published.resolve())
    if given == RELATIVE:
        return ""
    root = Path(given)
    if not root.is_absolute() or not root.is_dir() or not root.samefile(published):
        raise ConfigurationError(
            f"The environment variable {RELEASE_ROOT} is {given!r}; it may be '{RELATIVE}', or the absolute path under which readers and this "
            f"machine see {published} (a mount or a link to it)."
        )
    return str(root)
