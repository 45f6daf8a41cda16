"""What `explain person` says of a small company whose people are known, and of questions that cannot be answered."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import Result

from command_line.explain_person import FIELDS, counted, in_short, in_words, shown_probability
from command_line.pipeline import in_folders, run_dbt
from ingestion.contracts import PROJECT_DIR
from tests.python.parsed_project import parsed_project

Command = Callable[..., Result]

KIM = {"given_name": "Kim", "family_name": "Marlow", "birth_date": "1984-07-21"}
PEOPLE: list[dict[str, str]] = [
    {
        "origin_system": "crm",
        "source_record_id": "1",
        **KIM,
        "email": "kim.marlow@mail.example",
        "house_number": "12",
        "street_address": "High Street",
        "city": "Leeds",
        "postcode": "LS1 4AB",
        "country": "GB",
        "updated_at": "2023-01-05",
        "created_at": "2021-01-05",
    },
    {
        "origin_system": "shop",
        "source_record_id": "7,a",
        **KIM,
        "email": "kim.marlow@mail.example",
        "mobile_phone": "+447700900123",
        "city": "York",
        "country": "GB",
        "updated_at": "2025-02-05",
        "created_at": "2022-03-05",
    },
    {
        "origin_system": "shop",
        "source_record_id": "8",
        **KIM,
        "given_name": "Kimberley",
        "mobile_phone": "+447700900123",
        "house_number": "3",
        "street_address": "Low Road",
        "city": "York",
        "postcode": "YO1 7HH",
        "country": "GB",
        "updated_at": "2025-06-05",
        "created_at": "2022-06-05",
    },
    {
        "origin_system": "crm",
        "source_record_id": "3",
        "given_name": "Ada",
        "family_name": "Novak",
        "email": "ada@mail.example",
        "created_at": "2020-01-01",
    },
    {
        "origin_system": "crm",
        "source_record_id": "4",
        "given_name": "Bo",
        "family_name": "Berg",
        "email": "ada@mail.example",
        "created_at": "2020-01-01",
    },
    {
        "origin_system": "crm",
        "source_record_id": "5",
        "full_name": "Zoe Quist",
        "email": "\u200bZoe@mail.exa\u00admple\ufeff",
    },
    {"origin_system": "shop", "source_record_id": "10", "full_name": "Zoe Quist", "email": "zoe@mail.example"},
    {"origin_system": "crm", "source_record_id": "6", "full_name": "Ole Lind", "email": "+tag@firm.example"},
    {
        "origin_system": "shop",
        "source_record_id": "9",
        "given_name": "Tess",
        "family_name": "Tester",
        "is_test": "true",
        "created_at": "2020-01-01",
    },
]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the warehouse of the people above."""
    folder = tmp_path_factory.mktemp("people")
    landing = folder / "data" / "landing" / "files"
    for contract, rows in (
        ("customers", PEOPLE),
        (
            "users",
            [{"user_id": "u-1", "customer_id": "acc-1", "email": "kim.marlow@mail.example", "full_name": "Kim Marlow"}],
        ),
    ):
        path = landing / contract / "first.csv"
        path.parent.mkdir(parents=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
            writer.writeheader()
            writer.writerows(rows)
    (folder / "mappings").mkdir()
    models = [
        "+entity_people",
        "+fct_golden_fields",
        "silver__users",
        "path:models/silver/identity",
        "path:models/silver/golden",
    ]
    build = [
        "build",
        "--vars",
        "{as_of: '2026-01-01'}",
        "--exclude-resource-type",
        "test",
        "unit_test",
        "--select",
        *models,
    ]
    with in_folders(
        DATA_DIR=folder / "data",
        MAPPINGS_DIR=folder / "mappings",
        DBT_TARGET_PATH=folder / "target",
        DBT_LOG_PATH=folder / "logs",
    ):
        outcome = run_dbt(build, folder / "data", manifest=parsed_project())
    assert outcome.succeeded, outcome.problems
    return folder / "data"


def golden_id(people: Path, record_key: str) -> str:
    with duckdb.connect(str(people / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            "select golden_customer_id from silver.identity_map where record_key = ?", [record_key]
        ).fetchall()[0][0]


def line_of(text: str, start: str) -> str:
    """The first line that begins so, with single spaces."""
    return next(re.sub(r" +", " ", line).strip() for line in text.splitlines() if line.startswith(start))


@pytest.mark.slow
def test_a_person_is_explained_by_any_of_its_names(command: Command, people: Path) -> None:
    golden = golden_id(people, "crm|1")
    answers = [
        command("explain", "person", who, "--data-dir", people)
        for who in (golden, "crm|1", "shop|8", "Kim.Marlow@mail.example")
    ]
    assert [answer.exit_code for answer in answers] == [0, 0, 0, 0], answers[0].output
    assert len({answer.stdout for answer in answers}) == 1
    text = answers[0].stdout
    assert text.startswith(f"Kim Marlow {golden}") or text.startswith(f"Kim Marlow  {golden}")
    assert line_of(text, "street_address") == "street_address Low Road shop|8 most_recent 1 of 2 High Street (crm|1)"
    assert line_of(text, "family_name") == "family_name Marlow shop|7,a all_agree 4 of 4"
    assert "acc-1 (by files|user:u-1)" in text
    assert "same email, same given name, same family name" in text
    assert "4 records in 3 systems, first seen" in text
    assert "Ada" not in text


@pytest.mark.slow
def test_of_the_links_the_best_of_each_record_is_shown(command: Command, people: Path) -> None:
    text = command("explain", "person", "crm|1", "--data-dir", people).stdout
    with duckdb.connect(str(people / "warehouse.duckdb"), read_only=True) as con:
        links = con.execute(
            "select count(*) from silver.identity_links where record_key_a in ('crm|1', 'shop|7,a', 'shop|8', 'files|user:u-1')"
        ).fetchall()[0][0]
    shown = text[text.index(f"links between these records ({links})") :].split("\n\n")[0].splitlines()
    # A line for each record, and one with the evidence of every link that was not shown before.
    heads = [line for line in shown[1:] if " – " in line]
    assert [line.split(" – ")[0] for line in heads] == ["crm|1", "shop|7,a", "shop|8", "files|user:u-1"]
    assert "as above" in shown[-2] or "as above" in " ".join(heads)
    assert shown[-1].startswith("The best link of each record; --all-links")
    everything = command("explain", "person", "crm|1", "--all-links", "--data-dir", people).stdout
    assert "--all-links" not in everything
    assert sum(line.count("automatic") for line in everything.splitlines()) == links


@pytest.mark.slow
def test_an_address_is_read_as_it_is_meant(people: Path) -> None:
    """Characters that nobody sees are left out; a tag without a mailbox is nobody's address."""
    assert golden_id(people, "crm|5") == golden_id(people, "shop|10")
    with duckdb.connect(str(people / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute(
            "select email, email_key from silver.source_records where record_key in ('crm|5', 'crm|6') order by record_key"
        ).fetchall() == [("Zoe@mail.example", "zoe@mail.example"), ("+tag@firm.example", None)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], ["Nobody is known as 'nobody'", "system|id"]),
        (["crm|99"], ["Nobody is known as 'crm|99'"]),
        (["ada@mail.example"], ["2 persons have the address ada@mail.example", "gc_"]),
        (["crm|1", "--decide", "split:crm|1,shop|8"], ["'split:crm|1,shop|8' is no decision", "keep_apart:"]),
        (["crm|1", "--decide", "merge:crm|1,crm|99"], ["There is no record crm|99"]),
        (["crm|1", "--decide", "merge:crm|1,crm|1"], ["these are one"]),
        (["crm|1", "--decide", "merge:crm|3,crm|4"], ["Neither crm|3 nor crm|4 belongs to Kim Marlow (gc_"]),
        (["crm|1", "--picture", "graph.bmp"], [".svg", "'graph.bmp' does not"]),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(
    command: Command, people: Path, arguments: list[str], words: list[str]
) -> None:
    result = command("explain", "person", *arguments, "--data-dir", people)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


def test_without_a_warehouse(command: Command, tmp_path: Path) -> None:
    result = command("explain", "person", "crm|1", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "customer-analytics run" in result.stderr


def test_a_warehouse_from_before_golden_records(command: Command, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    result = command("explain", "person", "crm|1", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "holds no golden records yet" in result.stderr


def test_a_warehouse_that_is_being_built(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    code = f"import duckdb; con = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "open\n"
        result = command("explain", "person", "crm|1", "--data-dir", tmp_path)
        other.communicate("\n")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "Another process has the warehouse open" in result.stderr


@pytest.mark.slow
def test_a_decision_to_keep_apart_is_shown_and_not_taken(command: Command, people: Path) -> None:
    before = (people / "warehouse.duckdb").read_bytes()
    golden = golden_id(people, "crm|1")
    result = command("explain", "person", "crm|1", "--decide", "keep_apart:crm|1,shop|8", "--data-dir", people)
    assert result.exit_code == 0, result.output
    text = re.sub(r" +", " ", result.stdout)
    assert "The two records would be two persons." in text
    assert f"{golden} crm|1, files|user:u-1, shop|7,a, shop|8" in text
    assert f"golden ids kept: {golden}" in text
    assert f"{golden} street_address Low Road (shop|8) High Street (crm|1)" in text
    assert "silver.identity_map 4" in text
    assert (people / "warehouse.duckdb").read_bytes() == before


@pytest.mark.slow
def test_a_decision_to_merge_keeps_the_id_of_the_record_that_came_first(command: Command, people: Path) -> None:
    ada, bo = golden_id(people, "crm|3"), golden_id(people, "crm|4")
    assert ada != bo
    result = command("explain", "person", ada, "--decide", "merge:crm|4,crm|3", "--data-dir", people)
    assert result.exit_code == 0, result.output
    assert "The two records would be one person." in result.stdout
    assert f"golden ids kept: {ada}" in result.stdout
    assert f"golden ids no longer used: {bo}" in result.stdout


@pytest.mark.slow
def test_a_decision_that_changes_nothing(command: Command, people: Path) -> None:
    result = command("explain", "person", "crm|1", "--decide", "keep_apart:crm|3,shop|8", "--data-dir", people)
    assert result.exit_code == 0, result.output
    assert "No golden record changes: the two are two persons" in result.stdout


@pytest.mark.slow
def test_an_id_with_a_comma_can_be_decided_about(command: Command, people: Path) -> None:
    result = command("explain", "person", "crm|1", "--decide", "merge:crm|1,shop|7,a", "--data-dir", people)
    assert result.exit_code == 0, result.output
    assert "No golden record changes: the two are one person" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("html", b"<!doctype html>")])
def test_pictures(command: Command, people: Path, tmp_path: Path, ending: str, start: bytes) -> None:
    drawn = [tmp_path / f"{name}.{ending}" for name in ("one", "other")]
    for path in drawn:
        assert command("explain", "person", "crm|1", "--picture", path, "--data-dir", people).exit_code == 0
    content = drawn[0].read_bytes()
    assert content.startswith(start)
    assert content == drawn[1].read_bytes()
    if ending != "png":
        for key in ("crm|1", "shop|8", "files|user:u-1", "identifier_and_name"):
            assert key in content.decode()


@pytest.mark.slow
def test_a_test_record_is_nobody_readers_see(people: Path) -> None:
    with duckdb.connect(str(people / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from entity.entity_people").fetchall() == [(5,)]
        assert con.execute("select count(*), sum(cast(is_test as int)) from silver.golden_customers").fetchall() == [
            (6, 1)
        ]


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (None, ""),
        ("not json", "not json"),
        (
            '{"identifiers": "email", "given_name": "similar", "birth_date": "unknown", "places": 1}',
            "same email, similar given name, one part of the address agrees",
        ),
        ('{"places": 2}', "two parts of the address agree"),
        ('{"decided_by": "kim", "reason": "twins"}', "decided by: kim, reason: twins"),
        (
            '{"given_name": ["same given name", 4.2], "birth_date": ["other birth date", -6.6]}',
            "same given name (+4.2), other birth date (-6.6)",
        ),
    ],
)
def test_evidence_in_words(evidence: str | None, words: str) -> None:
    assert in_words(evidence) == words


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (
            '{"prior": ["any two records", -17.2], "street": ["same street", 1.25], "given_name": ["same given name", 4.2], "phone": ["phone", 9], '
            '"email": ["mail", 8], "place": ["other place", -2.1], "shared home": ["people who share a home", -3.0]}',
            "phone (+9.0), mail (+8.0), same given name (+4.2), 1 more; against: people who share a home (-3.0), other place (-2.1)",
        ),
        (
            '{"identifiers": "email", "given_name": "same", "family_name": "same", "birth_date": "doubtful", "places": 1}',
            "same email, same given name, same family name, 1 more; against: doubtful birth date",
        ),
        ('{"places": 0}', "against: no part of the address agrees"),
        (None, ""),
    ],
)
def test_evidence_in_short(evidence: str | None, words: str) -> None:
    assert in_short(evidence) == words


def test_a_probability_is_never_rounded_up_to_certainty() -> None:
    assert [shown_probability(value) for value in (None, 1.0, 0.99999, 0.5)] == ["", "1", "0.9999", "0.5"]


def test_one_is_not_many() -> None:
    assert [counted(number, "system") for number in (0, 1, 2)] == ["0 systems", "1 system", "2 systems"]


def test_the_fields_are_the_same_wherever_they_are_named() -> None:
    with (PROJECT_DIR / "seeds" / "survivorship_fields.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["field"] for row in rows] == FIELDS
    with (PROJECT_DIR / "seeds" / "survivorship_rules.csv").open(newline="") as file:
        assert {row["field_group"] for row in csv.DictReader(file)} == {row["field_group"] for row in rows}
    sql = (PROJECT_DIR / "models" / "silver" / "golden" / "silver__golden_fields.sql").read_text()
    for name in {row["field_group"] for row in rows} | set(FIELDS):
        assert f"when '{name}' then" in sql
    for model in ("silver/golden/silver__golden_customers", "entity/entity_people"):
        described = yaml.safe_load((PROJECT_DIR / "models" / f"{model}.yml").read_text())["models"][0]["columns"]
        assert [column["name"] for column in described][1 : 1 + len(FIELDS)] == FIELDS
