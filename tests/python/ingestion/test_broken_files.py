"""A broken file never stops a load: it is set aside with its cause, or only the lines of it that are broken."""

from __future__ import annotations

import gzip
import io
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GOOD = b"customer_id,customer_name\nacc-1,One\nacc-2,Two\n"


def _parquet() -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({"customer_id": ["acc-1"], "created_at": [datetime(2026, 1, 31)]}), target)
    return target.getvalue()


# name, bytes, words that the reason holds
WHOLE_FILES = {
    "truncated gzip": ("accounts/broken.csv.gz", gzip.compress(GOOD * 500)[:-30], "gzip stream is damaged or cut off"),
    "damaged gzip": ("accounts/broken.csv.gz", gzip.compress(GOOD)[:20] + b"\xff" * 20, "gzip stream is damaged"),
    "columns of another table": ("accounts/broken.csv", b"ticket,opened\n1,2\n", "names none of the columns"),
    "headers of two files glued": (
        "accounts/broken.csv",
        b"customer_id,industry,Industry\n1,2,3\n",
        "two columns are called industry",
    ),
    "empty": ("accounts/broken.csv", b"", "empty: not even a header"),
    "blank lines only": ("accounts/broken.csv", b"\n\n\n", "header cannot be read"),
    "carriage returns alone": (
        "accounts/broken.csv",
        b"customer_id,industry\racc-1,x\racc-2,y",
        "carriage return alone",
    ),
    "header of 50 MB": (
        "accounts/broken.csv",
        b"customer_id" + b"x" * 50_000_000 + b"\n1\n",
        "the line is 50,000,012 bytes long",
    ),
    "header in latin-1": ("accounts/broken.csv", "customer_id,größe\n1,2\n".encode("latin-1"), "not UTF-8"),
    "parquet cut off": ("accounts/broken.parquet", _parquet()[:-20], "not readable as Parquet"),
    "no parquet at all": ("accounts/broken.parquet", GOOD, "not readable as Parquet"),
    "parquet that is gzipped": ("accounts/broken.parquet.gz", gzip.compress(_parquet()), "packed by itself"),
    "spreadsheet": ("accounts/broken.xlsx", b"PK\x03\x04", "the ending '.xlsx' is none of"),
}


@pytest.mark.parametrize(("name", "data", "cause"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_cannot_be_read_is_set_aside_with_its_cause(
    landing: Any, name: str, data: bytes, cause: str
) -> None:
    landing.put("files/accounts/good.csv", GOOD)
    landing.put(f"files/{name}", data)
    report = landing.load()
    found = landing.file(f"files/{name}")
    assert cause in found["reason"]
    assert found["status"] in ("quarantined", "not_read")
    assert found["rows_landed"] == found["rows_unreadable"] >= 1
    assert (report.files_loaded, report.files_set_aside) == (1, 1)
    assert landing.query("select count(*) from landing.files__accounts") == [(2,)]


# bytes of a CSV file with the columns customer_id, customer_name; lines that are taken; lines that are not, with the cause
LINES = {
    "latin-1 byte": (GOOD + b"acc-3,M\xfcller\nacc-4,Four\n", [2, 3, 5], {4: "not UTF-8: byte 8"}),
    "fewer fields": (GOOD + b"acc-3\nacc-4,Four\n", [2, 3, 5], {4: "1 fields where the header has 2"}),
    "more fields": (GOOD + b"acc-3,Three,3\nacc-4,Four\n", [2, 3, 5], {4: "3 fields where the header has 2"}),
    "50 MB line": (GOOD + b"x" * 50_000_000 + b"\nacc-4,Four\n", [2, 3, 5], {4: "the line is 50,000,001 bytes long"}),
    "unclosed quote": (GOOD + b'acc-3,"Three\nacc-4,Four\nacc-5,Five\n', [2, 3, 5, 6], {4: "not readable as CSV"}),
    "unclosed quote before a good one": (
        GOOD + b'acc-3,"Three\nacc-4,"Four\nlines"\nacc-5,Five\n',
        [2, 3, 5, 7],
        {4: "not readable as CSV"},
    ),
    "NUL byte": (GOOD + b"acc-3,Th\x00ree\n", [2, 3, 4], {}),
    "blank lines": (b"\n" + GOOD + b"\n\r\n\nacc-3,Three\n\n", [3, 4, 8], {}),
    "header only": (b"customer_id,customer_name\n", [], {}),
    "header without line end": (b"customer_id,customer_name", [], {}),
    "UTF-16": (GOOD.decode().encode("utf-16"), [2, 3], {}),
    "UTF-16, other order": (b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), [2, 3], {}),
    "header twice": (GOOD + GOOD, [2, 3, 4, 5, 6], {}),
    "git conflict": (GOOD + b"<<<<<<< HEAD\nacc-3,Three\n=======\n", [2, 3, 5], {4: "1 fields", 6: "1 fields"}),
}


@pytest.mark.parametrize(("data", "taken", "broken"), LINES.values(), ids=LINES)
def test_a_broken_line_costs_itself_only(landing: Any, data: bytes, taken: list[int], broken: dict[int, str]) -> None:
    landing.put("files/accounts/a.csv", data)
    landing.load()
    found = landing.file("files/accounts/a.csv")
    assert (found["status"], found["rows_landed"], found["rows_unreadable"]) == (
        "loaded",
        len(taken) + len(broken),
        len(broken),
    )
    assert [line for (line,) in landing.query("select landed_line from landing.files__accounts order by 1")] == taken
    reasons = dict(landing.query("select landed_line, reason from landing.unreadable_rows"))
    assert reasons.keys() == broken.keys()
    for line, cause in broken.items():
        assert cause in reasons[line]


# lines of a JSON Lines file; ids that are taken; lines that are not, with the cause
JSON_LINES: dict[str, tuple[list[bytes], list[str], dict[int, str]]] = {
    "cut line": ([b'{"customer_id":"1"}', b'{"customer_id":"2","cust', b'{"customer_id":"3"}'], ["1", "3"], {2: "not readable as JSON"}),
    "array on a line": ([b'{"customer_id":"1"}', b'["2"]', b'{"customer_id":"3"}'], ["1", "3"], {2: "not a JSON object"}),
    "text on the first line": ([b'"1"', b'{"customer_id":"2"}'], ["2"], {1: "not a JSON object"}),
    "number on the first line": ([b"1", b'{"customer_id":"2"}'], ["2"], {1: "not a JSON object"}),
    "null on the first line": ([b"null", b'{"customer_id":"2"}'], ["2"], {1: "not a JSON object"}),
    "two objects on a line": ([b'{"customer_id":"1"}{"customer_id":"2"}', b'{"customer_id":"3"}'], ["3"], {1: "not readable as JSON"}),
    "latin-1 byte": ([b'{"customer_id":"1"}', b'{"customer_id":"\xfc"}'], ["1"], {2: "not UTF-8"}),
    "type change": ([b'{"customer_id":1}', b'{"customer_id":"a"}', b'{"customer_id":[2]}'], ["1", "a", "[2]"], {}),
    "half a character": ([b'{"customer_id":"1"}', b'{"customer_id":"2","customer_name":"x\\ud83d"}', b'{"customer_id":"3"}'], ["1", "3"], {2: ""}),
    "one key twice": ([b'{"customer_id":"1"}', b'{"customer_id":"2","customer_id":"3"}'], ["1"], {2: "comes twice"}),
    "byte order mark": ([b'\xef\xbb\xbf{"customer_id":"1"}', b'{"customer_id":"2"}'], ["1", "2"], {}),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "taken", "broken"), JSON_LINES.values(), ids=JSON_LINES)
def test_a_broken_json_line_costs_itself_only(
    landing: Any, lines: list[bytes], taken: list[str], broken: dict[int, str]
) -> None:
    landing.put("files/accounts/a.jsonl", b"\n".join(lines) + b"\n")
    landing.load()
    found = landing.query("select customer_id from landing.files__accounts order by landed_line")
    assert [customer for (customer,) in found] == taken
    reasons = dict(landing.query("select landed_line, reason from landing.unreadable_rows"))
    assert reasons.keys() == broken.keys()
    for line, cause in broken.items():
        assert cause in reasons[line]
    assert landing.file("files/accounts/a.jsonl")["rows_landed"] == len(lines)


def test_a_json_document_over_many_lines_is_not_taken_for_rows(landing: Any) -> None:
    landing.put("files/accounts/a.json", b'[\n  {"customer_id": "1"},\n  {"customer_id": "2"}\n]\n')
    landing.load()
    assert landing.file("files/accounts/a.json")["rows_unreadable"] > 0
    assert all("JSON" in reason for (reason,) in landing.query("select reason from landing.unreadable_rows"))


def test_two_keys_that_mean_one_column_lose_nothing_silently(landing: Any) -> None:
    landing.put("files/accounts/a.jsonl", b'{"customerId":"1","customer_id":"2"}\n')
    landing.load()
    found = landing.file("files/accounts/a.jsonl")
    assert found["status"] == "quarantined" or found["rows_unreadable"] == 1


def test_headers_in_another_script_are_told_apart(landing: Any) -> None:
    landing.put("files/accounts/a.csv", "customer_id,名前,住所\nacc-1,ann,tokyo\n")
    landing.load()
    assert landing.file("files/accounts/a.csv")["status"] == "loaded"


def test_a_gzip_name_on_a_plain_file_does_not_matter(landing: Any) -> None:
    landing.put("files/accounts/plain.csv.gz", GOOD)
    landing.put("files/accounts/packed.csv", gzip.compress(GOOD))
    landing.put("files/accounts/parts.csv.gz", gzip.compress(GOOD) + gzip.compress(b"acc-3,Three\n"))
    landing.load()
    assert {name: landing.file(name)["rows_landed"] for name in landing.files()} == {
        "files/accounts/plain.csv.gz": 2,
        "files/accounts/packed.csv": 2,
        "files/accounts/parts.csv.gz": 3,
    }


def test_places_where_no_file_should_be(landing: Any) -> None:
    landing.put("files/accounts/good.csv", GOOD)
    landing.put("files/accounts/folder.csv/inner.csv", GOOD)
    landing.put("accounts.csv", GOOD)
    landing.put("sugar_crm/accounts/a.csv", GOOD)
    landing.put("files/invoces/a.csv", GOOD)
    (landing.folder / "files/accounts/nowhere.csv").symlink_to(landing.folder / "missing.csv")
    os.mkfifo(landing.folder / "files/accounts/pipe.csv")
    landing.load()
    expected = {
        "files/accounts/pipe.csv": "neither a file nor a folder",
        "files/accounts/folder.csv": "a directory where a file should be",
        "accounts.csv": "outside any system's folder",
        "sugar_crm/accounts/a.csv": "no connector or mapping is called 'sugar_crm'; known are files, hubspot, salesforce, snowplow, stripe, zendesk",
        "files/invoces/a.csv": "nothing reads a table 'invoces' of 'files'",
        "files/accounts/nowhere.csv": "cannot be opened",
    }
    for name, cause in expected.items():
        assert cause in landing.file(name)["reason"], name
        assert landing.file(name)["rows_landed"] == landing.file(name)["rows_unreadable"]
    assert landing.query("select count(*) from landing.files__accounts") == [(2,)]


def test_an_unreadable_permission_is_said_and_mended(landing: Any) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    path = landing.put("files/accounts/a.csv", GOOD)
    path.chmod(0)
    landing.load()
    assert "cannot be opened (Permission denied)" in landing.file("files/accounts/a.csv")["reason"]
    path.chmod(0o600)
    landing.load()
    assert landing.file("files/accounts/a.csv")["status"] == "loaded"


def test_a_file_that_could_not_be_opened_is_tried_again(landing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever mends a permission or a mount changes neither size nor time of the file.
    landing.put("files/accounts/a.csv", GOOD)
    real = Path.open

    def locked(path: Path, *args: Any, **named: Any) -> Any:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", locked)
        landing.load()
        assert "cannot be opened (Permission denied)" in landing.file("files/accounts/a.csv")["reason"]
    landing.load()
    assert landing.file("files/accounts/a.csv")["status"] == "loaded"


@pytest.mark.parametrize(
    "name",
    [
        "a [1].csv",
        "a*.csv",
        "a?.csv",
        "a 'b'.csv",
        "ä ö.csv",
        "a{1,2}.csv",
        "%41.csv",
        "a;b.csv",
        "a\nb.csv",
        "[a-z].csv.gz",
    ],
)
def test_a_strange_file_name_names_that_file_alone(landing: Any, name: str) -> None:
    landing.put("files/accounts/a1.csv", GOOD)
    landing.put("files/accounts/a .csv", GOOD)
    data = b"customer_id,customer_name\nacc-9,Nine\n"
    landing.put(f"files/accounts/{name}", gzip.compress(data) if name.endswith("gz") else data)
    landing.load()
    assert landing.query(
        "select customer_id from landing.files__accounts inner join landing.files on file_id = landed_file_id "
        "where source_file not in ('files/accounts/a1.csv', 'files/accounts/a .csv')"
    ) == [("acc-9",)]


def test_a_type_that_changes_midway_is_text_all_the_way(landing: Any) -> None:
    rows = "".join(f"acc-{number},{number if number < 30_000 else 'many'}\n" for number in range(30_010))
    landing.put("files/accounts/a.csv", "customer_id,seats\n" + rows)
    landing.load()
    assert landing.query("select count(*), count(*) filter (seats = 'many') from landing.files__accounts") == [
        (30_010, 10)
    ]
