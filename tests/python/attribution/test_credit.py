"""Credit of touchpoints: the six rules case by case and against a plain loop, and the spreading of channel weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.attribution.credit import spread_credit
from intelligence.attribution.markov import markov_removal_effects
from intelligence.attribution.paths import paths_from_touchpoints
from intelligence.attribution.rules import order_touches, position_based, rule_credit, time_decay
from intelligence.attribution.shapley import shapley_values
from tests.python.attribution.drawing import PROPERTY

START = pd.Timestamp("2026-03-01 12:00")
RULES = ["first_touch", "last_touch", "last_non_direct_touch", "linear", "time_decay", "position_based"]


def long(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Rows of conversion, touchpoint, channel, days after START."""
    table = pd.DataFrame(rows, columns=["conversion_id", "touchpoint_id", "channel", "day"])
    return table.assign(occurred_at=START + pd.to_timedelta(table.pop("day"), unit="D"))


def journey(*channels: str) -> pd.DataFrame:
    """One conversion with a touch a week."""
    return long(*[("x", f"t{place}", channel, 7.0 * place) for place, channel in enumerate(channels)])


@st.composite
def long_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Conversions with touches, some at the same moment, rows in any order."""
    touch = st.tuples(st.sampled_from(["email", "search", "direct"]), st.integers(0, 3))
    conversions = draw(st.lists(st.lists(touch, min_size=1, max_size=5), min_size=1, max_size=5))
    rows = [
        (f"x{number}", f"t{place}", channel, float(day))
        for number, touches in enumerate(conversions)
        for place, (channel, day) in enumerate(touches)
    ]  # fmt: skip
    return long(*draw(st.permutations(rows)))


def slow_rules(table: pd.DataFrame) -> dict[tuple[str, str], list[float]]:
    """The six rules in a loop."""
    found = {}
    for conversion, group in table.groupby("conversion_id"):
        touches = group.sort_values(["occurred_at", "touchpoint_id"])
        size = len(touches)
        told = [place for place, channel in enumerate(touches["channel"]) if channel != "direct"]
        decay = [
            0.5 ** ((touches["occurred_at"].max() - it).total_seconds() / 86400 / 7) for it in touches["occurred_at"]
        ]
        position = {1: [1.0], 2: [0.5, 0.5]}.get(size) or [0.4, *[0.2 / (size - 2)] * (size - 2), 0.4]
        for place, touchpoint in enumerate(touches["touchpoint_id"]):
            found[conversion, touchpoint] = [
                float(place == 0),
                float(place == size - 1),
                float(place == (told[-1] if told else size - 1)),
                1 / size,
                decay[place] / sum(decay),
                position[place],
            ]
    return found


def test_one_touch_takes_all_by_every_rule():
    assert (rule_credit(journey("direct")) == 1).all(axis=None)


def test_three_touches():
    """A week between touches and a half-life of a week: 1, 2 and 4 parts of 7."""
    found = rule_credit(journey("email", "search", "direct"))
    assert found["first_touch"].tolist() == [1, 0, 0]
    assert found["last_touch"].tolist() == [0, 0, 1]
    assert found["last_non_direct_touch"].tolist() == [0, 1, 0]
    assert found["linear"].tolist() == pytest.approx([1 / 3] * 3)
    assert found["time_decay"].tolist() == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    assert found["position_based"].tolist() == pytest.approx([0.4, 0.2, 0.4])


def test_last_non_direct_falls_back_to_the_last_touch():
    assert rule_credit(journey("direct", "direct"))["last_non_direct_touch"].tolist() == [0, 1]
    assert rule_credit(journey("email", "(none)", "direct"), direct=("direct", "(none)"))[
        "last_non_direct_touch"
    ].tolist() == [1, 0, 0]


@pytest.mark.parametrize(("shares", "expected"), [((0.4, 0.4), 0.5), ((0.3, 0.1), 0.75), ((0.0, 0.0), 0.5)])
def test_position_based_shares_two_touches_by_its_ends(shares, expected):
    assert position_based(order_touches(journey("a", "b")), *shares).tolist() == pytest.approx([expected, 1 - expected])


def test_time_decay_of_a_touch_long_ago():
    """A thousand half-lives before the conversion: both weights would be 0 if they were taken from the conversion."""
    touches = order_touches(long(("x", "t0", "a", 0), ("x", "t1", "b", 20_000), ("x", "t2", "c", 20_001)))
    assert time_decay(touches, half_life_days=1).tolist() == pytest.approx([0, 1 / 3, 2 / 3])


def test_touches_of_one_moment_stand_by_their_ids():
    table = long(("x", "t2", "b", 0), ("x", "t1", "a", 0), ("y", "t1", "a", 0))
    assert rule_credit(table)["first_touch"].tolist() == [0, 1, 1]


@PROPERTY
@given(long_tables())
def test_rules_are_those_of_a_loop(table):
    found = rule_credit(table)
    expected = slow_rules(table)
    for row, credit in zip(table.itertuples(), found[RULES].itertuples(index=False), strict=True):
        assert list(credit) == pytest.approx(expected[row.conversion_id, row.touchpoint_id])
    assert np.allclose(found.groupby(table["conversion_id"]).sum(), 1, rtol=0, atol=1e-9)


def test_weights_are_spread_over_touches():
    table = journey("email", "search", "email")
    assert spread_credit(table, {"email": 0.5, "search": 1.0}).tolist() == pytest.approx([0.25, 0.5, 0.25])
    assert spread_credit(table, {"email": 0.0, "search": 0.0}).tolist() == pytest.approx([1 / 3] * 3)


@PROPERTY
@given(long_tables(), st.lists(st.floats(0, 1e300), min_size=3, max_size=3))
def test_spread_credit_sums_to_1(table, weights):
    by_channel = dict(zip(["email", "search", "direct"], weights, strict=True))
    found = spread_credit(table, by_channel)
    assert np.allclose(found.groupby(table["conversion_id"]).sum(), 1, rtol=0, atol=1e-9)
    for _, group in table.assign(credit=found).groupby("conversion_id"):
        total = sum(by_channel[it] / 1e300 for it in group["channel"])
        expected = [by_channel[it] / 1e300 / total if total > 0 else 1 / len(group) for it in group["channel"]]
        if total > 1e-250 or max(weights) == 0:
            assert group["credit"].tolist() == pytest.approx(expected, abs=1e-9)


@PROPERTY
@given(long_tables())
def test_both_models_end_in_credit_of_1_per_conversion(table):
    position = table.groupby("conversion_id")["occurred_at"].rank(method="first")
    touchpoints = table.assign(path_id=table["conversion_id"], position=position)
    outcomes = pd.DataFrame({"path_id": table["conversion_id"].unique(), "total_conversions": 1, "total_null": 1})
    paths = paths_from_touchpoints(touchpoints, outcomes)
    for channels in (markov_removal_effects(paths).channels, shapley_values(paths)):
        credit = spread_credit(table, channels.set_index("channel")["total_conversions"])
        assert np.allclose(credit.groupby(table["conversion_id"]).sum(), 1, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"email": 1}, "'search' has no weight"),
        ({"email": 1, "search": -1}, "is negative"),
        ({"email": 1, "search": np.nan}, "missing"),
    ],
)
def test_weights_that_say_nothing_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        spread_credit(journey("email", "search"), weights)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (journey("a").drop(columns="channel"), "Column channel is missing"),
        (journey("a").iloc[:0], "is empty"),
        (journey("a", "b").assign(channel=["a", None]), "has no channel"),
        (journey("a").assign(occurred_at=pd.NaT), "has no occurred_at"),
        (long(("x", "t", "a", 0), ("x", "t", "a", 0)), "same touchpoint_id twice"),
    ],
)
def test_touchpoints_that_say_nothing_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        rule_credit(table)


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="days above 0"):
        rule_credit(journey("a"), half_life_days=0)
    with pytest.raises(ValueError, match="sum to 1 at most"):
        rule_credit(journey("a"), first_share=0.7, last_share=0.4)
