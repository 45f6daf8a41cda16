"""Which pairs of records are compared: those that agree on a blocking key which not too many records share."""

from __future__ import annotations

import duckdb

from intelligence.identity.comparisons import BLOCKING_KEYS, BLOCKING_LISTS, FAMILY, FORMER, WEAK_KEYS

#: Pairs that keys may bring together for each record, counted once for each key; what the most records share is left out until that holds.
PAIRS_A_RECORD = 25
#: As many as this are always brought together, however few the records.
PAIRS_AT_LEAST = 200_000
#: Up to so many pairs for each record, one weak key in common is enough.
FEW_PAIRS_A_RECORD = 4
#: Shorter values (a house number 4, an initial) tell nobody apart.
SHORTEST_KEY = 4
STRONG, WEAK = 2, 1
#: What more records than this agree on says too little by itself: such a key is weak, contacts excepted.
TELLING_BLOCK = 8


def keys_sql(records: str) -> str:
    """SQL for the blocking keys (unique_id, key) of the records in table `records`.

    A key is the hash of its name and value; its last bit says whether it is a weak one, the one before whether it is a contact, which tells
    people apart however many share it. Former family names give keys of their own.
    """

    def hashed(name: str, value: str, is_weak: bool = False, is_contact: bool = False, source: str = records) -> str:
        return (
            f"select unique_id, ((hash('{name}', {value}) >> 2) << 2) | {2 * is_contact + is_weak} as key from {source}"
        )

    former = f"(select *, unnest({FORMER}) as former_name from {records})"

    parts = [hashed(name, f"unnest({sql})", is_contact=True) for name, sql in BLOCKING_LISTS.items()]
    for keys, is_weak in ((BLOCKING_KEYS, False), (WEAK_KEYS, True)):
        parts += [f"{hashed(name, sql, is_weak)} where length({sql}) >= {SHORTEST_KEY}" for name, sql in keys.items()]
        for name, now in keys.items():
            if FAMILY in now:
                then = now.replace(FAMILY, "former_name")
                keyed = hashed(name, then, is_weak, source=former).replace("select", "select distinct", 1)
                parts.append(f"{keyed} where length({then}) >= {SHORTEST_KEY} and {then} is distinct from {now}")
    return " union all ".join(parts)


def common_keys_sql(con: duckdb.DuckDBPyConnection, keys: str, records: int) -> str:
    """SQL for the keys (key, is_left_out) of table `keys` that many records share.

    They count as weak, and the commonest are left out, so that no more pairs come of the others than there is room for.
    """
    room = max(PAIRS_AT_LEAST, PAIRS_A_RECORD * records)
    con.execute(
        f"create or replace temp table block_size as select key, count(*) as n from {keys} group by key having count(*) > 1"
    )
    largest = con.execute(
        f"""
        with by_size as (select n, sum(n * (n - 1) / 2) as pairs from block_size group by n),
        running as (select n, sum(pairs) over (order by n) as pairs from by_size)
        select coalesce(max(n), 1) from running where pairs <= {room}
        """
    ).fetchall()[0][0]
    return f"select key, n > {int(largest)} as is_left_out from block_size where n > {min(int(largest), TELLING_BLOCK)}"


def fill_candidates(con: duckdb.DuckDBPyConnection, keys: str, common: str, records: int) -> int:
    """Fill temporary table `candidate` with the pairs that are compared; gives how strong the keys of a pair had to be together.

    One weak key is enough where that gives few pairs.
    """
    con.execute(f"create or replace temp table met_pair as {pairs_sql(keys, common, WEAK)}")
    pairs = con.execute("select count(*) from met_pair").fetchall()[0][0]
    strength = WEAK if pairs <= FEW_PAIRS_A_RECORD * records else STRONG
    con.execute(
        f"create or replace temp table candidate as select * exclude (strength) from met_pair where strength >= {strength}"
    )
    con.execute("drop table met_pair")
    return strength


def pairs_sql(keys: str, common: str, strength: int, changed: str | None = None) -> str:
    """SQL for the pairs (join_key_l < join_key_r, match_key, strength) of records whose keys in common are `strength` together.

    Args:
        keys: table of the keys of all records.
        common: table of the keys that many share, some of which are left out.
        strength: WEAK or STRONG.
        changed: table of the keys of some records; then only pairs with at least one of them, and `keys` holds all others.
    """
    this = changed or keys
    columns = "one.unique_id as a, other.unique_id as b, one.strength"
    met = f"select {columns} from one inner join {this} as other on one.key = other.key and one.unique_id < other.unique_id"
    if changed:
        met += f" union all select {columns} from one inner join {keys} as other on one.key = other.key"
    return f"""
        with one as (
            select
                this.key, this.unique_id,
                case when this.key & 1 = 1 or this.key & 2 = 0 and common.key is not null then {WEAK} else {STRONG} end as strength
            from {this} as this
            left join {common} as common on this.key = common.key
            where not coalesce(common.is_left_out, false)
        ),
        met as ({met})
        select least(a, b) as join_key_l, greatest(a, b) as join_key_r, 0 as match_key, sum(strength) as strength
        from met
        group by 1, 2
        having sum(strength) >= {strength}
        """
