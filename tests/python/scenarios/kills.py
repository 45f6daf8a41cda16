"""Kills runs at random moments of the whole flow, while readers in other processes look on, and compares the end with an undisturbed run.

`python -m tests.python.scenarios.kills FOLDER 100 [SEED]` does so with a data folder that was built and published (it works on a copy of it).
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Looks at a release in every way that readers do, over and over; a fault is whatever goes wrong, and whatever does not agree.
READER = """
import json, sys, time
from pathlib import Path
import duckdb
published, stop, report = map(Path, sys.argv[1:])
rounds, faults, releases = 0, [], set()
while not stop.exists():
    rounds += 1
    try:
        before = json.loads((published / "release.json").read_text())
        with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
            customers, quarantined = con.execute(
                "select (select count(*) from entity.entity_customers), (select sum(rows_quarantined) from gold.load_ledger)").fetchall()[0]
        with duckdb.connect() as con:
            files = str(published / "parquet" / "entity" / "entity_customers" / "*.parquet")
            in_parquet = con.execute("select count(*) from read_parquet(?)", [files]).fetchall()[0][0]
        after = json.loads((published / "release.json").read_text())
        releases.add(before["release_id"])
        expected = before["row_counts"]["entity.entity_customers"]
        if before["release_id"] == after["release_id"] and {customers, in_parquet} != {expected}:
            faults.append(f"{customers} customers, {in_parquet} in Parquet, in release {before['release_id']} of {expected}")
        if not customers or quarantined is None:
            faults.append("an empty release")
    except Exception as error:
        faults.append(repr(error))
    time.sleep(0.05)
report.write_text(json.dumps({"rounds": rounds, "faults": faults, "releases": sorted(releases)}))
"""
READERS = 2
#: After so many kills a run goes to its end and is compared.
KILLS_OF_A_ROUND = 8


@dataclass
class Seen:
    """What came of it: moments of the kills (parts of the usual time), what readers saw, and tables that do not end as they should."""

    kills: list[float] = field(default_factory=list)
    ended_before: int = 0
    rounds: int = 0
    looks: int = 0
    faults: list[str] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)
    differences: dict[str, str] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)


def new_files(site: Any) -> None:
    """Events that are new and an account that is: what the runs that are killed have to load."""
    path = sorted((site.data / "landing/files/customer_events").glob("customer_events_*.csv.gz"))[0]
    head, *rows = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    site.put("files/customer_events/late.csv", head + b"".join(b"k" + row for row in rows if b'"' not in row))
    site.put("files/accounts/late.csv", "customer_id,customer_name,updated_at\nacc-late,Late Ltd,2026-10-30\n")


@contextmanager
def readers(data: Path, seen: Seen) -> Iterator[None]:
    """Processes that read the release all the time; what they saw is added up."""
    with tempfile.TemporaryDirectory() as folder:
        stop = Path(folder) / "stop"
        reports = [Path(folder) / f"{number}.json" for number in range(READERS)]
        started = [
            subprocess.Popen([sys.executable, "-c", READER, str(data / "published"), str(stop), str(report)])
            for report in reports
        ]
        try:
            yield
        finally:
            stop.touch()
            for process in started:
                process.wait(60)
        for report in reports:
            said = json.loads(report.read_text())
            seen.looks += said["rounds"]
            seen.faults += said["faults"]
            seen.releases |= set(said["releases"])


def kill_runs(
    site: Any, tools: Any, kills: int, seed: int = 7, tell: Callable[[str], None] = lambda words: None
) -> Seen:
    """Kill as many runs over the snapshot `published` of a site, each at a random moment of its usual time, and run to the end in between."""
    draw = random.Random(seed)
    seen = Seen()
    site.restore("published")
    new_files(site)
    began = time.monotonic()
    site.run("run")
    usual = time.monotonic() - began
    calm = tools.tables(site.data)
    tell(f"an undisturbed run takes {usual:.0f} s")
    while len(seen.kills) < kills:
        site.restore("published")
        new_files(site)
        seen.rounds += 1
        with readers(site.data, seen):
            for _ in range(min(KILLS_OF_A_ROUND, kills - len(seen.kills))):
                moment = draw.random()
                process = site.start("run")
                time.sleep(usual * moment)
                seen.ended_before += process.poll() is not None
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                seen.kills.append(round(moment, 3))
                tell(f"{len(seen.kills)} killed, this one at {moment:.2f} of the usual time")
            site.run("run")
        seen.differences |= tools.differences(tools.tables(site.data), calm)
        seen.leftovers += [str(path) for path in (site.data / "published").rglob(".*")]
        tell(
            f"round {seen.rounds}: faults {seen.faults[:3]}, differences {list(seen.differences)}, leftovers {seen.leftovers}"
        )
    return seen


def main(folder: Path, kills: int, seed: int = 7) -> int:
    """The same over any data folder, without pytest."""
    from tests.python.scenarios import conftest

    class Tools:
        tables = staticmethod(conftest.tables)
        differences = staticmethod(conftest.differences)

    with tempfile.TemporaryDirectory() as root:
        site = conftest.Site(Path(root))
        shutil.copytree(folder, site.root / "kept" / "published", symlinks=True)
        site.clear()
        # What dbt reads of the project once counts for no run.
        site.run("parse", program="dbt")
        seen = kill_runs(
            site, Tools, kills, seed, tell=lambda words: print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)
        )
    print(seen)
    return 1 if seen.faults or seen.differences or seen.leftovers else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
