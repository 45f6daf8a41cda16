"""The page about data quality: what failed first, then every suite with what became of its expectations in the last runs. Works offline."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from data_quality import history
from data_quality.settings import Settings, read_settings
from intelligence.pages import write_html

#: Runs that the strip beside an expectation shows, and results that a list shows.
SHOWN_RUNS, SHOWN_RESULTS = 30, 200
BOUNDARIES = {"landing": "What came in", "marts": "What goes out"}
STYLE = """<style>
body{max-width:76rem}.cards{display:flex;flex-wrap:wrap;gap:1rem;margin:1.2rem 0}
.card{flex:1 1 22rem;border:1px solid #ddd;border-left:.5rem solid #8a8a8a;border-radius:.4rem;padding:.7rem 1rem}
.card h2{margin:0;border:0;padding:0;font-size:1.05rem}.card p{margin:.2rem 0}.big{font-size:1.3rem;font-weight:600}
.good{border-left-color:#2e7d4f}.warned{border-left-color:#c98a00}.bad{border-left-color:#b3261e}
.mark{display:inline-block;border-radius:.3rem;padding:0 .45rem;font-size:.8rem;font-weight:600;white-space:nowrap;color:#fff;background:#6d6d6d}
.mark.blocking{background:#b3261e}.mark.warning{background:#8f6200}.mark.passed{background:#2e7d4f}.mark.accepted{background:#38618c}
td{vertical-align:top}table{width:100%}td.name{font-weight:600;white-space:nowrap}.quiet{color:#666;font-size:.88rem}
code{background:#f3f3f3;padding:.1rem .3rem;border-radius:.2rem;overflow-wrap:anywhere}
details{margin:.3rem 0 1rem}summary{cursor:pointer;color:#38618c}td.wide{overflow-wrap:anywhere}svg.strip{vertical-align:middle}
.scroll{overflow-x:auto}.wrong{border:1px solid #ddd;border-radius:.4rem;padding:.2rem 1rem .6rem;margin:.7rem 0}.wrong p{margin:.35rem 0}
</style>"""
COLOURS = {"passed": "#2e7d4f", "failed": "#b3261e", "warned": "#d99a1c", "nothing": "#dcdcdc"}


def write_page(con: duckdb.DuckDBPyConnection, path: Path) -> Path:
    """Write the page about the last run of each boundary, with the history that the warehouse holds."""
    settings = read_settings()
    runs = history.latest_runs(con)
    results = {run.boundary: history.results_of(con, run.run_id) for run in runs.itertuples()}
    past = {boundary: history.past_of(con, boundary, SHOWN_RUNS) for boundary in results}
    body = [STYLE, "<h1>Data quality</h1>", "<div class=cards>"]
    body += [_card(run) for run in runs.itertuples()]
    body.append("</div>")
    body += _failures(results)
    for boundary, table in results.items():
        body.append(f"<h2>{BOUNDARIES[boundary]}</h2>")
        for suite, group in table.groupby("suite", sort=True):
            body += _suite(str(suite), group, past[boundary], settings)
    body.append(
        "<h2>About this page</h2><p class=quiet>Severities and limits stand in <code>data_quality/expectations.yml</code>. "
        "A blocking expectation that fails stops the flow; a warning is said and the flow goes on. Grey means that there was nothing to compare with. "
        "The same results stand in the tables <code>quality.runs</code> and <code>quality.expectation_results</code>.</p>"
    )
    return write_html(path, "Data quality", body)


def _card(run: object) -> str:
    """One boundary at a glance; `run` is a row of quality.runs."""
    boundary, failed, warned = str(run.boundary), int(run.failed), int(run.warned)  # type: ignore[attr-defined]
    kind = "bad" if failed else "warned" if warned else "good"
    verdict = (
        f"{_counted(failed, 'expectation')} stop the flow" if failed > 1 else "1 expectation stops the flow" if failed
        else f"{_counted(warned, 'warning')}" if warned else "as expected"
    )  # fmt: skip
    compared = (
        (
            f", beside release {run.compared_with}"
            if isinstance(run.compared_with, str)
            else ", no release to compare with"  # type: ignore[attr-defined]
        )
        if boundary == "marts"
        else ""
    )
    accepted = f", {run.accepted} accepted" if run.accepted else ""  # type: ignore[attr-defined]
    return (
        f"<div class='card {kind}'><h2>{BOUNDARIES[boundary]}</h2><p class=big>{verdict}</p>"
        f"<p>{run.passed:,} passed, {warned:,} warned, {failed:,} failed{accepted}, {run.not_compared:,} with nothing to compare with</p>"  # type: ignore[attr-defined]
        f"<p class=quiet>judged {run.checked_at:%Y-%m-%d %H:%M} UTC, load {run.load_id}{html.escape(compared)}</p></div>"  # type: ignore[attr-defined]
    )


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _failures(results: dict[str, pd.DataFrame]) -> list[str]:
    """What failed, the blocking first, those of a file together."""
    tables = [table[table["success"].eq(False)] for table in results.values()]
    failed = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if not len(failed):
        return ["<p>Nothing failed.</p>"]
    failed["blocks"] = failed["severity"].eq("blocking") & ~failed["is_accepted"]
    failed["place"] = failed["source_file"].fillna(failed["table_name"])
    failed = failed.sort_values(["blocks", "place", "severity", "expectation"], ascending=[False, True, True, True])
    parts = ["<h2>What failed</h2>"]
    for place, group in failed.groupby("place", sort=False):
        shown = group.head(SHOWN_RESULTS)
        rows = [
            (
                _mark("accepted" if row.is_accepted else row.severity),
                f"{html.escape(row.expectation)}{f'<br><span class=quiet>{html.escape(row.column_name)}</span>' if isinstance(row.column_name, str) else ''}",
                html.escape(row.observed_words),
                html.escape(row.expected_words),
            )
            for row in shown.itertuples()
        ]
        parts.append(
            f"<div class=wrong><h3>{html.escape(str(place))}</h3>{_table(('', 'expectation', 'seen', 'expected'), rows)}"
        )
        ids = list(dict.fromkeys(shown.loc[shown["blocks"] & shown["accept_id"].notna(), "accept_id"]))
        if ids:
            is_file = group["source_file"].notna().any()
            advice = (
                "Put a corrected file in its place, take it out of the landing folder, or"
                if is_file
                else "Mend the data or the model, or"
            )
            accept = f"customer-analytics quality {' '.join(f'--accept {one}' for one in ids)} --by NAME --note TEXT"
            parts.append(f"<p>{advice} accept it: <code>{html.escape(accept)}</code></p>")
        parts.append("</div>")
    return parts


def _mark(state: str) -> str:
    return f"<span class='mark {state}'>{state}</span>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td class=wide>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=scroll><table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{body}</table></div>"


def _suite(suite: str, results: pd.DataFrame, past: pd.DataFrame, settings: Settings) -> list[str]:
    boundary, name = suite.split(" ", 1)
    parts = [f"<h3>{html.escape(name.capitalize())}</h3>"]
    rows = []
    for expectation, group in results.groupby("expectation", sort=True):
        failed, judged = int(group["success"].eq(False).sum()), int(group["success"].notna().sum())
        rule = settings.rules[boundary].get(str(expectation))
        limits = (
            ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in (rule.model_extra or {}).items())
            if rule
            else ""
        )
        severity = group["severity"].iloc[0]
        verdict = (
            f"{_mark(severity)} {failed:,} of {judged:,} failed" if failed
            else f"{_mark('passed')} {judged:,}" if judged else "<span class=quiet>nothing to compare with yet</span>"
        )  # fmt: skip
        means = html.escape(rule.means if rule else "")
        rows.append(
            (
                f"<b>{html.escape(str(expectation))}</b><br><span class=quiet>{severity}{f'; {html.escape(limits)}' if limits else ''}</span>",
                means,
                verdict,
                _strip(past[past["expectation"] == expectation], severity),
            )
        )
    parts.append(_table(("expectation", "what it means", "last run", f"last {SHOWN_RUNS} runs"), rows))
    order = results.assign(at=results["success"].map({False: 0, True: 1}).fillna(2)).sort_values(
        ["at", "expectation", "table_name"]
    )
    details = [
        (
            _mark("passed" if row.success is True else "accepted" if row.is_accepted else row.severity) if row.success is not None and not pd.isna(row.success)
            else "<span class=mark>not compared</span>",
            html.escape(row.expectation),
            html.escape(f"{row.table_name}{f', {row.column_name}' if isinstance(row.column_name, str) else ''}"),
            html.escape(row.observed_words),
            html.escape(row.expected_words),
        )
        for row in order.head(SHOWN_RESULTS).itertuples()
    ]  # fmt: skip
    more = (
        f"the first {SHOWN_RESULTS} of {len(results):,} results"
        if len(results) > SHOWN_RESULTS
        else _counted(len(results), "result")
    )
    parts.append(
        f"<details><summary>{more}</summary>{_table(('', 'expectation', 'where', 'seen', 'expected'), details)}</details>"
    )
    return parts


def _strip(past: pd.DataFrame, severity: str) -> str:
    """One square a run, the last one on the right: green, red or amber where something failed, grey where nothing was compared."""
    squares = []
    for at, run in enumerate(past.itertuples()):
        state = (
            ("failed" if severity == "blocking" else "warned") if run.failed else "passed" if run.judged else "nothing"
        )
        words = (
            f"{run.checked_at:%Y-%m-%d %H:%M}: {run.failed} of {run.judged} failed"
            if run.judged
            else f"{run.checked_at:%Y-%m-%d %H:%M}: not compared"
        )
        squares.append(
            f"<rect x='{at * 9}' y='0' width='7' height='14' rx='1' fill='{COLOURS[state]}'><title>{words}</title></rect>"
        )
    width = max(len(past) * 9 - 2, 1)
    label = f"{int((past['failed'] > 0).sum())} of the last {len(past)} runs had a failure"
    return f"<svg class=strip role='img' aria-label='{label}' width='{width}' height='14' viewBox='0 0 {width} 14'>{''.join(squares)}</svg>"
