"""Reads delimited text that the fast reader would refuse or silently shorten, record by record.

Used only for files that hold something unusual (a field with a line break, a blank line, a byte that is no UTF-8, a wrong number
of fields, an endless line). It gives the physical line of every record and a reason for every one that it cannot give.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

MAX_LINE_BYTES = 2 * 1024 * 1024
MAX_RECORD_LINES = 1_000
KEPT_RAW_CHARACTERS = 2_000


@dataclass(frozen=True)
class Record:
    """One record: its first line, and either its fields or the reason it cannot be read with what stood there."""

    line: int
    fields: list[str] | None
    reason: str | None = None
    raw: str | None = None


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    problem: str | None = None


class _Broken(Exception):
    """The record runs into a line that cannot be part of it."""


class Lines:
    """Physical lines of a byte stream, decoded one by one, with a way to put lines back."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._number = 0
        self._waiting: deque[_Line] = deque()

    def next(self) -> _Line | None:
        if self._waiting:
            return self._waiting.popleft()
        data = self._stream.readline(MAX_LINE_BYTES + 1)
        if not data:
            return None
        self._number += 1
        if len(data) > MAX_LINE_BYTES:
            size = len(data)
            while not data.endswith(b"\n"):
                data = self._stream.readline(MAX_LINE_BYTES)
                if not data:
                    break
                size += len(data)
            return _Line(self._number, "", f"the line is {size:,} bytes long; at most {MAX_LINE_BYTES:,} are read")
        if self._number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        try:
            return _Line(self._number, data.decode(self._encoding))
        except UnicodeDecodeError as error:
            shown = data.decode(self._encoding, errors="replace")
            return _Line(self._number, shown, f"not {self._encoding.upper()}: byte {error.start + 1} of the line")

    def put_back(self, lines: list[_Line]) -> None:
        self._waiting.extendleft(reversed(lines))


def delimited_records(lines: Lines, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """Records of delimited text (RFC 4180), each with its first physical line.

    A record that cannot be closed costs only its first line: reading goes on with the line after it. Blanks around quotes do not
    count, and a blank line is a record only where records have one field (`width` is 1), as the fast reader has it.
    """
    blanks = _blanks_around_quotes(delimiter)
    while (first := lines.next()) is not None:
        raw = first.text[:KEPT_RAW_CHARACTERS]
        if first.problem:
            yield Record(first.number, None, first.problem, raw)
        elif not first.text.strip("\r\n"):
            if width == 1:
                yield Record(first.number, [""], raw=raw)
        else:
            fields, reason = _fields(first.text, lines, delimiter)
            loosened = blanks.sub(_without_blanks, first.text)
            if loosened != first.text and (
                fields is None or any(field.lstrip(" ").startswith('"') for field in fields)
            ):
                fields, reason = _fields(loosened, lines, delimiter)
            yield Record(first.number, fields, reason, raw)


@lru_cache
def _blanks_around_quotes(delimiter: str) -> re.Pattern[str]:
    edge = rf"{re.escape(delimiter)}\r\n"
    return re.compile(rf'(?P<before>^|{re.escape(delimiter)}) +(?="(?:[^"]|"(?=[{edge}]|$)))|(?<=") +(?=[{edge}]|$)')


def _without_blanks(found: re.Match[str]) -> str:
    return found.group("before") or ""


def _fields(first: str, lines: Lines, delimiter: str) -> tuple[list[str] | None, str | None]:
    """The fields of the record that begins with the text `first`, or the reason why there are none; then no further line is used up."""
    taken: list[_Line] = []
    try:
        return next(csv.reader(_continuation(first, lines, taken), delimiter=delimiter, strict=True)), None
    except (csv.Error, _Broken) as error:
        lines.put_back(taken)
        return None, f"not readable as CSV: {error}"


def _continuation(first: str, lines: Lines, taken: list[_Line]) -> Iterator[str]:
    yield first
    while (line := lines.next()) is not None:
        taken.append(line)
        if line.problem:
            raise _Broken(f"a quoted field runs into line {line.number}, which cannot be read")
        if len(taken) >= MAX_RECORD_LINES:
            raise _Broken(f"a quoted field is not closed within {MAX_RECORD_LINES:,} lines")
        yield line.text


def text_lines(lines: Lines) -> Iterator[Record]:
    """Lines as records of one field, blank ones left out."""
    while (line := lines.next()) is not None:
        if line.problem:
            yield Record(line.number, None, line.problem, line.text[:KEPT_RAW_CHARACTERS])
        elif line.text.strip():
            yield Record(line.number, [line.text], raw=line.text[:KEPT_RAW_CHARACTERS])


csv.field_size_limit(MAX_LINE_BYTES * 4)
