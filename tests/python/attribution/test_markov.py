"""Markov removal effects against worked examples, a dense chain, and properties."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from intelligence.attribution import markov
from intelligence.attribution.markov import markov_removal_effects
from intelligence.attribution.paths import paths_from_table, paths_from_touchpoints
from tests.python.attribution.channelattribution import RECORDED
from tests.python.attribution.drawing import PROPERTY, path_tables, table


def by_channel(paths: Any, order: int = 1) -> pd.DataFrame:
    return markov_removal_effects(paths, order).channels.set_index("channel")


def dense_effects(paths: pd.DataFrame, order: int) -> dict[str, tuple[float, float]]:
    """Removal effects from a dictionary of transitions and a dense solution per channel. As ChannelAttribution has it, the first state
    is the first `order` channels at once, and a state is removed if it holds the channel anywhere.
    """
    count: dict[tuple, dict[tuple | str, float]] = {}
    money: dict[tuple, float] = {}
    for it in paths.itertuples():
        touches = it.path.split(" > ")
        windows = [tuple(touches[i : i + order]) for i in range(max(1, len(touches) - order + 1))]
        for before, after in pairwise([(), *windows]):
            count.setdefault(before, {}).setdefault(after, 0.0)
            count[before][after] += it.total_conversions + it.total_null
        end = count.setdefault(windows[-1], {})
        end["conversion"] = end.get("conversion", 0.0) + it.total_conversions
        end["null"] = end.get("null", 0.0) + it.total_null
        money[windows[-1]] = money.get(windows[-1], 0.0) + it.total_conversion_value

    def ends(removed: str | None) -> np.ndarray:
        states = [it for it in count if removed not in it and sum(count[it].values()) > 0]
        place = {it: number for number, it in enumerate(states)}
        chain, reward = np.eye(len(states)), np.zeros((len(states), 2))
        for state, row in place.items():
            visits = sum(count[state].values())
            for after, moves in count[state].items():
                if after in place:
                    chain[row, place[after]] -= moves / visits
            reward[row] = count[state].get("conversion", 0.0) / visits, money.get(state, 0.0) / visits
        return np.linalg.inv(chain)[place[()]] @ reward

    whole = ends(None)
    names = sorted({channel for path in paths["path"] for channel in path.split(" > ")})
    return {it: tuple(np.divide(whole - ends(it), whole, out=np.zeros(2), where=whole > 0)) for it in names}


def test_three_channel_toy():
    """Bryl (2016), after Anderl et al. By hand: start -> C1 2/3, C2 1/3; C1 -> C2 1/2, null 1/2; C2 -> C3 1; C3 -> conversion 1/2, null 1/2.
    P = 2/3 * 1/2 * 1 * 1/2 + 1/3 * 1 * 1/2 = 1/3. Without C1 it is 1/3 * 1/2 = 1/6, an effect of 1/2; without C2 or C3 it is 0, an effect of 1.
    Shares of the one conversion: 0.5, 1 and 1 of 2.5.
    """
    found = markov_removal_effects(table(("C1 > C2 > C3", 1, 50, 0), ("C1", 0, 0, 1), ("C2 > C3", 0, 0, 1)))
    assert found.conversion_probability == pytest.approx(1 / 3)
    assert found.expected_value == pytest.approx(50 / 3)
    assert found.channels["removal_effect"].tolist() == pytest.approx([0.5, 1, 1])
    assert found.channels["total_conversions"].tolist() == pytest.approx([0.2, 0.4, 0.4])
    assert found.channels["total_conversion_value"].tolist() == pytest.approx([10, 20, 20])
    transitions = found.transitions.set_index(["from_state", "to_state"])["probability"]
    expected = {
        ("(start)", "C1"): 2 / 3,
        ("(start)", "C2"): 1 / 3,
        ("C1", "C2"): 0.5,
        ("C1", "(null)"): 0.5,
        ("C2", "C3"): 1.0,
        ("C3", "(conversion)"): 0.5,
        ("C3", "(null)"): 0.5,
    }
    assert transitions.to_dict() == pytest.approx(expected)


def test_google_ads_and_mailing():
    """Puzyrov (2019). By hand: start -> ads 4/5, mailing 1/5; ads -> conversion 2/4, mailing 1/4, null 1/4; mailing -> conversion 1.
    P = 4/5 * (1/2 + 1/4) + 1/5 = 4/5; without ads 1/5, without mailing 2/5: effects 3/4 and 1/2.
    """
    paths = table(("ads", 2, 0, 1), ("mailing", 1, 0, 0), ("ads > mailing", 1, 0, 0))
    found = by_channel(paths)
    assert found["removal_effect"].to_dict() == pytest.approx({"ads": 0.75, "mailing": 0.5})
    assert found["total_conversions"].to_dict() == pytest.approx({"ads": 4 * 0.6, "mailing": 4 * 0.4})
    assert (found["total_conversion_value"] == 0).all()


def test_money_follows_the_last_state():
    """Both channels bring half the conversions, b nine tenths of the money."""
    found = by_channel(table(("a", 1, 10, 0), ("b", 1, 90, 0)))
    assert found["removal_effect"].tolist() == pytest.approx([0.5, 0.5])
    assert found["removal_effect_value"].tolist() == pytest.approx([0.1, 0.9])


def test_a_channel_of_null_paths_has_an_effect_where_the_chain_forgets():
    paths = table(("a > b", 0, 0, 1), ("b", 1, 1, 0))
    assert by_channel(paths, 1).loc["a", "removal_effect"] == pytest.approx(0.5)
    assert by_channel(paths, 2).loc["a", "removal_effect"] == 0


@PROPERTY
@given(path_tables(), st.integers(1, 4))
def test_effects_are_those_of_a_dense_chain(paths, order):
    found = by_channel(paths, order)
    for channel, effects in dense_effects(paths, order).items():
        assert tuple(found.loc[channel, ["removal_effect", "removal_effect_value"]]) == pytest.approx(
            effects, abs=1e-10
        )


@PROPERTY
@given(path_tables(), st.integers(1, 3))
def test_totals(paths, order):
    """Credit sums to the totals, the chain converts as often as the journeys did, and what leaves a state sums to 1."""
    found = markov_removal_effects(paths, order)
    journeys = paths["total_conversions"].sum() + paths["total_null"].sum()
    for column in ("total_conversions", "total_conversion_value"):
        assert found.channels[column].sum() == pytest.approx(paths[column].sum())
    assert found.conversion_probability == pytest.approx(paths["total_conversions"].sum() / journeys)
    assert found.expected_value == pytest.approx(paths["total_conversion_value"].sum() / journeys)
    assert found.transitions.groupby("from_state")["probability"].sum().to_numpy() == pytest.approx(1)


@PROPERTY
@given(path_tables(channels="abc"), st.integers(1, 3))
def test_symmetric_channels_get_the_same(paths, order):
    mirrored = paths.assign(path=paths["path"].str.translate(str.maketrans("ab", "ba")))
    found = by_channel(pd.concat([paths, mirrored, table(("a > b", 1, 1, 0), ("b > a", 1, 1, 0))]), order)
    assert found.loc["a"].tolist() == pytest.approx(found.loc["b"].tolist())


@PROPERTY
@given(path_tables(), st.integers(1, 3))
def test_a_channel_that_leads_nowhere_gets_nothing(paths, order):
    found = by_channel(pd.concat([paths, table(("z", 0, 0, 3), ("a > z", 0, 0, 2))]), order)
    assert found.loc["z"].tolist() == [0, 0, 0, 0]


@PROPERTY
@given(path_tables(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_order_and_splitting_of_rows_do_not_matter(paths, order, random):
    halves = paths.assign(**{it: paths[it] / 2 for it in paths.columns[1:]})
    shuffled = pd.concat([halves, halves]).iloc[random.sample(range(2 * len(paths)), 2 * len(paths))]
    pd.testing.assert_frame_equal(by_channel(shuffled, order), by_channel(paths, order))


@PROPERTY
@given(path_tables(longest=1))
def test_paths_of_one_touch_know_no_order(paths):
    pd.testing.assert_frame_equal(by_channel(paths, 1), by_channel(paths, 3))


@PROPERTY
@given(path_tables(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_long_table_says_the_same(paths, order, random):
    """Rows in any order; positions may be moments."""
    rows = [
        (number, position, it)
        for number, path in enumerate(paths["path"])
        for position, it in enumerate(path.split(" > "))
    ]
    long = pd.DataFrame(random.sample(rows, len(rows)), columns=["path_id", "position", "channel"])
    outcomes = paths.assign(path_id=range(len(paths)))
    moments = long.assign(position=pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(long["position"], unit="D"))
    expected = by_channel(paths, order)
    pd.testing.assert_frame_equal(by_channel(paths_from_touchpoints(long, outcomes), order), expected)
    pd.testing.assert_frame_equal(by_channel(paths_from_touchpoints(moments, outcomes), order), expected)


@PROPERTY
@given(path_tables(longest=8), st.integers(1, 3))
def test_following_walks_is_solving(paths, order):
    """What long chains are computed by, against what short ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markov, "MOST_STATES_SOLVED", 0)
        patch.setattr(markov, "MOST_STEPS", 100_000)
        patch.setattr(markov, "solve", None)
        followed = by_channel(paths, order)
    pd.testing.assert_frame_equal(followed, by_channel(paths, order), atol=1e-11)


def test_walks_that_hardly_end_are_given_up():
    slow = sparse.csr_array(np.array([[0, 1.0], [0, 0.9999]]))
    assert markov.propagate(slow, np.array([[0, 0], [0.0001, 1]]), np.array([-1, 0]), 1) is None


def test_nothing_converted():
    found = by_channel(table(("a > b", 0, 0, 3)))
    assert (found == 0).all(axis=None)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (table(("a", 1, 1, 0)).drop(columns="path"), "Column path is missing"),
        (table(), "is empty"),
        (table(("a", -1, 0, 0)), "total_conversions holds negative"),
        (table(("a", 1, 0, float("nan"))), "total_null holds negative or missing"),
        (table(("", 1, 1, 0)), "Path '' is empty"),
        (table(("a > > b", 1, 1, 0)), "names an empty channel"),
        (table(("a", 0, 5, 1)), "no conversions"),
        (table(("a", 0, 0, 0)), "No path was taken"),
        (table(("(start) > b", 1, 1, 0)), "rename the channel"),
    ],
)
def test_input_that_says_nothing_is_refused(paths, message):
    with pytest.raises(ValueError, match=message):
        markov_removal_effects(paths)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_order_is_a_number_from_1(order):
    with pytest.raises(ValueError, match="give a whole number of 1 or more"):
        markov_removal_effects(table(("a", 1, 1, 0)), order)


@pytest.mark.parametrize(
    ("touchpoints", "outcomes", "message"),
    [
        ([(1, 1, "a"), (1, 1, "b")], [(1, 1)], "same position twice"),
        ([(1, 1, "a"), (2, 1, "b")], [(1, 1)], "outcomes does not hold"),
        ([(1, 1, "a")], [(1, 1), (2, 1)], "leave empty paths out"),
        ([(1, 1, "a")], [(1, 1), (1, 1)], "path_id twice"),
        ([(1, 1, None)], [(1, 1)], "no channel"),
        ([(1, None, "a")], [(1, 1)], "no position"),
    ],
)
def test_long_tables_that_do_not_fit_are_refused(touchpoints, outcomes, message):
    with pytest.raises(ValueError, match=message):
        paths_from_touchpoints(
            pd.DataFrame(touchpoints, columns=["path_id", "position", "channel"]),
            pd.DataFrame(outcomes, columns=["path_id", "total_conversions"]),
        )


def test_paths_may_be_sequences():
    texts = table(("a>b", 1, 1, 0), ("b > a > a", 1, 1, 1))
    sequences = texts.assign(path=[("a", "b"), ["b", "a", "a"]])
    assert paths_from_table(texts).channel.tolist() == paths_from_table(sequences).channel.tolist() == [0, 1, 1, 0, 0]


@pytest.mark.parametrize("order", [1, 2])
def test_channelattribution_agrees(order):
    """What the package said of drawn paths when it was recorded (see channelattribution.py); it estimates by simulation."""
    recorded = json.loads(RECORDED.read_text())
    theirs = pd.DataFrame(recorded[f"order {order}"]).set_index("channel_name")
    ours = by_channel(pd.DataFrame(recorded["paths"]), order)
    assert sorted(theirs.index) == sorted(ours.index)
    for column in ("total_conversions", "total_conversion_value"):
        assert theirs[column].reindex(ours.index).to_numpy() == pytest.approx(ours[column].to_numpy(), rel=0.005)
