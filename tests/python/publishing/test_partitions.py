"""Whatever happens between two releases, a table held as partitions has the rows of the warehouse, and days that did not change are not written."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts import ConfigurationError
from ingestion.quoting import glob_literal, sql_literal
from operations.doctor import examine
from publishing import partitioning
from publishing.partitioning import Partitioning, declared_partitions
from publishing.release import Checks, publish
from publishing.settings import RELEASE_ROOT, ReleaseSettings, release_settings

#: How gold.fct_events is cut in the project, over a bronze table and lookups with fewer columns.
EVENTS = declared_partitions()["fct_events"]
BY_OWN_ROWS = Partitioning(partition_by="date_day")


class Bench:
    """A small warehouse with a large fact by loads, and one that is rebuilt each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.load = 0
        self.run(
            """
            create schema landing; create schema silver; create schema entity; create schema gold; create schema bronze; create schema identity;
            create schema reference;
            create table reference.robot_agents as select 'bot' as pattern;
            create table landing.files (load_id bigint);
            create table silver.as_of (as_of timestamp);
            insert into silver.as_of values (timestamp '2026-10-05 12:00:00');
            create table identity.builds as select 'customer_events' as model, '' as upstream, 1 as build_number, 1 as anew_number;
            create table bronze.customer_events
                (source_system varchar, event_id varchar, occurred_at timestamp, user_id varchar, customer_id varchar, event_value double, load_id bigint);
            create table silver.users (user_id varchar, customer_id varchar, last_login_at timestamp);
            create table silver.account_map (source_system varchar, source_customer_id varchar, customer_id varchar, is_left_out boolean);
            create table silver.staff (user_id varchar);
            create table entity.entity_customers as select 'acc-1' as customer_id;
            create table gold.fct_scores (customer_id varchar, date_day date, score_value double);
            create view gold.fct_events as
                select events.*, coalesce(account_map.customer_id, users.customer_id) as account, staff.user_id is not null as is_internal
                from bronze.customer_events as events
                left join silver.users as users on events.user_id = users.user_id
                left join silver.account_map as account_map
                    on events.source_system = account_map.source_system and events.customer_id = account_map.source_customer_id
                left join silver.staff as staff on events.user_id = staff.user_id
                cross join silver.as_of as build
                where events.occurred_at <= build.as_of;
            """
        )

    def run(self, sql: str) -> None:
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as con:
            con.execute("set timezone = 'UTC'")
            con.execute(sql)

    def rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def arrive(self, day: int, events: int, first_id: int, user: int) -> None:
        """A load of events of a day; ids that are there already are those of late copies, which stand in their place."""
        self.load += 1
        self.run(
            f"""
            insert into landing.files values ({self.load});
            create temp table fresh as select 'files' as source_system, 'e' || ({first_id} + n) as event_id,
                timestamp '2026-10-01' + interval ({day}) day + interval (n) minute as occurred_at,
                'u{user}' as user_id, 'a{user}' as customer_id, 1.5 * n as event_value, {self.load} as load_id from range({events}) as r (n);
            delete from bronze.customer_events where event_id in (select event_id from fresh);
            insert into bronze.customer_events select * from fresh;
            """
        )

    def publish(self, least: int = 1, anew: bool = False) -> dict[str, dict[str, int]]:
        published = self.folder / "published"
        published.mkdir(exist_ok=True)
        return publish(self.folder, Checks(1), ReleaseSettings(3, least, str(published.resolve())), anew).partitions

    def check(self) -> None:
        """Readers of the file and of the Parquet see the rows of the warehouse."""
        with duckdb.connect() as con:
            con.execute(f"attach {sql_literal(str(self.folder / 'warehouse.duckdb'))} as warehouse (read_only)")
            con.execute(f"attach {sql_literal(str(self.folder / 'published' / 'marts.duckdb'))} as marts (read_only)")
            for table in ("gold.fct_events", "gold.fct_scores"):
                there = f"select * from warehouse.{table}"
                files = glob_literal(self.folder / "published" / "parquet" / table.replace(".", "/"))
                parquet = f"select * from read_parquet({files})"
                for readers in (f"select * from marts.{table}", parquet):
                    for one, other in ((there, readers), (readers, there)):
                        assert con.execute(f"{one} except all {other}").fetchall() == []
                said = con.execute(
                    f"select total_rows from marts.metrics.release_tables where table_name = '{table.split('.')[1]}'"
                )
                assert said.fetchall() == con.execute(f"select count(*) from warehouse.{table}").fetchall()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    declare(monkeypatch)
    return Bench(tmp_path / "data")


def declare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "publishing.release.declared_partitions", lambda: {"fct_events": EVENTS, "fct_scores": BY_OWN_ROWS}
    )


def test_only_the_days_that_a_load_touches_are_written(bench: Bench) -> None:
    for day in range(4):
        bench.arrive(day, 5, first_id=day * 100, user=day)
    assert bench.publish()["gold.fct_events"] == {"partitions": 4, "written": 4}
    bench.check()
    assert bench.publish()["gold.fct_events"] == {"partitions": 4, "written": 0}
    bench.check()
    bench.arrive(4, 5, first_id=400, user=1)
    assert bench.publish()["gold.fct_events"] == {"partitions": 5, "written": 1}
    bench.check()
    # The file of a day that two releases have in common is there once.
    shared = [
        path.stat().st_ino
        for path in (bench.folder / "published" / "releases").glob("*/parquet/gold/fct_events/2026-10-02*")
    ]
    assert len(shared) == 3
    assert len(set(shared)) == 1


@pytest.mark.parametrize(
    ("change", "written"),
    [
        ("insert into silver.users values ('u1', 'acc-9', null)", 1),
        ("insert into silver.staff values ('u2')", 1),
        ("insert into silver.account_map values ('files', 'a3', 'acc-3', false)", 1),
        ("insert into silver.account_map values ('other', 'a3', 'acc-3', false)", 0),
        ("insert into silver.users values ('nobody', 'acc-9', null)", 0),
        ("delete from bronze.customer_events where event_id = 'e201'", 1),
        ("delete from bronze.customer_events where occurred_at < timestamp '2026-10-02'", 0),
        ("update silver.as_of set as_of = timestamp '2026-10-02 00:02:00'", 3),
        ("update identity.builds set anew_number = 2", 4),
        ("insert into reference.robot_agents values ('crawler')", 4),
        ("create or replace view gold.fct_events as select *, 1 as further from bronze.customer_events", 4),
    ],
)  # fmt: skip
def test_what_changes_rows_of_a_day_that_was_released(bench: Bench, change: str, written: int) -> None:
    for day in range(4):
        bench.arrive(day, 5, first_id=day * 100, user=day)
    bench.publish()
    bench.run(change)
    assert bench.publish()["gold.fct_events"]["written"] == written
    bench.check()


@pytest.mark.parametrize(
    "change",
    [
        "alter table gold.fct_scores rename column score_value to score",
        "alter table gold.fct_scores alter score_value type decimal(18, 4)",
        "alter table gold.fct_scores add column further integer",
    ],
)
def test_a_table_of_another_shape_is_written_anew(bench: Bench, change: str) -> None:
    bench.run(
        "insert into gold.fct_scores select 'acc-1', date '2026-10-01' + cast(d as integer), 1 from range(3) as r (d)"
    )
    assert bench.publish()["gold.fct_scores"] == {"partitions": 3, "written": 3}
    bench.run(change)
    bench.run("insert into gold.fct_scores by name select 'acc-1' as customer_id, date '2026-10-05' as date_day")
    assert bench.publish()["gold.fct_scores"] == {"partitions": 4, "written": 4}
    bench.check()


def test_a_folder_may_be_called_like_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    bench = Bench(tmp_path / "data [1] * o'clock")
    for day in range(2):
        bench.arrive(day, 5, first_id=day * 100, user=day)
        bench.publish()
    bench.check()


def test_files_that_somebody_took_away_are_written_again(bench: Bench) -> None:
    for day in range(3):
        bench.arrive(day, 5, first_id=day * 100, user=day)
    bench.publish()
    next((bench.folder / "published" / "parquet" / "gold" / "fct_events").glob("2026-10-02*")).unlink()
    assert bench.publish()["gold.fct_events"]["written"] == 1
    bench.check()
    next((bench.folder / "published" / "current" / "basis").glob("gold.fct_events.json")).write_text("{")
    assert bench.publish()["gold.fct_events"]["written"] == 3
    bench.check()


def test_a_damaged_day_that_releases_share_is_found_and_written_anew(bench: Bench) -> None:
    for day in range(3):
        bench.arrive(day, 5_000, first_id=day * 10_000, user=day)
    bench.publish()
    bench.publish()
    day = next((bench.folder / "published" / "parquet" / "gold" / "fct_events").glob("2026-10-02*"))
    content = bytearray(day.read_bytes())
    content[100:2_100] = bytes(b ^ 255 for b in content[100:2_100])
    day.write_bytes(content)
    (found,) = [one for one in examine(bench.folder) if one.check == "releases"]
    assert found.status == "ok", "its last lines say nothing of it"
    (found,) = [one for one in examine(bench.folder, read_all=True) if one.check == "releases"]
    assert found.status == "fail" and "--anew" in found.to_do
    days = bench.publish(anew=True)["gold.fct_events"]
    assert days["written"] == days["partitions"] > 1
    bench.check()
    assert bench.publish()["gold.fct_events"]["written"] == 0
    bench.check()


def test_a_removed_release_takes_nothing_from_one_that_is_kept(bench: Bench) -> None:
    for day in range(6):
        bench.arrive(day % 3, 5, first_id=day * 100, user=day)
        bench.publish()
        bench.check()
    assert len(list((bench.folder / "published" / "releases").iterdir())) == 3


def test_a_small_table_is_in_the_file_and_one_that_grew_is_not(bench: Bench) -> None:
    bench.arrive(0, 5, first_id=0, user=0)
    assert bench.publish(least=6) == {}
    bench.check()
    bench.arrive(1, 5, first_id=100, user=0)
    assert set(bench.publish(least=6)) == {"gold.fct_events"}
    bench.run("delete from bronze.customer_events where load_id = 2")
    assert set(bench.publish(least=6)) == {"gold.fct_events"}, "it does not go to and fro"
    bench.check()
    bench.run("delete from bronze.customer_events")
    assert bench.publish(least=6) == {}
    bench.check()


def test_after_a_move_a_kept_release_can_be_put_out_again(bench: Bench, tmp_path: Path) -> None:
    from publishing.release import go_back

    bench.arrive(0, 5, first_id=0, user=0)
    bench.publish()
    bench.folder.rename(tmp_path / "elsewhere")
    bench.folder = tmp_path / "elsewhere"
    (kept,) = (path.name for path in (bench.folder / "published" / "releases").iterdir())
    go_back(bench.folder, kept)
    bench.check()


_steps = st.one_of(
    st.tuples(st.just("arrive"), st.integers(0, 5), st.integers(1, 4), st.integers(0, 12), st.integers(0, 3)),
    st.tuples(st.just("publish")),
    st.tuples(st.just("user"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("staff"), st.integers(0, 3)),
    st.tuples(st.just("as_of"), st.integers(0, 6)),
    st.tuples(st.just("forget"), st.integers(0, 15)),
    st.tuples(st.just("score"), st.integers(0, 3), st.integers(0, 3)),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(_steps, min_size=4, max_size=14))
def test_any_sequence_of_loads_corrections_and_releases(
    steps: list[tuple], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch)
    bench = Bench(tmp_path_factory.mktemp("sequence") / "data")
    for word, *values in [*steps, ("publish",)]:
        if word == "arrive":
            bench.arrive(*values)
        elif word == "publish":
            bench.publish()
            bench.check()
        elif word == "user":
            bench.run(
                f"delete from silver.users where user_id = 'u{values[0]}'; insert into silver.users values ('u{values[0]}', 'acc-{values[1]}', null)"
            )
        elif word == "staff":
            bench.run(
                f"delete from silver.staff where user_id = 'u{values[0]}'; insert into silver.staff values ('u{values[0]}')"
            )
        elif word == "as_of":
            bench.run(f"update silver.as_of set as_of = timestamp '2026-10-01' + interval ({values[0]}) day")
        elif word == "forget":
            bench.run(f"delete from bronze.customer_events where event_id = 'e{values[0]}'")
        elif word == "score":
            bench.run(f"insert into gold.fct_scores values ('acc-1', date '2026-10-01' + {values[0]}, {values[1]})")


def test_where_readers_see_releases_is_said_in_words_if_it_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "published").mkdir()
    monkeypatch.setenv(RELEASE_ROOT, str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="RELEASE_ROOT is .*nowhere.*'relative'"):
        release_settings(tmp_path / "published")
    monkeypatch.setenv(RELEASE_ROOT, "relative")
    assert release_settings(tmp_path / "published").root == ""


def test_relative_paths_are_read_from_the_published_folder(bench: Bench) -> None:
    bench.arrive(0, 5, first_id=0, user=0)
    publish(bench.folder, Checks(1), ReleaseSettings(3, 1, ""))
    with duckdb.connect(str(bench.folder / "published" / "marts.duckdb"), read_only=True) as con:
        con.execute(f"set file_search_path = '{bench.folder}/published'")
        assert con.execute("select count(*) from gold.fct_events").fetchall() == [(5,)]


def test_a_declaration_that_cannot_be_understood_names_file_and_setting(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "fct.yml").write_text(
        "models:\n  - name: fct\n    config: {meta: {release: {partition_by: day, lod: load_id}}}\n"
    )
    with pytest.raises(ConfigurationError, match=r"fct\.yml: config\.meta\.release of fct, lod:"):
        partitioning.declared_partitions(tmp_path / "models")
