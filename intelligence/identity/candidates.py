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


def keys_sql(records: str) -> str:
    """SQL for the blocking keys (unique_id, key) of the records in table `records`.

    A key is the hash of its name and value; the last bit says whether it is a weak one. Former family names give keys of their own.
    """

    def hashed(name: str, value: str, is_weak: bool, source: str = records) -> str:
        even = f"(hash('{name}', {value}) >> 1) << 1"
        return f"select unique_id, {even} | {int(is_weak)} as key from {source}"

    former = f"(select *, unnest({FORMER}) as former_name from {records})"

    parts = [hashed(name, f"unnest({sql})", False) for name, sql in BLOCKING_LISTS.items()]
    for keys, is_weak in ((BLOCKING_KEYS, False), (WEAK_KEYS, True)):
        parts += [f"{hashed(name, sql, is_weak)} where length({sql}) >= {SHORTEST_KEY}" for name, sql in keys.items()]
        for name, now in keys.items():
            if FAMILY in now:
                then = now.replace(FAMILY, "former_name")
                keyed = hashed(name, then, is_weak, former).replace("select", "select distinct", 1)
                parts.append(f"{keyed} where length({then}) >= {SHORTEST_KEY} and {then} is distinct from {now}")
    return " union all ".join(parts)


def crowded_keys_sql(con: duckdb.DuckDBPyConnection, keys: str, records: int) -> str:
    """SQL for the keys of table `keys` that are left out, so that no more pairs come of the others than there is room for."""
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
    return f"select key from block_size where n > {int(largest)}"


def least_strength(con: duckdb.DuckDBPyConnection, keys: str, crowded: str, records: int) -> int:
    """How strong the keys of a pair must be together: WEAK where that gives few pairs, else STRONG."""
    pairs = con.execute(f"select count(*) from ({pairs_sql(keys, crowded, WEAK)})").fetchall()[0][0]
    return WEAK if pairs <= FEW_PAIRS_A_RECORD * records else STRONG


def pairs_sql(keys: str, crowded: str, strength: int, changed: str | None = None) -> str:
    """SQL for the pairs (join_key_l < join_key_r, match_key) of records with keys in common that are `strength` together, crowded keys left out.

    Args:
        keys: table of the keys of all records.
        crowded: table of the keys that are left out.
        strength: WEAK or STRONG.
        changed: table of the keys of some records; then only pairs with at least one of them, and `keys` holds all others.
    """
    this = changed or keys
    columns = "one.unique_id as a, other.unique_id as b, one.key"
    met = f"select {columns} from one inner join {this} as other on one.key = other.key and one.unique_id < other.unique_id"
    if changed:
        met += f" union all select {columns} from one inner join {keys} as other on one.key = other.key"
    return f"""
        with one as (select key, unique_id from {this} anti join {crowded} using (key)),
        met as ({met})
        select least(a, b) as join_key_l, greatest(a, b) as join_key_r, 0 as match_key
        from met
        group by 1, 2
        having sum(case when key & 1 = 1 then {WEAK} else {STRONG} end) >= {strength}
        """
