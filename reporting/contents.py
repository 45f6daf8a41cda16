"""What a report consists of, whatever it is written as: figures, charts and tables with the numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from publishing.reading import OpenRelease

#: How numbers of a kind are written, and what Excel calls it.
FORMATS: dict[str, tuple[str, str]] = {
    "count": ("{:,.0f}", "#,##0"),
    "money": ("{:,.0f}", "#,##0"),
    "share": ("{:.1%}", "0.0%"),
    "points": ("{:.1f}", "0.0"),
    "change": ("{:+.1f}", "+0.0;-0.0;0.0"),
    "ratio": ("{:.2f}", "0.00"),
    "date": ("{:%Y-%m-%d}", "yyyy-mm-dd"),
    "month": ("{:%b %Y}", "mmm yyyy"),
}
#: Control characters that no format can hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its name in the frame.
        title: what stands above it, with the unit where a number has one.
        kind: `text`, or a key of FORMATS.
    """

    name: str
    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """Rows; `shown` is how many a page or a PDF has, the workbook has all. `heat` colours its shares by their size."""

    columns: tuple[Column, ...]
    frame: pd.DataFrame
    name: str
    shown: int = 50
    heat: bool = False


@dataclass(frozen=True)
class Chart:
    """Series over the rows of a frame.

    Attributes:
        kind: `line`, `bar` (side by side), `stacked` (above each other) or `across` (bars from the left, for names).
        x: column that runs along.
        series: columns that are drawn, with what the legend calls them.
        value: a key of FORMATS, for the axis.
    """

    title: str
    kind: str
    frame: pd.DataFrame
    x: Column
    series: dict[str, str]
    value: str = "count"


@dataclass(frozen=True)
class Section:
    """A part of a report: words, charts beside each other, a table. Any of them may be missing; `read_from` names the tables its numbers stand in."""

    heading: str
    read_from: tuple[str, ...]
    words: str = ""
    charts: tuple[Chart, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Figure:
    """A number that stands at the top; `value` is None where it is not known."""

    title: str
    value: float | None
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A report of one release."""

    name: str
    title: str
    summary: str
    release_id: str
    as_of: datetime
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    definitions: tuple[tuple[str, str], ...] = field(default=())

    @property
    def made_of(self) -> str:
        """The sentence that lets a number be traced."""
        return f"Release {self.release_id}, as of {self.as_of:%Y-%m-%d %H:%M} UTC."

    @property
    def read_from(self) -> tuple[str, ...]:
        """All tables it is made of."""
        return tuple(sorted({table for section in self.sections for table in section.read_from}))


def query(release: OpenRelease, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """Rows of the release."""
    return release.con.execute(sql, list(parameters)).df()


def written(value: object, kind: str) -> str:
    """A value as people read it; nothing for one that is not known."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if kind == "text":
        return readable(str(value))
    if kind in ("date", "month"):
        return FORMATS[kind][0].format(pd.Timestamp(value))
    text = FORMATS[kind][0].format(float(value))  # type: ignore[arg-type]
    return text.lstrip("-+") if float(re.sub(r"[^0-9.]", "", text) or 0) == 0 else text


def readable(text: str) -> str:
    """Text without what no document may hold."""
    return _CONTROL.sub("", text)
