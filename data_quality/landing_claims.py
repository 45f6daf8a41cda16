"""What is claimed of landed files, beside their contract and beside the files of the same table that came before: schema, readability, volume,
nulls, ranges, categories, keys, freshness.

Everything here is arithmetic on measurements (see `landing_measures`), a row per file and column at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_quality.judging import claims_about, claims_frame
from data_quality.landing_measures import LandedTable
from data_quality.settings import Settings

FILE = ["relation", "path", "sha256"]


@dataclass(frozen=True)
class LandedFiles:
    """Files that are judged and those they stand beside.

    `files`: relation, path, sha256, file, load_id, place (order of arrival), status, reason, columns, rows_read, rows_unreadable, keys_filled,
    keys_distinct, newest, same_as (path of the first file with its bytes, missing if that is itself), judged (bool).
    `columns` and `values` as `read_measures` gives them. `loads`: relation, load_id, newest of all loads.
    """

    files: pd.DataFrame
    columns: pd.DataFrame
    values: pd.DataFrame
    loads: pd.DataFrame


def landing_claims(settings: Settings, tables: dict[str, LandedTable], landed: LandedFiles) -> pd.DataFrame:
    """All claims about the files that are judged."""
    if not landed.files["judged"].any():
        return claims_frame([])
    read = landed.files[landed.files["status"] == "loaded"]
    columns = read.merge(landed.columns, on=FILE)
    columns["column"] = columns["column_name"]
    facts = pd.DataFrame(
        [
            (
                name,
                column.name,
                column.contract.required and not column.contract.otherwise,
                column.contract.data_type != "varchar" or bool(column.contract.accepted),
                column.contract.past_only and not column.contract.device_clock,
            )
            for name, table in tables.items()
            for column in table.columns
        ],
        columns=["relation", "column", "is_required", "is_typed", "is_past"],
    )
    columns = columns.merge(facts, on=["relation", "column"])
    return claims_frame(
        [
            *_schema(tables, read, landed.columns),
            *_readability(settings, landed.files),
            *_volume(settings, read, {name for name, table in tables.items() if table.is_log}),
            *_nulls(settings, columns),
            *_ranges(settings, columns),
            *_categories(settings, tables, columns, landed.values),
            *_keys(settings, tables, read, columns),
            *_freshness(settings, read, landed.loads),
        ]
    )


def _claim(
    rows: pd.DataFrame,
    suite: str,
    expectation: str,
    observed: pd.Series,
    lowest: pd.Series | float | None,
    highest: pd.Series | float | None,
    seen: list[str],
    expected: list[str],
) -> pd.DataFrame:
    """Claims about rows that have relation, file and, of columns, column."""
    return claims_about(
        "landing",
        rows.rename(columns={"relation": "table"}),
        suite,
        expectation,
        observed,
        lowest,
        highest,
        seen,
        expected,
    )


def _percent(shares: pd.Series) -> list[str]:
    """Shares in words; as many digits as tell small ones, and those close to all, apart."""
    return ["unknown" if pd.isna(share) else f"{float(f'{100 * share:.3g}'):g}%" for share in shares]


def _numbers(values: pd.Series) -> list[str]:
    return ["unknown" if pd.isna(value) else f"{value:,.0f}" for value in values]


def _at_most(limits: pd.Series, why: str) -> list[str]:
    return [
        "nothing yet: too little came before" if limit == "unknown" else f"at most {limit}{why}"
        for limit in _percent(limits)
    ]


def _beside(settings: Settings, rows: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """What earlier loads had of a value: least, most, middle, and how many there were, for each judged row (by its index).

    Rows with a missing value do not count; of the others the last ones that came, as many as are considered.
    """
    judged = rows[rows["judged"]]
    earlier = rows.loc[rows[value].notna(), [*by, "load_id", "place", value]]
    pairs = judged[[*by, "load_id"]].reset_index(names="at").merge(earlier, on=by, suffixes=("", "_before"))
    pairs = pairs[pairs["load_id_before"] < pairs["load_id"]].sort_values("place")
    pairs = pairs.groupby("at").tail(settings.history.considered)
    found = pairs.groupby("at")[value].agg(["min", "max", "median", "size"]).reindex(judged.index)
    enough = found["size"].fillna(0) >= settings.history.needed
    found[["min", "max", "median"]] = found[["min", "max", "median"]].where(enough)
    return found


def _schema(tables: dict[str, LandedTable], read: pd.DataFrame, columns: pd.DataFrame) -> list[pd.DataFrame]:
    judged = read[read["judged"]]
    there = [set(names.split(", ")) for names in judged["columns"]]
    gone = [
        [" or ".join(group) for group in tables[relation].needed if not names.intersection(group)]
        for relation, names in zip(judged["relation"], there, strict=True)
    ]
    count = pd.Series([float(len(names)) for names in gone], index=judged.index)
    seen = [f"{', '.join(names)} missing" if names else "all there" for names in gone]
    parts = [_claim(judged, "schema", "key_columns_there", count, 0.0, 0.0, seen, ["all key columns"] * len(judged))]
    # Columns that the file before had something in, of those that are read.
    filled = columns.loc[columns["rows_filled"] > 0].groupby(FILE)["column_name"].agg(set)
    before = (
        judged[["relation", "load_id"]].reset_index(names="at").merge(read, on="relation", suffixes=("", "_before"))
    )
    before = before[before["load_id_before"] < before["load_id"]].sort_values("place").groupby("at").tail(1)
    before = before.set_index("at")
    had = {
        at: filled.get((row.relation, row.path, row.sha256), set()) & set(row.columns.split(", "))
        for at, row in zip(before.index, before.itertuples(), strict=True)
    }
    vanished = [sorted(had.get(at, set()) - names) for at, names in zip(judged.index, there, strict=True)]
    count = pd.Series([float(len(names)) for names in vanished], index=judged.index)
    compared = pd.Series(judged.index.isin(list(had)), index=judged.index)
    seen = [f"{', '.join(names)} missing" if names else "all there" for names in vanished]
    expected = [
        f"the columns of {before.at[at, 'file']}" if at in before.index else "nothing yet: too little came before"
        for at in judged.index
    ]
    zero = pd.Series(0.0, index=judged.index).where(compared)
    parts.append(_claim(judged, "schema", "columns_kept", count, zero, zero, seen, expected))
    return parts


def _readability(settings: Settings, files: pd.DataFrame) -> list[pd.DataFrame]:
    judged = files[files["judged"]]
    read = (judged["status"] == "loaded").astype("float64")
    seen = ["read" if one else f"not read: {reason}" for one, reason in zip(read, judged["reason"], strict=True)]
    parts = [
        _claim(judged, "readability", "file_readable", read, 1.0, 1.0, seen, ["a file that can be read"] * len(judged))
    ]
    lines = files[files["status"] == "loaded"].copy()
    total = lines["rows_read"] + lines["rows_unreadable"]
    lines["share"] = (lines["rows_unreadable"] / total).where(total >= settings.history.rows_at_least)
    judged = lines[lines["judged"]]
    seen = [
        f"{share} of the rows unreadable ({count})"
        for share, count in zip(_percent(judged["share"]), _numbers(judged["rows_unreadable"]), strict=True)
    ]
    limit = settings.limit("landing", "rows_readable", "share", judged["relation"])
    parts.append(
        _claim(judged, "readability", "rows_readable", judged["share"], None, limit, seen, _at_most(limit, ""))
    )
    more = settings.limit("landing", "rows_readable_as_usual", "more_than_usual", judged["relation"])
    limit = _beside(settings, lines, ["relation"], "share")["max"] + more
    parts.append(
        _claim(
            judged,
            "readability",
            "rows_readable_as_usual",
            judged["share"],
            None,
            limit,
            seen,
            _at_most(limit, ", by earlier files"),
        )
    )
    return parts


def _volume(settings: Settings, read: pd.DataFrame, logs: set[str]) -> list[pd.DataFrame]:
    """Rows of whole loads beside those of earlier loads; where there were too few loads, beside earlier files, times the number of new ones.

    Of logs, a load that covers fewer days than earlier ones (a day's export after a year's) may have as many rows a day as they had.
    """
    by = ["relation", "load_id"]
    loads = read.groupby(by, as_index=False).agg(
        rows=("rows_read", "sum"), files=("path", "size"), judged=("judged", "max"), place=("place", "max"),
        newest=("newest", "max"), oldest=("oldest", "min"),
    )  # fmt: skip
    loads["days"] = _days_covered(loads, logs)
    loads["a_day"] = loads["rows"] / loads["days"]
    named = read.groupby(by)["file"].agg(lambda names: names.iloc[0] if len(names) == 1 else None)
    loads["file"] = named.reindex(pd.MultiIndex.from_frame(loads[by])).to_numpy()
    judged = loads[loads["judged"]]
    by_load = _beside(settings, loads, ["relation"], "rows")
    columns = ["relation", "load_id", "place", "rows", "a_day", "judged"]
    files = read.assign(rows=read["rows_read"], a_day=read["rows_read"] / _days_covered(read, logs), judged=False)
    beside_files = pd.concat([judged[columns], files[columns]], ignore_index=True)
    per_file = _beside(settings, beside_files, ["relation"], "rows").set_axis(judged.index)
    a_day = _beside(settings, loads, ["relation"], "a_day").fillna(
        _beside(settings, beside_files, ["relation"], "a_day").set_axis(judged.index)
    )
    usual = by_load["median"].fillna(per_file["median"] * judged["files"])
    smallest = by_load["min"].fillna(per_file["min"])
    # Too small to say anything beside them.
    enough = usual >= settings.history.rows_at_least
    share = settings.limit("landing", "rows_not_collapsed", "share_of_smallest", judged["relation"])
    lowest = np.fmin(smallest, a_day["min"] * judged["days"]) * share
    lowest = lowest.where(enough)
    seen = [f"{rows} rows" for rows in _numbers(judged["rows"])]
    parts = [
        _claim(judged, "volume", "rows_not_collapsed", judged["rows"], lowest, None, seen, [
            "nothing yet: too little came before" if pd.isna(low)
            else f"at least {np.ceil(low):,.0f}: earlier loads had {least:,.0f} rows or more, or as many a day"
            for low, least in zip(lowest, smallest, strict=True)
        ])
    ]  # fmt: skip
    # How far earlier loads lay from their middle, in logarithms; the median of the distances is robust against single outliers. Where usual is
    # said by files, the distances are those of files: a first load of many lies far from each of them.
    spread = _spread(settings, loads, judged, by_load["median"]).fillna(
        _spread(settings, files, judged, per_file["median"])
    )
    spread = spread.fillna(0.0)
    factor = settings.limit("landing", "rows_as_usual", "factor", judged["relation"])
    deviations = settings.limit("landing", "rows_as_usual", "deviations", judged["relation"])
    factor = np.maximum(factor, np.exp((deviations * spread).clip(upper=50)))
    of_days = a_day["median"] * judged["days"]
    low, high = (np.fmin(usual, of_days) / factor).where(enough), (np.fmax(usual, of_days) * factor).where(enough)
    parts.append(
        _claim(judged, "volume", "rows_as_usual", judged["rows"], low, high, seen, [
            "nothing yet: too little came before" if pd.isna(a) else f"{np.ceil(a):,.0f} to {b:,.0f}: usual are {c:,.0f} rows"
            for a, b, c in zip(low, high, usual, strict=True)
        ])
    )  # fmt: skip
    return parts


def _days_covered(rows: pd.DataFrame, logs: set[str]) -> pd.Series:
    """Days from the oldest to the newest row, at least one; null where no time is known, or the table is no log."""
    days = ((rows["newest"] - rows["oldest"]).dt.total_seconds() / 86_400).clip(lower=1.0)
    return days.where(rows["relation"].isin(logs))


def _spread(settings: Settings, before: pd.DataFrame, judged: pd.DataFrame, middle: pd.Series) -> pd.Series:
    """Median distance (robust standard deviation) of the logarithms of earlier rows from a middle, for each judged load; null without a middle."""
    pairs = (
        judged[["relation", "load_id"]].reset_index(names="at").merge(before, on="relation", suffixes=("", "_before"))
    )
    pairs = pairs[pairs["load_id_before"] < pairs["load_id"]].sort_values("place")
    pairs = pairs.groupby("at").tail(settings.history.considered)
    distance = (np.log(pairs["rows"].clip(lower=1)) - pairs["at"].map(np.log(middle.clip(lower=1)))).abs()
    return 1.4826 * distance.groupby(pairs["at"]).median().reindex(judged.index)


def _nulls(settings: Settings, columns: pd.DataFrame) -> list[pd.DataFrame]:
    rows = columns.copy()
    rows["empty"] = (1 - rows["rows_filled"] / rows["rows_read"]).where(
        rows["rows_read"] >= settings.history.rows_at_least
    )
    judged = rows[rows["judged"]]
    seen = [f"{share} of the rows empty" for share in _percent(judged["empty"])]
    required = judged["is_required"]
    limit = settings.limit("landing", "required_filled", "share", judged["relation"])
    parts = [
        _claim(judged[required], "nulls", "required_filled", judged.loc[required, "empty"], None, limit[required],
               [words for words, is_required in zip(seen, required, strict=True) if is_required], _at_most(limit[required], ""))
    ]  # fmt: skip
    usual = _beside(settings, rows, ["relation", "column"], "empty")["max"]
    limit = usual + settings.limit("landing", "filled_as_usual", "more_than_usual", judged["relation"])
    limit += _noise(usual, judged["rows_read"])
    parts.append(
        _claim(
            judged,
            "nulls",
            "filled_as_usual",
            judged["empty"],
            None,
            limit.clip(upper=1),
            seen,
            _at_most(limit.clip(upper=1), ", by earlier files"),
        )
    )
    return parts


def _noise(share: pd.Series, rows: pd.Series) -> pd.Series:
    """What chance alone adds to a share of so many rows, three times in a thousand."""
    return 3 * np.sqrt((share * (1 - share)).clip(lower=0) / rows.clip(lower=1))


def _ranges(settings: Settings, columns: pd.DataFrame) -> list[pd.DataFrame]:
    rows = columns[columns["is_typed"]].copy()
    enough = rows["rows_filled"] >= settings.history.rows_at_least
    rows["unusable"] = (rows["rows_unusable"] / rows["rows_filled"]).where(enough)
    rows["future"] = (rows["rows_in_future"] / rows["rows_filled"]).where(enough)
    judged = rows[rows["judged"]]
    seen = [f"{share} of the values break the contract" for share in _percent(judged["unusable"])]
    limit = settings.limit("landing", "values_usable", "share", judged["relation"])
    parts = [_claim(judged, "ranges", "values_usable", judged["unusable"], None, limit, seen, _at_most(limit, ""))]
    usual = _beside(settings, rows, ["relation", "column"], "unusable")["max"].fillna(0.0)
    limit = usual + settings.limit("landing", "values_usable_as_usual", "more_than_usual", judged["relation"])
    parts.append(
        _claim(
            judged,
            "ranges",
            "values_usable_as_usual",
            judged["unusable"],
            None,
            limit,
            seen,
            _at_most(limit, ", by earlier files"),
        )
    )
    judged = judged[judged["is_past"]]
    limit = settings.limit("landing", "times_in_the_past", "share", judged["relation"])
    seen = [f"{share} of the times lie after the load" for share in _percent(judged["future"])]
    parts.append(
        _claim(judged, "ranges", "times_in_the_past", judged["future"], None, limit, seen, _at_most(limit, ""))
    )
    return parts


def _categories(
    settings: Settings, tables: dict[str, LandedTable], columns: pd.DataFrame, values: pd.DataFrame
) -> list[pd.DataFrame]:
    """Values of a column of categories that no earlier file has; where the contract lists what it accepts, that is known too."""
    listed = pd.DataFrame(
        [
            (name, column.name, value)
            for name, table in tables.items()
            for column in table.columns
            for value in column.contract.accepted
        ],
        columns=["relation", "column", "value"],
    )
    named = pd.DataFrame(
        [(name, column) for name, table in tables.items() for column in set(table.categories)],
        columns=["relation", "column"],
    )
    rows = columns.merge(named, on=["relation", "column"])
    rows["filled"] = rows["rows_filled"].where(rows["rows_filled"] >= settings.history.rows_at_least)
    judged = rows[rows["judged"]]
    if not len(judged):
        return []
    values = values.rename(columns={"column_name": "column"})
    all_values = rows[[*FILE, "column", "load_id"]].merge(values, on=[*FILE, "column"])
    mine = judged[[*FILE, "column", "load_id"]].reset_index(names="at").merge(values, on=[*FILE, "column"])
    earlier = mine.merge(all_values, on=["relation", "column", "value"], suffixes=("", "_before"))
    known = set(
        earlier.loc[earlier["load_id_before"] < earlier["load_id"], ["at", "value"]].itertuples(index=False, name=None)
    )
    known |= set(
        mine.merge(listed, on=["relation", "column", "value"])[["at", "value"]].itertuples(index=False, name=None)
    )
    is_new = ~pd.Series(
        list(mine[["at", "value"]].itertuples(index=False, name=None)), index=mine.index, dtype=object
    ).isin(known)
    unseen = mine[is_new.to_numpy(dtype=bool)].sort_values("value_rows", ascending=False)
    share = unseen.groupby("at")["value_rows"].sum().reindex(judged.index).fillna(0.0) / judged["rows_filled"].clip(
        lower=1
    )
    examples = unseen.groupby("at")["value"].agg(lambda words: ", ".join(f"'{word}'" for word in words[:3]))
    limit = settings.limit("landing", "categories_known", "share", judged["relation"])
    has_list = pd.MultiIndex.from_frame(judged[["relation", "column"]]).isin(
        pd.MultiIndex.from_frame(listed[["relation", "column"]])
    )
    limit = limit.where(_beside(settings, rows, ["relation", "column"], "filled")["min"].notna() | has_list)
    share = share.where(judged["filled"].notna())
    seen = [
        f"{percent} of the values were never seen before"
        + (f", such as {examples[at]}" if at in examples.index else "")
        for at, percent in zip(judged.index, _percent(share), strict=True)
    ]
    return [_claim(judged, "categories", "categories_known", share, None, limit, seen, _at_most(limit, ""))]


def _keys(
    settings: Settings, tables: dict[str, LandedTable], read: pd.DataFrame, columns: pd.DataFrame
) -> list[pd.DataFrame]:
    files = read.copy()
    enough = files["keys_filled"] >= settings.history.rows_at_least
    files["distinct"] = (files["keys_distinct"] / files["keys_filled"]).clip(upper=1).where(enough)
    judged = files[files["judged"]]
    least = _beside(settings, files, ["relation"], "distinct")["min"]
    lowest = least * settings.limit("landing", "keys_differ", "share_of_smallest", judged["relation"])
    # One key in all rows is wrong even without history, where the contract says what tells rows apart.
    of_contract = judged["relation"].map(
        lambda name: len(tables[name].columns) > 0 and bool(tables[name].columns[0].contract.description)
    )
    lowest = lowest.fillna((1.5 / judged["keys_filled"].clip(lower=1)).where(of_contract))
    named = judged.assign(column=judged["relation"].map(lambda name: ", ".join(tables[name].key)))
    seen = [f"{share} of the rows have a key of their own" for share in _percent(judged["distinct"])]
    expected = [
        "nothing yet: too little came before" if pd.isna(low) else f"at least {words}"
        for low, words in zip(lowest, _percent(lowest), strict=True)
    ]
    parts = [_claim(named, "keys", "keys_differ", judged["distinct"], lowest, None, seen, expected)]
    rows = columns.copy()
    rows["different"] = rows["distinct_values"].where(rows["rows_filled"] >= settings.history.rows_at_least)
    judged = rows[rows["judged"]]
    before = _beside(settings, rows, ["relation", "column"], "different")["min"]
    varied = before >= settings.limit("landing", "column_varies", "distinct_before", judged["relation"])
    seen = ["unknown" if pd.isna(n) else f"{n:,.0f} different values" for n in judged["different"]]
    expected = [
        f"more than one: earlier files had {n:,.0f} or more"
        if is_so
        else "nothing: it never had many values, or too little came before"
        for n, is_so in zip(before, varied, strict=True)
    ]
    lowest = pd.Series(2.0, index=judged.index).where(varied)
    parts.append(_claim(judged[varied], "keys", "column_varies", judged.loc[varied, "different"], lowest[varied], None,
                        [one for one, is_so in zip(seen, varied, strict=True) if is_so],
                        [one for one, is_so in zip(expected, varied, strict=True) if is_so]))  # fmt: skip
    return parts


def _freshness(settings: Settings, read: pd.DataFrame, loads: pd.DataFrame) -> list[pd.DataFrame]:
    files = read[read["newest"].notna()].sort_values("place").copy()
    came = read[read["judged"]]
    parts = [
        _claim(
            came,
            "freshness",
            "content_is_new",
            came["same_as"].isna().astype("float64"),
            1.0,
            1.0,
            [
                f"the same bytes as {path}" if isinstance(path, str) else "content of its own"
                for path in came["same_as"]
            ],
            ["content that no other file of the table has"] * len(came),
        )
    ]
    if files["judged"].any():
        running = files.groupby("relation")["newest"].cummax().groupby(files["relation"]).shift()
        # The first file of a table cannot be behind.
        files["behind"] = ((running - files["newest"]).dt.total_seconds() / 86_400).clip(lower=0).fillna(0.0)
        judged = files[files["judged"]]
        before = _beside(settings, files, ["relation"], "behind")["max"]
        limit = before + settings.limit("landing", "newest_row_is_new", "days", judged["relation"])
        seen = [
            f"newest row of {when:%Y-%m-%d %H:%M}"
            + (f", {days:.1f} days older than what came before" if days > 0 else "")
            for when, days in zip(judged["newest"], judged["behind"], strict=True)
        ]
        expected = [
            "nothing yet: too little came before" if pd.isna(days) else f"no more than {days:.1f} days older"
            for days in limit
        ]
        parts.append(_claim(judged, "freshness", "newest_row_is_new", judged["behind"], None, limit, seen, expected))
    # A table of which nothing came is behind as well: judged as of the last load, over all tables.
    newest = loads.dropna(subset=["newest"]).pivot_table(
        index="load_id", columns="relation", values="newest", aggfunc="max"
    )
    if not len(newest.columns):
        return parts
    running = newest.cummax().ffill()
    lags = running.rsub(running.max(axis=1), axis=0).apply(lambda column: column.dt.total_seconds() / 86_400)
    earlier = lags.iloc[:-1]
    tables = pd.DataFrame({"relation": lags.columns.to_numpy(), "now": lags.iloc[-1].to_numpy()})
    most = (
        earlier.tail(settings.history.considered)
        .max()
        .where(earlier.notna().sum() >= settings.history.needed)
        .to_numpy()
    )
    times = settings.limit("landing", "table_keeps_up", "times", tables["relation"])
    days = settings.limit("landing", "table_keeps_up", "days", tables["relation"])
    limit = times * pd.Series(most, index=tables.index) + days
    seen = [f"newest row {lag:.1f} days behind the newest of all tables" for lag in tables["now"]]
    expected = [
        "nothing yet: too little came before" if pd.isna(lag) else f"at most {lag:.1f} days behind" for lag in limit
    ]
    parts.append(_claim(tables, "freshness", "table_keeps_up", tables["now"], None, limit, seen, expected))
    return parts
