"""The matching step: which records are likely one person, brought up to date at a cost that follows what is new.

Everything it keeps lies in one schema: the model it matches with, the frequencies of names and numbers when that was trained, the blocking keys
of each record, and the links. A link depends on its two records and the model only, so that any order of arrival gives the same links.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from intelligence.identity.candidates import crowded_keys_sql, keys_sql, pairs_sql
from intelligence.identity.comparisons import COLUMNS, COMPARISONS
from intelligence.identity.scoring import contact_weight, evidence_sql, score_pairs
from intelligence.identity.training import Model, learn_contacts, train

#: Up to this many records, everything is learnt and matched anew each time: it takes seconds, and no trace of the order of arrival stays.
ALWAYS_ANEW = 50_000
#: Beyond that the model is kept until there are this many times as many records as it was trained on.
OUTGROWN = 1.5
#: Links below this probability are not kept.
LEAST_PROBABILITY = 0.05
#: Fewer records teach nothing: no model, no links.
FEWEST_RECORDS = 50

FREQUENCY_COLUMNS = tuple(
    dict.fromkeys(level.frequency_of for it in COMPARISONS for level in it.levels if level.frequency_of)
)


@dataclass(frozen=True)
class MatchReport:
    """What a run of the step did.

    Attributes:
        records: records there are.
        changed: records that were matched in this run.
        pairs: pairs that were compared in this run.
        links: links that are kept, of this run and earlier ones.
        trained: whether a model was trained.
        model_id: the model in use; empty if there are too few records for one.
        seconds: time of each part.
    """

    records: int
    changed: int
    pairs: int
    links: int
    trained: bool
    model_id: str
    seconds: dict[str, float]


TABLES = {
    "models": "model_id varchar, records bigint, model varchar",
    "term_frequencies": "column_name varchar, term varchar, frequency double",
    "matched_records": "unique_id bigint, record_key varchar, content_hash varchar",
    "blocking_keys": "unique_id bigint, key ubigint",
    "crowded_keys": "key ubigint",
    "probabilistic_links": (
        "record_key_a varchar, record_key_b varchar, match_probability double, match_weight double, evidence varchar, model_id varchar, "
        "unique_id_a bigint, unique_id_b bigint"
    ),
}


def create_tables(con: duckdb.DuckDBPyConnection, schema: str = "identity") -> None:
    """Make the tables of the step where they are missing, empty."""
    con.execute(f"create schema if not exists {schema}")
    for table, columns in TABLES.items():
        con.execute(f"create table if not exists {schema}.{table} ({columns})")


def match(
    con: duckdb.DuckDBPyConnection,
    records: str = "silver.source_records",
    schema: str = "identity",
    *,
    retrain: bool = False,
    progress: Callable[[str], None] | None = None,
) -> MatchReport:
    """Bring the links of `schema` up to date with the table `records`.

    Args:
        con: connection that may write `schema` and temporary tables.
        records: table with record_key, content_hash and the columns of `comparisons.COLUMNS`; one row a record.
        schema: where links, model and keys are kept.
        retrain: learn a new model and match everything, however little is new.
        progress: called with a few words before each part.
    """
    tell = progress or (lambda words: None)
    clock = _Clock()
    create_tables(con, schema)
    columns = ", ".join(COLUMNS)
    con.execute(
        f"""
        create or replace temp table person as
        select cast(md5_number_lower(record_key) >> 1 as bigint) as unique_id, record_key, content_hash, {columns} from {records} order by unique_id
        """
    )
    count, distinct = con.execute("select count(*), count(distinct unique_id) from person").fetchall()[0]
    if count != distinct:
        raise ValueError(f"{records} holds {count - distinct} record keys twice; every record may stand in it once.")
    current = con.execute(f"select model_id, records, model from {schema}.models").fetchall()
    anew = retrain or not current or count <= ALWAYS_ANEW or count > OUTGROWN * current[0][1]
    if count < FEWEST_RECORDS:
        _replace_all(con, schema, {})
        return MatchReport(count, 0, 0, 0, False, "", clock.seconds)
    return (
        _match_anew(con, schema, count, clock, tell)
        if anew
        else _match_changed(con, schema, count, current[0], clock, tell)
    )


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def stop(self, part: str) -> None:
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


def _replace_all(con: duckdb.DuckDBPyConnection, schema: str, prepared: dict[str, str]) -> None:
    """Put the prepared tables in the place of those of the step, in one step; those without one are emptied."""
    con.execute("begin")
    for table, columns in TABLES.items():
        con.execute(f"drop table {schema}.{table}")
        if table in prepared:
            con.execute(f"alter table {schema}.{prepared[table]} rename to {table}")
        else:
            con.execute(f"create table {schema}.{table} ({columns})")
    con.execute("commit")


def _match_anew(
    con: duckdb.DuckDBPyConnection, schema: str, count: int, clock: _Clock, tell: Callable[[str], None]
) -> MatchReport:
    fresh = {table: f"next_{table}" for table in TABLES}
    for table, columns in TABLES.items():
        con.execute(f"create or replace table {schema}.{fresh[table]} ({columns})")
    tell("counting names and numbers")
    for column in FREQUENCY_COLUMNS:
        con.execute(
            f"""
            insert into {schema}.{fresh["term_frequencies"]}
            select '{column}', {column}, count(*) / sum(count(*)) over () from person where {column} is not null group by {column}
            qualify count(*) > 1
            """
        )
    con.execute(
        f"insert into {schema}.{fresh['matched_records']} select unique_id, record_key, content_hash from person"
    )
    keys, crowded = f"{schema}.{fresh['blocking_keys']}", f"{schema}.{fresh['crowded_keys']}"
    con.execute(f"insert into {keys} {keys_sql('person')}")
    con.execute(f"insert into {crowded} {crowded_keys_sql(con, keys, count)}")
    con.execute(f"create or replace temp table candidate as {pairs_sql(keys, crowded)}")
    clock.stop("candidates")
    tell("learning what a match looks like")
    frequencies = _frequencies(con, f"{schema}.{fresh['term_frequencies']}")
    model = train(con, "person", frequencies)
    clock.stop("training")
    tell("comparing pairs")
    score_pairs(con, "person", "candidate", model, frequencies, "scored")
    clock.stop("scoring")
    model = learn_contacts(con, model, "scored")
    text = json.dumps({"settings": model.settings, "contacts": model.contacts}, sort_keys=True)
    model_id = "model_" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]
    con.execute(f"insert into {schema}.{fresh['models']} values (?, ?, ?)", [model_id, count, text])
    con.execute(f"insert into {schema}.{fresh['probabilistic_links']} {_links_sql(model, model_id)}")
    _replace_all(con, schema, fresh)
    clock.stop("links")
    return MatchReport(
        count,
        count,
        _count(con, "candidate"),
        _count(con, f"{schema}.probabilistic_links"),
        True,
        model_id,
        clock.seconds,
    )


def _match_changed(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    count: int,
    current: tuple[str, int, str],
    clock: _Clock,
    tell: Callable[[str], None],
) -> MatchReport:
    model_id, _, text = current
    model = Model(**json.loads(text))
    con.execute(
        f"""
        create or replace temp table changed as
        select coalesce(person.unique_id, known.unique_id) as unique_id
        from person
        full outer join {schema}.matched_records as known on person.unique_id = known.unique_id
        where person.content_hash is distinct from known.content_hash
        """
    )
    changed = _count(con, "changed")
    if not changed:
        return MatchReport(count, 0, 0, _count(con, f"{schema}.probabilistic_links"), False, model_id, clock.seconds)
    tell(f"matching {changed} new or changed records")
    con.execute(
        "create or replace temp table changed_person as select person.* from person semi join changed using (unique_id)"
    )
    con.execute(f"create or replace temp table changed_key as {keys_sql('changed_person')}")
    con.execute(
        f"""
        create or replace temp view keys_now as
        select unique_id, key from {schema}.blocking_keys anti join changed using (unique_id) union all select unique_id, key from changed_key
        """
    )
    con.execute(
        f"create or replace temp table candidate as {pairs_sql('keys_now', f'{schema}.crowded_keys', 'changed_key')}"
    )
    clock.stop("candidates")
    score_pairs(con, "person", "candidate", model, _frequencies(con, f"{schema}.term_frequencies"), "scored")
    con.execute(f"create or replace temp table fresh_link as {_links_sql(model, model_id)}")
    clock.stop("scoring")
    con.execute("begin")
    gone = "(select unique_id from changed)"
    con.execute(f"delete from {schema}.probabilistic_links where unique_id_a in {gone} or unique_id_b in {gone}")
    con.execute(f"delete from {schema}.blocking_keys where unique_id in {gone}")
    con.execute(f"delete from {schema}.matched_records where unique_id in {gone}")
    con.execute(f"insert into {schema}.matched_records select unique_id, record_key, content_hash from changed_person")
    con.execute(f"insert into {schema}.blocking_keys select unique_id, key from changed_key")
    con.execute(f"insert into {schema}.probabilistic_links select * from fresh_link")
    con.execute("commit")
    clock.stop("links")
    return MatchReport(
        count,
        changed,
        _count(con, "candidate"),
        _count(con, f"{schema}.probabilistic_links"),
        False,
        model_id,
        clock.seconds,
    )


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _frequencies(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Tables with the frequencies of a column's values, by column, as Splink wants them."""
    tables = {}
    for column in FREQUENCY_COLUMNS:
        tables[column] = f"frequency_of_{column}"
        con.execute(
            f"""
            create or replace temp table {tables[column]} as
            select term as {column}, frequency as tf_{column} from {source} where column_name = '{column}'
            """
        )
    return tables


def _links_sql(model: Model, model_id: str) -> str:
    """SQL for the rows of `probabilistic_links` that come of the pairs in table `scored`."""
    return f"""
        with weighed as (select *, {contact_weight(model)} as weight from scored),
        likely as (select *, 1 / (1 + power(2, -weight)) as probability from weighed where 1 / (1 + power(2, -weight)) >= {LEAST_PROBABILITY})
        select
            least(l.record_key, r.record_key), greatest(l.record_key, r.record_key), probability, weight, {evidence_sql(model)}, '{model_id}',
            unique_id_l, unique_id_r
        from likely
        inner join person as l on likely.unique_id_l = l.unique_id
        inner join person as r on likely.unique_id_r = r.unique_id
        """
