"""Runs dbt and the Python steps in this process, with progress, and sums up what came of it."""

from __future__ import annotations

import gc
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.contracts import PROJECT_DIR, project_variables
from intelligence.identity import step as identity
from intelligence.identity.matching import MatchReport
from intelligence.identity.step import match_warehouse
from intelligence.learning import LEARNING
from intelligence.text import step as text
from intelligence.warehouse import StepReport
from operations import faults, run_costs
from operations.run_costs import PartRun, RunFacts
from operations.runs import run_id_of
from publishing.release import Checks

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

BLOCKING = ("error", "fail")
#: The worked examples of the models know no data: they say something new when a model changed, and not when rows came in.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def _made_of(tables: Sequence[str]) -> tuple[str, ...]:
    """dbt's selection of tables (schema.table), with all they are made of: the models of the lower layers have the schema in their name."""
    named = (table.split(".") for table in tables)
    return tuple(f"+{schema}__{name}" if schema in ("bronze", "silver") else f"+{name}" for schema, name in named)


#: What dbt builds before each Python step: what that reads, with all it is made of. The rest is built afterwards.
BEFORE_MATCHING = _made_of((*identity.READS, *text.STEP.reads))
BEFORE_LEARNING = _made_of(sorted({table for step in LEARNING for table in step.reads}))
#: With all that the tables are made of in the selection, every check runs where its last table is built, whichever way dbt looks for
#: checks; this one does not search the whole graph once for each table named.
CHECKS_OF_A_PART = ("--indirect-selection", "cautious")


@dataclass
class DbtOutcome:
    """Outcome of one dbt command: whether it went through, its checks, and one line for each thing that went wrong and each check that warned."""

    succeeded: bool
    checks: Checks
    problems: list[str] = field(default_factory=list)
    nodes: int = 0
    warnings: list[str] = field(default_factory=list)
    #: What each part took: models, seeds, checks, Python steps.
    parts: list[PartRun] = field(default_factory=list)
    #: What the project says, if the command was `parse`.
    manifest: Manifest | None = None

    def and_then(self, second: DbtOutcome) -> DbtOutcome:
        """The outcome of two commands, one after the other."""
        checks = Checks(
            self.checks.passed + second.checks.passed,
            self.checks.warned + second.checks.warned,
            self.checks.failed + second.checks.failed,
        )
        return DbtOutcome(
            self.succeeded and second.succeeded,
            checks,
            self.problems + second.problems,
            self.nodes + second.nodes,
            self.warnings + second.warnings,
            self.parts + second.parts,
        )


@dataclass
class Build:
    """A build in parts as far as it has come, with what the Python steps between them report."""

    outcome: DbtOutcome = field(default_factory=lambda: DbtOutcome(True, Checks(0)))
    matched: MatchReport | None = None
    texts: StepReport | None = None
    learnt: list[StepReport] = field(default_factory=list)
    project: Manifest | None = None

    def prepare(self, data_dir: Path, arguments: Sequence[str]) -> bool:
        """Read the project, and look at its variables and seeds before anything is loaded. False if either is wrong; `outcome` says how."""
        read = read_project(arguments, data_dir)
        if read.manifest and (wrong := wrong_settings(arguments, data_dir, read.manifest)):
            read = DbtOutcome(False, Checks(0, failed=[wrong]), [wrong])
        if not read.succeeded:
            self.outcome = read
        self.project = read.manifest
        return read.succeeded

    def do(
        self,
        data_dir: Path,
        arguments: Sequence[str],
        matching: bool = True,
        progress: Callable[[str], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Run dbt up to what Python steps read, these, and dbt over the rest; without `matching` the links found last count.

        What fails in one part keeps the rest from being built. `progress` gets the name of every model and check that is done, `tell`
        what a step is doing. Raises StepError if a step fails; `outcome` is that of the parts before it then.
        """
        warehouse = data_dir / "warehouse.duckdb"

        def read_and_match() -> None:
            # A rebuild reads and learns anew as well, so that it does not matter what was there.
            with self._timed(text.STEP.asset, "first"):
                self.texts = text.STEP.run(warehouse, retrain="--full-refresh" in arguments, progress=tell)
            if matching:
                with self._timed("match_records", "first"):
                    self.matched = match_warehouse(warehouse, retrain="--full-refresh" in arguments, progress=tell)

        def learn() -> None:
            for step in LEARNING:
                with self._timed(step.asset, "middle"):
                    self.learnt.append(step.run(warehouse, retrain="--full-refresh" in arguments, progress=tell))

        if self.project is None and not self.prepare(data_dir, arguments):
            return
        steps = [(BEFORE_MATCHING, read_and_match), (BEFORE_LEARNING, learn)]
        built: list[str] = []
        for selection, step in steps:
            part = "middle" if built else "first"
            without = ["--exclude", *built] if built else []
            build = ["build", *CHECKS_OF_A_PART, *arguments, "--select", *selection, *without]
            self.outcome = self.outcome.and_then(run_dbt(build, data_dir, progress, part=part, manifest=self.project))
            if not self.outcome.succeeded:
                return
            step()
            built += selection
        last = ["build", *CHECKS_OF_A_PART, *arguments, "--exclude", *built]
        self.outcome = self.outcome.and_then(run_dbt(last, data_dir, progress, part="last", manifest=self.project))

    @contextmanager
    def _timed(self, step: str, part: str) -> Iterator[None]:
        """Note what a Python step took, also if it fails."""
        began, clock, status = datetime.now(UTC).replace(tzinfo=None), time.perf_counter(), "error"
        try:
            yield
            status = "success"
        finally:
            seconds = time.perf_counter() - clock
            self.outcome.parts.append(PartRun(f"step.{step}", step, "step", part, status, began, seconds))


def read_project(arguments: Sequence[str], data_dir: Path) -> DbtOutcome:
    """What dbt reads of the project with the `--vars` of these arguments; builds that are given its `manifest` need not read it again."""
    return run_dbt(["parse", *_variables_in(arguments)], data_dir)


def project_aside() -> Manifest | None:
    """What dbt reads of the project with the variables as its file has them, for what is built aside of the data folder; None if it cannot.

    It is kept in a target folder of its own, so that the next run finds what it read itself.
    """
    target = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT_DIR / "target") / "aside"
    with in_folders(DBT_TARGET_PATH=target, DATA_DIR=target / "data"):
        return read_project([], target / "data").manifest


@contextmanager
def in_folders(**folders: Path) -> Iterator[None]:
    """Environment variables that name folders; afterwards they are what they were."""
    before = {name: os.environ.get(name) for name in folders}
    os.environ.update({name: str(folder) for name, folder in folders.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wrong_settings(arguments: Sequence[str], data_dir: Path, manifest: Manifest) -> str | None:
    """What is wrong with the variables or the seeds, in a line, as every build would find it at its start; None if nothing is."""
    # In a folder of its own: whoever has the warehouse open is waited for later.
    with tempfile.TemporaryDirectory(prefix="customer-analytics-settings-") as name, in_folders(DATA_DIR=data_dir):
        answer = _invoke(["run-operation", "check_settings", *_variables_in(arguments)], Path(name), manifest=manifest)
    if answer.success:
        return None
    results = list(getattr(answer.result, "results", None) or [])
    return _one_sentence(answer.exception or "; ".join(result.message or "" for result in results))


def _variables_in(arguments: Sequence[str]) -> Sequence[str]:
    at = arguments.index("--vars") if "--vars" in arguments else len(arguments)
    return arguments[at : at + 2]


def run_dbt(
    arguments: Sequence[str],
    data_dir: Path,
    progress: Callable[[str], None] | None = None,
    part: str = "",
    manifest: Manifest | None = None,
) -> DbtOutcome:
    """Run a dbt command over the project with `data_dir` as its data folder.

    `progress` gets the name of every model and check that is done. `part` says which part of a run in parts it is (`first`, `middle`, `last`);
    `manifest` is what `read_project` found with the same variables. Never raises for what dbt reports as failed.
    """
    from dbt.contracts.graph.manifest import Manifest

    answer = _invoke(arguments, data_dir, progress, part, manifest)
    passed, warned, failed, problems, warnings = 0, [], [], [], []
    results = list(getattr(answer.result, "results", None) or [])
    for result in results:
        status, name = str(result.status), result.node.name
        is_check = result.node.resource_type in ("test", "unit_test")
        if status == "pass":
            passed += 1
        elif status == "warn":
            warned.append(name)
            found = result.failures or 0
            warnings.append(f"{name}: {found:,} row{'' if found == 1 else 's'}")
        elif status in BLOCKING:
            message = " ".join((result.message or "").split())
            problems.append(f"{name}: {message}")
            failed.append(name if is_check else f"{name} was not built")
        elif status == "skipped" and not is_check:
            failed.append(f"{name} was not built")
    if answer.exception is not None:
        problems.append(_one_sentence(answer.exception))
    succeeded = bool(answer.success) and answer.exception is None
    if not succeeded and not failed:
        failed.append(problems[0] if problems else "dbt did not finish")
    parsed = answer.result if isinstance(answer.result, Manifest) else None
    parts = run_costs.parts_of(results, part)
    return DbtOutcome(succeeded, Checks(passed, warned, failed), problems, len(results), warnings, parts, parsed)


def _invoke(
    arguments: Sequence[str],
    data_dir: Path,
    progress: Callable[[str], None] | None = None,
    part: str = "",
    manifest: Manifest | None = None,
) -> dbtRunnerResult:
    os.environ["DATA_DIR"] = str(data_dir)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    from ingestion.dbt_plugin import BUILD_PART

    def hear(event: Any) -> None:
        if progress and event.info.name in ("LogModelResult", "LogTestResult", "LogSeedResult"):
            progress(event.data.node_info.node_name)

    place = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    os.environ[BUILD_PART] = part
    try:
        with _few_collections():
            return dbtRunner(manifest, callbacks=[hear]).invoke([*arguments, *place, "--quiet", "--log-level", "none"])
    finally:
        os.environ.pop(BUILD_PART, None)
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _few_collections() -> Iterator[None]:
    from ingestion.dbt_plugin import FEW_COLLECTIONS

    usual = gc.get_threshold()
    gc.set_threshold(*FEW_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _one_sentence(error: BaseException | str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(
        line for line in lines if not line.startswith((">", "in macro", "Compilation Error", "Runtime Error"))
    )
    if known := faults.sentence_of(text, Path(os.environ["DATA_DIR"])):
        return known
    return text or type(error).__name__


def thresholds() -> tuple[float, float]:
    """The probabilities from which a link joins records, and from which it waits for somebody, as dbt_project.yml has them."""
    variables = project_variables()
    return variables["identity_automatic_probability"], variables["identity_review_probability"]


def remember_run(data_dir: Path, began: datetime, outcome: DbtOutcome, release_id: str | None) -> None:
    """Keep what `customer-analytics status` says of the last run, and what it cost. Never raises for a disk or warehouse that takes nothing."""
    verdict = "published" if release_id else "built" if outcome.succeeded else "failed"
    facts = record_costs(data_dir, began, outcome, verdict, release_id)
    note = {
        "run_id": facts.run_id,
        "started_at": began.isoformat(timespec="seconds"),
        "seconds": round(facts.seconds, 1),
        "succeeded": facts.outcome == "published" and outcome.succeeded,
        "release_id": release_id,
        "nodes": facts.parts,
        "checks_passed": facts.checks_passed,
        "warned": outcome.checks.warned,
        "problems": outcome.problems,
    }
    path = data_dir / "last_run.json"
    fresh = path.with_suffix(".tmp")
    with suppress(OSError):
        fresh.write_text(json.dumps(note, indent=2) + "\n")
        fresh.replace(path)


def record_costs(
    data_dir: Path,
    began: datetime,
    outcome: DbtOutcome,
    verdict: str,
    release_id: str | None = None,
    command: str = "run",
) -> RunFacts:
    """Keep a run in schema `operations`: before the release with the verdict 'built', so that the release has it, and once more at its end."""
    facts = RunFacts(
        run_id=run_id_of(began),
        command=command,
        started_at=began,
        seconds=(datetime.now(UTC) - began).total_seconds(),
        outcome=verdict,
        release_id=release_id,
        parts=outcome.nodes,
        checks_passed=outcome.checks.passed,
        checks_warned=len(outcome.checks.warned),
        checks_failed=len(outcome.checks.failed),
        problem=outcome.problems[0] if outcome.problems else None,
    )
    # A disk that is full or a warehouse that is damaged has its own sentence elsewhere.
    with suppress(duckdb.Error, OSError):
        run_costs.record(data_dir, facts, outcome.parts)
    return facts
