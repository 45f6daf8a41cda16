"""Pages of the Python steps: one HTML file, readable offline, with its charts in it."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f6f6;padding:.6rem;font-size:.85rem}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.2rem;border-top:1px solid #ddd;padding-top:1rem}h3{font-size:1rem}
table{border-collapse:collapse;margin:.6rem 0}td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #eee}
td.n,th.n{text-align:right}.row{display:flex;flex-wrap:wrap;gap:1rem}svg{max-width:100%;height:auto}.state{font-weight:600}
"""


def write_html(path: Path, title: str, body: Sequence[str], style: str = "") -> Path:
    """Write a page of HTML parts, whole or not at all; folders are made. `style` is CSS that comes after STYLE."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{STYLE}{style}</style>"
    )
    page = f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(body)}</body></html>\n"
    fresh = path.with_suffix(".tmp")
    fresh.write_text(page)
    fresh.replace(path)
    return path


def chart(title: str, size: tuple[float, float] = (4.2, 3.2)) -> tuple[Figure, Axes]:
    """An empty chart of a size in inches."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def svg(figure: Figure, letters: str = "none") -> str:
    """A chart as a piece of HTML. `letters` is `none` (text, in a font of the reader) or `path` (drawn, the same everywhere)."""
    buffer = io.StringIO()
    # Fixed ids and no date, so that the same model gives the same bytes.
    with rc_context({"svg.hashsalt": "page", "svg.fonttype": letters}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first hold numbers."""

    def cells(row: Sequence[str], kind: str) -> str:
        return "".join(
            f"<{kind}{'' if at == 0 else ' class=n'}>{html.escape(cell)}</{kind}>" for at, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><tr>{cells(head, 'th')}</tr>{body}</table>"
