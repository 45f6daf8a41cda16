"""The project as dbt reads it, for the tests that look at the project itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.python.parsed_project import manifest_of_the_project
from tests.python.project.compiling import CompiledNode, compile_neutrally

PROJECT_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """dbt's manifest.json."""
    return manifest_of_the_project()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[CompiledNode]:
    """All models, tests and hooks as SQL, with the macros that differ between engines left as calls of their name."""
    return compile_neutrally(PROJECT_DIR, tmp_path_factory.mktemp("neutral"))
