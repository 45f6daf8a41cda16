"""Seeds that people edit by hand: what is wrong with a line is told by its number and what is allowed."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts import ConfigurationError
from ingestion.seeds import SEEDS_DIR, check_seeds, read_seeds

HEAD = "decision,source_system_a,source_record_id_a,source_system_b,source_record_id_b,decided_by,decided_at,reason"
GOOD = 'keep_apart,crm,1,shop,2,kim,2026-11-02 10:00:00,"father, and son"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in SEEDS_DIR.glob("*.yml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def told(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / f"{name}.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with duckdb.connect() as con, pytest.raises(ConfigurationError) as caught:
        check_seeds(con, folder)
    return str(caught.value)


def test_the_seeds_of_the_project_pass() -> None:
    with duckdb.connect() as con:
        check_seeds(con)
    described = {seed.name for seed in read_seeds()}
    assert described == {path.stem for path in SEEDS_DIR.glob("*.csv")}


def test_good_lines_pass(folder: Path) -> None:
    (folder / "identity_decisions.csv").write_text(f"{HEAD}\n{GOOD}\n\nmerge,crm,1,shop,3,,,\n")
    with duckdb.connect() as con:
        check_seeds(con, folder)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("merge,crm,1,shop,2,kim,yesterday,", ["line 4", "decided_at is 'yesterday'", "'2026-10-31 23:59:59'"]),
        ("merge,crm,1,shop,2,kim,2026-02-31,", ["line 4", "decided_at is '2026-02-31'"]),
        ("merge,crm,,shop,2,kim,,", ["line 4", "source_record_id_a is blank"]),
        ("merge,crm,1,  ,2,kim,,", ["line 4", "source_system_b is blank"]),
        ("split,crm,1,shop,2,kim,,", ["line 4", "decision is 'split'", "merge, keep_apart"]),
        (",crm,1,shop,2,kim,,", ["line 4", "decision is blank", "merge, keep_apart"]),
        ("merge,crm,1,shop,2,kim,,father, son", ["line 4", "9 fields", "header 8"]),
        ("merge,crm,1", ["line 4", "3 fields"]),
    ],
)
def test_a_wrong_decision_is_told_by_its_line(folder: Path, line: str, words: list[str]) -> None:
    # A reason over two lines comes before it.
    before = 'keep_apart,crm,1,shop,2,kim,2026-11-02,"father\nand son"'
    message = told(folder, "identity_decisions", f"{HEAD}\n{before}\n{line}\n{GOOD}\n")
    assert "identity_decisions.csv" in message
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("source_systems", "source_system,trust_rank\ncrm,1\n", ["line 1", "holds_duplicates"]),
        ("source_systems", "source_system,trust_rank,holds_duplicates\ncrm,first,true\n", ["line 2", "'first'", "a whole number"]),
        ("source_systems", "source_system,trust_rank,holds_duplicates\ncrm,1,perhaps\n", ["line 2", "'perhaps'", "true or false"]),
        ("name_suffixes", b"word,name_suffix_key\nj\xfcnger,junior\n", ["not UTF-8"]),
        ("name_suffixes", 'word,name_suffix_key\nsr,"senior" s\n', ["line 2", "CSV"]),
    ],
)  # fmt: skip
def test_every_seed_is_checked(folder: Path, name: str, text: str | bytes, words: list[str]) -> None:
    message = told(folder, name, text)
    for word in (f"{name}.csv", *words):
        assert word in message, message


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "conversion_events",
            "conversion_name,event_name,default_value,default_currency\nsale,buy,,\nsale,pay,,\nsale,buy,5,EUR\n",
            ["line 4 repeats conversion_name 'sale', event_name 'buy' of line 2"],
        ),
        (
            "robot_agents",
            "pattern,is_exception,description\nbot,false,any\n^(audio$,false,typo\n",
            ["line 3: pattern is '^(audio$'", "regular expression", "missing )"],
        ),
        (
            "conversion_events",
            "conversion_name,event_name,default_value,default_currency\nsale,buy,1,XXX\n",
            ["line 2: default_currency is 'XXX'", "seeds/currencies.csv"],
        ),
    ],
)
def test_a_wrong_line_of_a_rule_is_told_by_its_line(folder: Path, name: str, text: str, words: list[str]) -> None:
    seeds = folder / "seeds"
    seeds.mkdir()
    for path in [*folder.glob("*.yml"), SEEDS_DIR / "currencies.csv"]:
        shutil.copy(path, seeds)
    said = told(seeds, name, text)
    assert all(word in said for word in words), said
