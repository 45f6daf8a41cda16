"""The command line: a thin layer over the packages that do the work."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from command_line import alert_commands
from ingestion.contracts import PROJECT_DIR, ConfigurationError
from publishing.release import PublishError, current_release, publish

if TYPE_CHECKING:
    from intelligence.identity.matching import MatchReport

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Raw exports in, explainable customer tables out.",
)
explain = typer.Typer(no_args_is_help=True, help="Say why something is as it is.")
app.add_typer(explain, name="explain")
app.command()(alert_commands.alerts)
app.command()(alert_commands.report)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", envvar="DATA_DIR", help="Data folder; default: data/ of the project.", show_default=False
    ),
]


def _data_dir(given: Path | None) -> Path:
    return (given or PROJECT_DIR / "data").resolve()


def _fail(message: str) -> typer.Exit:
    errors.print(f"[bold red]error[/bold red] {message}")
    return typer.Exit(1)


@app.command()
def simulate(
    accounts: Annotated[int, typer.Option(help="Accounts of the company.")] = 300,
    days: Annotated[int, typer.Option(help="Days of history.")] = 365,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    out: Annotated[
        Path | None, typer.Option(help="Data folder to write to; default: the project's data/.", show_default=False)
    ] = None,
    people_only: Annotated[
        int | None,
        typer.Option(
            "--people-only",
            metavar="RECORDS",
            help="No company: so many records of private persons.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the exports of a simulated company to OUT/landing and what is true of it to OUT/truth."""
    from simulator.company import simulate as simulate_company
    from simulator.population import simulate_people

    target = out or _data_dir(Path(os.environ["DATA_DIR"]) if os.environ.get("DATA_DIR") else None)
    try:
        if people_only is not None:
            with console.status("simulating") as shown:
                summary = simulate_people(
                    records=people_only,
                    seed=seed,
                    out=target,
                    progress=lambda step: shown.update(f"simulating {step}"),
                )
            console.print(
                f"simulated {people_only:,} records of persons: {sum(summary.rows.values()):,} rows"
                f" in {target / 'landing'}, {summary.seconds:.1f} s"
            )
            return
        with console.status("simulating") as shown:
            summary = simulate_company(
                accounts=accounts,
                days=days,
                seed=seed,
                out=target,
                progress=lambda step: shown.update(f"simulating {step}"),
            )
    except (ValueError, OSError) as error:
        raise _fail(str(error)) from error
    rows = sum(summary.rows.values())
    console.print(
        f"simulated {accounts:,} accounts over {days:,} days: {rows:,} rows in {target / 'landing'}, {summary.seconds:.1f} s"
    )


@app.command()
def run(
    data_dir: DataDir = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Rebuild incremental tables.")] = False,
    variables: Annotated[str | None, typer.Option("--vars", help="dbt variables, as YAML.", show_default=False)] = None,
    matching: Annotated[
        bool, typer.Option("--match/--no-match", help="Match the records; else the links found last time count.")
    ] = True,
) -> None:
    """Load what is new, match the records of people, build, audit and publish."""
    folder = _data_dir(data_dir)
    _run(folder, full_refresh, variables, matching)
    release = current_release(folder)
    assert release is not None
    console.print(f"published release {release['release_id']} (as of {release['as_of'][:19]} UTC)")


def _run(folder: Path, full_refresh: bool = False, variables: str | None = None, matching: bool = True) -> None:
    from command_line.pipeline import WITHOUT_UNIT_TESTS, Build, remember_run
    from command_line.quality_commands import as_outcome, summary
    from command_line.warned_checks import print_warnings
    from data_quality.runner import check_landing, check_marts
    from intelligence.warehouse import StepError

    began = datetime.now(UTC)
    arguments = [*WITHOUT_UNIT_TESTS, *(["--full-refresh"] if full_refresh else [])]
    arguments += ["--vars", variables] if variables else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = 0
        with console.status("building: reading the project") as shown:

            def advance(name: str) -> None:
                nonlocal done
                done += 1
                shown.update(f"building: {done} done, {name}")
                if not console.is_terminal and done % 50 == 0:
                    console.print(f"building: {done} models and checks done")

            def tell(words: str) -> None:
                shown.update(words)
                if not console.is_terminal:
                    console.print(words)

            build = Build()
            quality = []
            try:
                quality.append(check_landing(folder, progress=shown.update))
                if quality[0].blocking:
                    remember_run(folder, began, as_outcome(quality[0]), None)
                    raise _fail(escape(quality[0].message))
                build.do(folder, arguments, matching, advance, tell)
                if build.outcome.succeeded:
                    quality.append(check_marts(folder, progress=shown.update))
            except (StepError, ConfigurationError) as error:
                build.outcome.problems.append(str(error))
                remember_run(folder, began, build.outcome, None)
                raise _fail(f"Nothing was published. {error} Readers keep the last release.") from error
        outcome = build.outcome
        for judged in quality:
            outcome = outcome.and_then(as_outcome(judged))
        if build.matched:
            console.print(_matched(build.matched))
        for report in (*([build.texts] if build.texts else []), *build.learnt):
            if report.sentence:
                page = f"; {report.page}" if report.page else ""
                console.print(f"{report.sentence}, {report.seconds:.1f} s{page}", soft_wrap=True)
        if not outcome.nodes:
            remember_run(folder, began, outcome, None)
            raise _fail(outcome.problems[0] if outcome.problems else "dbt built nothing.")
        for problem in outcome.problems[:10]:
            errors.print(f"  {escape(problem)}")
        print_warnings(console, folder, outcome.warnings)
        for judged in quality:
            console.print(f"{summary(judged)}{f'; {judged.page}' if judged.page else ''}", soft_wrap=True)
            if judged.blocking:
                errors.print(escape(judged.message))
        release_id = None
        try:
            with console.status("publishing"):
                release_id = publish(folder, outcome.checks).release_id
        finally:
            remember_run(folder, began, outcome, release_id)
    except (PublishError, OSError) as error:
        raise _fail(str(error)) from error
    seconds = (datetime.now(UTC) - began).total_seconds()
    console.print(f"built {outcome.nodes} models, seeds and checks, {seconds:.0f} s")
    alert_commands.tell_alerts(folder)


def _matched(report: MatchReport, zones: tuple[int, int] | None = None) -> str:
    """One line about the matching step."""
    if not report.model_id:
        return f"matched nothing: {report.records:,} records are too few to learn from, so rules alone join them"
    known = f" ({zones[0]:,} automatic, {zones[1]:,} for review)" if zones else ""
    return (
        f"matched {report.records:,} records: {report.changed:,} new or changed, {report.links:,} links{known}, "
        f"{report.model_id}{' (learnt now)' if report.trained else ''}, {sum(report.seconds.values()):.1f} s"
    )


@app.command("match")
def match_command(
    retrain: Annotated[bool, typer.Option("--retrain", help="Learn a new model, however little is new.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Match the records of the warehouse as it stands. `run` does so itself; the next build takes the links in."""
    from command_line.pipeline import thresholds
    from intelligence.identity.step import links_by_zone, match_warehouse
    from intelligence.warehouse import StepError

    warehouse = _data_dir(data_dir) / "warehouse.duckdb"
    try:
        with console.status("matching") as shown:
            report = match_warehouse(
                warehouse, retrain=retrain, progress=lambda words: shown.update(f"matching: {words}")
            )
            zones = links_by_zone(warehouse, *thresholds())
    except StepError as error:
        raise _fail(str(error)) from error
    console.print(_matched(report, zones), soft_wrap=True)


@app.command("publish")
def publish_command(data_dir: DataDir = None) -> None:
    """Audit the warehouse as it stands (all dbt tests) and release it if every blocking check passes."""
    from command_line.pipeline import run_dbt
    from command_line.quality_commands import as_outcome
    from data_quality.runner import check_landing, check_marts
    from intelligence.warehouse import StepError

    folder = _data_dir(data_dir)
    if not (folder / "warehouse.duckdb").exists():
        raise _fail(f"There is no {folder / 'warehouse.duckdb'}; run `customer-analytics run` first.")
    with console.status("auditing"):
        try:
            judged = check_landing(folder, load=False)
            if judged.blocking:
                raise _fail(escape(judged.message))
            outcome = run_dbt(["test"], folder)
            judged = check_marts(folder)
        except (StepError, ConfigurationError) as error:
            raise _fail(f"Nothing was published. {escape(str(error))} Readers keep the last release.") from error
    for problem in outcome.problems[:10]:
        errors.print(f"  {escape(problem)}")
    if judged.blocking:
        errors.print(escape(judged.message))
    outcome = outcome.and_then(as_outcome(judged))
    try:
        release = publish(folder, outcome.checks)
    except PublishError as error:
        raise _fail(str(error)) from error
    console.print(f"published release {release.release_id} (as of {release.as_of[:19]} UTC)")


@app.command("quality")
def quality_command(
    boundary: Annotated[
        str | None, typer.Option(help="Only landing (what came in) or marts (what goes out).", show_default=False)
    ] = None,
    accepted: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="ID", help="Accept what was found; may be repeated.", show_default=False),
    ] = None,
    who: Annotated[
        str | None, typer.Option("--by", help="Who accepts it; default: who is logged in.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    data_dir: DataDir = None,
) -> None:
    """Judge what came in last and what would go out, or accept what was found. Exit code 1 if a blocking expectation fails."""
    import getpass

    from command_line.quality_commands import QualityError, accept_results, judge_boundaries, print_reports
    from intelligence.warehouse import StepError

    folder = _data_dir(data_dir)
    try:
        if accepted:
            for said in accept_results(folder, accepted, who or getpass.getuser(), note):
                console.print(escape(said), soft_wrap=True)
            return
        with console.status("judging"):
            reports = judge_boundaries(folder, boundary)
    except (QualityError, StepError, ConfigurationError, OSError) as error:
        raise _fail(escape(str(error))) from error
    raise typer.Exit(print_reports(console, reports))


@app.command()
def status(data_dir: DataDir = None) -> None:
    """Say which release is out, how fresh it is, and what failed in the last run."""
    from command_line.status_page import print_status

    raise typer.Exit(print_status(console, _data_dir(data_dir)))


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Simulate a company, build, audit, publish, and print one page about it."""
    from command_line.demo_page import print_page

    folder = _data_dir(data_dir)
    simulate(out=folder)
    _run(folder)
    release = current_release(folder)
    assert release is not None
    print_page(console, folder, release)


@app.command("insights")
def insights_command(
    most: Annotated[int, typer.Option("--top", min=1, help="How many.")] = 10,
    useful: Annotated[
        str | None, typer.Option(metavar="ID", help="Say that this one was useful.", show_default=False)
    ] = None,
    not_useful: Annotated[
        str | None,
        typer.Option(
            "--not-useful", metavar="ID", help="Say that it was not: it is not shown again.", show_default=False
        ),
    ] = None,
    who: Annotated[
        str | None, typer.Option("--by", help="Who says so; default: who is logged in.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    data_dir: DataDir = None,
) -> None:
    """Show what changed that nobody asked about, or say whether an insight was useful."""
    import getpass

    from command_line.told_insights import InsightsError, judge, open_release, print_insights

    folder = _data_dir(data_dir)
    verdicts = [(useful, "useful"), (not_useful, "not_useful")]
    if useful is not None and useful == not_useful:
        raise _fail(f"{useful} is said to be useful and not useful; say one of them.")
    try:
        with open_release(folder) as con:
            if useful is None and not_useful is None:
                print_insights(console, con, most)
            for insight_id, verdict in verdicts:
                if insight_id is not None:
                    said = judge(con, folder, insight_id, verdict, who or getpass.getuser(), note)
                    console.print(escape(said), soft_wrap=True)
    except (InsightsError, OSError) as error:
        raise _fail(escape(str(error))) from error


@app.command()
def contracts(
    name: Annotated[str | None, typer.Argument(help="Only this contract.", show_default=False)] = None,
) -> None:
    """Print the input contracts: what landing/files/<contract>/ and the mappings may hold."""
    from command_line.contracts_page import print_contracts

    try:
        print_contracts(console, name)
    except ConfigurationError as error:
        raise _fail(str(error)) from error


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(help="Folder of files: contract-shaped ones, or a stranger's with --mapping.")
    ],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file of the system the files come from.", show_default=False)
    ] = None,
    system: Annotated[
        str | None, typer.Option(help="System the files come from, if the folder is not called so.", show_default=False)
    ] = None,
) -> None:
    """Say what a folder of files lacks, before anything is loaded. Nothing is kept."""
    from command_line.check_files import CheckError, check_folder

    try:
        raise typer.Exit(check_folder(console, folder, mapping, system))
    except (CheckError, ConfigurationError) as error:
        raise _fail(str(error)) from error


@explain.command("person")
def explain_person(
    who: Annotated[
        str,
        typer.Argument(metavar="ID", help="A golden_customer_id, a record as system|id (crm|123), or a mail address."),
    ],
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw the records and their links to this file (.html, .svg or .png).", show_default=False),
    ] = None,
    decide: Annotated[
        str | None,
        typer.Option(
            metavar="DECISION",
            help="Show what merge:crm|1,shop|2 or keep_apart:crm|1,shop|2 would change; nothing is changed.",
            show_default=False,
        ),
    ] = None,
    all_links: Annotated[
        bool, typer.Option("--all-links", help="Every link with all its evidence; else the best one of each record.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Show a person's golden record, the records it is made of, why they are taken for one person, and what was decided."""
    from command_line.explain_person import ExplainError, find_person, open_warehouse, print_person, read_person

    folder = _data_dir(data_dir)
    try:
        with open_warehouse(folder) as con:
            person = read_person(con, *find_person(con, who))
            decision = None
            if decide is not None:
                from command_line.proposed_decision import concern, print_effect, read_decision

                decision = read_decision(con, decide)
                concern(person, decision)
        if picture is not None:
            from command_line.person_picture import draw_person

            draw_person(person, picture)
        if decision is None:
            print_person(console, person, all_links)
        else:
            with console.status("trying the decision out on a copy of the warehouse"):
                print_effect(console, folder, decision)
        if picture is not None:
            console.print(f"\ndrawn to {picture}", soft_wrap=True)
    except ExplainError as error:
        raise _fail(escape(str(error))) from error


@explain.command("account")
def explain_account(
    who: Annotated[str, typer.Argument(metavar="ID", help="A customer_id, or the whole name of an account.")],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE", help="Day, as 2026-03-31; default: the last one.", show_default=False),
    ] = None,
    score: Annotated[
        str | None, typer.Option(help="Only this score: health, churn_risk or success.", show_default=False)
    ] = None,
    signal: Annotated[
        str | None, typer.Option(help="The rows that this signal was measured on.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Show why the scores of an account are what they are on a day, down to the rows they were measured on."""
    from command_line.explain_account import open_scores, print_account, read_account
    from command_line.explain_person import ExplainError

    try:
        with open_scores(_data_dir(data_dir)) as con:
            print_account(console, con, read_account(con, who, at), score, signal)
    except ExplainError as error:
        raise _fail(escape(str(error))) from error


if __name__ == "__main__":
    app()
