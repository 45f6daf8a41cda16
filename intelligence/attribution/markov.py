"""Removal effects of an absorbing Markov chain over paths of channels.

Anderl, Becker, von Wangenheim and Schumann (2016), Mapping the customer journey, International Journal of Research in Marketing 33(3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from intelligence.attribution.paths import Floats, Integers, Paths, as_paths

START, CONVERSION, NULL = "(start)", "(conversion)", "(null)"
#: Up to so many states the linear systems are factorised; beyond, walks are followed for up to so many steps.
MOST_STATES_SOLVED = 2000
MOST_STEPS = 2000


@dataclass(frozen=True)
class MarkovAttribution:
    """What the chain says.

    channels: one row per channel, by name: `channel`, `removal_effect` (0 to 1: the part of conversions that is lost when every journey ends
    on reaching the channel), `removal_effect_value` (the same for money), `total_conversions` and `total_conversion_value` (the totals of all
    paths, shared in proportion to the effects).
    transitions: `from_state`, `to_state`, `transitions` (how many), `probability`; of each from_state they sum to 1.
    conversion_probability, expected_value: of a journey, from its start.
    """

    channels: pd.DataFrame
    transitions: pd.DataFrame
    conversion_probability: float
    expected_value: float


def markov_removal_effects(paths: Paths | pd.DataFrame, order: int = 1) -> MarkovAttribution:
    """Fit a chain of the given order and remove each channel from it in turn; no sampling.

    A state is the last `order` channels of a journey (fewer at its beginning), hence a walk through the chain touches what a journey touches.
    Removing a channel sends every transition into a state that ends in it to `(null)`; its effect is 1 - P(conversion without it) / P(conversion),
    that is the part of converting walks that touch it: what the R package ChannelAttribution estimates by simulation (and with it the effect on
    value: each conversion brings the mean value of conversions from its last state). P(conversion) of the whole chain is conversions / journeys.

    Note that a channel without a single converting path can have an effect: in A > B -> null, B -> conversion, the chain of order 1 may walk
    A > B -> conversion. Without any conversion every effect is 0, and so without any value.

    Raises ValueError if the order is below 1 or a channel bears the name of a state.
    """
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 1:
        raise ValueError(f"order is {order!r}: give a whole number of 1 or more.")
    paths = as_paths(paths)
    reserved = {START, CONVERSION, NULL}.intersection(paths.channels)
    if reserved:
        raise ValueError(f"{min(reserved)} is the name of a state: rename the channel.")

    state, witness = number_states(paths, order)
    last_channel = np.r_[-1, paths.channel[witness]]
    before = np.where(paths.first, 0, np.r_[0, state[:-1]])
    journeys = paths.conversions + paths.nulls
    size = len(last_channel)
    moves = sparse.coo_array((journeys[paths.path], (before, state)), shape=(size, size)).tocsr()
    final = state[paths.last]
    converted, worth, lost = (np.bincount(final, it, size) for it in (paths.conversions, paths.value, paths.nulls))
    visits = moves.sum(axis=1) + converted + lost

    steps = (sparse.diags_array(1 / visits) @ moves).tocsr()
    reward = np.column_stack([converted, worth]) / visits[:, None]
    count = len(paths.channels)
    found = None if size <= MOST_STATES_SOLVED else propagate(steps, reward, last_channel, count)
    if found is None:
        found = solve(steps, reward, last_channel, count)
    everything, without = found[-1], found[:-1]
    effect = np.zeros_like(without)
    np.divide(everything - without, everything, out=effect, where=everything > 0)
    effect = effect.clip(0, 1)
    effect[effect < 1e-13] = 0  # rounding of the solver
    totals = np.array([paths.conversions.sum(), paths.value.sum()])
    weight = effect.sum(axis=0)
    credit = effect * np.divide(totals, weight, out=np.zeros(2), where=weight > 0)
    channels = pd.DataFrame(
        {
            "channel": list(paths.channels),
            "removal_effect": effect[:, 0],
            "removal_effect_value": effect[:, 1],
            "total_conversions": credit[:, 0],
            "total_conversion_value": credit[:, 1],
        }
    )
    names = [START, *state_names(paths, order, witness)]
    transitions = transition_table(names, moves.tocoo(), converted, lost, visits)
    return MarkovAttribution(channels, transitions, float(everything[0]), float(everything[1]))


def number_states(paths: Paths, order: int) -> tuple[Integers, Integers]:
    """Per touch the number of the state that it leads to, from 1 (0 is the start); and per state from 1 a touch that leads to it."""
    state, count = compact(paths.channel)
    for _ in range(order - 1):
        before = np.where(paths.first, 0, np.r_[0, state[:-1]])
        state, count = compact(before * len(paths.channels) + paths.channel)
    witness = np.empty(count, dtype=np.int64)
    witness[state - 1] = np.arange(len(state))
    return state, witness


def compact(codes: Integers) -> tuple[Integers, int]:
    """Codes renumbered from 1 without gaps, in the same order; and how many there are."""
    highest = int(codes.max())
    if highest < 1_000_000 + 4 * len(codes):
        rank = np.cumsum(np.bincount(codes, minlength=highest + 1) > 0, dtype=np.int64)
        return rank[codes], int(rank[-1])
    found, place = np.unique(codes, return_inverse=True)
    return place + 1, len(found)


def solve(steps: sparse.csr_array, reward: Floats, last_channel: Integers, count: int) -> Floats:
    """What a walk from the start leads to (conversions, money): without each channel in turn, and last with all.

    Solves x = reward + steps x over the states that are left. Exact, but factors of chains of thousands of states fill up.
    """
    system = (sparse.eye_array(len(last_channel)) - steps).tocsr()
    found = np.empty((count + 1, 2))
    for channel in range(count + 1):
        kept = np.flatnonzero(last_channel != channel)
        found[channel] = splu(system[kept][:, kept].tocsc()).solve(reward[kept])[0]
    return found


def propagate(steps: sparse.csr_array, reward: Floats, last_channel: Integers, count: int) -> Floats | None:
    """The same as `solve` by following all walks step by step, without all channels at once; None if they take too long to end.

    The walks that are still under way bound what is missing.
    """
    onward = steps.T.tocsr()
    places = np.arange(1, len(last_channel))
    under_way = np.zeros((len(last_channel), count + 1))
    under_way[0] = 1.0
    found = under_way.T @ reward
    if not reward.any():
        return found
    for _ in range(MOST_STEPS):
        under_way = onward @ under_way
        under_way[places, last_channel[1:]] = 0.0
        found += under_way.T @ reward
        if under_way.sum(axis=0).max() <= 1e-15 * found[-1, 0]:
            return found
    return None


def state_names(paths: Paths, order: int, witness: Integers) -> list[str]:
    """Channels of each state, oldest first: 'email > search'."""
    begin = np.flatnonzero(paths.first)[paths.path[witness]]
    return [
        " > ".join(paths.channels[it] for it in paths.channel[max(start, end - order + 1) : end + 1])
        for start, end in zip(begin.tolist(), witness.tolist(), strict=True)
    ]


def transition_table(
    names: list[str], moves: sparse.coo_array, converted: NDArray, lost: NDArray, visits: NDArray
) -> pd.DataFrame:
    """The transitions that occur, with those into the two ends."""
    size = len(names)
    state = np.arange(size)
    before = np.r_[moves.row, state, state]
    after = np.r_[moves.col, np.full(size, size), np.full(size, size + 1)]
    count = np.r_[moves.data, converted, lost]
    name = np.array([*names, CONVERSION, NULL], dtype=object)
    table = pd.DataFrame(
        {
            "from_state": name[before],
            "to_state": name[after],
            "transitions": count,
            "probability": count / visits[before],
        }
    )
    return table[np.r_[count > 0]].iloc[np.lexsort((after[count > 0], before[count > 0]))].reset_index(drop=True)
