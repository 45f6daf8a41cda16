"""Which pairs of records are compared: those that agree on a blocking key which not too many records share."""

from __future__ import annotations

import duckdb

from intelligence.identity.comparisons import BLOCKING_KEYS

#: Pairs to compare for each record, at most; the keys that most records share are left out until that holds.
PAIRS_A_RECORD = 10
#: As many as this are always compared, however few the records.
PAIRS_AT_LEAST = 200_000
#: Shorter values (a house number 4, an initial) tell nobody apart.
SHORTEST_KEY = 4


def keys_sql(records: str) -> str:
    """SQL for the blocking keys (unique_id, key) of the records in table `records`; a key is the hash of its name and value."""
    phones = ("phone", "mobile")  # one number may stand in either field
    parts = [
        f"select unique_id, hash('{'phone' if name in phones else name}', {sql}) as key from {records} where length({sql}) >= {SHORTEST_KEY}"
        for name, sql in BLOCKING_KEYS.items()
    ]
    return f"select distinct unique_id, key from ({' union all '.join(parts)})"


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


def pairs_sql(keys: str, crowded: str, changed: str | None = None) -> str:
    """SQL for the pairs (join_key_l < join_key_r, match_key) of records that share a key which is not in table `crowded`.

    With `changed`, a table of unique_id, only pairs with at least one of these.
    """
    some = f"where unique_id in (select unique_id from {changed})" if changed else ""
    return f"""
        with one as (select key, unique_id from {keys} anti join {crowded} using (key) {some})
        select distinct
            least(one.unique_id, other.unique_id) as join_key_l, greatest(one.unique_id, other.unique_id) as join_key_r, 0 as match_key
        from one
        inner join {keys} as other on one.key = other.key and {"one.unique_id != other.unique_id" if changed else "one.unique_id < other.unique_id"}
        """
