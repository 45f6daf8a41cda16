"""Two small simulated companies, shared by the tests: one with broken rows, one without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator.company import SimulationSummary, simulate

END = date(2026, 10, 31)


@dataclass(frozen=True)
class Company:
    """An output folder with a way to query it."""

    out: Path
    summary: SimulationSummary

    def landing(self, pattern: str) -> str:
        """Path of landing files, for use in SQL."""
        return str(self.out / "landing" / "files" / pattern)

    def read(self, pattern: str) -> str:
        """Landing files as a table expression of SQL; columns that some files lack are null there."""
        reader = "read_parquet" if pattern.endswith("parquet") else "read_json" if "jsonl" in pattern else "read_csv"
        return f"{reader}('{self.landing(pattern)}', union_by_name = true)"

    def truth(self, name: str) -> str:
        """Path of a truth file, for use in SQL."""
        return str(self.out / "truth" / f"{name}.parquet")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in a session of its own."""
        with duckdb.connect() as session:
            return session.execute(sql).fetchall()


def _made(tmp_path_factory: pytest.TempPathFactory, name: str, **settings: Any) -> Company:
    out = tmp_path_factory.mktemp(name)
    return Company(out, simulate(out=out, end=END, **settings))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """120 accounts, seven months, broken rows included."""
    return _made(tmp_path_factory, "company", accounts=120, days=200, seed=11)


@pytest.fixture(scope="session")
def sound_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same company without broken rows."""
    return _made(tmp_path_factory, "sound", accounts=120, days=200, seed=11, broken=False)


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Makes a tiny company in a named folder and returns the folder."""

    def make(name: str, **settings: Any) -> Path:
        simulate(**{"accounts": 40, "days": 75, "seed": 5, "out": tmp_path / name, "end": END, **settings})
        return tmp_path / name

    return make
