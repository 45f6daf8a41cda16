"""What the commands say when something is missing or wrong: one sentence that names it and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from rich.console import Console

from command_line.demo_page import _people_table
from ingestion.contracts import read_contracts

Command = Callable[..., Result]


def test_contracts_lists_every_column_of_every_contract(command: Command) -> None:
    result = command("contracts")
    assert result.exit_code == 0
    for contract in read_contracts().values():
        assert f"landing/files/{contract.name}/" in result.stdout
        for column in contract.columns:
            assert column.name in result.stdout
    one = command("contracts", "users")
    assert "user_id" in one.stdout
    assert "landing/files/accounts/" not in one.stdout


def test_a_contract_that_does_not_exist(command: Command) -> None:
    result = command("contracts", "nosuch")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "There is no contract 'nosuch'" in result.stderr
    for name in read_contracts():
        assert name in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--accounts", "0"], ["accounts", "0", "1 to 1000000"]),
        (["--days", "0"], ["days", "0", "1 to 7300"]),
        (["--seed", "-1"], ["seed", "-1"]),
    ],
)
def test_a_company_that_cannot_be_simulated(
    command: Command, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    result = command("simulate", *arguments, "--out", tmp_path / "new")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr
    assert not (tmp_path / "new").exists()


def test_simulate_never_replaces_files_of_others(command: Command, tmp_path: Path) -> None:
    mine = tmp_path / "landing" / "files" / "accounts.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("customer_id\n1\n")
    result = command("simulate", "--accounts", 5, "--days", 40, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert mine.read_text() == "customer_id\n1\n"


def test_status_before_any_run(command: Command, tmp_path: Path) -> None:
    result = command("status", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "no release is out" in result.stdout
    assert "customer-analytics run" in result.stdout


def test_publish_before_any_run(command: Command, tmp_path: Path) -> None:
    result = command("publish", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "customer-analytics run" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "'nowhere' is no folder"),
        ([".", "--mapping", "nowhere.yml"], "There is no mapping file 'nowhere.yml'"),
    ],
)
def test_check_of_nothing(command: Command, arguments: list[str], words: str) -> None:
    result = command("check", *arguments)
    assert result.exit_code == 1
    assert words in result.stderr


def test_the_page_about_people_fits_a_narrow_screen() -> None:
    """Within 80 columns, of which the frame takes six, every header and number is whole."""
    console = Console(width=74, color_system=None)
    with console.capture() as captured:
        console.print(_people_table((628_712, 334_421, 436_733, 21_818, 10, 170_243, 0.921, 28_523, 12), (173, 425)))
    for word in "records people rule model decided alone without review pairs 628,712 334,421 436,733 170,243 92.1% 28,523".split():
        assert word in captured.get().replace("\n", " ").split()
