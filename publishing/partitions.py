"""Writes a table of a release as one Parquet file (or a few) a day, and takes over from an earlier release the files of days that have not changed.

The files of a day are hard links: every release has all of its files in a folder of its own, one that is removed takes nothing from another, and
a day that many releases have in common takes its room once. Where a file system knows no hard links, they are copied.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from ingestion.quoting import glob_literal, sql_literal
from publishing.lookups import Lookup
from publishing.partitioning import Made, Partitioning

#: The partition of rows whose day is unknown.
NO_DAY = "unknown"
_PARTITION = "release_partition"
#: Rows of days that are written at once; some 250 bytes each in memory.
ROWS_AT_ONCE = 2_000_000
_NO_DATE = "date '0001-01-01'"


@dataclass(frozen=True)
class Seen:
    """How far a release had seen the rows that a partitioned table is made of.

    Attributes:
        definition: digest of everything that concerns every day: the SQL of the views, the relations read whole, when it was made anew.
        load: greatest load; rows: how many there were; as_of: the moment the release speaks for. Where no load tells, 0.
    """

    definition: str
    load: int
    rows: int
    as_of: str


@dataclass(frozen=True)
class Day:
    """A partition: its rows, the digest of what they are made of, and the release that it was written for."""

    rows: int
    digest: str
    release_id: str


@dataclass
class Written:
    """A partitioned table of a release: how far it had seen, and its partitions by day (ISO date, or NO_DAY)."""

    seen: Seen
    days: dict[str, Day] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(day.rows for day in self.days.values())

    def written_for(self, release_id: str) -> int:
        """How many partitions a release did not take over."""
        return sum(day.release_id == release_id for day in self.days.values())

    def save(self, path: Path) -> None:
        """Keep it for the next release."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Written:
        """What `save` kept."""
        kept = json.loads(path.read_text())
        return cls(Seen(**kept["seen"]), {day: Day(**one) for day, one in kept["days"].items()})


@dataclass(frozen=True)
class Earlier:
    """The same table in the release made before: what was written, where its files lie, and where copies of what was looked up lie."""

    written: Written
    files: Path
    basis: Path


class PartitionWriter:
    """Writes partitioned tables of the attached database `warehouse` into the folder of a release."""

    def __init__(self, con: duckdb.DuckDBPyConnection, release_id: str, as_of: str) -> None:
        self.con = con
        self.release_id = release_id
        self.as_of = as_of

    def write(
        self, table: str, how: Partitioning, files: Path, basis: Path, earlier: Earlier | None, rows: int
    ) -> Written:
        """Write `table` (schema.table) to `files`, and what is looked up for it to `basis`; both folders are made.

        Args:
            table: the relation that readers get.
            how: how it is cut.
            files: folder for its Parquet files; a file's name begins with its day.
            basis: folder for what the next release must know to tell what has changed.
            earlier: the same table in the release before, if its files are there.
            rows: how many the table has, more or less.
        """
        files.mkdir(parents=True)
        basis.mkdir(parents=True, exist_ok=True)
        known = earlier.written.seen if earlier else None
        seen, digests, changed = self._what_changed(table, how, basis, earlier, known)
        written = Written(seen)
        there = self._rows_of(earlier.files) if earlier else {}
        # Days whose files somebody has taken away are written again.
        before = (
            {day: one for day, one in earlier.written.days.items() if there.get(day, 0) == one.rows} if earlier else {}
        )
        stays = {day for day in digests if day in before and day not in changed and before[day].digest == digests[day]}
        self._write_days(table, how.partition_by, set(digests) - stays, files, rows / max(len(digests), 1))
        counted = self._rows_of(files)
        if earlier:
            for path in _files_of(earlier.files, stays):
                _link(path, files / path.name)
        written.days = {
            day: before[day] if day in stays else Day(counted.get(day, 0), digest, self.release_id)
            for day, digest in sorted(digests.items())
        }
        return written

    def _what_changed(
        self, table: str, how: Partitioning, basis: Path, earlier: Earlier | None, known: Seen | None
    ) -> tuple[Seen, dict[str, str], set[str]]:
        """What is there now: how far it goes, the digest of every day, and the days to be written whatever their digest."""
        made = how.made_of or (Made(relation=table, partition_by=how.partition_by),)
        definition = self._definition(table, how)
        if how.load is None:
            anew = known is None or known.definition != definition
            return Seen(definition, 0, 0, self.as_of), self._digests(made), self._all_days(earlier) if anew else set()
        base, load = made[0], how.load
        greatest, rows = self.con.execute(
            f"select coalesce(max({load}), 0), count(*) from warehouse.{base.relation}"
        ).fetchall()[0]
        seen = Seen(definition, greatest, rows, self.as_of)
        lookups = [
            Lookup(self.con, base, one, basis, f"{table}.{number}", earlier.basis if earlier else None)
            for number, one in enumerate(how.looked_up)
        ]
        follows = (
            known is not None
            and known.definition == definition
            and known.load <= greatest
            and all(lookup.is_known() for lookup in lookups)
        )
        if not follows or earlier is None or known is None:
            for lookup in lookups:
                lookup.keep(new_rows="true")
            return seen, self._digests(made, load), self._all_days(earlier)
        arrived = f"{load} > {known.load}"
        changed = self._days_with(base, arrived) | self._days_between(base, known.as_of)
        for lookup in lookups:
            lookup.keep(new_rows=arrived)
            if condition := lookup.changed_rows():
                changed |= self._days_with(base, condition)
        ((new_rows,),) = self.con.execute(f"select count(*) from warehouse.{base.relation} where {arrived}").fetchall()
        if known.rows + new_rows != rows:
            # Rows have gone, or others stand in their place: which days they were of, only the whole history tells.
            return seen, self._digests(made, load), changed
        digests = {day: one.digest for day, one in earlier.written.days.items()}
        return seen, {**digests, **self._digests(made, load, changed)}, changed

    def _definition(self, table: str, how: Partitioning) -> str:
        """Digest of what concerns every day."""
        columns = self.con.execute(f"describe warehouse.{table}").fetchall()
        parts = [how.model_dump_json(), *(f"{name} {kind}" for name, kind, *_ in columns)]
        if how.made_of:
            # Views may read views: rather all of them than one too few.
            parts += self._texts(
                "select md5(string_agg(schema_name || view_name || sql, chr(10) order by schema_name, view_name)) from duckdb_views() "
                "where database_name = 'warehouse' and not internal"
            )
        if how.builds_of:
            parts += self._texts(
                f"select max(anew_number) from warehouse.identity.builds where model = {sql_literal(how.builds_of)} and upstream = ''"
            )
        for relation in how.whole:
            parts += self._texts(
                f"select count(*) || ' ' || coalesce(sum(hash(read)), 0) from warehouse.{relation} as read"
            )
        return str(self.con.execute("select md5(?)", ["|".join(parts)]).fetchall()[0][0])

    def _texts(self, query: str) -> list[str]:
        return [str(row[0]) for row in self.con.execute(query).fetchall()]

    def _digests(self, made: Sequence[Made], load: str | None = None, days: set[str] | None = None) -> dict[str, str]:
        """By day: the number of rows and the sum of their hashes, or of the hashes of their loads, over all relations it is made of."""
        if days is not None and not days:
            return {}
        parts = []
        for one in made:
            told = f"hash(made.{load})" if load else "hash(made)"
            parts.append(
                f"select {_day(one.partition_by)} as day, count(*) as n, sum(cast({told} as hugeint)) as h "
                f"from warehouse.{one.relation} as made where {_on_days(one.partition_by, days)} group by 1"
            )
        query = (
            f"select coalesce(strftime(nullif(day, {_NO_DATE}), '%Y-%m-%d'), '{NO_DAY}'), string_agg(n || '.' || h, ' ' order by n, h) "
            f"from ({' union all '.join(parts)}) group by 1"
        )
        return dict(self.con.execute(query).fetchall())

    def _days_with(self, base: Made, condition: str) -> set[str]:
        query = (
            f"select distinct coalesce(strftime(nullif({_day(base.partition_by)}, {_NO_DATE}), '%Y-%m-%d'), '{NO_DAY}') "
            f"from warehouse.{base.relation} as made where {condition}"
        )
        return set(self._texts(query))

    def _days_between(self, base: Made, as_of: str) -> set[str]:
        """Days of rows that one of the two releases could see and the other could not, since it spoke for an earlier moment."""
        ends = sorted((as_of, self.as_of))
        if ends[0] == ends[1]:
            return set()
        column = base.partition_by
        first, last = (sql_literal(end) for end in ends)
        return self._days_with(base, f"{column} > cast({first} as timestamp) and {column} <= cast({last} as timestamp)")

    def _all_days(self, earlier: Earlier | None) -> set[str]:
        return set(earlier.written.days) if earlier else set()

    def _write_days(self, table: str, column: str, days: set[str], files: Path, rows_a_day: float) -> None:
        """Write some days of a table; so many at once as fit into memory, since each is kept there until it is whole."""
        at_once = max(1, int(ROWS_AT_ONCE / max(rows_a_day, 1)))
        ordered = sorted(days)
        # The order of rows within a file says nothing, and keeping it takes memory as well.
        self.con.execute("set preserve_insertion_order = false")
        for start in range(0, len(ordered), at_once):
            self._write_together(table, column, ordered[start : start + at_once], files)
        self.con.execute("reset preserve_insertion_order")

    def _write_together(self, table: str, column: str, days: list[str], files: Path) -> None:
        there = f"from warehouse.{table} where {_on_days(column, set(days))}"
        how = "format parquet, compression zstd"
        if len(days) == 1:
            path = files / f"{days[0]}_0.parquet"
            self.con.execute(f"copy (select * {there}) to {sql_literal(str(path))} ({how})")
            return
        parts = files / ".parts"
        named = f"coalesce(strftime(cast({column} as date), '%Y-%m-%d'), '{NO_DAY}')"
        self.con.execute(
            f"copy (select *, {named} as {_PARTITION} {there}) to {sql_literal(str(parts))} "
            f"({how}, partition_by ({_PARTITION}), write_partition_columns false)"
        )
        for path in sorted(parts.rglob("*.parquet")):
            day = path.parent.name.partition("=")[2]
            path.rename(files / f"{day}_{path.stem.rpartition('_')[2]}.parquet")
        shutil.rmtree(parts, ignore_errors=True)

    def _rows_of(self, files: Path) -> dict[str, int]:
        """Rows by day of the files of a folder, as their footers say."""
        if not any(files.glob("*.parquet")):
            return {}
        query = (
            "select split_part(parse_filename(file_name), '_', 1), sum(num_rows) "
            f"from parquet_file_metadata({glob_literal(files)}) group by 1"
        )
        return {day: int(rows) for day, rows in self.con.execute(query).fetchall()}


def _day(column: str) -> str:
    return f"coalesce(cast({column} as date), {_NO_DATE})"


def _on_days(column: str, days: set[str] | None) -> str:
    """Condition that holds on these days; the range is said as well, which keeps other days from being read."""
    if days is None:
        return "true"
    known = sorted(days - {NO_DAY})
    either = [f"{column} is null"] if NO_DAY in days else []
    if known:
        listed = ", ".join(f"date '{day}'" for day in known)
        either.append(
            f"({column} >= date '{known[0]}' and {column} < date '{known[-1]}' + interval 1 day and cast({column} as date) in ({listed}))"
        )
    return f"({' or '.join(either)})"


def _files_of(folder: Path, days: set[str]) -> list[Path]:
    return [path for path in folder.glob("*.parquet") if path.name.partition("_")[0] in days]


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
