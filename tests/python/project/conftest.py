"""The project built once over an empty landing folder, for the tests that look at the project itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.python.parsed_project import spare_parsing
from tests.python.project.compiling import CompiledNode, compile_neutrally

PROJECT_DIR = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Built:
    """What a build leaves behind: dbt's manifest and the warehouse."""

    manifest: dict[str, Any]
    warehouse: Path

    def columns(self) -> list[tuple[str, str, str, str]]:
        """Schema, table, column and type of every column."""
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            return con.execute(
                "select table_schema, table_name, column_name, data_type from information_schema.columns order by all"
            ).fetchall()


def run_dbt(folder: Path, *arguments: str, **environment: str) -> None:
    """Run dbt with all that it writes below `folder`."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    ran = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "--quiet", *arguments],
        cwd=PROJECT_DIR,
        env={
            **os.environ,
            "DATA_DIR": str(folder / "data"),
            "MAPPINGS_DIR": str(folder / "mappings"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "PYTHONPATH": str(PROJECT_DIR),
            "DBT_WRITE_JSON": "true",
            **environment,
        },
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        pytest.fail(f"dbt {' '.join(arguments)} failed:\n{ran.stdout[-4000:]}{ran.stderr[-2000:]}")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Seeds and models over an empty landing folder."""
    folder = tmp_path_factory.mktemp("built")
    spare_parsing(folder / "target", folder / "data")
    run_dbt(folder, "build", "--resource-type", "seed", "--resource-type", "model")
    return Built(json.loads((folder / "target" / "manifest.json").read_text()), folder / "data" / "warehouse.duckdb")


@pytest.fixture(scope="session")
def compiled(built: Built, tmp_path_factory: pytest.TempPathFactory) -> list[CompiledNode]:
    """All models, tests and hooks as SQL, with the macros that differ between engines left as calls of their name."""
    return compile_neutrally(PROJECT_DIR, tmp_path_factory.mktemp("neutral"), built.manifest)
