"""Draws the records of a person and the links between them: an SVG, a PNG, or a page with the picture in it."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Any, Literal

import networkx as nx
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from command_line.explain_person import ExplainError, Person, in_words, shown_probability

ENDINGS = (".html", ".svg", ".png")
COLOURS = ("#4878a8", "#e49444", "#6a9f58", "#d1615d", "#85b6b2", "#a87c9f", "#967662", "#e7ca60", "#5778a4", "#b8b0ac")
STYLES: dict[str, Literal["solid", "dashed", "dashdot"]] = {
    "deterministic": "solid",
    "probabilistic": "dashed",
    "manual": "dashdot",
}


def draw_person(person: Person, path: Path) -> None:
    """Write the picture to a file whose ending says what it shall be."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ExplainError(f"A picture may end in {', '.join(ENDINGS)}; '{path.name}' does not.")
    # Fixed ids and no date, so that the same person gives the same bytes.
    with rc_context({"svg.hashsalt": person.golden_customer_id, "svg.fonttype": "none"}):
        figure = _figure(person)
        buffer = io.BytesIO()
        figure.savefig(
            buffer,
            format="png" if ending == ".png" else "svg",
            metadata={"Date": None} if ending != ".png" else None,
            bbox_inches="tight",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_page(person, buffer.getvalue().decode()).encode() if ending == ".html" else buffer.getvalue())
    except OSError as error:
        raise ExplainError(f"The picture cannot be written to {path}: {error.strerror}.") from error


def graph_of(person: Person) -> nx.MultiGraph:
    """The person's records, the records of others that a link leads to, and the links."""
    graph = nx.MultiGraph()
    for row in person.records:
        graph.add_node(row["record_key"], system=row["source_system"], name=row["full_name"] or "", own=True)
    for link in person.links:
        for key in (link["record_key_a"], link["record_key_b"]):
            if key not in graph:
                graph.add_node(key, system=key.split("|")[0], name="another person", own=False)
        graph.add_edge(link["record_key_a"], link["record_key_b"], **link)
    return graph


def _figure(person: Person) -> Figure:
    graph = graph_of(person)
    nodes = list(graph)
    places = (
        nx.spring_layout(nx.Graph(graph), seed=7, k=2.2 / max(1, len(nodes)) ** 0.5)
        if len(nodes) > 1
        else {nodes[0]: (0.0, 0.0)}
    )
    size = min(24.0, 6 + 1.2 * len(nodes) ** 0.75)
    figure = Figure(figsize=(size * 1.3, size), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.margins(0.2)
    axes.set_title(f"{person.name}  {person.golden_customer_id}")
    systems = sorted({graph.nodes[node]["system"] for node in nodes})
    colour = {system: COLOURS[place % len(COLOURS)] for place, system in enumerate(systems)}
    for one, other, link in graph.edges(data=True):
        followed = graph.nodes[one]["own"] and graph.nodes[other]["own"] and link["zone"] == "automatic"
        nx.draw_networkx_edges(
            graph,
            places,
            edgelist=[(one, other)],
            ax=axes,
            style=STYLES.get(link["link_type"], "solid") if followed else "dotted",
            edge_color="#404040" if followed else "#c03030",
            width=1 + 2 * float(link["match_probability"] or 0) if followed else 1.2,
        )
    if len(nodes) <= 30:
        labels: dict[tuple[str, str], str] = {}
        for one, other, link in graph.edges(data=True):
            pair = (min(one, other), max(one, other))
            said = f"{link['rule']} {shown_probability(link['match_probability'])}"
            labels[pair] = f"{labels[pair]}\n{said}" if pair in labels else said
        nx.draw_networkx_edge_labels(nx.Graph(graph), places, labels, ax=axes, font_size=7)
    nx.draw_networkx_nodes(
        graph,
        places,
        ax=axes,
        nodelist=nodes,
        node_color=[colour[graph.nodes[node]["system"]] if graph.nodes[node]["own"] else "#ffffff" for node in nodes],
        edgecolors=[colour[graph.nodes[node]["system"]] for node in nodes],
        node_size=450,
    )
    shown = {node: f"{node}\n{graph.nodes[node]['name']}" if len(nodes) <= 60 else node for node in nodes}
    for node in nodes:
        axes.annotate(
            shown[node], places[node], (0, -16), textcoords="offset points", ha="center", va="top", fontsize=8
        )
    axes.legend(handles=_legend(colour), loc="lower left", fontsize=7, frameon=False)
    return figure


def _legend(colour: dict[str, str]) -> list[Any]:
    systems = [Line2D([], [], marker="o", linestyle="", color=value, label=name) for name, value in colour.items()]
    kinds = [Line2D([], [], linestyle=style, color="#404040", label=name) for name, style in STYLES.items()]
    return [*systems, *kinds, Line2D([], [], linestyle="dotted", color="#c03030", label="not followed")]


def _page(person: Person, svg: str) -> str:
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(str(cell))}</td>"
            for cell in (
                link["record_key_a"],
                link["record_key_b"],
                link["link_type"],
                link["rule"],
                shown_probability(link["match_probability"]),
                link["zone"],
                in_words(link["evidence"]),
            )
        )
        + "</tr>"
        for link in person.links
    )
    title = html.escape(f"{person.name} ({person.golden_customer_id})")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>'
        "body{font:14px sans-serif;margin:2em}svg{max-width:100%;height:auto}td,th{text-align:left;padding:2px 12px 2px 0}</style></head>"
        f"<body><h1>{title}</h1>{svg[svg.index('<svg') :]}<table><tr><th>record</th><th>record</th><th>type</th><th>rule</th>"
        f"<th>probability</th><th>zone</th><th>evidence</th></tr>{lines}</table></body></html>\n"
    )
