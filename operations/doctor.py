"""Looks a data folder and its environment over: one line per check with what was found and what to do. It changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contracts import (
    PROJECT_DIR,
    ConfigurationError,
    current_catalogue,
    project_variables,
)
from ingestion.discovery import discover
from ingestion.seeds import SEEDS_DIR, check_seeds
from operations.backup import BACKUPS, SET_ASIDE, list_backups
from operations.clock import CLOCK_TOLERANCE, last_times
from operations.faults import WAREHOUSE, kind_of, process_in_words, sentence_of, size_in_words
from operations.logs import LOGS
from operations.run_lock import holder
from publishing import store
from publishing.reading import connect
from publishing.release import PublishError, current_release

#: A release older than so many times the usual time between two is late. With no history, one older than a week.
LATE_TIMES = 2
LATE_WITHOUT_HISTORY = timedelta(days=7)
BACKUP_MAX_AGE = timedelta(days=7)
#: Packages of which another version may store or build something else.
CORE_PACKAGES = ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "duckdb", "pandas", "pyarrow")
SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: its name.
        status: ok, warn or fail.
        found: what it found, in words.
        to_do: what to do about it; empty if nothing.
    """

    check: str
    status: str
    found: str
    to_do: str = ""


def examine(data_dir: Path, read_all: bool = False) -> list[Finding]:
    """All checks over a data folder, in the order in which they should be read. A check that breaks is a finding as well.

    `read_all` reads every value of the release that is out, partitions that it shares with others included.
    """
    checks: tuple[Callable[[Path], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _variables,
        _mappings,
        _seeds,
        _expectations,
        _environment,
        _rights,
        _disk,
        _locks,
        _clock,
        _leftovers,
        _warehouse,
        _landing,
        partial(_releases, read_all=read_all),
        _backups,
    )
    found = []
    for check in checks:
        try:
            found += list(check(data_dir))
        except (OSError, duckdb.Error, ValueError, KeyError, TypeError) as error:
            name = (check.func if isinstance(check, partial) else check).__name__.strip("_")
            text = sentence_of(error, data_dir) or f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            found.append(Finding(name, "fail", f"cannot be checked: {text}", "see to that first, and ask again"))
    return found


def _python(data_dir: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        yield Finding("python", "ok", version)
    else:
        yield Finding("python", "fail", f"{version}; 3.11 to 3.13 are meant", "make PYTHON=/path/to/python3 setup")


def locked_versions(lock: Path) -> dict[str, str]:
    """What a lock file asks for on this machine: version by package."""
    from packaging.markers import Marker

    wanted = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;\\]+)\s*(?:;\s*([^\\\n]+))?", lock.read_text(), re.M):
        if not marker.strip() or Marker(marker.strip()).evaluate():
            wanted[name.lower()] = version
    return wanted


def _packages(data_dir: Path) -> Iterator[Finding]:
    lock = PROJECT_DIR / "requirements.lock"
    wanted = locked_versions(lock)
    other = {}
    for name, version in wanted.items():
        try:
            there = metadata.version(name)
        except metadata.PackageNotFoundError:
            there = "missing"
        if there != version:
            other[name] = f"{name} is {there}, not {version}"
    core = ", ".join(
        f"{name} {wanted[name]}" for name in ("dbt-core", "dbt-duckdb", "duckdb", "dagster") if name in wanted
    )
    if not other:
        yield Finding("packages", "ok", f"{len(wanted)} as in {lock.name} ({core})")
    else:
        status = "fail" if set(other) & set(CORE_PACKAGES) else "warn"
        yield Finding("packages", status, _some(list(other.values())), "make setup")


def _variables(data_dir: Path) -> Iterator[Finding]:
    problems = variable_problems(PROJECT_DIR)
    if problems:
        yield Finding("variables", "fail", _some(problems), "put it right in dbt_project.yml")
    else:
        yield Finding("variables", "ok", "dbt_project.yml holds what it may")


def variable_problems(project_dir: Path) -> list[str]:
    """What is wrong with the variables of dbt_project.yml, by the rules of macros/configuration, which stop a run."""
    import jinja2

    settings = project_variables(project_dir)
    answers: list[Any] = []

    def give_back(answer: Any) -> str:
        answers.append(answer)
        return ""

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.filters["tojson"] = json.dumps
    environment.globals.update(
        {
            "var": lambda name: settings[name],
            "return": give_back,
            "modules": {"re": re},
            "run_query": _one_value,
        }
    )
    macros = "".join(path.read_text() for path in sorted((project_dir / "macros" / "configuration").glob("*.sql")))
    module: Any = environment.from_string(macros).module
    module.variable_rules()
    rules = answers[-1]
    problems = [f"Variable '{name}' does not exist." for name in settings if name not in rules]
    for name, rule in rules.items():
        value = settings.get(name)
        if value is not None:
            module.problems_of_variable(name, value, rule)
            problems += answers[-1]
        elif not rule.get("optional"):
            problems.append(f"Variable '{name}' is empty.")
    return problems


def _one_value(sql: str) -> Any:
    class Column:
        def values(self) -> list[Any]:
            with duckdb.connect() as con:
                return [con.execute(sql).fetchall()[0][0]]

    return type("Answer", (), {"columns": [Column()]})()


def _mappings(data_dir: Path) -> Iterator[Finding]:
    try:
        catalogue = current_catalogue()
    except ConfigurationError as error:
        yield Finding("mappings", "fail", str(error), "put the mapping right")
        return
    names = ", ".join(sorted(catalogue.mappings)) or "none"
    yield Finding("mappings", "ok", f"{names}; {len(catalogue.contracts)} contracts")


def _seeds(data_dir: Path) -> Iterator[Finding]:
    try:
        with duckdb.connect() as con:
            check_seeds(con, SEEDS_DIR)
    except ConfigurationError as error:
        yield Finding("seeds", "fail", str(error), "put that line right")
        return
    yield Finding("seeds", "ok", f"{len(list(SEEDS_DIR.rglob('*.csv')))} files can be read")


def _expectations(data_dir: Path) -> Iterator[Finding]:
    # Here, since `status` takes its words from this module and needs none of it.
    from data_quality.landing_measures import landed_tables
    from data_quality.settings import read_settings

    try:
        settings = read_settings()
        landed_tables(current_catalogue(), settings)
    except ConfigurationError as error:
        yield Finding("expectations", "fail", str(error), "put that setting right")
        return
    counted = ", ".join(f"{len(rules)} at the {boundary}" for boundary, rules in settings.rules.items())
    yield Finding("expectations", "ok", counted)


def _environment(data_dir: Path) -> Iterator[Finding]:
    said = {
        name: os.environ[name]
        for name in ("DATA_DIR", "MAPPINGS_DIR", "DBT_TARGET_PATH", "DAGSTER_HOME")
        if os.environ.get(name)
    }
    missing = [f"{name}={path}" for name, path in said.items() if name != "DBT_TARGET_PATH" and not Path(path).is_dir()]
    relative = [f"{name}={path}" for name, path in said.items() if not Path(path).is_absolute()]
    shown = (
        ", ".join(f"{name}={path}" for name, path in said.items())
        or "no variable set, so mappings/ of the project, and data/ unless --data-dir says another"
    )
    if missing:
        yield Finding("environment", "warn", f"{', '.join(missing)} is no folder", "make it, or set another one")
    elif relative:
        yield Finding(
            "environment", "warn", f"{', '.join(relative)} depends on where a command is started", "name it from / on"
        )
    else:
        yield Finding("environment", "ok", shown)


def _rights(data_dir: Path) -> Iterator[Finding]:
    if not data_dir.is_dir():
        yield Finding(
            "rights",
            "warn",
            f"there is no {data_dir}",
            "put files into landing/ there, and run `customer-analytics run`",
        )
        return
    if os.statvfs(data_dir).f_flag & os.ST_RDONLY:
        yield Finding(
            "rights",
            "fail",
            f"{data_dir} lies on a file system that can only be read",
            "mount it so that it can be written",
        )
        return
    writable = [
        data_dir,
        data_dir / WAREHOUSE,
        data_dir / "published",
        data_dir / "published" / "releases",
        data_dir / LOGS,
    ]
    wrong = [f"{path} cannot be written" for path in writable if path.exists() and not os.access(path, os.W_OK)]
    landed = list((data_dir / "landing").rglob("*"))
    wrong += [f"{path} cannot be read" for path in landed if path.exists() and not os.access(path, os.R_OK)]
    if wrong:
        yield Finding("rights", "fail", _some(wrong), "give this user the right (chown, chmod), or run as the owner")
    else:
        yield Finding("rights", "ok", f"{data_dir} can be written, {len(landed)} landing files and folders can be read")


def _disk(data_dir: Path) -> Iterator[Finding]:
    folder = next(path for path in (data_dir, *data_dir.parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    warehouse = _size(data_dir / WAREHOUSE)
    release = _size((data_dir / "published" / "current").resolve()) or warehouse
    landed = _size(data_dir / "landing")
    # A build may write what changes anew before it lets go of the old; a release is whole before it takes the place of another one.
    needed = (warehouse or 8 * landed) + (release or 4 * landed)
    found = f"{size_in_words(free)} free; the next build and release may need {size_in_words(needed)}"
    if free < needed:
        yield Finding(
            "disk",
            "fail",
            found,
            f"free {size_in_words(needed - free)} (back-ups, {SET_ASIDE}/, older releases), or a larger disk",
        )
    elif free < 2 * needed:
        yield Finding("disk", "warn", found, "free some space before there is twice as much data")
    else:
        yield Finding("disk", "ok", found)


def who_has_open(path: Path) -> list[tuple[int, str]]:
    """Processes with a lock on a file, and whether they may READ or WRITE; nothing where the system does not tell (other than Linux)."""
    try:
        node = path.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return []
    found = set()
    for line in lines:
        words = line.split()
        if len(words) >= 6 and words[1] in ("POSIX", "OFDLCK") and words[5].rsplit(":", 1)[-1] == str(node):
            found.add((int(words[4]), words[3]))
    return sorted(found)


def _locks(data_dir: Path) -> Iterator[Finding]:
    at_work = holder(data_dir)
    if at_work is not None:
        since = str(at_work.get("since", ""))[:16].replace("T", " ")
        found = f"`{at_work.get('command', 'another command')}` is at work (process {at_work.get('pid')}, since {since} UTC)"
        yield Finding("locks", "ok", found, "wait until it is done before you start another one")
        return
    others = [(pid, mode) for pid, mode in who_has_open(data_dir / WAREHOUSE) if pid != os.getpid()]
    if not others:
        yield Finding("locks", "ok", f"nobody has {WAREHOUSE} open")
        return
    words = [
        f"{process_in_words(pid)} has {WAREHOUSE} open for {'writing' if mode == 'WRITE' else 'reading'}"
        for pid, mode in others
    ]
    yield Finding("locks", "warn", _some(words), "close it before the next run (readers open published/marts.duckdb)")


def _clock(data_dir: Path) -> Iterator[Finding]:
    now = datetime.now(UTC)
    times = last_times(data_dir)
    landed = [path for path in (data_dir / "landing").rglob("*") if path.is_file()]
    if landed:
        newest = max(landed, key=lambda path: path.stat().st_mtime)
        times[f"landing/{newest.relative_to(data_dir / 'landing')}"] = datetime.fromtimestamp(
            newest.stat().st_mtime, UTC
        )
    ahead = {name: time for name, time in times.items() if time > now + CLOCK_TOLERANCE}
    if not ahead:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC; nothing is newer")
        return
    name, time = max(ahead.items(), key=lambda item: item[1])
    yield Finding(
        "clock",
        "fail",
        f"it says {now:%Y-%m-%d %H:%M} UTC, and {name} is of {time:%Y-%m-%d %H:%M} UTC",
        "set the clock (timedatectl set-ntp true); nothing is lost, but events of today may be taken for the future",
    )


def _leftovers(data_dir: Path) -> Iterator[Finding]:
    busy = holder(data_dir) is not None
    published = data_dir / "published"
    left = [*(published / "releases").glob(".*"), *published.glob(".current-*"), *(data_dir / BACKUPS).glob(".*")]
    left += [*data_dir.glob(".restoring"), *data_dir.glob(".probe-*"), *data_dir.glob("last_run.tmp")]
    wal = data_dir / f"{WAREHOUSE}.wal"
    aside = [*(data_dir / SET_ASIDE).glob("*"), *data_dir.glob("*.damaged"), *data_dir.glob("damaged")]
    if left and not busy:
        names = _some([str(path.relative_to(data_dir)) for path in left])
        yield Finding(
            "leftovers", "warn", f"{names}, of a command that was killed", "the next run or back-up removes them"
        )
    if wal.exists() and not busy and not who_has_open(data_dir / WAREHOUSE):
        found = f"{wal.name} ({size_in_words(wal.stat().st_size)}): the last run was killed"
        yield Finding("leftovers", "warn", found, "run again: what was committed is taken in, the rest is done anew")
    if aside:
        names = _some([str(path.relative_to(data_dir)) for path in aside])
        total = size_in_words(sum(_size(path) for path in aside))
        yield Finding(
            "leftovers",
            "warn",
            f"{names} ({total}), moved aside",
            "remove it when you are sure that you do not need it",
        )
    if not (left or aside or wal.exists()) or busy:
        yield Finding("leftovers", "ok", "none")


@contextmanager
def _opened(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """The warehouse for reading; None if it is not there or cannot be opened, which the check of the warehouse tells."""
    con = None
    warehouse = data_dir / WAREHOUSE
    try:
        con = duckdb.connect(str(warehouse), read_only=True) if warehouse.exists() else None
    except duckdb.Error:
        con = None
    try:
        yield con
    finally:
        if con:
            con.close()


def _has(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        con.execute(
            "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
        ).fetchall()[0][0]
    )


def _warehouse(data_dir: Path) -> Iterator[Finding]:
    warehouse = data_dir / WAREHOUSE
    if not warehouse.exists():
        yield Finding("warehouse", "warn", f"there is no {warehouse}", "`customer-analytics run` makes it")
        return
    try:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            tables, rows = con.execute("select count(*), sum(estimated_size) from duckdb_tables()").fetchall()[0]
            tags = con.execute(
                "select tags from duckdb_databases() where database_name = current_database()"
            ).fetchall()[0][0]
            unfinished = (
                _has(con, "landing", "build_settings")
                and con.execute(
                    "select count(*) from landing.build_settings where name = 'unfinished_rebuild'"
                ).fetchall()[0][0]
            )
    except duckdb.Error as error:
        busy = kind_of(error) == "in_use"
        found = sentence_of(error, data_dir) or str(error).splitlines()[0]
        yield Finding(
            "warehouse", "ok" if busy else "fail", found, "ask again when it is done" if busy else "do what it says"
        )
        return
    size = size_in_words(warehouse.stat().st_size)
    version = (tags or {}).get("storage_version", "unknown")
    found = f"{size}, {tables} tables, {rows or 0:,.0f} rows, format of DuckDB {version} (this is {duckdb.__version__})"
    if unfinished:
        yield Finding(
            "warehouse", "warn", f"{found}; the last rebuild did not come to its end", "run once with --full-refresh"
        )
    else:
        yield Finding("warehouse", "ok", f"{found}; it opens, and `customer-analytics backup` reads it through")


def _landing(data_dir: Path) -> Iterator[Finding]:
    try:
        found = discover(data_dir / "landing", current_catalogue())
    except ConfigurationError:
        return
    if not found:
        yield Finding(
            "landing",
            "warn",
            f"there are no files in {data_dir / 'landing'}",
            "put exports there (docs/how-to/bring-your-own-files.md)",
        )
        return
    unread = [f"{file.relative} ({file.reason})" for file in found if file.reason]
    if unread:
        words = f"nobody reads {len(unread)} of {len(found)} files: {_some(unread)}"
        yield Finding("landing", "warn", words, "move or map them, or leave them: the ledger counts them")
    else:
        yield Finding("landing", "ok", f"{len(found)} files, each with a reader")
    with _opened(data_dir) as con:
        if not con or not _has(con, "landing", "files"):
            return
        rows = con.execute("select path, max_by(size_bytes, file_id) from landing.files group by path").fetchall()
    sizes = {file.relative: file.path.stat().st_size for file in found if file.path.is_file()}
    known = {path: size for path, size in rows if size is not None}
    waiting = sorted(sizes.keys() - known.keys())
    changed = sorted(path for path in sizes.keys() & known.keys() if sizes[path] != known[path])
    gone = sorted(known.keys() - sizes.keys())
    counted = ((waiting, "new"), (changed, "changed"), (gone, "no longer there"))
    found_words = ", ".join(f"{len(paths)} {what} ({_some(paths)})" for paths, what in counted if paths)
    if not found_words:
        yield Finding("register", "ok", f"{len(known)} files loaded, all there and of the same size")
    elif changed or gone:
        to_do = "a changed file comes in as a new version; rows of a file that is gone stay"
        yield Finding("register", "warn", found_words, to_do)
    else:
        yield Finding("register", "ok", found_words, "the next run loads them")


def _releases(data_dir: Path, read_all: bool = False) -> Iterator[Finding]:
    published = data_dir / "published"
    folders = store.folders(published)
    if not (published / "release.json").exists():
        to_do = "`customer-analytics publish`" if folders else "`customer-analytics run` makes one"
        yield Finding("release", "fail" if folders else "warn", "no release is out", to_do)
        return
    try:
        current = current_release(data_dir)
    except PublishError as error:
        yield Finding(
            "release", "fail", str(error).partition(":")[0], "`customer-analytics publish`, or --to one that is kept"
        )
        return
    if current is None:
        return
    age = datetime.now(UTC) - datetime.fromisoformat(current["published_at"])
    usual = _usual_gap(data_dir)
    late = LATE_TIMES * usual if usual else LATE_WITHOUT_HISTORY
    found = f"{current['release_id']} as of {current['as_of'][:19]} UTC, published {ago(age)}"
    found += f", usually every {duration(usual)}" if usual else ""
    if age > late:
        yield Finding("release", "warn", found, "see why no run went through: `customer-analytics status`")
    else:
        yield Finding("release", "ok", found)
    out = store.current_id(published)
    wrong = {
        folder.name: words for folder in folders for words in _release_problems(folder, read_all and folder.name == out)
    }
    if out in wrong:
        to_do = "`customer-analytics publish --anew` makes a whole one from the warehouse"
        yield Finding("releases", "fail", _some(list(wrong.values())), to_do)
    elif wrong:
        to_do = "readers do not need it; it goes when the next ones are published, or remove its folder"
        yield Finding("releases", "warn", _some(list(wrong.values())), to_do)
    else:
        read = ", and every value of the one that is out can be read" if read_all else ""
        yield Finding(
            "releases", "ok", f"{len(folders)} kept, each opens and has the rows that its release.json says{read}"
        )


def _release_problems(folder: Path, read_all: bool) -> Iterator[str]:
    note = store.note_of(folder / store.NOTE)
    if note is None:
        yield f"{folder.name}: {store.NOTE} cannot be read"
        return
    try:
        said = note["row_counts"]
        with connect(folder / "marts.duckdb") as con:
            for table, rows in said.items():
                (there,) = con.execute(f"select count(*) from {table}").fetchall()[0]
                if there != rows:
                    yield f"{folder.name}: {table} has {there:,} rows, release.json says {rows:,}"
                elif read_all:
                    # Counting reads the last lines of a file only.
                    con.execute(f"select max(hash(held)) from {table} as held").fetchall()
    except (OSError, duckdb.Error) as error:
        yield f"{folder.name}: {(str(error).splitlines() or [''])[0]}"


def _usual_gap(data_dir: Path) -> timedelta | None:
    with _opened(data_dir) as con:
        if not con or not _has(con, "operations", "runs"):
            return None
        gaps, seconds = con.execute(
            "select count(gap), median(gap) from (select epoch(started_at - lag(started_at) over (order by run_number nulls last)) as gap "
            "from operations.runs where outcome = 'published') where gap > 0"
        ).fetchall()[0]
    return timedelta(seconds=seconds) if gaps >= 3 else None


def _backups(data_dir: Path) -> Iterator[Finding]:
    if not (data_dir / WAREHOUSE).exists():
        return
    made = list_backups(data_dir / BACKUPS)
    if not made:
        yield Finding(
            "backups",
            "warn",
            f"none in {data_dir / BACKUPS}",
            "`customer-analytics backup` (--to another disk is better)",
        )
        return
    age = datetime.now(UTC) - datetime.fromisoformat(made[-1].made_at)
    found = f"{len(made)}, the last one {ago(age)} ({size_in_words(made[-1].size)})"
    yield Finding(
        "backups",
        "warn" if age > BACKUP_MAX_AGE else "ok",
        found,
        "`customer-analytics backup`" if age > BACKUP_MAX_AGE else "",
    )


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else 0


def _some(words: list[str]) -> str:
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def duration(time: timedelta) -> str:
    """A length of time as people say it: 3 hours."""
    seconds = time.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def ago(age: timedelta) -> str:
    """How long ago something was; what lies ahead of this machine's clock is said to."""
    if age < -CLOCK_TOLERANCE:
        return f"{duration(-age)} ahead of this machine's clock (which was set back, or is wrong)"
    return f"{duration(max(age, timedelta()))} ago"
