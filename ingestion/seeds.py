"""Checks the seeds, which people edit by hand, against what is said of them in the YAML beside them, before dbt reads them.

dbt would stop in the middle of a build, with the database's words and without the line. Checked are the columns, the number of fields, the
types (`column_types`), columns that are patterns (`meta: {is_pattern: true}`), and the tests that speak of a line: `never_null`, `not_null`,
`accepted_values`, `unique`, `unique_together`, and `relationships` with another seed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ingestion.contracts import PROJECT_DIR, ConfigurationError

SEEDS_DIR = PROJECT_DIR / "seeds"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = ("varchar", "string", "text")
_REF = re.compile(r"ref\('(\w+)'\)")
_ALLOWED = {
    "timestamp": "a time like '2026-10-31 23:59:59'",
    "date": "a day like '2026-10-31'",
    "boolean": "true or false",
    "integer": "a whole number",
    "bigint": "a whole number",
    "double": "a number",
}


@dataclass
class Seed:
    """What the YAML says of a seed: its columns with types, those that may not be blank, the words that a column may hold, the columns that tell
    its lines apart, what refers to which column of another seed, and what is a regular expression.
    """

    name: str
    types: dict[str, str]
    required: set[str] = field(default_factory=set)
    words: dict[str, list[str]] = field(default_factory=dict)
    keys: list[list[str]] = field(default_factory=list)
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    patterns: set[str] = field(default_factory=set)


def read_seeds(folder: Path = SEEDS_DIR) -> Iterator[Seed]:
    """The seeds that the YAML files of a folder describe."""
    for path in sorted(folder.glob("*.yml")):
        for described in (yaml.load(path.read_text(), Loader=_Loader) or {}).get("seeds", []):
            types = (described.get("config") or {}).get("column_types") or {}
            seed = Seed(described["name"], {name: str(kind).lower() for name, kind in types.items()})
            for test in described.get("data_tests", []):
                if isinstance(test, dict) and "unique_together" in test:
                    seed.keys.append(test["unique_together"]["arguments"]["columns"])
                elif isinstance(test, dict) and "never_null" in test:
                    seed.required.update(test["never_null"]["arguments"]["columns"])
            for column in described.get("columns", []):
                if ((column.get("config") or {}).get("meta") or {}).get("is_pattern"):
                    seed.patterns.add(column["name"])
                for test in column.get("data_tests", []):
                    _take(seed, column["name"], test)
            yield seed


def _take(seed: Seed, column: str, test: str | dict[str, Any]) -> None:
    kind, rest = (test, {}) if isinstance(test, str) else next(iter(test.items()))
    config = (rest or {}).get("config") or {}
    if config.get("severity") == "warn" or config.get("where"):
        return
    if kind == "not_null":
        seed.required.add(column)
    elif kind == "unique":
        seed.keys.append([column])
    elif kind == "relationships" and (named := _REF.fullmatch(rest["arguments"]["to"])):
        seed.references[column] = (named[1], rest["arguments"]["field"])
    elif kind == "accepted_values" and seed.types.get(column, "varchar") in _TEXT:
        seed.words[column] = [str(value) for value in rest["arguments"]["values"]]


def check_seeds(con: duckdb.DuckDBPyConnection, folder: Path = SEEDS_DIR) -> None:
    """Raises ConfigurationError for the first line of a seed that cannot be read: the file, the line, the value, and what is allowed."""
    for seed in read_seeds(folder):
        path = folder / f"{seed.name}.csv"
        if path.exists():
            _check(con, seed, path)


def _check(con: duckdb.DuckDBPyConnection, seed: Seed, path: Path) -> None:
    shown, number = f"{path.parent.name}/{path.name}", 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            lines: list[tuple[int, list[str]]] = []
            number = reader.line_num + 1
            for fields in reader:
                if fields:
                    lines.append((number, fields))
                number = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown} is not UTF-8; save it as UTF-8.") from error
    except csv.Error as error:
        raise ConfigurationError(f"{shown} line {number} is not readable as CSV: {error}.") from error
    missing = [name for name in seed.types if name not in header]
    if missing:
        raise ConfigurationError(f"{shown} line 1 lacks the column {missing[0]}; the header is {','.join(seed.types)}.")
    for number, fields in lines:
        if len(fields) != len(header):
            raise ConfigurationError(
                f"{shown} line {number} has {len(fields)} fields, and the header {len(header)}; a value with a comma stands in quotes."
            )
        for name, value in zip(header, fields, strict=True):
            allowed = ", ".join(seed.words.get(name, []))
            if name in seed.required and not value.strip():
                must = f"one of {allowed}" if allowed else _allowed(seed.types.get(name, "varchar"))
                raise ConfigurationError(f"{shown} line {number}: {name} is blank; it must be {must}.")
            if value.strip() and allowed and value not in seed.words[name]:
                raise ConfigurationError(f"{shown} line {number}: {name} is '{value}'; it must be one of {allowed}.")
            if value and name in seed.patterns:
                try:
                    con.execute("select regexp_matches('', ?)", [value])
                except duckdb.Error as error:
                    raise ConfigurationError(
                        f"{shown} line {number}: {name} is '{value}'; it must be a regular expression ({error})."
                    ) from error
    _check_keys(seed, header, lines, shown)
    _check_references(seed, header, lines, path)
    for name, kind in seed.types.items():
        place = header.index(name)
        if kind in _TEXT:
            continue
        wrong = con.execute(
            f"select line, value from (select unnest(?::bigint[]) as line, unnest(?::varchar[]) as value) "
            f"where value != '' and try_cast(value as {kind}) is null order by line limit 1",
            [[number for number, _ in lines], [fields[place] for _, fields in lines]],
        ).fetchall()
        if wrong:
            raise ConfigurationError(
                f"{shown} line {wrong[0][0]}: {name} is '{wrong[0][1]}'; it must be {_allowed(kind)}."
            )


def _check_keys(seed: Seed, header: list[str], lines: list[tuple[int, list[str]]], shown: str) -> None:
    for key in seed.keys:
        places, first = [header.index(name) for name in key], dict[tuple[str, ...], int]()
        for number, fields in lines:
            values = tuple(fields[place] for place in places)
            if not any(values):
                continue
            if first.setdefault(values, number) != number:
                said = ", ".join(f"{name} '{value}'" for name, value in zip(key, values, strict=True))
                raise ConfigurationError(
                    f"{shown} line {number} repeats {said} of line {first[values]}; one line may have it."
                )


def _check_references(seed: Seed, header: list[str], lines: list[tuple[int, list[str]]], path: Path) -> None:
    for column, (other, known_by) in seed.references.items():
        target = path.with_name(f"{other}.csv")
        if not target.exists():
            continue
        with target.open(newline="", encoding="utf-8-sig") as file:
            known = {row.get(known_by) for row in csv.DictReader(file)}
        for number, fields in lines:
            value = fields[header.index(column)]
            if value and value not in known:
                raise ConfigurationError(
                    f"{path.parent.name}/{path.name} line {number}: {column} is '{value}'; it must be a {known_by} of "
                    f"{path.parent.name}/{target.name}."
                )


def _allowed(kind: str) -> str:
    return (
        "filled in" if kind in _TEXT else _ALLOWED.get(kind, "a number" if kind.startswith("decimal") else f"a {kind}")
    )
