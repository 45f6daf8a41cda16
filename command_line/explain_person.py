"""Explains a golden customer: which records it is made of, why they are taken for one person, and why each value survived."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from operations.faults import kind_of, sentence_of

Row = dict[str, Any]

#: The order in which fields are shown.
FIELDS = (
    "title given_name middle_name family_name full_name birth_date gender email phone mobile_phone house_number street_address "
    "address_line_2 city postcode region country language company_name job_title"
).split()
SHOWN_REJECTED = 3
SHOWN_ROWS = 60
SHOWN_EVIDENCE = 3


class ExplainError(Exception):
    """The question cannot be answered; the message says why and what to do."""


@dataclass(frozen=True)
class Person:
    """A golden customer with everything that explains it."""

    golden_customer_id: str
    golden: Row
    fields: list[Row]
    records: list[Row]
    links: list[Row]
    conflicts: list[Row]
    decisions: list[Row]
    changes: list[Row]
    accounts: list[Row]
    notes: list[str] = field(default_factory=list)

    @property
    def record_keys(self) -> set[str]:
        return {row["record_key"] for row in self.records}

    @property
    def name(self) -> str:
        return str(self.golden.get("full_name") or self.golden.get("email") or self.golden_customer_id)


def open_warehouse(data_dir: Path) -> duckdb.DuckDBPyConnection:
    """The private warehouse, read-only. Raises ExplainError if there is none, it is in use, or holds no golden records."""
    path = data_dir / "warehouse.duckdb"
    if not path.exists():
        raise ExplainError(f"There is no {path}; run `customer-analytics run` first.")
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if kind_of(error) == "in_use":
            raise ExplainError(
                "Another process has the warehouse open for writing (a build, or a shell with warehouse.duckdb): wait for its end and ask again."
            ) from error
        said = sentence_of(error, data_dir) or f"{path} cannot be read: {str(error).splitlines()[0]}"
        raise ExplainError(said) from error
    if not {"silver.golden_customers", "silver.golden_fields"} <= tables(con):
        con.close()
        raise ExplainError(f"{path} holds no golden records yet; run `customer-analytics run` first.")
    return con


def tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """All tables of the warehouse as schema.table."""
    found = con.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
    return {name for (name,) in found}


def rows(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """The rows of a query by column name."""
    answer = con.execute(sql, list(values))
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def find_person(con: duckdb.DuckDBPyConnection, asked: str) -> tuple[str, list[str]]:
    """The golden id that is meant by a golden id, a record (system|id) or a mail address, and what is to be said about the search."""
    asked = asked.strip()
    if rows(con, "select 1 from silver.golden_customers where golden_customer_id = ?", [asked]):
        return asked, []
    found = rows(con, "select golden_customer_id from silver.identity_map where record_key = ?", [asked])
    if not found and "silver.identity_changes" in tables(con):
        now = _now_called(con, asked)
        if now:
            return now[0], now[1:]
    if not found and "@" in asked:
        found = rows(
            con,
            "select distinct identity_map.golden_customer_id from silver.source_records inner join silver.identity_map "
            "using (record_key) where lower(source_records.email) = lower(?) or source_records.email_key = lower(?) order by all",
            [asked, asked],
        )
        if len(found) > 1:
            shown = ", ".join(row["golden_customer_id"] for row in found[:5]) + (" …" if len(found) > 5 else "")
            raise ExplainError(f"{len(found)} persons have the address {asked}: ask for one of them, {shown}.")
    if not found:
        raise ExplainError(
            f"Nobody is known as '{asked}'; give a golden_customer_id, a record as system|id (crm|123), or a mail address."
        )
    return str(found[0]["golden_customer_id"]), []


def _now_called(con: duckdb.DuckDBPyConnection, asked: str) -> list[str]:
    """Where the records of a golden id went that is no more: its successor, and a sentence."""
    moved = rows(
        con,
        "select identity_map.golden_customer_id, count(*) as records from silver.identity_changes as changes "
        "inner join silver.identity_map using (record_key) where changes.from_golden_customer_id = ? "
        "group by all order by records desc, golden_customer_id",
        [asked],
    )
    if len(moved) > 1:
        shown = ", ".join(row["golden_customer_id"] for row in moved[:5])
        raise ExplainError(f"The records of {asked} now belong to {len(moved)} persons: ask for one of them, {shown}.")
    return (
        [moved[0]["golden_customer_id"], f"{asked} is no more; its records belong to this person now."] if moved else []
    )


def read_person(con: duckdb.DuckDBPyConnection, golden_customer_id: str, notes: Sequence[str] = ()) -> Person:
    """Everything the warehouse holds about a golden customer."""
    there = tables(con)
    records = rows(
        con,
        "select records.*, identity_map.match_type, identity_map.match_probability, identity_map.matched_at "
        "from silver.identity_map inner join silver.source_records as records using (record_key) "
        "where identity_map.golden_customer_id = ? order by records.created_at nulls last, record_key",
        [golden_customer_id],
    )
    keys = [row["record_key"] for row in records]

    def about_pairs(table: str, both: bool, order: str) -> list[Row]:
        if table not in there:
            return []
        word = "and" if both else "or"
        return rows(
            con,
            f"select * from {table} where record_key_a in (select unnest(?)) {word} record_key_b in (select unnest(?)) "
            f"order by {order}, record_key_a, record_key_b limit 1000",
            [keys, keys],
        )

    golden = rows(con, "select * from silver.golden_customers where golden_customer_id = ?", [golden_customer_id])
    fields = rows(con, "select * from silver.golden_fields where golden_customer_id = ?", [golden_customer_id])
    changes = (
        rows(
            con,
            "select * from silver.identity_changes where record_key in (select unnest(?)) or from_golden_customer_id = ? "
            "or to_golden_customer_id = ? order by as_of, load_id, record_key",
            [keys, golden_customer_id, golden_customer_id],
        )
        if "silver.identity_changes" in there
        else []
    )
    return Person(
        golden_customer_id,
        golden[0],
        sorted(fields, key=lambda row: place_of(row["field"])),
        records,
        about_pairs("silver.identity_links", False, "match_probability desc nulls last"),
        about_pairs("silver.identity_conflicts", False, "1"),
        _decisions(con, there, keys),
        changes,
        rows(
            con,
            "select * from silver.golden_customer_accounts where golden_customer_id = ? order by customer_id",
            [golden_customer_id],
        ),
        list(notes),
    )


def _decisions(con: duckdb.DuckDBPyConnection, there: set[str], keys: list[str]) -> list[Row]:
    if "reference.identity_decisions" not in there:
        return []
    return rows(
        con,
        "select * from (select *, replace(source_system_a, '|', '%7C') || '|' || source_record_id_a as record_key_a, "
        "replace(source_system_b, '|', '%7C') || '|' || source_record_id_b as record_key_b from reference.identity_decisions) "
        "where record_key_a in (select unnest(?)) or record_key_b in (select unnest(?)) order by decided_at, record_key_a, record_key_b",
        [keys, keys],
    )


def in_words(evidence: str | None) -> str:
    """The evidence of a link, which is a JSON object, as a sentence; what is unknown is left out."""
    return ", ".join(words for words, _ in _facts(evidence))


def in_short(evidence: str | None) -> str:
    """The strongest of what speaks for a link, and all that speaks against it."""
    facts = sorted(_facts(evidence, with_prior=False), key=lambda fact: -abs(fact[1]))
    pros = [words for words, bits in facts if bits >= 0]
    cons = [words for words, bits in facts if bits < 0]
    more = f", {len(pros) - SHOWN_EVIDENCE} more" if len(pros) > SHOWN_EVIDENCE else ""
    against = f"against: {', '.join(cons)}" if cons else ""
    return "; ".join(part for part in (", ".join(pros[:SHOWN_EVIDENCE]) + more, against) if part)


def _facts(evidence: str | None, with_prior: bool = True) -> list[tuple[str, float]]:
    """What is known of a pair in words, each with the bits it adds; a rule knows no bits, only what speaks for a link (0) and against it (-1)."""
    try:
        facts = json.loads(evidence or "{}")
    except ValueError:
        return [(evidence or "", 0.0)]
    if not isinstance(facts, dict):
        return [(str(facts), 0.0)]
    said: list[tuple[str, float]] = []
    for name, value in facts.items():
        words = name.replace("_", " ")
        if value in (None, "", "unknown", "null") or (name == "prior" and not with_prior):
            continue
        if isinstance(value, list):  # what the model found, and the bits it adds
            said.append((f"{value[0]} ({value[1]:+.1f})", float(value[1])))
        elif name == "places":
            parts = ("no part", "one part", "two parts", "three parts")[min(int(value), 3)]
            said.append((f"{parts} of the address agree{'' if value > 1 else 's'}", 0.0 if value else -1.0))
        elif name == "identifiers":
            said.append((f"same {value}", 0.0))
        elif value in ("same", "similar", "doubtful", "different"):
            said.append((f"{value} {words}", -1.0 if value in ("doubtful", "different") else 0.0))
        else:
            said.append((f"{words}: {round(value, 4) if isinstance(value, float) else value}", 0.0))
    return said


def shown_probability(probability: float | None) -> str:
    """A probability to four places, rounded down: 1 is shown only where it is 1."""
    return "" if probability is None else f"{math.floor(probability * 10_000) / 10_000:g}"


def place_of(name: str) -> int:
    """The place of a field among those of the golden record."""
    return FIELDS.index(name) if name in FIELDS else len(FIELDS)


def print_person(console: Console, person: Person, all_links: bool = False) -> None:
    """The whole explanation as tables; of the links the best of each record, or all of them with all their evidence."""
    golden = person.golden
    for note in person.notes:
        console.print(note)
    flags = [
        words
        for name, words in (
            ("is_deleted", "deleted everywhere"),
            ("is_test", "test"),
            ("is_internal", "our own staff"),
        )
        if golden.get(name)
    ]
    console.print(
        f"[bold]{escape(person.name)}[/bold]  {person.golden_customer_id}"
        + (f"  ({', '.join(flags)})" if flags else "")
    )
    console.print(
        f"{counted(golden['records'], 'record')} in {counted(golden['source_systems'], 'system')}, "
        f"first seen {_day(golden['first_seen_at'])}, last changed {_day(golden['last_updated_at'])}; "
        f"completeness {golden['completeness_score']:.0f} of 100, conflict {golden['conflict_score']:.0f} of 100"
    )
    if person.accounts:
        console.print(
            "accounts: "
            + ", ".join(escape(f"{row['customer_id']} (by {row['record_key']})") for row in person.accounts)
        )
    print_table(
        console,
        "golden record: what survived, and why",
        ["field", "value", "source record", "rule", "agreement", "instead of"],
        [
            [
                row["field"],
                row["value"],
                row["record_key"],
                row["rule"],
                f"{round(row['agreement_rate'] * row['candidates'])} of {row['candidates']}",
                _rejected(row["rejected_candidates"]),
            ]
            for row in person.fields
        ],
    )
    print_table(
        console,
        "records",
        ["record", "name", "birth date", "email", "phone", "address", "changed", "how it came in"],
        [_record_cells(row) for row in person.records],
    )
    inside = [row for row in person.links if {row["record_key_a"], row["record_key_b"]} <= person.record_keys]
    outside = [row for row in person.links if row not in inside]
    for title, links in (
        ("links between these records", inside),
        ("links to records of other persons, not followed", outside),
    ):
        if all_links:
            columns = ["record", "record", "type", "rule", "probability", "zone", "evidence"]
            print_table(console, title, columns, [_link_cells(row) for row in links])
        else:
            _print_best_links(console, title, person, links)
    print_table(
        console,
        "pairs that must not be one person, so that links between them are cut",
        ["record", "record", "why"],
        [[row["record_key_a"], row["record_key_b"], row["reason"]] for row in person.conflicts],
    )
    print_table(
        console,
        "decisions of people",
        ["record", "record", "decision", "by", "when", "reason"],
        [
            [
                row["record_key_a"],
                row["record_key_b"],
                row["decision"],
                row["decided_by"],
                _day(row["decided_at"]),
                row["reason"],
            ]
            for row in person.decisions
        ],
    )
    print_table(
        console,
        "history",
        ["when", "record", "change", "from", "to", "cause", "who", "why"],
        [
            [
                _day(row["as_of"]),
                row["record_key"],
                row["change"],
                row["from_golden_customer_id"],
                row["to_golden_customer_id"],
                row["cause"],
                row["decided_by"],
                row["reason"],
            ]
            for row in person.changes
        ],
    )


def _print_best_links(console: Console, title: str, person: Person, links: Sequence[Row]) -> None:
    """Of each record the link that is most probable, and how many others it has."""
    if not links:
        return
    console.print(f"\n[bold]{title}[/bold]" + (f" ({len(links)})" if len(links) > 1 else ""))
    shown = set()
    for record in person.records[:SHOWN_ROWS]:
        key = record["record_key"]
        own = [row for row in links if key in (row["record_key_a"], row["record_key_b"])]
        if not own:
            continue
        best = max(own, key=_strength)
        seen = id(best) in shown
        shown.add(id(best))
        other = best["record_key_b"] if best["record_key_a"] == key else best["record_key_a"]
        others = f", and {counted(len(own) - 1, 'other')}" if len(own) > 1 else ""
        said = f"{best['rule']}, {shown_probability(best['match_probability'])}, {best['zone']}"
        console.print(f"{escape(key)} – {escape(other)}: {'as above' if seen else escape(said)}{others}")
        if not seen:
            console.print(Padding(escape(in_short(best["evidence"])), (0, 0, 0, 4), expand=False), style="dim")
    if len(shown) < len(links):
        console.print("The best link of each record; --all-links shows every one.")


def _strength(link: Row) -> tuple[bool, float, float]:
    """What somebody decided first, then what is most probable."""
    return link["link_type"] == "manual", link["match_probability"] or 0.0, link["match_weight"] or 0.0


def counted(count: int, word: str) -> str:
    """A number of things in words: 1 record, 2 records."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def print_table(console: Console, title: str, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> None:
    """A table with a title; nothing where it would be empty."""
    if not cells:
        return
    console.print(f"\n[bold]{title}[/bold]" + (f" ({len(cells)})" if len(cells) > 1 else ""))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in cells[:SHOWN_ROWS]:
        table.add_row(*(escape(_text(cell)) for cell in row))
    console.print(table)
    if len(cells) > SHOWN_ROWS:
        console.print(f"… and {len(cells) - SHOWN_ROWS} more")


def _record_cells(row: Row) -> list[Any]:
    state = [
        word
        for name, word in (("is_deleted", "deleted"), ("is_test", "test"), ("is_internal", "staff"))
        if row.get(name)
    ]
    address = " ".join(
        _text(row[name]) for name in ("house_number", "street_address", "postcode", "city", "country") if row[name]
    )
    phones = ", ".join(row[name] for name in ("phone", "mobile_phone") if row[name])
    came = f"{row['match_type']}" + (
        f" {shown_probability(row['match_probability'])}" if row["match_type"] != "single" else ""
    )
    key = row["record_key"] + (f" ({', '.join(state)})" if state else "")
    return [
        key,
        row["full_name"],
        row["birth_date"] or row["birth_digits"],
        row["email"],
        phones,
        address,
        _day(row["updated_at"]),
        came,
    ]


def _link_cells(row: Row) -> list[Any]:
    return [
        row["record_key_a"],
        row["record_key_b"],
        row["link_type"],
        row["rule"],
        shown_probability(row["match_probability"]),
        row["zone"],
        in_words(row["evidence"]),
    ]


def _rejected(text: str) -> str:
    values = json.loads(text)
    shown = ", ".join(
        f"{row['value']} ({row['record_key']}" + (f", {row['records']} records)" if row["records"] > 1 else ")")
        for row in values[:SHOWN_REJECTED]
    )
    return shown + (f", {len(values) - SHOWN_REJECTED} more" if len(values) > SHOWN_REJECTED else "")


def _day(moment: Any) -> str:
    return "unknown" if moment is None or str(moment).startswith("1900-01-01") else str(moment)[:10]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
