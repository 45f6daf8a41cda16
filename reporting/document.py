"""A report as a PDF, set by Typst."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib
import typst

from reporting.contents import Column, Report, Section, Table, written
from reporting.drawing import draw
from reporting.page import heat_colour

TEMPLATE = Path(__file__).with_name("report.typ")
#: Characters from which on a text may be broken over lines; shorter ones keep their column as wide as they are.
SHORT_TEXT = 12
#: A word of more characters than this may be broken anywhere.
LONGEST_WORD = 18


def write_document(path: Path, report: Report) -> Path:
    """Write the PDF, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    made = typst.compile(
        str(TEMPLATE), font_paths=[str(fonts)], sys_inputs={"report": json.dumps(_as_data(report), ensure_ascii=False)}
    )
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(made)
    fresh.replace(path)
    return path


def _as_data(report: Report) -> dict[str, Any]:
    return {
        "title": _text(report.title),
        "summary": _text(report.summary),
        "made_of": report.made_of,
        "read_from": ", ".join(report.read_from),
        "figures": [
            {
                "title": _text(figure.title),
                "value": written(figure.value, figure.kind) or "not known",
                "note": _text(figure.note),
            }
            for figure in report.figures
        ],
        "sections": [_section(section) for section in report.sections],
        "definitions": [[_text(term), _text(meaning)] for term, meaning in report.definitions],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": _text(section.heading),
        "words": _text(section.words),
        "read_from": ", ".join(section.read_from),
        "charts": [{"title": _text(chart.title), "svg": draw(chart, "path")} for chart in section.charts],
        "table": None if section.table is None else _table(section.table),
    }


def _table(table: Table) -> dict[str, Any]:
    shown = table.frame.head(table.shown)
    texts = {
        column.name: [_text(written(value, column.kind)) for value in shown[column.name]] for column in table.columns
    }
    fills = {
        column.name: [
            heat_colour(value) if table.heat and column.kind == "share" else None for value in shown[column.name]
        ]
        for column in table.columns
    }
    more = len(table.frame) - len(shown)
    return {
        "columns": [
            {
                "title": _text(column.title),
                "is_text": column.kind == "text",
                "width": _width(column, texts[column.name]),
            }
            for column in table.columns
        ],
        "rows": [
            [{"text": texts[column.name][at], "fill": fills[column.name][at]} for column in table.columns]
            for at in range(len(shown))
        ],
        "more": f"… and {more:,} more; the workbook has all." if more > 0 else "",
    }


def _width(column: Column, texts: list[str]) -> int:
    """0 for as wide as it is, else its part of what is left."""
    longest = max(map(len, texts), default=0)
    return 0 if column.kind != "text" or longest <= SHORT_TEXT else min(max(longest, 14), 44)


def _text(text: str) -> str:
    """A text in which a long word may be broken."""
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", written(text, "text"))
