"""What `customer-analytics run` and `publish` do: one at a time over a data folder, with a log, and one sentence for whatever keeps them from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from command_line import alert_commands
from command_line.console import console, errors, fail
from ingestion.contracts import ConfigurationError
from operations.faults import OperationError, first_sentence, sentence_of
from publishing.release import Checks, PublishError, publish

if TYPE_CHECKING:
    from intelligence.identity.matching import MatchReport
    from operations.runs import Run


def run_all(
    folder: Path,
    full_refresh: bool = False,
    variables: str | None = None,
    matching: bool = True,
    wait: float = 0.0,
    clock_is_right: bool = False,
) -> None:
    """Load what is new, judge it, build, match and learn, judge what came of it, publish, and tell alerts. Ends with one sentence if it cannot.

    Args:
        folder: the data folder.
        full_refresh: rebuild incremental tables.
        variables: dbt variables, as YAML.
        matching: match the records; else the links found last time count.
        wait: minutes to wait for another command that is at work.
        clock_is_right: go on although something was done later than it is now.
    """
    from operations.clock import check_clock
    from operations.faults import WarehouseBusyError
    from operations.runs import one_run

    arguments = [*(["--full-refresh"] if full_refresh else []), *(["--vars", variables] if variables else [])]
    began = datetime.now(UTC)
    try:
        with one_run(folder, "run", 60 * wait, began=began) as run:
            if said := check_clock(folder, clock_is_right):
                run.log.warning(said, step="clock")
                errors.print(f"[yellow]warned[/yellow] {escape(said)}")
            _build_and_publish(run, folder, arguments, matching)
    except WarehouseBusyError:
        # The run that is under way says how it went.
        raise
    except OperationError as error:
        from command_line.pipeline import DbtOutcome, remember_run

        remember_run(folder, began, DbtOutcome(False, Checks(0), [str(error)]), None)
        raise


def _build_and_publish(run: Run, folder: Path, arguments: list[str], matching: bool) -> None:
    from command_line.pipeline import WITHOUT_UNIT_TESTS, Build, record_costs, remember_run
    from command_line.quality_commands import as_outcome, summary
    from command_line.warned_checks import print_warnings
    from data_quality.runner import check_landing, check_marts
    from intelligence.warehouse import StepError

    began = run.began
    try:
        done = 0
        with console.status("building: reading the project") as shown:

            def advance(name: str) -> None:
                nonlocal done
                done += 1
                run.log.debug("done", step=name)
                shown.update(f"building: {done} done, {name}")
                if not console.is_terminal and done % 50 == 0:
                    console.print(f"building: {done} models and checks done")

            def tell(words: str) -> None:
                run.log.info(words)
                shown.update(words)
                if not console.is_terminal:
                    console.print(words)

            build = Build()
            quality = []
            try:
                if build.prepare(folder, arguments):
                    quality.append(check_landing(folder, progress=shown.update))
                    if quality[0].blocking:
                        remember_run(folder, began, as_outcome(quality[0]), None)
                        run.log.error(quality[0].message, step="quality")
                        raise fail(quality[0].message)
                    build.do(folder, [*WITHOUT_UNIT_TESTS, *arguments], matching, advance, tell)
                    if build.outcome.succeeded:
                        quality.append(check_marts(folder, progress=shown.update))
            except (StepError, ConfigurationError) as error:
                build.outcome.problems.append(str(error))
                build.outcome.succeeded = False
                remember_run(folder, began, build.outcome, None)
                said = sentence_of(error.__cause__ or error, folder) or f"{error} Readers keep the last release."
                raise fail(f"Nothing was published. {said}") from error
        outcome = build.outcome
        for judged in quality:
            outcome = outcome.and_then(as_outcome(judged))
        if build.matched:
            console.print(matched_in_words(build.matched))
        for report in (*([build.texts] if build.texts else []), *build.learnt):
            if report.sentence:
                page = f"; {report.page}" if report.page else ""
                console.print(f"{report.sentence}, {report.seconds:.1f} s{page}", soft_wrap=True)
                run.log.info(
                    report.sentence, seconds=round(report.seconds, 1), page=report.page, figures=report.figures
                )
        for part in outcome.parts:
            if part.message:
                tell_log = run.log.error if part.status in ("error", "fail") else run.log.warning
                tell_log(part.message, step=part.name, status=part.status, seconds=round(part.seconds, 3))
        known = None if outcome.succeeded else first_sentence(outcome.problems, folder)
        if known or not outcome.nodes:
            outcome.problems[:0] = [known] if known else []
            remember_run(folder, began, outcome, None)
            said = known or (outcome.problems[0] if outcome.problems else "dbt built nothing.")
            run.log.error(said)
            raise fail(said)
        for problem in outcome.problems[:10]:
            errors.print(f"  {escape(problem)}")
        print_warnings(console, folder, outcome.warnings)
        for judged in quality:
            console.print(f"{summary(judged)}{f'; {judged.page}' if judged.page else ''}", soft_wrap=True)
            if judged.blocking:
                errors.print(escape(judged.message))
        release_id = None
        if outcome.succeeded:
            record_costs(folder, began, outcome, "built")
        try:
            with console.status("publishing"):
                release_id = publish(folder, outcome.checks).release_id
                run.log.info("published", step="publish", release_id=release_id)
        except PublishError as error:
            outcome.problems.extend(
                [] if outcome.problems else [sentence_of(error.__cause__ or error, folder) or str(error)]
            )
            raise
        finally:
            remember_run(folder, began, outcome, release_id)
    except PublishError as error:
        known = sentence_of(error.__cause__, folder) if error.__cause__ else None
        raise fail(f"Nothing was published. {known}" if known else str(error)) from error
    seconds = (datetime.now(UTC) - began).total_seconds()
    console.print(f"built {outcome.nodes} models, seeds and checks, {seconds:.0f} s")
    alert_commands.tell_alerts(folder)


def matched_in_words(report: MatchReport, zones: tuple[int, int] | None = None) -> str:
    """One line about the matching step."""
    if not report.model_id:
        return f"matched nothing: {report.records:,} records are too few to learn from, so rules alone join them"
    known = f" ({zones[0]:,} automatic, {zones[1]:,} for review)" if zones else ""
    return (
        f"matched {report.records:,} records: {report.changed:,} new or changed, {report.links:,} links{known}, "
        f"{report.model_id}{' (learnt now)' if report.trained else ''}, {sum(report.seconds.values()):.1f} s"
    )


def audit_and_publish(folder: Path, anew: bool = False) -> None:
    """Audit the warehouse as it stands and release it, sharing nothing with earlier releases if `anew`. Ends with one sentence if it cannot."""
    from operations.runs import one_run

    if not (folder / "warehouse.duckdb").exists():
        raise fail(f"There is no {folder / 'warehouse.duckdb'}; run `customer-analytics run` first.")
    with one_run(folder, "publish") as under_way:
        from command_line.pipeline import record_costs, run_dbt
        from command_line.quality_commands import as_outcome
        from data_quality.runner import check_landing, check_marts
        from intelligence.warehouse import StepError

        with console.status("auditing"):
            try:
                judged = check_landing(folder, load=False)
                if judged.blocking:
                    raise fail(judged.message)
                outcome = run_dbt(["test"], folder)
                known = None if outcome.succeeded else first_sentence(outcome.problems, folder)
                if known:
                    raise fail(known)
                judged = check_marts(folder)
            except (StepError, ConfigurationError) as error:
                raise fail(f"Nothing was published. {error!s} Readers keep the last release.") from error
        for problem in outcome.problems[:10]:
            under_way.log.error(problem, step="audit")
            errors.print(f"  {escape(problem)}")
        if judged.blocking:
            under_way.log.error(judged.message, step="audit")
            errors.print(escape(judged.message))
        # Its checks have no rows of their own: what is shown as the costs of the last run is a build's.
        outcome = replace(outcome.and_then(as_outcome(judged)), parts=[])
        record_costs(folder, under_way.began, outcome, "built" if outcome.succeeded else "failed", command="publish")
        try:
            release = publish(folder, outcome.checks, anew=anew)
            record_costs(folder, under_way.began, outcome, "published", release.release_id, command="publish")
        except PublishError as error:
            known = sentence_of(error.__cause__, folder) if error.__cause__ else None
            raise fail(f"Nothing was published. {known}" if known else str(error)) from error
        under_way.log.info("published", step="publish", release_id=release.release_id)
    console.print(f"published release {release.release_id} (as of {release.as_of[:19]} UTC)")
