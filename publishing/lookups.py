"""Which days of a large fact have changed because a relation that its rows are joined to says something else of their keys.

Reading the keys of the whole history for that would cost more than writing a day. So every release keeps what each key led to, and the first and
last day of rows that have it: a key that no row has touches no day, and of the others only their days are read.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.quoting import glob_literal, sql_literal
from publishing.partitioning import LookedUp, Made


class Lookup:
    """A relation that rows of `base` are joined to, with what the release being written and the one before it keep of it."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, base: Made, how: LookedUp, basis: Path, name: str, earlier: Path | None
    ) -> None:
        """`basis` and `earlier` are the folders of the two releases for what they keep, `name` is what it is called there."""
        self.con = con
        self.base = base
        self.how = how
        self.meaning, self.days = basis / f"{name}.parquet", basis / f"{name}.days.parquet"
        self.meaning_before = earlier / self.meaning.name if earlier else None
        self.days_before = earlier / self.days.name if earlier else None

    def keep(self, new_rows: str) -> None:
        """Keep what the keys lead to, and the days of the rows that have them; `new_rows` holds for rows that the days kept before do not know."""
        columns = _columns((*self.how.key, *self.how.value))
        self._write(f"select distinct {columns} from warehouse.{self.how.relation}", self.meaning)
        keys = _columns(self.how.matched_by)
        day = self.base.partition_by
        found = (
            f"select {keys}, cast(min({day}) as date) as first_day, cast(max({day}) as date) as last_day from warehouse.{self.base.relation} "
            f"where {new_rows} and {' and '.join(f'{name} is not null' for name in self.how.matched_by)} group by all"
        )
        if self.days_before and new_rows != "true":
            found = (
                f"select {keys}, min(first_day) as first_day, max(last_day) as last_day "
                f"from ({found} union all select * from {_read(self.days_before)}) group by all"
            )
        self._write(found, self.days)

    def is_known(self) -> bool:
        """Whether the release before kept what is needed to tell."""
        return bool(
            self.meaning_before and self.days_before and self.meaning_before.exists() and self.days_before.exists()
        )

    def changed_rows(self) -> str | None:
        """Condition for rows of the base whose key leads to something else than before; None if there are none. Call `keep` first."""
        assert self.meaning_before is not None
        keys = _columns(self.how.key)
        # Whatever both say stands there twice.
        self.con.execute(
            f"create or replace temp table changed_keys as select distinct {keys} from ("
            f"select * from {_read(self.meaning)} union all select * from {_read(self.meaning_before)}) "
            f"group by {_columns((*self.how.key, *self.how.value))} having count(*) = 1"
        )
        pairs = list(zip(self.how.key, self.how.matched_by, strict=True))
        first, last = self.con.execute(
            f"select cast(min(first_day) as varchar), cast(max(last_day) as varchar) from {_read(self.days)} as known "
            f"semi join changed_keys on {' and '.join(f'changed_keys.{_quoted(key)} = known.{_quoted(on)}' for key, on in pairs)}"
        ).fetchall()[0]
        if first is None:
            return None
        day = self.base.partition_by
        same = " and ".join(f"changed_keys.{_quoted(key)} = made.{_quoted(on)}" for key, on in pairs)
        return (
            f"(({day} >= date '{first}' and {day} < date '{last}' + interval 1 day) or {day} is null) "
            f"and exists (select 1 from changed_keys where {same})"
        )

    def _write(self, query: str, path: Path) -> None:
        self.con.execute(f"copy ({query}) to {sql_literal(str(path))} (format parquet)")


def _read(path: Path) -> str:
    return f"read_parquet({glob_literal(path, '')})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(_quoted(name) for name in names)
