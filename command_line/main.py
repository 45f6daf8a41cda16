"""The command line: a thin layer over the packages that do the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import duckdb
import typer
from rich.markup import escape
from typer.core import TyperGroup

from command_line import alert_commands
from command_line.console import DataDir, console, fail, folder_of
from command_line.operations_commands import add_operations_commands
from command_line.run_commands import audit_and_publish, matched_in_words, run_all
from ingestion.contracts import ConfigurationError
from operations.faults import OperationError, sentence_of
from publishing.release import PublishError, current_release, refuse_while_held

if TYPE_CHECKING:
    pass


class OneSentenceForFaults(TyperGroup):
    """Commands that end with one sentence for a fault of the disk, the rights, a lock or a file, whichever of them meets it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (OperationError, duckdb.Error, OSError) as error:
            folder = folder_of(Path(os.environ["DATA_DIR"]) if os.environ.get("DATA_DIR") else None)
            said = str(error) if isinstance(error, OperationError) else sentence_of(error, folder)
            if said is None:
                raise
            raise fail(said) from error


app = typer.Typer(
    cls=OneSentenceForFaults,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Raw exports in, explainable customer tables out.",
)
explain = typer.Typer(no_args_is_help=True, help="Say why something is as it is.")
app.add_typer(explain, name="explain")
app.command()(alert_commands.alerts)
app.command()(alert_commands.report)


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

    target = out or folder_of(Path(os.environ["DATA_DIR"]) if os.environ.get("DATA_DIR") else None)
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
        raise fail(str(error)) from error
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
    wait: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="Wait so long for another command that is at work.")
    ] = 0.0,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Go on although something was done later than it is now.")
    ] = False,
) -> None:
    """Load what is new, match the records of people, build, audit and publish."""
    folder = folder_of(data_dir)
    run_all(folder, full_refresh, variables, matching, wait, clock_is_right)
    release = current_release(folder)
    assert release is not None
    console.print(f"published release {release['release_id']} (as of {release['as_of'][:19]} UTC)")


@app.command("match")
def match_command(
    retrain: Annotated[bool, typer.Option("--retrain", help="Learn a new model, however little is new.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Match the records of the warehouse as it stands. `run` does so itself; the next build takes the links in."""
    from command_line.pipeline import thresholds
    from intelligence.identity.step import links_by_zone, match_warehouse
    from intelligence.warehouse import StepError
    from operations.runs import one_run

    folder = folder_of(data_dir)
    warehouse = folder / "warehouse.duckdb"
    if not warehouse.exists():
        raise fail(f"There is no {warehouse}; run `customer-analytics run` first.")
    try:
        with one_run(folder, "match"), console.status("matching") as shown:
            report = match_warehouse(
                warehouse, retrain=retrain, progress=lambda words: shown.update(f"matching: {words}")
            )
            zones = links_by_zone(warehouse, *thresholds())
    except StepError as error:
        raise fail(str(error)) from error
    console.print(matched_in_words(report, zones), soft_wrap=True)


@app.command("publish")
def publish_command(
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="Put a kept release out again.", show_default=False)
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only show the releases that are kept.")] = False,
    hold: Annotated[
        str | None,
        typer.Option(
            "--hold",
            metavar="WHY",
            help="Keep what is out (or --to) until --let-go, whatever is built.",
            show_default=False,
        ),
    ] = None,
    let_go: Annotated[bool, typer.Option("--let-go", help="Let releases go on, and publish.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Write every day of every table anew; share none with earlier releases.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Audit the warehouse as it stands (all dbt tests) and release it if every blocking check passes; or go back to a kept release."""
    from command_line.releases import go_to, hold_releases, let_releases_go, print_releases

    folder = folder_of(data_dir)
    try:
        if let_go and hold is not None:
            raise fail("--hold and --let-go say the opposite of each other; say one of them.")
        if let_go:
            let_releases_go(console, folder)
        if listed:
            print_releases(console, folder)
            return
        if to is not None:
            go_to(console, folder, to)
        if hold is not None:
            hold_releases(console, folder, hold)
        if to is not None or hold is not None:
            return
        refuse_while_held(folder)
    except (PublishError, OSError) as error:
        cause = error.__cause__ or error
        known = sentence_of(cause, folder) if isinstance(cause, OSError | duckdb.Error) else None
        raise fail(known or str(error)) from error
    audit_and_publish(folder, anew)


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

    folder = folder_of(data_dir)
    try:
        if accepted:
            for said in accept_results(folder, accepted, who or getpass.getuser(), note):
                console.print(escape(said), soft_wrap=True)
            return
        with console.status("judging"):
            reports = judge_boundaries(folder, boundary)
    except (QualityError, StepError, ConfigurationError, OSError) as error:
        raise fail(str(error)) from error
    raise typer.Exit(print_reports(console, reports))


@app.command()
def status(
    costs: Annotated[bool, typer.Option("--costs", help="What the last run cost, by model and step.")] = False,
    most: Annotated[int, typer.Option("--top", min=1, help="How many of them.")] = 15,
    data_dir: DataDir = None,
) -> None:
    """Say which release is out, how fresh it is, what failed in the last run, and what it cost."""
    from command_line.status_page import print_costs, print_status

    folder = folder_of(data_dir)
    raise typer.Exit(print_costs(console, folder, most) if costs else print_status(console, folder))


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Simulate a company, build, audit, publish, and print one page about it."""
    from command_line.demo_page import print_page

    folder = folder_of(data_dir)
    simulate(out=folder)
    run_all(folder)
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

    folder = folder_of(data_dir)
    verdicts = [(useful, "useful"), (not_useful, "not_useful")]
    if useful is not None and useful == not_useful:
        raise fail(f"{useful} is said to be useful and not useful; say one of them.")
    try:
        with open_release(folder) as con:
            if useful is None and not_useful is None:
                print_insights(console, con, most)
            for insight_id, verdict in verdicts:
                if insight_id is not None:
                    said = judge(con, folder, insight_id, verdict, who or getpass.getuser(), note)
                    console.print(escape(said), soft_wrap=True)
    except (InsightsError, OSError) as error:
        raise fail(str(error)) from error


@app.command()
def contracts(
    name: Annotated[str | None, typer.Argument(help="Only this contract.", show_default=False)] = None,
) -> None:
    """Print the input contracts: what landing/files/<contract>/ and the mappings may hold."""
    from command_line.contracts_page import print_contracts

    try:
        print_contracts(console, name)
    except ConfigurationError as error:
        raise fail(str(error)) from error


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
        raise fail(str(error)) from error


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

    folder = folder_of(data_dir)
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
        raise fail(str(error)) from error


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
        with open_scores(folder_of(data_dir)) as con:
            print_account(console, con, read_account(con, who, at), score, signal)
    except ExplainError as error:
        raise fail(str(error)) from error


add_operations_commands(app, console)

if __name__ == "__main__":
    app()
