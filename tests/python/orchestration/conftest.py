"""One small company, built twice: by the command line and by Dagster, each in a data folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from ingestion.contracts import PROJECT_DIR
from simulator.company import simulate
from tests.python.parsed_project import spare_parsing

BUILD_WITHOUT_CHECKS = """
import sys
from pathlib import Path
from command_line.pipeline import Build
from publishing.release import Checks, publish

folder, build = Path(sys.argv[1]), Build()
build.do(folder, ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"])
assert build.outcome.succeeded, build.outcome.problems
publish(folder, Checks(0))
"""


@dataclass(frozen=True)
class Flow:
    """The definitions, and the data folder they work on."""

    defs: dg.Definitions
    data_dir: Path
    instance: dg.DagsterInstance

    def materialize(self, selection: dg.AssetSelection | None = None) -> dg.ExecuteInProcessResult:
        """Run the whole flow, or some assets, in this process."""
        job = self.defs.resolve_job_def("refresh_everything")
        keys = selection.resolve(self.defs.resolve_asset_graph()) if selection else None
        return job.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            asset_selection=list(keys) if keys else None,
            # Tracing columns has a test of its own.
            run_config={"resources": {"options": {"config": {"seconds_for_lineage": 0}}}},
        )


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(accounts=12, days=90, seed=3, out=folder)
    return folder


@pytest.fixture(scope="module")
def flow(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """Dagster over a copy of the landing, with nothing of the machine's own settings."""
    folder = tmp_path_factory.mktemp("by_dagster")
    shutil.copytree(simulated / "landing", folder / "landing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_WRITE_JSON", "true")
        patch.delenv("DAGSTER_HOME", raising=False)
        patch.delenv("MAPPINGS_DIR", raising=False)
        for purpose in ("definitions", "build"):
            spare_parsing(folder / "target" / "dagster" / purpose, folder)
        from orchestration.definitions import defs

        with dg.DagsterInstance.ephemeral() as instance:
            yield Flow(defs, folder, instance)


@pytest.fixture(scope="module")
def by_command_line(flow: Flow, simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build of `customer-analytics run` over the same landing. The checks are Dagster's share."""
    folder = tmp_path_factory.mktemp("by_command_line")
    shutil.copytree(simulated / "landing", folder / "landing")
    spare_parsing(folder / "target", folder)
    environment = {**os.environ, "DBT_TARGET_PATH": str(folder / "target")}
    command = [sys.executable, "-c", BUILD_WITHOUT_CHECKS, str(folder)]
    ran = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder
