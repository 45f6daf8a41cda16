"""Data folders laid out by hand: a warehouse with a register, a release, landing files. No dbt."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from publishing.release import Checks, publish


@pytest.fixture
def data(tmp_path: Path, laid_out: Path) -> Path:
    """A data folder with a landing file, a warehouse of some pages, and a release of it."""
    shutil.copytree(laid_out, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, to be copied."""
    folder = tmp_path_factory.mktemp("laid_out") / "data"
    landed = folder / "landing" / "files" / "accounts" / "accounts.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text("customer_id,customer_name\nacc-1,One\n")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            f"""
            create schema landing; create schema silver; create schema entity; create schema gold;
            create table landing.files as
                select 1 as file_id, 'files/accounts/accounts.csv' as path, {landed.stat().st_size} as size_bytes, 1 as load_id,
                    timestamp '2026-10-31 12:00:00' as loaded_at;
            create table silver.as_of as select timestamp '2026-10-31 12:00:00' as as_of;
            create table silver.many as select range as n, md5(cast(range as varchar)) as word from range(200000);
            create table entity.entity_customers as select 'acc-1' as customer_id;
            create table gold.load_ledger as
                select 'files' as source_system, 'accounts' as source_table, 'loaded' as file_status, 0 as rows_quarantined, 0 as rows_lost,
                    timestamp '2026-10-01' + interval (n) day as loaded_at
                from range(31) as days (n);
            """
        )
    publish(folder, Checks(passed=1))
    return folder


def contents(folder: Path) -> dict[str, str]:
    """What every file below a folder holds, by name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _damage(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def harm(warehouse: Path) -> None:
        warehouse.write_bytes(change(warehouse.read_bytes()))

    return harm


def _leave_a_log(warehouse: Path, change: Callable[[bytes], bytes]) -> None:
    """A log as a killed process leaves it, then changed."""
    kept = warehouse.with_suffix(".kept")
    log = Path(f"{warehouse}.wal")
    with duckdb.connect(str(warehouse)) as con:
        con.execute("checkpoint")
        con.execute("set checkpoint_threshold = '1GB'")
        con.execute("create table silver.later as select range as n from range(50000)")
        kept.write_bytes(warehouse.read_bytes())
        written = log.read_bytes()
    kept.replace(warehouse)
    log.write_bytes(change(written))


def _middle(content: bytes) -> bytes:
    third = len(content) // 3
    return content[:third] + bytes(third) + content[2 * third :]


#: What can be wrong with a warehouse, by name: changes the file or what lies beside it. All but the last two cannot even be opened.
DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": _damage(lambda content: content[: len(content) // 2]),
    "short": _damage(lambda content: content[:100]),
    "empty": _damage(lambda content: b""),
    "random": _damage(lambda content: bytes(range(256)) * 100),
    "header": _damage(lambda content: content[:3000] + b"0123456789" + content[3010:]),
    "log": lambda warehouse: _leave_a_log(
        warehouse, lambda written: written[:300] + bytes([written[300] ^ 255]) + written[301:]
    ),
    "middle": _damage(_middle),
}
