"""Whatever stands in a file that its format allows lands as it is, with the line on which it stands."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Land = Callable[[str, bytes], Any]
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ODD = st.sampled_from(
    [
        "",
        " ",
        ",",
        ";",
        "\t",
        '"',
        '""',
        "a,b",
        "x;y",
        'say "hi"',
        "two\nlines",
        "a\r\nb",
        "a\rb",
        "ünïcode ☃",
        "null",
        "\\",
        "'",
    ]
)
TEXT = st.one_of(ODD, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12))


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of two to four fields."""
    width = draw(st.integers(2, 4))
    return draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=8))


@PROPERTY
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    blanks=st.sets(st.integers(0, 8), max_size=3),
    start=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    packed=st.booleans(),
    ends=st.booleans(),
)
def test_a_table_written_as_csv_lands_as_it_is(
    box: Land,
    rows: list[list[str]],
    delimiter: str,
    line_end: str,
    quoting: Any,
    blanks: set[int],
    start: bytes,
    packed: bool,
    ends: bool,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    if any("\r" in field for row in rows for field in row):
        # A lone carriage return outside quotes is no field in any dialect; this version of the module would write it so.
        writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"column_{place}" for place in range(len(rows[0]))])
    expected = []
    for number, row in enumerate(rows):
        if number in blanks:
            text.write(line_end)
        expected.append((text.getvalue().count("\n") + 1, *(field or None for field in row)))
        writer.writerow(row)
    written = text.getvalue() if ends else text.getvalue().removesuffix(line_end)
    data = start + written.encode()
    landed = box("things.csv.gz" if packed else "things.csv", gzip.compress(data) if packed else data)
    assert landed.rows("box__things") == expected
    assert landed.file("box/things.csv" + (".gz" if packed else ""))["rows_landed"] == len(rows)


def _rows_alone_and_beside_a_broken_line(box: Land, data: bytes) -> list[Any]:
    """What lands of a file, and what lands of it if one more line of it, at its end, is no UTF-8 and asks for care."""
    found = []
    for last in (b"", b"\xff\n"):
        landed = box("things.csv", data + last)
        rejects = landed.query("select landed_line, reason from landing.unreadable_rows order by 1")
        found.append((landed.rows("box__things"), rejects[:-1] if last else rejects))
    return found


@PROPERTY
@given(body=st.text(st.sampled_from('ab",\nü"\n,'), max_size=40), line_end=st.sampled_from(["\n", "\r\n"]))
def test_the_fast_and_the_careful_way_give_the_same(box: Land, body: str, line_end: str) -> None:
    fast, careful = _rows_alone_and_beside_a_broken_line(box, ("a,b\n" + body + "\n").replace("\n", line_end).encode())
    reasons = (
        [(line, reason.split(":")[0]) for line, reason in fast[1]],
        [(line, reason.split(":")[0]) for line, reason in careful[1]],
    )
    assert (fast[0], reasons[0]) == (careful[0], reasons[1])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a\nx\n\ny\n", id="blank line in a file of one column"),
        pytest.param(b"a,b\n1,2,\n3,4\n", id="one empty field too many"),
        pytest.param(b'a,b\n1, "x"\n2,y\n', id="blank before a quote"),
        pytest.param(b'a,b\n1,"x" \n2,y\n', id="blank after a quote"),
        pytest.param(b"a,b\n1,2\r\n3,4\n", id="mixed line ends"),
        pytest.param(b"a,b\n1,2\n\r ,4\n5,6\n", id="lone carriage return"),
        pytest.param(b'a,b\n1,""\n2,\n', id="empty in quotes"),
        pytest.param(b"a,b\n1,\\N\n2, \n", id="blanks and backslashes"),
    ],
)
def test_a_row_means_the_same_whatever_else_its_file_holds(box: Land, data: bytes) -> None:
    alone, beside = _rows_alone_and_beside_a_broken_line(box, data)
    assert alone == beside


JSON_VALUE = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=5,
)


@PROPERTY
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(["id", "Name", "a b", "é"]), JSON_VALUE, min_size=1), min_size=1, max_size=6
    ),
    blank=st.booleans(),
    ascii_only=st.booleans(),
)
def test_json_lines_land_as_they_are(box: Land, rows: list[dict[str, Any]], blank: bool, ascii_only: bool) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    if blank:
        lines.insert(len(lines) // 2, "")
    landed = box("things.jsonl", ("\n".join(lines) + "\n").encode())
    columns = landed.file("box/things.jsonl")["columns"].split(", ")
    found = (
        [dict(zip(columns, values, strict=True)) for _, *values in landed.rows("box__things")]
        if columns != [""]
        else []
    )
    names = {"id": "id", "Name": "name", "a b": "a_b", "é": "é"}
    for row, line, document in zip(found, landed.rows("box__things"), rows, strict=False):
        assert json.loads(lines[line[0] - 1]) == document
        for key, value in document.items():
            text = row.get(names[key])
            if isinstance(value, dict | list):
                assert json.loads(text or "null") == value
            else:
                assert (text or None) == (
                    None if value in (None, "") else value if isinstance(value, str) else json.dumps(value)
                )
    assert landed.file("box/things.jsonl")["rows_landed"] == len(rows)


@pytest.mark.parametrize("beside", [b"", b'{"cut\n'])
def test_json_values_are_the_same_beside_a_broken_line(box: Land, beside: bytes) -> None:
    first = (
        b'{"id":123456789012345678901234,"amount":19.90,"empty":"","none":null,"list":[1, 2.50],"yes":true,"big":1e3}\n'
    )
    landed = box("things.jsonl", first + b'{"id":7}\n' + beside)
    columns = landed.file("box/things.jsonl")["columns"].split(", ")
    found = dict(zip(columns, landed.rows("box__things")[0][1:], strict=True))
    assert found.pop("list") in ("[1,2.5]", "[1, 2.5]", "[1, 2.50]")
    assert {name: found[name] for name in ("id", "yes")} == {"id": "123456789012345678901234", "yes": "true"}
    assert (float(found["amount"]), float(found["big"]), found["empty"] or None, found.get("none")) == (
        19.9,
        1000,
        None,
        None,
    )


def test_parquet_lands_as_text(box: Land, tmp_path: Any) -> None:
    table = pa.table(
        {
            "Id": pa.array([1, None, 2**62]),
            "at": pa.array(
                [datetime(2026, 1, 31, 12, 0, 0, 500_000), None, datetime(1969, 12, 31, 23, 59, 59)], pa.timestamp("us")
            ),
            "zoned": pa.array([datetime(2026, 1, 31, 12)] * 3, pa.timestamp("us", "UTC")),
            "amount": pa.array([Decimal("1.50"), Decimal("-0.01"), None], pa.decimal128(18, 2)),
            "text": ["", "two\nlines", "ü"],
            "flag": [True, False, None],
            "nested": [{"a": [1]}, None, {"a": []}],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    landed = box("things.parquet", (tmp_path / "t.parquet").read_bytes())
    assert landed.file("box/things.parquet")["columns"] == "id, at, zoned, amount, text, flag, nested"
    first, second, third = landed.rows("box__things")
    assert first[:3] == (1, "1", "2026-01-31 12:00:00.5")
    assert first[3].startswith("2026-01-31 12:00:00+00")
    assert (*first[4:7], json.loads(first[7])) == ("1.50", "", "true", {"a": [1]})
    assert second[:3] == (2, None, None)
    assert second[4:] == ("-0.01", "two\nlines", "false", None)
    assert third[1:3] == (str(2**62), "1969-12-31 23:59:59")


@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_in_order_though_the_file_is_read_in_parallel(
    box: Land, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    # The careful way would be right but slow: it must not be needed here.
    monkeypatch.setattr("ingestion.reading.Sieve", lambda *_: pytest.fail("an ordinary file was read with care"))
    data = b"number,filler\n" + b"".join(b"%d,%s\n" % (number, b"x" * (number % 97)) for number in range(300_000))
    landed = box("things.csv", gzip.compress(data, 1) if packed else data)
    assert landed.query(
        "select count(*), count(*) filter (cast(number as int) + 2 != landed_line) from landing.box__things"
    ) == [(300_000, 0)]
