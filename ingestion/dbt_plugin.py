"""Gives dbt's connection functions of our own: `check_seeds()` reads the seeds and `ingest_landing()` loads the landing folder before the first
model, `prepare_steps()` makes the tables of the Python steps, `build_part()` says which part of a run this is, and those of
`intelligence.identity.normalising` read names, phone numbers and birth dates.

It runs inside dbt's own process, because only one process may have the warehouse file open.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from ingestion import seeds
from ingestion.contracts import PROJECT_DIR, ConfigurationError, current_catalogue
from ingestion.landing import ingest
from intelligence.identity.normalising import register
from operations.faults import OperationError, WarehouseBusyError, require_usable

#: Environment variable with the part of a run in parts that a build is: `first`, `middle` or `last`; empty for a build of its own.
BUILD_PART = "BUILD_PART"
#: Environment variable with the process that has started dbt and without which it is to end: nobody would hear what it builds, and it would hold the
#: warehouse.
END_WITH = "END_WITH_PROCESS"

#: Thresholds of Python's garbage collector: what dbt reads of the project lives to its end, and looking through it as usual is a seventh of a build.
FEW_COLLECTIONS = (100_000, 50, 100)

_PR_SET_PDEATHSIG = 1


def data_dir() -> Path:
    """The data folder: the environment variable DATA_DIR, or `data/` of the project."""
    return Path(os.environ.get("DATA_DIR") or PROJECT_DIR / "data")


def end_with_parent(parent: int) -> None:
    """Have the system end this process when `parent`, which started it, ends in whatever way. Only Linux can; elsewhere this does nothing.

    It is killed, since any other signal may be one that it was started to ignore; a warehouse stands that at any moment.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


class Plugin(BasePlugin):
    """dbt-duckdb plugin; named in profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        data_dir().mkdir(parents=True, exist_ok=True)
        gc.set_threshold(*FEW_COLLECTIONS)
        if os.environ.get(END_WITH):
            end_with_parent(int(os.environ[END_WITH]))

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called before dbt opens the warehouse: a damaged one ends dbt at once, with a sentence; one in use is waited for, and said."""
        path = Path(str(creds.path))
        if path.suffix != ".duckdb":
            return
        try:
            require_usable(path)
        except WarehouseBusyError as error:
            print(f"waiting: {error}", file=sys.stderr)
        except OperationError as error:
            # dbt shows the words of its own errors, and the traceback of others.
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        def ingest_landing(_: str) -> str:
            with conn.cursor() as cursor:
                try:
                    report = ingest(cursor, data_dir() / "landing", current_catalogue())
                except ConfigurationError as error:
                    return json.dumps({"error": str(error)})
            return json.dumps(
                {
                    "load_id": report.load_id,
                    "files_loaded": report.files_loaded,
                    "files_set_aside": report.files_set_aside,
                    "rows_landed": report.rows_landed,
                    "seconds": round(report.seconds, 2),
                }
            )

        def check_seeds() -> str:
            with conn.cursor() as cursor:
                try:
                    seeds.check_seeds(cursor, seeds.SEEDS_DIR)
                except ConfigurationError as error:
                    return str(error)
            return ""

        def prepare_steps() -> bool:
            from intelligence.identity import matching
            from intelligence.step_tables import create_step_tables

            with conn.cursor() as cursor:
                matching.create_tables(cursor)
                create_step_tables(cursor)
            return True

        def build_part() -> str:
            return os.environ.get(BUILD_PART, "")

        conn.create_function("ingest_landing", ingest_landing, ["VARCHAR"], "VARCHAR", side_effects=True)
        conn.create_function("check_seeds", check_seeds, [], "VARCHAR", side_effects=True)
        conn.create_function("prepare_steps", prepare_steps, [], "BOOLEAN", side_effects=True)
        conn.create_function("build_part", build_part, [], "VARCHAR", side_effects=True)
        register(conn)
