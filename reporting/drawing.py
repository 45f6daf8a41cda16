"""Draws the charts of a report for pages and PDFs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import Formatter, MaxNLocator

from intelligence.pages import chart as empty_chart
from intelligence.pages import svg
from reporting.contents import Chart, written

COLOURS = ("#2f6f9f", "#6aa84f", "#8e7cc3", "#e39b3b", "#c8504b")
#: The colour of what is good and what is bad, for series that are one of both.
OF_SERIES = {"closing_mrr": "#2f6f9f", "contraction_mrr": "#e39b3b", "churned_mrr": "#c8504b", "before": "#b8c4ce"}
SIZE = (5.2, 2.9)
LONGEST_LABEL = 26


def draw(chart: Chart, letters: str = "none") -> str:
    """A chart as SVG; `letters` as intelligence.pages.svg has it."""
    # A name may hold a dollar sign, and letters that no font here has.
    with rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        figure, axes = empty_chart("", SIZE)
        {"line": _line, "bar": _bar, "stacked": _stacked, "across": _across}[chart.kind](axes, chart)
        if len(chart.series) > 1:
            axes.legend(
                frameon=False, fontsize=7.5, ncols=5, loc="lower left", bbox_to_anchor=(-0.02, 1.0), handlelength=1.2
            )
        return svg(figure, letters)


def axis_numbers(values: Sequence[float], kind: str) -> list[str]:
    """The numbers beside an axis: of one kind, and with no more digits than are needed to tell them apart."""
    percent, thousands = kind == "share", kind == "money" and max(map(abs, values), default=0) >= 10_000
    scaled = [value * 100 if percent else value / 1000 if thousands else value for value in values]
    digits = next((digits for digits in range(3) if all(round(one, digits) == round(one, 6) for one in scaled)), 3)
    unit = "%" if percent else "k" if thousands else ""
    return [f"{one:,.{digits}f}{unit}" if round(one, digits) else "0%" if percent else "0" for one in scaled]


class _AxisNumbers(Formatter):
    """Writes all numbers of an axis alike."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        return axis_numbers(values, self.kind)

    def __call__(self, value: float, _: int | None = None) -> str:
        return axis_numbers([value], self.kind)[0]


def _labels(chart: Chart) -> list[str]:
    values = chart.frame[chart.x.name]
    if chart.x.kind == "date":
        return [f"{day:%-d %b}" for day in pd.to_datetime(values)]
    texts = [written(value, chart.x.kind) for value in values]
    return [text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…" for text in texts]


def _values(chart: Chart, column: str) -> np.ndarray:
    return np.asarray(chart.frame[column].astype(float))


def _numbers(axes: Axes, chart: Chart, axis: str) -> None:
    side = axes.yaxis if axis == "y" else axes.xaxis
    side.set_major_locator(MaxNLocator(5, integer=chart.value == "count"))
    side.set_major_formatter(_AxisNumbers(chart.value))
    axes.grid(axis=axis, color="#e6e6e6", linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def _places(axes: Axes, chart: Chart) -> np.ndarray:
    labels = _labels(chart)
    places = np.arange(len(labels))
    step = max(1, -(-len(labels) // 7))
    axes.set_xticks(places[::step], labels[::step])
    # One bar alone is no wall.
    spare = max(0.0, (3 - len(labels)) / 2)
    axes.set_xlim(-0.6 - spare, len(labels) - 0.4 + spare)
    return places


def _colour(place: int, column: str) -> str:
    return OF_SERIES.get(column, COLOURS[place % len(COLOURS)])


def _line(axes: Axes, chart: Chart) -> None:
    along = pd.to_datetime(chart.frame[chart.x.name]).to_numpy()
    for place, (column, words) in enumerate(chart.series.items()):
        axes.plot(along, _values(chart, column), color=_colour(place, column), linewidth=1.8, label=words)
    step = max(1, -(-len(along) // 7))
    axes.set_xticks(along[::step], _labels(chart)[::step])
    _numbers(axes, chart, "y")


def _bar(axes: Axes, chart: Chart) -> None:
    places = _places(axes, chart)
    width = 0.75 / len(chart.series)
    for place, (column, words) in enumerate(chart.series.items()):
        at = places + (place - (len(chart.series) - 1) / 2) * width
        bars = axes.bar(at, _values(chart, column), width * 0.94, color=_colour(place, column), label=words)
        axes.bar_label(bars, [written(value, chart.value) for value in _values(chart, column)], fontsize=7.5, padding=1)
    _numbers(axes, chart, "y")


def _stacked(axes: Axes, chart: Chart) -> None:
    places = _places(axes, chart)
    above, below = np.zeros(len(places)), np.zeros(len(places))
    for place, (column, words) in enumerate(chart.series.items()):
        values = np.nan_to_num(_values(chart, column))
        axes.bar(
            places, values, 0.7, bottom=np.where(values >= 0, above, below), color=_colour(place, column), label=words
        )
        above, below = above + np.maximum(values, 0), below + np.minimum(values, 0)
    axes.axhline(0, color="#555", linewidth=0.8)
    # Bars hold on to where they begin, and the tallest would touch the frame as if it went on.
    axes.use_sticky_edges = False
    axes.margins(y=0.06)
    _numbers(axes, chart, "y")


def _across(axes: Axes, chart: Chart) -> None:
    labels = _labels(chart)
    places = np.arange(len(labels))[::-1]
    ((column, _),) = chart.series.items()
    bars = axes.barh(places, _values(chart, column), 0.7, color=COLOURS[0])
    axes.bar_label(bars, [written(value, chart.value) for value in _values(chart, column)], fontsize=7.5, padding=2)
    axes.set_yticks(places, labels)
    axes.margins(x=0.12)
    _numbers(axes, chart, "x")
