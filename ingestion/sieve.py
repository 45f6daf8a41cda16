"""Parts the records of a file that needs care into good ones, for the fast reader, and others, with their reasons."""

from __future__ import annotations

import csv
import json
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

from ingestion.careful_csv import MAX_LINE_BYTES, Record


class Sieve:
    """Parts the records of a file that need care into those a fast reader can take over and those it cannot.

    The good ones are written to a plain temporary file (`path`), their lines noted in `lines` in the same order; the others are
    in `rejects` with their reasons.
    """

    def __init__(self) -> None:
        self.lines = array("q")
        self.rejects: list[Record] = []

    def __enter__(self) -> Sieve:
        self._folder = tempfile.TemporaryDirectory(prefix="customer-analytics-")
        self.path = Path(self._folder.name) / "records"
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def keep_csv(self, records: Iterator[Record], columns: tuple[str, ...]) -> None:
        """Keep the records that have as many fields as there are columns."""
        width = len(columns)
        with self.path.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(columns)
            for record in records:
                if record.fields is None:
                    self.rejects.append(record)
                elif sum(map(len, record.fields)) > MAX_LINE_BYTES:
                    reason = f"the record is longer than {MAX_LINE_BYTES:,} characters"
                    self.rejects.append(Record(record.line, None, reason, record.raw))
                elif len(record.fields) < width or any(record.fields[width:]):
                    reason = f"{len(record.fields)} fields where the header has {width}"
                    self.rejects.append(Record(record.line, None, reason, record.raw))
                else:
                    # Empty fields too many, from a delimiter at the end of a line, mean nothing.
                    writer.writerow(record.fields[:width])
                    self.lines.append(record.line)

    def keep_json(self, records: Iterator[Record]) -> None:
        """Keep the lines that are JSON objects."""
        with self.path.open("w", newline="", encoding="utf-8") as target:
            for record in records:
                reason = record.reason if record.fields is None else _json_fault(record.fields[0])
                if reason is not None or record.fields is None:
                    self.rejects.append(Record(record.line, None, reason, record.raw))
                else:
                    target.write(record.fields[0].strip() + "\n")
                    self.lines.append(record.line)


def _json_fault(line: str) -> str | None:
    """Why a line is no JSON object that every reader can take, or None."""
    try:
        document = json.loads(line, parse_constant=_no_json_constant, object_pairs_hook=_no_key_twice)
        if "\\u" in line:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return "not readable as JSON: half a surrogate pair"
    except (ValueError, RecursionError) as error:
        return f"not readable as JSON: {error}"
    return None if isinstance(document, dict) else "the line is not a JSON object"


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} comes twice")
    return document


def _no_json_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
