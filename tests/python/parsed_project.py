"""What dbt reads of the project, read once for all tests: each data folder would have it read anew otherwise, at 20 seconds each.

Beside what it has parsed dbt keeps a hash of the connection, and reads anew if the warehouse lies elsewhere, although nothing that it parses
depends on where. So a folder gets a copy with the hash of its own connection.
"""

from __future__ import annotations

import json
import pprint
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.files import FileHash
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder
from filelock import FileLock

from command_line.pipeline import in_folders, run_dbt
from ingestion.contracts import PROJECT_DIR

FOLDER = PROJECT_DIR / "target" / "tests"


def spare_parsing(target: Path, data_dir: Path) -> None:
    """Put what dbt has read of the project, with the variables as its file has them, where calls with these folders look for it."""
    _put(target, data_dir)
    # What is built aside (`pipeline.project_aside`).
    _put(target / "aside", target / "aside" / "data")


def _put(target: Path, data_dir: Path) -> None:
    parsed, here = _parsed(), _hash_of_connection(FOLDER / "data")
    assert parsed.count(here) == 1, "dbt keeps the hash of the connection in another way"
    target.mkdir(parents=True, exist_ok=True)
    (target / PARTIAL_PARSE_FILE_NAME).write_bytes(parsed.replace(here, _hash_of_connection(data_dir)))


def parsed_project() -> Manifest:
    """The same, to be given to dbt: for runs with variables that choose rows and no tables (dbt would read anew with any other variable)."""
    return Manifest.from_msgpack(_parsed(), decoder=extended_mashumuro_decoder)


def manifest_of_the_project() -> dict[str, Any]:
    """dbt's manifest.json of it."""
    _parsed()
    read: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
    return read


@cache
def _parsed() -> bytes:
    """The project is read by whichever test process comes first; dbt reads again what has changed since."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / "lock"), in_folders(DBT_TARGET_PATH=FOLDER, DATA_DIR=FOLDER / "data"):
        read = run_dbt(["parse", "--write-json"], FOLDER / "data")
        assert read.succeeded, read.problems
        return (FOLDER / PARTIAL_PARSE_FILE_NAME).read_bytes()


def _hash_of_connection(data_dir: Path) -> bytes:
    """As dbt's ManifestLoader.build_manifest_state_check makes it."""
    profile = yaml.safe_load((PROJECT_DIR / "profiles.yml").read_text())["customer_analytics"]["outputs"]["dev"]
    given = {name: value for name, value in profile.items() if name not in ("type", "threads")}
    credentials = DuckDBCredentials.from_dict({**given, "path": f"{data_dir}/warehouse.duckdb"})
    return FileHash.from_contents(pprint.pformat(sorted(credentials.connection_info()))).checksum.encode()
