"""The matching step: which records are likely one person, brought up to date at a cost that follows what is new.

Everything it keeps lies in one schema: the model it matches with, the frequencies of names and numbers when that was trained, the blocking keys
of each record, the links, and which records were matched again in which run (all of them where it matched anew). A link depends on its two
records and the model only, so that any order of arrival gives the same links.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from intelligence.identity.candidates import common_keys_sql, fill_candidates, keys_sql, pairs_sql
from intelligence.identity.comparisons import (
    BIRTH,
    COLUMNS,
    COMPARISONS,
    EMAIL,
    EMAILS,
    FAMILY,
    FORMER,
    FORMS,
    GIVEN,
    IDENTIFIERS,
    PHONES,
)
from intelligence.identity.scoring import contact_weight, evidence_joins, evidence_sql, score_pairs
from intelligence.identity.training import Model, learn_contacts, train

#: Up to this many records, everything is learnt and matched anew each time: it takes seconds, and no trace of the order of arrival stays.
ALWAYS_ANEW = 50_000
#: Beyond that the model is kept until there are this many times as many records as it was trained on.
OUTGROWN = 1.5
#: Links below this probability are not kept.
LEAST_PROBABILITY = 0.05
#: As many digits at the end of a telephone number tell it apart, however its beginning is written.
PHONE_DIGITS = 9
#: Names change places if that makes them this many times more usual.
TURNED_BY = 20
#: More records than this with one name and birth date are nobody (a till, a test): they teach nothing.
CROWD = 20
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


_LISTS = (FORMS, FORMER, EMAILS, PHONES, IDENTIFIERS)
TABLES = {
    "models": "model_id varchar, records bigint, strength integer, model varchar",
    "term_frequencies": "column_name varchar, term varchar, frequency double",
    "name_order": "name varchar, as_given bigint, as_family bigint",
    "match_runs": "match_number bigint, was_anew boolean",
    "rematched_records": "match_number bigint, record_key varchar",
    "people": (
        "unique_id bigint, record_key varchar, content ubigint, "
        + ", ".join(f"{column} varchar{'[]' if column in _LISTS else ''}" for column in COLUMNS)
    ),
    "blocking_keys": "unique_id bigint, key ubigint",
    "common_keys": "key ubigint, is_left_out boolean",
    "probabilistic_links": (
        "record_key_a varchar, record_key_b varchar, match_probability double, match_weight double, evidence varchar, model_id varchar, "
        "unique_id_a bigint, unique_id_b bigint"
    ),
}


@dataclass(frozen=True)
class Sources:
    """Tables that the step reads, by name or as a query in parentheses.

    Attributes:
        records: record_key, content_hash and the columns of silver.source_records that `comparisons` names; one row a record.
        identifiers: record_key, identifier_type, identifier_value: all identifiers of the records that may speak for a link, mail addresses and
            telephone numbers among them; None for the contacts that stand in the records.
        nicknames: nickname, given_name; None for none.
    """

    records: str = "silver.source_records"
    identifiers: str | None = None
    nicknames: str | None = None


def create_tables(con: duckdb.DuckDBPyConnection, schema: str = "identity") -> None:
    """Make the tables of the step where they are missing, empty. A table that an earlier version laid out otherwise is made anew, and so is the
    model, which cannot do without it.
    """
    con.execute(f"create schema if not exists {schema}")
    found = con.execute(
        "select table_name, string_agg(column_name || ' ' || lower(data_type), ', ' order by column_index) from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? group by table_name",
        [schema],
    ).fetchall()
    there = dict(found)
    outdated = [table for table, columns in TABLES.items() if there.get(table, columns) != columns]
    for table in outdated:
        con.execute(f"drop table {schema}.{table}")
    for table, columns in TABLES.items():
        con.execute(f"create table if not exists {schema}.{table} ({columns})")
    if outdated:
        con.execute(f"delete from {schema}.models")


def match(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    schema: str = "identity",
    *,
    retrain: bool = False,
    progress: Callable[[str], None] | None = None,
) -> MatchReport:
    """Bring the links of `schema` up to date with the records.

    Args:
        con: connection that may write `schema` and temporary tables.
        sources: what to read.
        schema: where links, model and keys are kept.
        retrain: learn a new model and match everything, however little is new.
        progress: called with a few words before each part.

    Raises:
        ValueError: a record stands in `sources.records` twice.
    """
    tell = progress or (lambda words: None)
    clock = _Clock()
    create_tables(con, schema)
    con.execute(f"create or replace temp table record_now as {_contents_sql(sources)}")
    count, distinct = con.execute("select count(*), count(distinct unique_id) from record_now").fetchall()[0]
    if count != distinct:
        raise ValueError(
            f"{sources.records} holds {count - distinct} records twice; every record may stand in it once."
        )
    if count < FEWEST_RECORDS:
        _replace_all(con, schema, {})
        return MatchReport(count, 0, 0, 0, False, "", clock.seconds)
    current = con.execute(f"select model_id, records, strength, model from {schema}.models").fetchall()
    if retrain or not current or count <= ALWAYS_ANEW or count > OUTGROWN * current[0][1]:
        return _match_anew(con, sources, schema, count, clock, tell)
    return _match_changed(con, sources, schema, count, current[0], clock, tell)


def _unique_id(record_key: str = "record_key") -> str:
    """SQL for the number of a record. It depends on the key alone, so that the order of arrival leaves no trace."""
    return f"cast(md5_number_lower({record_key}) >> 1 as bigint)"


def _identifiers(sources: Sources) -> str:
    """The identifiers that may speak for a link; where nobody says which may, the contacts that stand in the records."""
    contacts = " union all ".join(
        f"select record_key, '{kind}' as identifier_type, {column} as identifier_value from {sources.records} where {column} is not null"
        for kind, column in (("email", EMAIL), ("phone", "phone"), ("phone", "mobile_phone"))
    )
    return sources.identifiers or f"({contacts})"


def _contents_sql(sources: Sources) -> str:
    """SQL for what is there now: unique_id, record_key, and a number that changes with anything that is compared of the record."""
    return f"""
        with identified as (
            select record_key, bit_xor(hash(identifier_type, identifier_value)) as content, count(*) as n
            from {_identifiers(sources)} as stated group by record_key
        )
        select
            {_unique_id("records.record_key")} as unique_id, records.record_key,
            hash(records.content_hash, identified.content, identified.n) as content
        from {sources.records} as records left join identified on records.record_key = identified.record_key
        """


def _prepare(
    con: duckdb.DuckDBPyConnection, sources: Sources, name_order: str, people: str, changed: str | None = None
) -> None:
    """Fill table `people` with what is compared of each record, or of those in table `changed` (record_key) alone.

    A given name that is by far more often a family name, beside a family name that is more often a given name, changes places with it.
    """
    forms = (
        f"select nickname, list(given_name order by given_name) as forms from {sources.nicknames} group by nickname"
        if sources.nicknames
        else "select null, null where false"
    )
    plain = ", ".join(f"records.{column}" for column in COLUMNS if column not in _LISTS)
    of_interest = f"where record_key in (select record_key from {changed})" if changed else ""
    con.execute(
        f"""
        insert into {people} by name
        with record as (select * from {sources.records} {of_interest}),
        stated as (
            select record_key, identifier_type as kind, identifier_value as value from {_identifiers(sources)} as stated {of_interest}
        ),
        contact as (
            select
                record_key,
                list(value order by value) filter (where kind = 'email') as emails,
                list(right(value, {PHONE_DIGITS}) order by right(value, {PHONE_DIGITS})) filter (where kind = 'phone') as phones,
                list(kind || ' ' || value order by kind || ' ' || value) filter (where kind not in ('email', 'phone')) as identifiers
            from stated where value is not null and kind != 'national_id'
            group by record_key
        ),
        nickname (nickname, forms) as ({forms}),
        ordered as (
            select
                records.* replace (
                    case when turned then {FAMILY} else {GIVEN} end as {GIVEN},
                    case when turned then {GIVEN} else {FAMILY} end as {FAMILY}
                )
            from (
                select
                    record.*,
                    coalesce(
                        (coalesce(second.as_given, 0) + 0.5) * (coalesce(first.as_family, 0) + 0.5)
                        > {TURNED_BY} * (coalesce(first.as_given, 0) + 0.5) * (coalesce(second.as_family, 0) + 0.5), false
                    ) and {GIVEN} is not null and {FAMILY} is not null as turned
                from record
                left join {name_order} as first on record.{GIVEN} = first.name
                left join {name_order} as second on record.{FAMILY} = second.name
            ) as records
        )
        select
            record_now.unique_id, records.record_key, record_now.content, {plain},
            list_append(coalesce(nickname.forms, []), records.{GIVEN}) as {FORMS}, string_split(records.{FORMER}, ' ') as {FORMER},
            contact.emails as {EMAILS}, contact.phones as {PHONES}, contact.identifiers as {IDENTIFIERS}
        from ordered as records
        inner join record_now on records.record_key = record_now.record_key
        left join contact on records.record_key = contact.record_key
        left join nickname on records.{GIVEN} = nickname.nickname
        order by record_now.unique_id
        """
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
    """Put the prepared tables in the place of those of the step, in one step, as a run that matched anew; those without one are emptied."""
    runs = con.execute(f"select coalesce(max(match_number), 0) from {schema}.match_runs").fetchall()[0][0]
    con.execute("begin")
    for table, columns in TABLES.items():
        con.execute(f"drop table {schema}.{table}")
        if table in prepared:
            con.execute(f"alter table {schema}.{prepared[table]} rename to {table}")
        else:
            con.execute(f"create table {schema}.{table} ({columns})")
    con.execute(f"insert into {schema}.match_runs values ({runs + 1}, true)")
    con.execute("commit")


def _match_anew(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    schema: str,
    count: int,
    clock: _Clock,
    tell: Callable[[str], None],
) -> MatchReport:
    # Made beside what is there and put in its place at the end: who dies on the way leaves the last links as they were.
    fresh = {table: f"next_{table}" for table in TABLES}
    place = {table: f"{schema}.{name}" for table, name in fresh.items()}
    for table, columns in TABLES.items():
        con.execute(f"create or replace table {place[table]} ({columns})")
    tell("reading records")
    con.execute(
        f"""
        insert into {place["name_order"]}
        select name, sum(as_given), sum(as_family)
        from (
            select {GIVEN} as name, 1 as as_given, 0 as as_family from {sources.records} union all select {FAMILY}, 0, 1 from {sources.records}
        )
        where name is not null group by name having count(*) > 1
        """
    )
    _prepare(con, sources, place["name_order"], place["people"])
    for column in FREQUENCY_COLUMNS:
        con.execute(
            f"""
            insert into {place["term_frequencies"]}
            select '{column}', {column}, count(*) / sum(count(*)) over () from {place["people"]} where {column} is not null group by {column}
            qualify count(*) > 1
            """
        )
    clock.stop("reading")
    con.execute(f"insert into {place['blocking_keys']} {keys_sql(place['people'])}")
    con.execute(f"insert into {place['common_keys']} {common_keys_sql(con, place['blocking_keys'], count)}")
    strength = fill_candidates(con, place["blocking_keys"], place["common_keys"], count)
    clock.stop("candidates")
    tell("learning what a match looks like")
    frequencies = _frequencies(con, place["term_frequencies"])
    con.execute(f"create or replace temp view person as select * from {place['people']}")
    con.execute(
        f"""
        create or replace temp view teaching as
        select * from person
        qualify {GIVEN} is null or {FAMILY} is null or {BIRTH} is null or count(*) over (partition by {GIVEN}, {FAMILY}, {BIRTH}) <= {CROWD}
        """
    )
    model = train(con, "teaching", frequencies)
    con.execute("drop view teaching")
    clock.stop("training")
    tell("comparing pairs")
    score_pairs(con, "person", "candidate", model, frequencies, "scored")
    clock.stop("scoring")
    model = learn_contacts(con, model, "scored")
    text = json.dumps({"settings": model.settings, "contacts": model.contacts}, sort_keys=True)
    model_id = "model_" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]
    con.execute(f"insert into {place['models']} values (?, ?, ?, ?)", [model_id, count, strength, text])
    con.execute(f"insert into {place['probabilistic_links']} {_links_sql(model, model_id, frequencies)}")
    con.execute("drop view person")
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
    sources: Sources,
    schema: str,
    count: int,
    current: tuple[str, int, int, str],
    clock: _Clock,
    tell: Callable[[str], None],
) -> MatchReport:
    model_id, _, strength, text = current
    model = Model(**json.loads(text))
    con.execute(
        f"""
        create or replace temp table changed as
        select unique_id, record_key from record_now anti join {schema}.people as known using (unique_id, content)
        union all select unique_id, record_key from {schema}.people anti join record_now using (unique_id)
        """
    )
    changed = _count(con, "changed")
    if not changed:
        return MatchReport(count, 0, 0, _count(con, f"{schema}.probabilistic_links"), False, model_id, clock.seconds)
    tell(f"matching {changed} new or changed records")
    con.execute(f"create or replace temp table fresh_person ({TABLES['people']})")
    _prepare(con, sources, f"{schema}.name_order", "fresh_person", "changed")
    con.execute(f"create or replace temp table fresh_key as {keys_sql('fresh_person')}")
    con.execute(
        f"create or replace temp view kept_key as select unique_id, key from {schema}.blocking_keys anti join changed using (unique_id)"
    )
    con.execute(
        f"create or replace temp table candidate as {pairs_sql('kept_key', f'{schema}.common_keys', strength, 'fresh_key')}"
    )
    con.execute(
        f"""
        create or replace temp table person as
        select * from fresh_person union all
        select * from {schema}.people as known anti join changed using (unique_id)
        where unique_id in (select join_key_l from candidate union select join_key_r from candidate)
        """
    )
    clock.stop("candidates")
    frequencies = _frequencies(con, f"{schema}.term_frequencies")
    score_pairs(con, "person", "candidate", model, frequencies, "scored")
    con.execute(f"create or replace temp table fresh_link as {_links_sql(model, model_id, frequencies)}")
    clock.stop("scoring")
    gone = "(select unique_id from changed)"
    con.execute("begin")
    con.execute(f"delete from {schema}.probabilistic_links where unique_id_a in {gone} or unique_id_b in {gone}")
    for table in ("blocking_keys", "people"):
        con.execute(f"delete from {schema}.{table} where unique_id in {gone}")
    con.execute(f"insert into {schema}.people select * from fresh_person")
    con.execute(f"insert into {schema}.blocking_keys select unique_id, key from fresh_key")
    con.execute(f"insert into {schema}.probabilistic_links select * from fresh_link")
    con.execute(f"insert into {schema}.match_runs select max(match_number) + 1, false from {schema}.match_runs")
    con.execute(
        f"insert into {schema}.rematched_records select (select max(match_number) from {schema}.match_runs), record_key from changed"
    )
    con.execute("commit")
    con.execute("drop table person")
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


def _links_sql(model: Model, model_id: str, frequencies: dict[str, str]) -> str:
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
        {evidence_joins(frequencies)}
        """
