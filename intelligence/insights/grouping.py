"""What moved for one cause is told once: findings are grouped, and each group has a root."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

#: A segment stands for the whole if it makes so much of the difference and
MOST_OF_IT = 0.6
#: moved so many times as much as the whole: the largest segment makes most of any difference.
MOVED_MORE = 1.5
EVERYTHING = "all"


def group_to_roots(findings: pd.DataFrame, metrics: pd.DataFrame, *, in_one_place: bool = False) -> pd.Series:
    """Which findings have one cause.

    Findings belong together if their metrics are of one family (one follows the other, by `metrics`), their days touch, and they are of different
    metrics or go the same way. The root of such a group is looked for in its foremost metric: the segment that makes most of the difference of the
    whole and moved clearly more than it; else the whole; else what is least likely by chance. What the root cannot have caused, because it is
    another segment of the same kind, is a group of its own.

    Args:
        findings: metric, segment_by, segment, started_on, ended_on, difference, change, p_value; the index is unique.
        metrics: index metric; `follows` (metric or missing), `kind` (sum, ratio, level).
        in_one_place: findings of different metrics belong together only if they are of one segment or one of them is of the whole. For trends: all of
            them span the same months, so their days say nothing.

    Returns:
        By the index of `findings`: root (the index of the root's row).
    """
    roots = pd.Series(findings.index, index=findings.index, name="root")
    if len(findings) < 2:
        return roots
    depth, family = families(metrics)
    table = findings.assign(
        family=findings["metric"].map(family),
        depth=findings["metric"].map(depth),
        adds_up=findings["metric"].map(metrics["kind"]).isin(["sum", "level"]),
    )
    label = _connected(table, in_one_place)
    for _, group in table.groupby(label, sort=False):
        left = group
        while len(left):
            root = _root(left)
            explained = left[_may_explain(left.loc[root], left)]
            roots.loc[explained.index] = root
            left = left.drop(explained.index)
    return roots


def families(metrics: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """By metric: how many steps it follows after the first of its family, and that first one."""
    first, steps = pd.Series(metrics.index, index=metrics.index), pd.Series(0, index=metrics.index)
    follows = metrics["follows"].where(metrics["follows"].isin(metrics.index))
    # As many rounds as there are metrics end any chain, and a circle as well.
    for _ in range(len(metrics)):
        before = first.map(follows)
        moved = before.notna()
        if not moved.any():
            break
        first, steps = first.mask(moved, before), steps + moved
    return steps, first


def _connected(table: pd.DataFrame, in_one_place: bool) -> np.ndarray:
    begin = pd.to_datetime(table["started_on"]).to_numpy()[:, None]
    end = pd.to_datetime(table["ended_on"]).to_numpy()[:, None]
    day = np.timedelta64(1, "D")
    touch = (begin <= end.T + day) & (end + day >= begin.T)
    family = table["family"].to_numpy()[:, None] == table["family"].to_numpy()[None, :]
    same_metric = table["metric"].to_numpy()[:, None] == table["metric"].to_numpy()[None, :]
    upward = (table["difference"].to_numpy() > 0)[:, None]
    other_metric = ~same_metric
    if in_one_place:
        place = (table["segment_by"] + "|" + table["segment"]).to_numpy()
        whole = (table["segment_by"] == EVERYTHING).to_numpy()
        other_metric &= (place[:, None] == place[None, :]) | whole[:, None] | whole[None, :]
    joined = touch & family & (other_metric | (same_metric & (upward == upward.T)))
    return np.asarray(connected_components(coo_matrix(joined), directed=False)[1])


def _root(group: pd.DataFrame) -> object:
    foremost = group[group["depth"] == group["depth"].min()]
    whole = foremost[foremost["segment_by"] == EVERYTHING]
    if whole.empty:
        return foremost.sort_values(["p_value", "segment_by", "segment"]).index[0]
    of_all = whole.sort_values("p_value").iloc[0]
    if of_all["adds_up"] and of_all["difference"]:
        share = foremost["difference"] / of_all["difference"]
        stands_out = (
            (foremost["segment_by"] != EVERYTHING)
            & (share >= MOST_OF_IT)
            & (foremost["change"].abs() >= MOVED_MORE * abs(of_all["change"]))
        )
        if stands_out.any():
            return foremost[stands_out].assign(moved=foremost["change"].abs()).sort_values("moved").index[-1]
    return of_all.name


def _may_explain(root: pd.Series, group: pd.DataFrame) -> pd.Series:
    if root["segment_by"] == EVERYTHING:
        return pd.Series(True, index=group.index)
    return (group["segment_by"] != root["segment_by"]) | (group["segment"] == root["segment"])
