"""A report as an Excel workbook: real numbers and dates, charts that Excel draws, and notes that say what every sheet is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from reporting.contents import FORMATS, Chart, Report, Table, readable, written
from reporting.drawing import COLOURS, OF_SERIES

#: The longest text that a cell holds.
MOST_CHARACTERS = 32_767
_KINDS = {"line": ("line", None), "bar": ("column", None), "stacked": ("column", "stacked"), "across": ("bar", None)}
#: The colours of reporting.page.heat_colour.
_HEAT = {
    **{"type": "3_color_scale", "min_type": "num", "mid_type": "num", "max_type": "num"},
    **{"min_value": 0.4, "mid_value": 1, "max_value": 1.6},
    **{"min_color": "#e7968c", "mid_color": "#ffffff", "max_color": "#8fbbd9"},
}


def write_workbook(path: Path, report: Report) -> Path:
    """Write the workbook, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    # A name that begins with = is a name and no formula.
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(fresh), options) as book:
        book.set_properties({"title": report.title, "comments": report.made_of, "created": report.as_of})
        _Writer(book, report).write()
    fresh.replace(path)
    return path


class _Writer:
    def __init__(self, book: Any, report: Report) -> None:
        self.book = book
        self.report = report
        self.head = book.add_format(
            {"bold": True, "bg_color": "#eef2f5", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.bold = book.add_format({"bold": True})
        self.grey = book.add_format({"font_color": "#667085"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.formats = {
            kind: book.add_format({"num_format": form, "valign": "top"}) for kind, (_, form) in FORMATS.items()
        }
        self.big = {
            kind: book.add_format({"num_format": form, "bold": True, "font_size": 13, "align": "left"})
            for kind, (_, form) in FORMATS.items()
        }

    def write(self) -> None:
        """All sheets: the summary with the charts, a sheet for each table, the numbers of the charts, the notes."""
        summary = self.book.add_worksheet("Summary")
        for section in self.report.sections:
            if section.table is not None:
                self._table(section.table)
        self._summary(summary)
        self._notes()

    def _summary(self, sheet: Any) -> None:
        sheet.hide_gridlines(2)
        sheet.set_column(0, 4, 27)
        sheet.write_string(0, 0, self.report.title, self.title)
        sheet.write_string(1, 0, self.report.made_of, self.grey)
        sheet.write_string(2, 0, _cell(self.report.summary))
        for place, figure in enumerate(self.report.figures):
            sheet.write_string(4, place, _cell(figure.title), self.grey)
            if figure.value is None:
                sheet.write_string(5, place, "not known")
            else:
                sheet.write_number(5, place, figure.value, self.big[figure.kind])
            sheet.write_string(6, place, _cell(figure.note), self.grey)
        charts = [chart for section in self.report.sections for chart in section.charts]
        if not charts:
            return
        numbers = self.book.add_worksheet("Chart data")
        row = 0
        for place, chart in enumerate(charts):
            drawn = self._chart(numbers, row, chart)
            sheet.insert_chart(8 + 19 * (place // 2), 0 if place % 2 == 0 else 3, drawn)
            row += len(chart.frame) + 3

    def _chart(self, sheet: Any, row: int, chart: Chart) -> Any:
        """Writes the numbers of a chart from a row on, and gives the chart over them."""
        sheet.set_column(0, 0, 26)
        sheet.write_string(row, 0, _cell(chart.title), self.bold)
        self._column(sheet, row + 1, 0, chart.x.title, chart.frame[chart.x.name], chart.x.kind)
        kind, subtype = _KINDS[chart.kind]
        drawn = self.book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
        first, last = row + 2, row + 1 + len(chart.frame)
        for place, (column, words) in enumerate(chart.series.items(), start=1):
            self._column(sheet, row + 1, place, words, chart.frame[column].astype(float), chart.value)
            colour = OF_SERIES.get(column, COLOURS[(place - 1) % len(COLOURS)])
            drawn.add_series(
                {
                    "name": ["Chart data", row + 1, place],
                    "categories": ["Chart data", first, 0, last, 0],
                    "values": ["Chart data", first, place, last, place],
                    **(
                        {"line": {"color": colour, "width": 2}}
                        if kind == "line"
                        else {"fill": {"color": colour}, "gap": 60}
                    ),
                    **({"overlap": 100} if subtype else {}),
                }
            )
        drawn.set_title({"name": _cell(chart.title), "name_font": {"size": 11}, "overlay": False})
        drawn.set_size({"width": 560, "height": 350})
        number, along = (
            {"num_format": FORMATS[chart.value][1], "major_gridlines": {"visible": True, "line": {"color": "#e6e6e6"}}},
            {"label_position": "low"},
        )
        if chart.x.kind in ("date", "month"):
            along |= {"num_format": FORMATS[chart.x.kind][1]}
        drawn.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
        if chart.kind == "across":
            # Excel runs the axes of a bar chart from below.
            drawn.set_x_axis(number)
            drawn.set_y_axis({**along, "reverse": True})
        else:
            drawn.set_x_axis(along)
            drawn.set_y_axis(number)
        return drawn

    def _table(self, table: Table) -> None:
        sheet = self.book.add_worksheet(table.name)
        for place, column in enumerate(table.columns):
            values = table.frame[column.name]
            self._column(sheet, 0, place, column.title, values, column.kind)
            longest = max((len(written(value, column.kind)) for value in values.head(200)), default=0)
            sheet.set_column(place, place, min(max(longest, len(column.title) + 4, 8), 55))
        last = len(table.frame)
        sheet.freeze_panes(1, 2 if len(table.columns) > 6 else 1)
        sheet.autofilter(0, 0, last, len(table.columns) - 1)
        shares = [place for place, column in enumerate(table.columns) if column.kind == "share"]
        if table.heat and shares:
            sheet.conditional_format(1, shares[0], last, shares[-1], _HEAT)

    def _column(self, sheet: Any, row: int, place: int, title: str, values: pd.Series, kind: str) -> None:
        """A head and the values below it; what is not known stays empty."""
        sheet.write_string(row, place, _cell(title), self.head)
        for at, value in enumerate(values, start=row + 1):
            if value is None or value is pd.NaT or value != value:
                continue
            if kind == "text":
                sheet.write_string(at, place, _cell(str(value)), self.wrapped)
            elif kind in ("date", "month"):
                sheet.write_datetime(at, place, pd.Timestamp(value).to_pydatetime(), self.formats[kind])
            else:
                sheet.write_number(at, place, float(value), self.formats[kind])

    def _notes(self) -> None:
        sheet = self.book.add_worksheet("Notes")
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 110, self.wrapped)
        rows = [
            ("Report", self.report.title),
            ("Release", self.report.release_id),
            ("Tables", ", ".join(self.report.read_from)),
            *(
                (section.heading, f"from {', '.join(section.read_from)}. {section.words}")
                for section in self.report.sections
            ),
            *self.report.definitions,
        ]
        for row, (term, meaning) in enumerate(rows):
            sheet.write_string(row, 0, _cell(term), self.bold)
            sheet.write_string(row, 1, _cell(meaning), self.wrapped)
        moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        sheet.write_string(len(rows), 0, "As of (UTC)", self.bold)
        sheet.write_datetime(len(rows), 1, self.report.as_of.replace(second=0, microsecond=0), moment)


def _cell(text: str) -> str:
    return readable(text)[:MOST_CHARACTERS]
