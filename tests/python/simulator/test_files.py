"""The files: repeatable to the byte, shaped as the contracts, put in place whole, never over somebody else's."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped, unused-ignore]
import pytest
import yaml

from simulator.company import simulate

BRONZE = Path(__file__).parents[3] / "models" / "bronze"
LOADER_COLUMNS = {"source_system", "source_table", "source_file", "source_line", "load_id"}
CONTRACTS = {
    "accounts", "users", "subscriptions", "invoices", "payments", "support_tickets", "survey_invitations", "survey_responses", "customer_events",
    "customers", "customer_identifiers", "customer_relationships", "customer_preferences_consent", "customer_interactions",
    "lifecycle_events", "segment_assignments", "value_metrics", "product_ownership", "complaints_feedback",
    "touchpoints", "engagements", "goals", "interventions", "features", "devices", "device_telemetry", "customer_activity_log",
}  # fmt: skip


def digests(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def columns_of(path: Path) -> set[str]:
    if path.suffix == ".parquet":
        return set(pq.read_schema(path).names)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    first = text.split(b"\n", 1)[0].decode()
    return set(json.loads(first)) if ".jsonl" in path.name else set(next(csv.reader([first])))


def test_same_settings_give_the_same_bytes(small: Callable[..., Path]) -> None:
    assert digests(small("one")) == digests(small("two"))


def test_another_seed_gives_other_files(small: Callable[..., Path]) -> None:
    one, two = digests(small("one")), digests(small("two", seed=6))
    same = {name for name in one if one[name] == two.get(name)}
    assert not same


def test_rows_of_every_file_belong_to_the_contract(company: Any) -> None:
    folder = company.out / "landing" / "files"
    assert {path.name for path in folder.iterdir() if path.is_dir()} == CONTRACTS
    for contract in CONTRACTS:
        (path,) = BRONZE.glob(f"**/bronze__{contract}.yml")
        described = yaml.safe_load(path.read_text("utf-8"))["models"][0]["columns"]
        allowed = {column["name"] for column in described} - LOADER_COLUMNS
        required = {column["name"] for column in described if column.get("config", {}).get("meta", {}).get("required")}
        for file in (folder / contract).iterdir():
            found = columns_of(file)
            assert found <= allowed, f"{file.name}: {sorted(found - allowed)}"
            assert required <= found, f"{file.name}: {sorted(required - found)}"


def test_columns_come_and_go(company: Any) -> None:
    folder = company.out / "landing" / "files"
    users = ["role" in columns_of(path) for path in sorted((folder / "users").iterdir())]
    tickets = ["channel" in columns_of(path) for path in sorted((folder / "support_tickets").iterdir())]
    assert (users[0], users[-1]) == (False, True)
    assert (tickets[0], tickets[-1]) == (True, False)


def test_truth_stays_out_of_the_exports(company: Any) -> None:
    exported = " ".join(digests(company.out / "landing"))
    assert "truth" not in exported and "hazard" not in exported
    secret = {"hazard", "fit", "person_id", "cause", "is_ghost", "is_locked_in", "hidden_pull", "kind"}
    for path in (company.out / "landing" / "files").glob("*/*"):
        assert not columns_of(path) & secret


def test_rerun_replaces_its_own_output_only(small: Callable[..., Path]) -> None:
    out = small("one", days=40)
    small("one")
    assert digests(out) == digests(small("two"))
    stranger = out / "landing" / "files" / "accounts" / "mine.csv"
    stranger.write_text("customer_id\nacc-1\n")
    before = digests(out)
    with pytest.raises(FileExistsError, match="mine.csv"):
        small("one")
    assert digests(out) == before


def test_a_file_changed_since_is_not_overwritten(small: Callable[..., Path]) -> None:
    out = small("one", days=20)
    next((out / "landing" / "files" / "accounts").iterdir()).write_text("edited by hand\n")
    with pytest.raises(FileExistsError, match="changed since"):
        small("one", days=20)


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "landing" / "files" / "accounts").mkdir(parents=True)
    (tmp_path / "landing" / "files" / "accounts" / "real.csv").write_text("customer_id\n")
    with pytest.raises(FileExistsError, match="real.csv"):
        simulate(accounts=5, days=5, out=tmp_path)


def test_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(text: str) -> None:
        if "events" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(accounts=10, days=40, out=tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("accounts", 0),
        ("accounts", 2.5),
        ("accounts", True),
        ("days", 0),
        ("days", 100_000),
        ("seed", -1),
        ("end", "2026"),
        ("broken", "no"),
    ],
)
def test_settings_out_of_range_are_named(tmp_path: Path, setting: str, value: object) -> None:
    settings: dict[str, Any] = {"accounts": 3, "days": 3, setting: value}
    with pytest.raises(ValueError, match=rf"{setting} is {value!r}; allowed"):
        simulate(out=tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("accounts", "days", "end"), [(1, 1, date(2024, 2, 29)), (2, 3, date(2026, 1, 1)), (7, 61, date(2026, 3, 15))]
)
def test_tiny_companies_work(tmp_path: Path, accounts: int, days: int, end: date) -> None:
    assert simulate(accounts=accounts, days=days, out=tmp_path, end=end).files >= 1


def test_a_company_at_which_duckdb_broke_off(tmp_path: Path) -> None:
    # Its second month ended in an internal error of DuckDB 2.0.0 (see simulator/marketing.py).
    def stop(text: str) -> None:
        if "events" in text and next(months) == 2:
            raise KeyboardInterrupt

    months = iter(range(3))
    with pytest.raises(KeyboardInterrupt):
        simulate(accounts=300, days=400, seed=1, out=tmp_path, progress=stop)


def test_volume_follows_accounts_and_days(company: Any, small: Callable[..., Path]) -> None:
    per_day = company.summary.rows["customer_events"] / (120 * 200)
    assert 2 < per_day < 7
    longer = simulate(accounts=120, days=100, seed=11, out=small("x").parent / "half").rows["customer_events"]
    assert 0.35 < longer / company.summary.rows["customer_events"] < 0.65
