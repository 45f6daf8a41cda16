"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

import html
from pathlib import Path

import pandas as pd

from intelligence.pages import write_html
from reporting.contents import Column, Report, Section, Table, written
from reporting.drawing import draw

STYLE = """
body{max-width:78rem;color:#1f2933}h1{margin-bottom:.2rem}.of{color:#667;font-size:.85rem;margin-top:0}.lead{font-size:1.05rem}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}
.tile{flex:1 1 11rem;border:1px solid #dde3e8;border-radius:.5rem;padding:.7rem .9rem;background:#fafbfc}
.tile b{display:block;font-size:1.6rem;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums}.tile span{color:#556;font-size:.82rem}
.charts{display:flex;flex-wrap:wrap;gap:1.2rem}.charts figure{margin:0;flex:1 1 26rem;max-width:38rem}.charts svg{width:100%}
figcaption{font-weight:600;font-size:.9rem;margin-bottom:.3rem}
.wide{overflow-x:auto}table{font-size:.8rem;width:100%}td,th{vertical-align:top;padding:.32rem .5rem .32rem 0}
th{color:#556;font-weight:600}th.n{max-width:5.4rem}td.n{white-space:nowrap;font-variant-numeric:tabular-nums}
td{min-width:4.5rem}td.n{min-width:2.2rem}td.short{min-width:3rem;white-space:nowrap}td.long{min-width:8rem}td.broken{min-width:8rem;overflow-wrap:anywhere}.source{color:#778;font-size:.78rem}
dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1rem;color:#445}
@media print{body{max-width:none;margin:0}.tile{break-inside:avoid}tr{break-inside:avoid}}
"""
#: A column whose texts have no more characters than this is not broken over lines.
SHORT_TEXT = 14
#: A word of more characters than this may be broken anywhere.
LONGEST_WORD = 24
#: Characters from which on a column of text gets room.
LONG_TEXT = 30


def write_page(path: Path, report: Report) -> Path:
    """Write the page, whole or not at all. The same release gives the same bytes."""
    tiles = "".join(
        f"<div class=tile><span>{_text(figure.title)}</span><b>{written(figure.value, figure.kind) or 'not known'}</b>"
        f"<span>{_text(figure.note)}</span></div>"
        for figure in report.figures
    )
    body = [
        f"<h1>{_text(report.title)}</h1><p class=of>{_text(report.made_of)}</p><p class=lead>{_text(report.summary)}</p>",
        f"<div class=tiles>{tiles}</div>",
        *map(_section, report.sections),
        "<h2>Notes</h2><dl>"
        + "".join(f"<dt>{_text(term)}</dt><dd>{_text(meaning)}</dd>" for term, meaning in report.definitions)
        + f"</dl><p class=source>{_text(report.made_of)} Made of {_text(', '.join(report.read_from))}.</p>",
    ]
    return write_html(path, report.title, body, STYLE)


def _text(text: str) -> str:
    return html.escape(written(text, "text"))


def _section(section: Section) -> str:
    parts = [f"<h2>{_text(section.heading)}</h2>"]
    if section.words:
        parts.append(f"<p>{_text(section.words)}</p>")
    if section.charts:
        drawn = "".join(
            f"<figure><figcaption>{_text(chart.title)}</figcaption>{draw(chart)}</figure>" for chart in section.charts
        )
        parts.append(f"<div class=charts>{drawn}</div>")
    if section.table is not None:
        parts.append(_table(section.table))
    parts.append(f"<p class=source>from {_text(', '.join(section.read_from))}</p>")
    return "".join(parts)


def _table(table: Table) -> str:
    shown = table.frame.head(table.shown)
    head = "".join(
        f"<th{'' if column.kind == 'text' else ' class=n'}>{_text(column.title)}</th>" for column in table.columns
    )
    cells = [_cells(shown[column.name], column, table.heat) for column in table.columns]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    more = len(table.frame) - len(shown)
    rest = f"<p class=source>… and {more:,} more; the workbook has all.</p>" if more > 0 else ""
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{rest}"


def _cells(values: pd.Series, column: Column, heat: bool) -> list[str]:
    if column.kind == "text":
        texts = [written(value, "text") for value in values]
        longest, word = (
            max(map(len, texts), default=0),
            max((len(word) for text in texts for word in text.split()), default=0),
        )
        kind = (
            "broken"
            if word > LONGEST_WORD
            else "short"
            if longest <= SHORT_TEXT
            else "long"
            if longest >= LONG_TEXT
            else ""
        )
        return [f"<td{f' class={kind}' if kind else ''}>{html.escape(text)}</td>" for text in texts]
    return [
        f"<td class=n{_shade(value) if heat and column.kind == 'share' else ''}>{written(value, column.kind)}</td>"
        for value in values
    ]


def _shade(value: float) -> str:
    colour = heat_colour(value)
    return f" style='background:{colour}'" if colour else ""


def heat_colour(value: float) -> str | None:
    """The colour of a share: red where little is left, blue where there is more than at the beginning, white at one."""
    if value is None or value != value:
        return None
    if value >= 1:
        part, full = min((value - 1) / 0.6, 1.0), (143, 187, 217)
    else:
        part, full = min((1 - value) / 0.6, 1.0), (231, 150, 140)
    return "#" + "".join(f"{round(255 + (one - 255) * part):02x}" for one in full)
