"""`check` names the file, the line and the reason of whatever a build would set aside, and keeps nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

pytestmark = pytest.mark.slow


def test_check_names_place_and_reason(command: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(
        "customer_id,customer_nam,seats\nacc-1,One,5\nacc-2,Two,many\n,Nobody,1\nacc-3,Three\nacc-4,Four,4\n"
    )
    (tmp_path / "user.csv").write_text("email,customer_id\nann@one.example,acc-1\n")
    (tmp_path / "acounts.csv").write_text("customer_id\nacc-9\n")
    before = sorted(tmp_path.iterdir())
    result = command("check", tmp_path)
    assert result.exit_code == 1, result.output
    lines = " ".join(result.stdout.split())
    assert "accounts: 4 rows, 2 accepted, 2 would be set aside" in lines
    assert "files/accounts.csv:3: seats cannot be read as bigint: many" in lines
    assert "files/accounts.csv:4: customer_id is required and missing" in lines
    assert 'files/accounts.csv:5: 2 fields where the header has 3: "acc-3,Three' in lines
    assert "files/user.csv:2: user_id is required and missing" in lines
    assert "ann@one.example" not in lines
    assert "nothing reads a table 'acounts' of 'files'" in lines
    assert "did you mean the contract accounts?" in lines
    assert "column customer_nam is in no contract; did you mean customer_name?" in lines
    assert "nothing was loaded" in lines
    assert sorted(tmp_path.iterdir()) == before


def test_check_of_sound_files(command: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("customer_id,customer_name\nacc-1,One\n")
    result = command("check", tmp_path)
    assert result.exit_code == 0, result.output
    assert "accounts: 1 rows, 1 accepted, 0 would be set aside" in result.stdout
    assert "every row would be taken" in result.stdout
