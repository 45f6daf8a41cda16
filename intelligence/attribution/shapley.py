"""Shapley values of channels (Shapley 1953), exact by subsets and sampled where there are too many.

Sets of channels are bit masks: bit i stands for channel i.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from intelligence.attribution.paths import Floats, Integers, Paths, as_paths

Game = Literal["journey_rate", "overall_rate", "conversions"]
#: Sets of channels and their subsets that are looked at in one go: bounds the memory.
CELLS = 1 << 20


def shapley_of_game(values_by_subset: NDArray) -> Floats:
    """Shapley values of games of n players.

    values_by_subset: shape (..., 2 ** n); entry m is what the players in bit mask m are worth together; entry 0, nobody, is 0.
    Returns shape (..., n): the mean over all orders of what a player adds on joining; they sum to what all are worth together.
    Raises ValueError if the last axis is no power of two or nobody is worth something.
    """
    values = np.asarray(values_by_subset, dtype=np.float64)
    subsets = values.shape[-1] if values.ndim else 0
    players = subsets.bit_length() - 1
    if subsets < 2 or subsets != 1 << players:
        raise ValueError(f"A game has {subsets} values: give 2 ** n of them for n players.")
    if not np.isfinite(values).all() or values[..., 0].any():
        raise ValueError(
            "A value is missing or that of the empty set is not 0: give every subset a number, and 0 to the empty one."
        )
    size = np.bitwise_count(np.arange(subsets >> 1))
    # The part of all orders in which exactly those of a set come before the player: size! (n - size - 1)! / n!
    weight = np.exp(gammaln(size + 1) + gammaln(players - size) - gammaln(players + 1))
    found = np.empty((*values.shape[:-1], players))
    for player in range(players):
        pairs = values.reshape(*values.shape[:-1], subsets >> (player + 1), 2, 1 << player)
        found[..., player] = (pairs[..., 1, :] - pairs[..., 0, :]).reshape(*values.shape[:-1], -1) @ weight
    return found


def subset_sums(values: Floats) -> Floats:
    """For every set the sum over its subsets (zeta transform); shape (..., 2 ** n) in and out."""
    sums = np.array(values, dtype=np.float64)
    step = 1
    while step < sums.shape[-1]:
        pairs = sums.reshape(*sums.shape[:-1], -1, 2, step)
        pairs[..., 1, :] += pairs[..., 0, :]
        step *= 2
    return sums


def shapley_values(
    paths: Paths | pd.DataFrame,
    game: Game = "journey_rate",
    max_exact: int = 12,
    permutations: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Credit of each channel by its Shapley value. The order of touches and how often a channel is touched do not matter.

    Let rate(S) be, among journeys that touch only channels in S, the part that converts (0 if there is no such journey). The games:

    - `journey_rate` (the default): for every set T of channels that converting journeys touched, the channels of T play with v(S) = rate(S),
      and the conversions of these journeys are shared by the values. Journeys that do not convert count, as in Dalessandro, Perlich, Stitelman
      and Provost (2012), Causally motivated attribution for online advertising; and no channel gets a conversion that it did not touch. It
      assumes that journeys through fewer channels show what the longer ones would have done without the others.
    - `overall_rate`: all channels play one game with v(S) = rate(S), and all conversions are shared by the values. It assumes that a conversion
      rate is all that matters: a channel of a few journeys with a high rate takes credit for conversions that it never touched. For comparison.
    - `conversions`: v(S) = conversions of journeys that touch only channels in S. Each journey is then shared equally among its distinct channels
      (the simplified formula of Zhao, Mahboobi and Bagheri (2018), Shapley value methods for attribution modeling in online advertising,
      arXiv:1804.05327), which is computed directly, for any number of channels. It learns nothing from journeys that do not convert.

    A channel that lowers the rate has a negative value: it gets no credit, and the others are scaled to the total. A set with
    conversions has a positive rate, which the values sum to, so that some value is always positive. Without conversions all credit is 0.

    A game of more than `max_exact` channels is sampled: `permutations` random orders, drawn with `seed`.
    Money goes the same way: in `overall_rate` by a game of value per journey, in the others with the conversions.

    Returns one row per channel, by name: `channel`, `shapley_value` (in `overall_rate` the value of the game as it is, possibly negative; in the
    others the credited conversions / journeys), `total_conversions`, `total_conversion_value` (they sum to the totals of the paths),
    `standard_error` (of total_conversions, from sampling alone and before scaling; 0 where nothing was sampled).
    Raises ValueError for an unknown game, settings out of range, and more than 63 channels.
    """
    if game not in get_args(Game):
        raise ValueError(f"game is {game!r}: choose one of {', '.join(get_args(Game))}.")
    if not 1 <= max_exact <= 20:
        raise ValueError(f"max_exact is {max_exact}: give 1 to 20 (the work doubles with each channel).")
    if permutations < 2:
        raise ValueError(f"permutations is {permutations}: give at least 2, else there is no standard error.")
    paths = as_paths(paths)
    count = len(paths.channels)
    if count > 63:
        raise ValueError(f"There are {count} channels: group the rare ones until 63 are left.")
    masks, ends = ends_by_set(paths)
    converted, worth, journeys = ends
    players = (masks[:, None] >> np.arange(count)) & 1
    totals = np.array([converted.sum(), worth.sum()])
    error = np.zeros(count)
    draw = np.random.default_rng(seed)

    if game == "conversions":
        share = players / players.sum(axis=1, keepdims=True)
        credit = np.column_stack([converted @ share, worth @ share])
        value = credit[:, 0] / journeys.sum()
    elif game == "overall_rate":
        everyone = np.array([(1 << count) - 1])
        if count <= max_exact:
            value, money = (play_exactly(everyone, count, masks, it, journeys)[0] for it in (converted, worth))
        else:
            value, error = play_sampled(everyone[0], count, masks, converted, journeys, permutations, draw)
            money, _ = play_sampled(everyone[0], count, masks, worth, journeys, permutations, draw)
        credit = np.column_stack([positive_shares(value), positive_shares(money)]) * totals
        error = error * journeys.sum()
    else:
        credit, error = share_by_set(masks, players, ends, max_exact, permutations, draw)
        value = credit[:, 0] / journeys.sum()
    return pd.DataFrame(
        {
            "channel": list(paths.channels),
            "shapley_value": value,
            "total_conversions": credit[:, 0],
            "total_conversion_value": credit[:, 1],
            "standard_error": error,
        }
    )


def share_by_set(
    masks: Integers, players: Integers, ends: Floats, max_exact: int, permutations: int, draw: np.random.Generator
) -> tuple[Floats, Floats]:
    """Let the channels of each set with conversions play for them; (channel, 2) conversions and money, and the standard error of the former."""
    converted, worth, journeys = ends
    count = players.shape[1]
    credit, variance = np.zeros((count, 2)), np.zeros(count)
    size = players.sum(axis=1)
    for channels in np.unique(size[converted > 0]).tolist():
        those = np.flatnonzero((size == channels) & (converted > 0))
        if channels <= max_exact:
            batch = max(1, CELLS >> channels)
            for here in (those[start : start + batch] for start in range(0, len(those), batch)):
                share = positive_shares(play_exactly(masks[here], count, masks, converted, journeys))
                credit += np.column_stack([converted[here] @ share, worth[here] @ share])
            continue
        for it in those.tolist():
            value, error = play_sampled(masks[it], count, masks, converted, journeys, permutations, draw)
            share = positive_shares(value)
            credit += np.outer(share, [converted[it], worth[it]])
            variance += (converted[it] * error / value.clip(0).sum()) ** 2
    return credit, np.sqrt(variance)


def ends_by_set(paths: Paths) -> tuple[Integers, Floats]:
    """The sets of channels that paths touched, in order, and (3, sets): their conversions, money and journeys."""
    touched = np.bitwise_or.reduceat(np.int64(1) << paths.channel, np.flatnonzero(paths.first))
    code, found = pd.factorize(touched, sort=True)
    ends = (paths.conversions, paths.value, paths.conversions + paths.nulls)
    return found, np.array([np.bincount(code, it, len(found)) for it in ends])


def play_exactly(sets: Integers, count: int, masks: Integers, reward: Floats, journeys: Floats) -> Floats:
    """For each of `sets`, all of one size, the values (sets, count) of its channels in the game v(S) = reward per journey within S."""
    members = np.nonzero((sets[:, None] >> np.arange(count)) & 1)[1].reshape(len(sets), -1)
    local = np.arange(1 << members.shape[1])
    # Every subset of every set, as a mask over all channels.
    subsets = np.zeros((len(sets), len(local)), dtype=np.int64)
    for bit in range(members.shape[1]):
        subsets |= ((local >> bit) & 1) << members[:, bit, None]
    place = np.searchsorted(masks, subsets).clip(max=len(masks) - 1)
    known = masks[place] == subsets
    gained, taken = (subset_sums(np.where(known, it[place], 0.0)) for it in (reward, journeys))
    found = np.zeros((len(sets), count))
    np.put_along_axis(found, members, shapley_of_game(per_journey(gained, taken)), axis=1)
    return found


def play_sampled(
    everyone: int,
    count: int,
    masks: Integers,
    reward: Floats,
    journeys: Floats,
    permutations: int,
    draw: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Values of the channels in `everyone` in the game v(S) = reward per journey within S, from random orders; and their standard errors.

    In an order, a set of channels counts from where its last channel joins.
    """
    within = np.flatnonzero(masks & ~np.int64(everyone) == 0)
    members = np.flatnonzero((np.int64(everyone) >> np.arange(count)) & 1)
    of_set, touched = np.nonzero((masks[within][:, None] >> members) & 1)
    # Layers: the first channel of every set within, the second of those that have one, and so on.
    rank = np.arange(len(of_set)) - np.flatnonzero(np.diff(of_set, prepend=-1))[of_set]
    layers = [(of_set[rank == it], touched[rank == it]) for it in range(int(rank.max()) + 1)]
    size = len(members)
    totals, squares = np.zeros(size), np.zeros(size)
    batch = max(1, CELLS // max(len(within), size))
    for start in range(0, permutations, batch):
        orders = min(batch, permutations - start)
        joins = draw.permuted(np.tile(np.arange(size, dtype=np.int8)[:, None], (1, orders)), axis=0)
        complete = np.zeros((len(within), orders), dtype=np.int8)
        for sets, channels in layers:
            complete[sets] = np.maximum(complete[sets], joins[channels])
        cell = (complete.astype(np.int64) * orders + np.arange(orders)).ravel()
        gained, taken = (
            np.bincount(cell, np.repeat(it[within], orders), orders * size).reshape(size, orders).cumsum(axis=0)
            for it in (reward, journeys)
        )
        added = np.take_along_axis(
            np.diff(per_journey(gained, taken), axis=0, prepend=0), joins.astype(np.int64), axis=0
        )
        totals += added.sum(axis=1)
        squares += (added**2).sum(axis=1)
    mean = totals / permutations
    spread = ((squares / permutations - mean**2).clip(0) / (permutations - 1)) ** 0.5
    value, error = np.zeros(count), np.zeros(count)
    value[members], error[members] = mean, spread
    return value, error


def per_journey(gained: NDArray, taken: NDArray) -> Floats:
    """Reward per journey; 0 where there was no journey."""
    rate: Floats = np.divide(gained, taken, out=np.zeros(np.shape(gained)), where=taken > 0)
    return rate


def positive_shares(values: Floats) -> Floats:
    """Values as shares of 1 along the last axis, negative ones as 0; all 0 if none is positive."""
    kept = values.clip(0)
    total = kept.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)
    return shares
