"""A release is whole or not there, and readers can open it at any time. No dbt: the warehouse is laid out by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publishing import release, store
from publishing.marts import Marts
from publishing.release import Checks, PublishError, current_release, go_back, publish
from publishing.settings import ReleaseSettings

GOOD = Checks(passed=3, warned=["a_warning"])


def _warehouse(data_dir: Path, customers: int = 2) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "warehouse.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(data_dir / "warehouse.duckdb")) as con:
        con.execute(
            f"""
            create schema landing; create schema silver; create schema entity; create schema gold; create schema bronze;
            create table landing.files as select unnest([1, 4]) as load_id;
            create table silver.as_of as select timestamp '2026-10-31 12:00:00' as as_of;
            create table bronze.accounts as select 1 as secret;
            create table entity.entity_customers as
                select 'acc-' || n as customer_id, n * 1.5 as mrr, timestamp '2026-01-01 00:00:00' as seen_at from range({customers}) as r (n);
            comment on table entity.entity_customers is 'It''s one row per account.';
            comment on column entity.entity_customers.mrr is 'US dollars a month';
            create view gold.fct_view as select customer_id from entity.entity_customers;
            """
        )


def settings(data_dir: Path, kept: int = 5) -> ReleaseSettings:
    return ReleaseSettings(kept, 1_000_000, str((data_dir / "published").resolve()))


def _opened(data_dir: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data_dir / "published" / "marts.duckdb"), read_only=True) as con:
        return con.execute("select count(*) from entity.entity_customers").fetchall()


def test_a_release_holds_what_readers_need_and_nothing_else(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    made = publish(tmp_path, GOOD)
    published = tmp_path / "published"
    noted = json.loads((published / "release.json").read_text())
    assert noted == json.loads(made.to_json()) == current_release(tmp_path)
    assert noted["row_counts"] == {"entity.entity_customers": 2, "gold.fct_view": 2}
    assert (noted["load_id"], noted["as_of"], noted["checks"]["warned"]) == (4, "2026-10-31 12:00:00", ["a_warning"])
    with duckdb.connect() as con:
        con.execute(f"attach '{published}/marts.duckdb' as marts (read_only)")
        assert con.execute("select distinct schema_name from duckdb_tables() where database_name = 'marts' order by 1").fetchall() == [
            ("entity",), ("gold",), ("metrics",),
        ]  # fmt: skip
        # A reader with DuckDB 1.2 opens it: the version of the format stands in the file itself.
        ((tags,),) = con.execute("select tags from duckdb_databases() where database_name = 'marts'").fetchall()
        assert "v1.2" in tags["storage_version"]
        assert con.execute(
            "select comment from duckdb_tables() where database_name = 'marts' and comment is not null and schema_name != 'metrics'"
        ).fetchall() == [("It's one row per account.",)]
        assert con.execute(
            "select column_name, comment from duckdb_columns() where database_name = 'marts' and comment is not null and schema_name != 'metrics'"
        ).fetchall() == [("mrr", "US dollars a month")]
        for table in ("entity.entity_customers", "gold.fct_view"):
            parquet = f"read_parquet('{published}/parquet/{table.replace('.', '/')}/*.parquet')"
            assert (
                con.execute(f"select * from marts.{table} order by all").fetchall()
                == con.execute(f"select * from {parquet} order by all").fetchall()
            )
        assert int.from_bytes((published / "marts.duckdb").read_bytes()[12:20], "little") <= 65


def test_failed_checks_publish_nothing(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    first = publish(tmp_path, GOOD)
    _warehouse(tmp_path, customers=5)
    with pytest.raises(PublishError, match=r"2 blocking check\(s\) failed \(one; two\)"):
        publish(tmp_path, Checks(passed=1, failed=["one", "two"]))
    assert current_release(tmp_path)["release_id"] == first.release_id
    assert _opened(tmp_path) == [(2,)]


@pytest.mark.parametrize(
    ("breakage", "words"),
    [("none", "there is no"), ("empty", "no entity tables"), ("damaged", "Nothing was published")],
)
def test_a_warehouse_that_cannot_be_released_says_so(tmp_path: Path, breakage: str, words: str) -> None:
    if breakage == "empty":
        duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    elif breakage == "damaged":
        (tmp_path / "warehouse.duckdb").write_bytes(b"no database" * 100)
    with pytest.raises(PublishError, match=words):
        publish(tmp_path, GOOD)
    assert current_release(tmp_path) is None
    releases = tmp_path / "published" / "releases"
    assert not releases.exists() or list(releases.iterdir()) == []


def test_a_release_that_dies_on_the_way_leaves_the_old_one_and_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _warehouse(tmp_path)
    first = publish(tmp_path, GOOD)
    releases = tmp_path / "published" / "releases"
    # What a killed process leaves: a half-written folder, and the link it was about to put in place.
    shutil.copytree(releases / first.release_id, releases / ".20990101T000000-abcdef")
    (tmp_path / "published" / ".current-20990101T000000-abcdef").symlink_to("releases/nowhere")
    _warehouse(tmp_path, customers=5)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Marts, "copy", full)
        with pytest.raises(PublishError, match="No space left on device"):
            publish(tmp_path, GOOD)
    assert _opened(tmp_path) == [(2,)]
    publish(tmp_path, GOOD)
    assert _opened(tmp_path) == [(5,)]
    assert list((tmp_path / "published").rglob(".*")) == []


def test_a_reader_keeps_the_file_it_opened_and_old_releases_go(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    publish(tmp_path, GOOD)
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb"), read_only=True) as reader:
        for customers in (3, 4, 5, 6):
            _warehouse(tmp_path, customers)
            newest = publish(tmp_path, GOOD, settings(tmp_path, kept=3))
        assert reader.execute("select count(*) from entity.entity_customers").fetchall() == [(2,)]
    assert _opened(tmp_path) == [(6,)]
    kept = [path.name for path in (tmp_path / "published" / "releases").iterdir()]
    assert len(kept) == 3
    assert newest.release_id in kept


def test_a_data_folder_can_be_moved(tmp_path: Path) -> None:
    _warehouse(tmp_path / "here")
    publish(tmp_path / "here", GOOD)
    (tmp_path / "here").rename(tmp_path / "there with a 'quote'")
    assert _opened(tmp_path / "there with a 'quote'") == [(2,)]
    publish(tmp_path / "there with a 'quote'", GOOD)


def test_a_release_says_what_it_is_made_of(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    made = publish(tmp_path, GOOD)
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb"), read_only=True) as con:
        ((*said, warnings),) = con.execute(
            "select release_id, sequence, as_of::varchar, load_id, tables, total_rows, checks_passed, checks_warned, warnings from metrics.release"
        ).fetchall()
        assert said == [made.release_id, 1, "2026-10-31 12:00:00", 4, 2, 4, 3, 1]
        assert warnings == ["a_warning"]
        assert con.execute("select * from metrics.release_tables order by all").fetchall() == [
            ("entity", "entity_customers", 2, None, None),
            ("gold", "fct_view", 2, None, None),
        ]


def test_going_back_and_holding(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    first = publish(tmp_path, GOOD)
    _warehouse(tmp_path, customers=5)
    publish(tmp_path, GOOD)
    with pytest.raises(PublishError, match=r"no release '2020'.*" + first.release_id):
        go_back(tmp_path, "2020")
    assert go_back(tmp_path, first.release_id)["release_id"] == first.release_id
    assert _opened(tmp_path) == [(2,)]
    store.hold(tmp_path / "published", "maria", "wrong prices")
    with pytest.raises(PublishError, match=r"maria holds releases since .*wrong prices.*--let-go"):
        publish(tmp_path, GOOD)
    assert _opened(tmp_path) == [(2,)]
    assert store.let_go(tmp_path / "published")
    publish(tmp_path, GOOD)
    assert _opened(tmp_path) == [(5,)]


def test_a_torn_note_concerns_its_own_release_alone(tmp_path: Path) -> None:
    made = []
    for customers in (2, 3):
        _warehouse(tmp_path, customers)
        made.append(publish(tmp_path, GOOD, settings(tmp_path)).release_id)
    published = tmp_path / "published"
    note = published / "releases" / made[0] / "release.json"
    for torn in ('{"rel', "[1]", "{}"):
        note.write_text(torn)
        assert [one["release_id"] for one in store.releases(published)] == [made[1]]
        with pytest.raises(PublishError, match="There is no release"):
            go_back(tmp_path, made[0])
    _warehouse(tmp_path, 4)
    # It is kept as long as others of its age are, and goes first.
    made.append(publish(tmp_path, GOOD, settings(tmp_path, kept=3)).release_id)
    assert store.unreadable(published) == [made[0]]
    made.append(publish(tmp_path, GOOD, settings(tmp_path, kept=3)).release_id)
    assert store.unreadable(published) == [] and len(store.releases(published)) == 3
    (published / "releases" / made[-1] / "release.json").write_text("{")
    with pytest.raises(PublishError, match=r"release.json of the release that is out cannot be read: .*publish"):
        current_release(tmp_path)
    assert go_back(tmp_path, made[-2])["release_id"] == made[-2]
    assert publish(tmp_path, GOOD, settings(tmp_path)).sequence >= 4
    assert _opened(tmp_path) == [(4,)]


def test_who_holds_releases_may_be_unreadable(tmp_path: Path) -> None:
    _warehouse(tmp_path)
    publish(tmp_path, GOOD)
    (tmp_path / "published" / "held.json").write_text("x")
    with pytest.raises(PublishError, match=r"somebody holds releases .*held.json cannot be read.*--let-go"):
        publish(tmp_path, GOOD)
    assert store.let_go(tmp_path / "published")
    publish(tmp_path, GOOD)


def test_the_newest_is_the_one_made_last_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(9, 0, -1))

    class SetBack(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2026, 11, next(times), tzinfo=tz)

    monkeypatch.setattr(release, "datetime", SetBack)
    made = []
    for customers in range(2, 7):
        _warehouse(tmp_path, customers)
        made.append(publish(tmp_path, GOOD, settings(tmp_path, kept=3)).release_id)
        assert _opened(tmp_path) == [(customers,)]
    assert [note["release_id"] for note in store.releases(tmp_path / "published")] == made[:1:-1]


READER = """
import json, sys, time
from pathlib import Path
import duckdb
published, stop, report = map(Path, sys.argv[1:])
rounds, faults, seen = 0, [], set()
while not stop.exists():
    rounds += 1
    try:
        with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
            ((release, said, there, days, customers),) = con.execute(
                "select (select release_id from metrics.release), (select total_rows from metrics.release_tables where table_name = 'fct_scores'), "
                "(select count(*) from gold.fct_scores), (select count(distinct load_id) from gold.fct_scores), "
                "(select count(*) from entity.entity_customers)").fetchall()
        seen.add(release)
        if said != there or days != 1 or customers * 3 != there:
            faults.append(f"{release}: {said} rows said, {there} there of {days} loads, {customers} customers")
    except Exception as error:
        faults.append(repr(error))
    time.sleep(0.02)
report.write_text(json.dumps({"rounds": rounds, "faults": faults, "seen": sorted(seen)}))
"""


def test_readers_in_other_processes_never_fail_across_twenty_releases(tmp_path: Path) -> None:
    stop, published = tmp_path / "stop", tmp_path / "published"
    share = ReleaseSettings(3, 1, str(published.resolve()))

    def next_release(number: int) -> None:
        _warehouse(tmp_path, customers=number)
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
            # Every third release changes every day, the others the last one only.
            con.execute(
                f"create table gold.fct_scores as select n, date '2026-10-29' + cast(d as integer) as date_day, {number // 3} as load_id "
                f"from range({number}) as a (n), range(3) as b (d)"
            )
        publish(tmp_path, GOOD, share)

    next_release(3)
    reports = [tmp_path / f"report_{number}" for number in range(2)]
    readers = [
        subprocess.Popen([sys.executable, "-c", READER, str(published), str(stop), str(report)]) for report in reports
    ]
    try:
        for number in range(4, 24):
            next_release(number)
    finally:
        stop.touch()
        for reader in readers:
            reader.wait(60)
    for report in reports:
        found = json.loads(report.read_text())
        assert found["faults"] == []
        assert len(found["seen"]) > 5
