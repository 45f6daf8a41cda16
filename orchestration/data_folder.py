"""The data folder, held by a run of Dagster from its first step to its last, as a command of the command line holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field

from ingestion.dbt_plugin import data_dir
from operations.faults import WAREHOUSE, OperationError, WarehouseBusyError, require_writable
from operations.run_lock import run_lock


class DataFolder(dg.ConfigurableResource):
    """Where a run writes. While a step of it is to come, no command builds, matches, publishes, backs up or restores there.

    A pool of Dagster (`orchestration.project.POOL`) keeps its other runs away and knows nothing of the command line. All steps of a run are in
    one process (the executor of `orchestration.definitions`), so that the folder is held once, between the steps as well.
    """

    wait_minutes: float = Field(default=60, ge=0, description="How long to wait for a command that is at work there.")

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return data_dir().resolve()

    @property
    def warehouse(self) -> Path:
        """The private warehouse in it."""
        return self.folder / WAREHOUSE

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[DataFolder]:
        """Hold the folder as long as the run lasts. Raises Failure if it cannot be written, or another one holds it for too long."""
        name = f"dagster run {context.run.run_id[:8]}" if context.run else "dagster"
        with ExitStack() as held:
            try:
                require_writable(self.folder)
                try:
                    held.enter_context(run_lock(self.folder, name))
                except WarehouseBusyError as busy:
                    if context.log:
                        context.log.info(f"Waits up to {self.wait_minutes:g} minutes: {busy}")
                    held.enter_context(run_lock(self.folder, name, 60 * self.wait_minutes))
            except OperationError as error:
                raise dg.Failure(str(error)) from error
            yield self
