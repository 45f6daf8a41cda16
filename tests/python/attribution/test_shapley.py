"""Shapley values against the airport game, all orders of joining, closed forms, and properties."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.attribution.paths import as_paths
from intelligence.attribution.shapley import ends_by_set, shapley_of_game, shapley_values, subset_sums
from tests.python.attribution.drawing import PROPERTY, path_tables, table

GAMES = ("journey_rate", "overall_rate", "conversions")
CREDIT = ["total_conversions", "total_conversion_value"]


def by_channel(paths: pd.DataFrame, game: str = "journey_rate", **settings: int) -> pd.DataFrame:
    return shapley_values(paths, game, **settings).set_index("channel")


def by_all_orders(players: list[str], worth: Callable[[frozenset], float]) -> dict[str, float]:
    """The mean over all orders of what a player adds."""
    orders = list(permutations(players))
    found = dict.fromkeys(players, 0.0)
    for order in orders:
        for place, player in enumerate(order):
            found[player] += (worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))) / len(orders)
    return found


def rate(paths: pd.DataFrame, column: str = "total_conversions") -> Callable[[frozenset], float]:
    rows = [
        (set(it.path.split(" > ")), getattr(it, column), it.total_conversions + it.total_null)
        for it in paths.itertuples()
    ]

    def worth(coalition: frozenset) -> float:
        within = [(gained, journeys) for touched, gained, journeys in rows if touched <= coalition]
        journeys = sum(it[1] for it in within)
        return sum(it[0] for it in within) / journeys if journeys else 0.0

    return cache(worth)


def channels_of(paths: pd.DataFrame) -> list[str]:
    return sorted({channel for path in paths["path"] for channel in path.split(" > ")})


def test_airport_game():
    """Littlechild and Owen (1973): a runway costs what its largest aircraft needs, and each part of it is shared by those who need it.
    Needs of 1, 3, 7 and 10: the first pays 1/4, the second 1/4 + 2/3, the third 1/4 + 2/3 + 4/2, the fourth that and 3.
    """
    needs = (1, 3, 7, 10)
    cost = [max((need for bit, need in enumerate(needs) if mask >> bit & 1), default=0) for mask in range(16)]
    assert shapley_of_game(np.array(cost)).tolist() == pytest.approx([0.25, 0.25 + 2 / 3, 2.25 + 2 / 3, 5.25 + 2 / 3])


def test_glove_game():
    """Shapley and Shubik: one left glove, two right ones, a pair is worth 1: 2/3 to the left, 1/6 to each right."""
    pair = np.array([float(mask & 1 and mask > 1) for mask in range(8)])
    assert shapley_of_game(np.array([pair, 6 * pair])).tolist() == [
        pytest.approx([2 / 3, 1 / 6, 1 / 6]),
        pytest.approx([4, 1, 1]),
    ]


@PROPERTY
@given(st.lists(st.floats(-10, 10), min_size=31, max_size=31))
def test_any_game_is_the_mean_over_all_orders(values):
    game = np.array([0.0, *values])
    expected = by_all_orders(list("01234"), lambda those: game[sum(1 << int(it) for it in those)])
    assert shapley_of_game(game).tolist() == pytest.approx(list(expected.values()), abs=1e-9)


def test_overall_rate_by_hand():
    """v(a) = 1/2, v(b) = 1/4, v(ab) = 4/10: a adds 0.5 or 0.15, b 0.25 or -0.1; mean 0.325 and 0.075, of 10 journeys."""
    found = by_channel(table(("a", 1, 0, 1), ("b", 1, 0, 3), ("b > a", 2, 0, 2)), "overall_rate")
    assert found["shapley_value"].tolist() == pytest.approx([0.325, 0.075])
    assert found["total_conversions"].tolist() == pytest.approx([3.25, 0.75])


def test_journey_rate_by_hand():
    """As above the values of {a, b} are 0.325 and 0.075: of its 2 conversions 13/16 go to a; each channel keeps the conversion it made alone."""
    found = by_channel(table(("a", 1, 5, 1), ("b", 1, 7, 3), ("b > a", 2, 16, 2)))
    assert found["total_conversions"].tolist() == pytest.approx([1 + 2 * 13 / 16, 1 + 2 * 3 / 16])
    assert found["total_conversion_value"].tolist() == pytest.approx([5 + 13, 7 + 3])


def test_a_rare_channel_takes_nothing_that_it_did_not_touch():
    """Ten journeys that all convert beside a million: only the default keeps what each channel brought."""
    paths = table(("brand", 10, 0, 0), ("display", 1000, 0, 999_000), ("brand > display", 5, 0, 5))
    assert by_channel(paths).loc["brand", "total_conversions"] <= 15
    assert by_channel(paths, "overall_rate").loc["brand", "total_conversions"] == pytest.approx(1015)


@PROPERTY
@given(path_tables(channels="abcde"))
def test_overall_rate_is_the_mean_over_all_orders(paths):
    found = by_channel(paths, "overall_rate")
    expected = by_all_orders(channels_of(paths), rate(paths))
    assert found["shapley_value"].to_dict() == pytest.approx(expected, abs=1e-12)
    money = pd.Series(by_all_orders(channels_of(paths), rate(paths, "total_conversion_value"))).clip(lower=0)
    expected_money = money / money.sum() * paths["total_conversion_value"].sum()
    assert found["total_conversion_value"].to_dict() == pytest.approx(expected_money.to_dict(), abs=1e-9)


@PROPERTY
@given(path_tables(channels="abcde"))
def test_journey_rate_is_a_game_for_each_path(paths):
    expected = dict.fromkeys(channels_of(paths), 0.0)
    for it in paths.itertuples():
        if it.total_conversions:
            values = {
                name: max(value, 0)
                for name, value in by_all_orders(sorted(set(it.path.split(" > "))), rate(paths)).items()
            }
            for name, value in values.items():
                expected[name] += it.total_conversions * value / sum(values.values())
    assert by_channel(paths)["total_conversions"].to_dict() == pytest.approx(expected, abs=1e-9)


@PROPERTY
@given(path_tables(channels="abcde"))
def test_conversions_are_shared_equally_among_distinct_channels(paths):
    """The closed form is the Shapley value of the game it stands for."""
    masks, (converted, _, _) = ends_by_set(as_paths(paths))
    game = np.zeros(1 << len(channels_of(paths)))
    game[masks] = converted
    assert by_channel(paths, "conversions")["total_conversions"].tolist() == pytest.approx(
        shapley_of_game(subset_sums(game)).tolist(), abs=1e-9
    )


@PROPERTY
@given(path_tables(), st.sampled_from(GAMES))
def test_credit_sums_to_the_totals(paths, game):
    found = by_channel(paths, game)
    assert found[CREDIT].sum().tolist() == pytest.approx(paths[CREDIT].sum().tolist())
    assert (found[CREDIT] >= 0).all(axis=None)


@PROPERTY
@given(path_tables(channels="abc"), st.sampled_from(GAMES))
def test_symmetric_channels_get_the_same(paths, game):
    mirrored = paths.assign(path=paths["path"].str.translate(str.maketrans("ab", "ba")))
    found = by_channel(pd.concat([paths, mirrored, table(("a > b", 1, 1, 0))]), game)
    assert found.loc["a"].tolist() == pytest.approx(found.loc["b"].tolist())


@PROPERTY
@given(path_tables(), st.sampled_from(GAMES))
def test_a_channel_in_no_converting_path_gets_nothing(paths, game):
    found = by_channel(pd.concat([paths, table(("z", 0, 0, 3), ("a > z > b", 0, 0, 2))]), game)
    assert found.loc["z", CREDIT].tolist() == [0, 0]


@PROPERTY
@given(path_tables(), st.sampled_from(GAMES), st.randoms(use_true_random=False))
def test_order_and_splitting_of_rows_do_not_matter(paths, game, random):
    halves = paths.assign(**{it: paths[it] / 2 for it in paths.columns[1:]})
    shuffled = pd.concat([halves, halves]).iloc[random.sample(range(2 * len(paths)), 2 * len(paths))]
    pd.testing.assert_frame_equal(by_channel(shuffled, game), by_channel(paths, game), atol=1e-12)


@pytest.mark.parametrize("game", ["journey_rate", "overall_rate"])
def test_sampling_finds_the_exact_values_within_its_error(game):
    """Six channels, sampled as though they were too many; then repeated with the same seed."""
    draw = np.random.default_rng(4)
    rows = [
        (
            " > ".join(draw.choice(list("abcdef"), draw.integers(1, 7))),
            int(draw.integers(1, 9)),
            5.0,
            int(draw.integers(0, 30)),
        )
        for _ in range(50)
    ]
    paths = table(*rows)
    exact, sampled = by_channel(paths, game), by_channel(paths, game, max_exact=1, permutations=4000, seed=7)
    distance = (sampled["total_conversions"] - exact["total_conversions"]).abs()
    assert (exact["standard_error"] == 0).all() and (sampled["standard_error"] > 0).all()
    assert (distance <= 4 * sampled["standard_error"]).all()
    assert (sampled["standard_error"] < 0.05 * exact["total_conversions"].sum()).all()
    assert sampled["total_conversions"].sum() == pytest.approx(paths["total_conversions"].sum())
    pd.testing.assert_frame_equal(sampled, by_channel(paths, game, max_exact=1, permutations=4000, seed=7))


def test_the_standard_error_is_the_spread_over_seeds():
    draw = np.random.default_rng(4)
    paths = table(
        *[
            (" > ".join(draw.choice(list("abcdef"), draw.integers(1, 7))), 2, 5.0, int(draw.integers(0, 9)))
            for _ in range(40)
        ]
    )
    runs = [by_channel(paths, "overall_rate", max_exact=1, permutations=200, seed=seed) for seed in range(60)]
    journeys = paths[["total_conversions", "total_null"]].sum().sum()
    spread = pd.concat([it["shapley_value"] * journeys for it in runs], axis=1).std(axis=1)
    assert (runs[0]["standard_error"] / spread).between(0.6, 1.6).all()


@pytest.mark.parametrize("game", ["journey_rate", "overall_rate"])
def test_many_channels(game):
    """Forty channels; the longest journey touches all of them. One channel of each two is the other's equal."""
    names = [f"c{it:02}" for it in range(40)]
    rows = [(name, 3 + number // 2, 10, 10) for number, name in enumerate(names)]
    found = by_channel(table((" > ".join(names), 8, 80, 1), *rows), game, permutations=400)
    assert found["total_conversions"].sum() == pytest.approx(8 + sum(row[1] for row in rows))
    assert not found.isna().any(axis=None)
    if game == "journey_rate":
        assert (found["total_conversions"] - [row[1] for row in rows]).sum() == pytest.approx(8)


@pytest.mark.parametrize("game", GAMES)
def test_nothing_converted(game):
    assert (by_channel(table(("a > b", 0, 0, 3)), game) == 0).all(axis=None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"game": "rate"}, "choose one of"), ({"max_exact": 0}, "give 1 to 20"), ({"permutations": 1}, "at least 2")],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        shapley_values(table(("a", 1, 1, 0)), **settings)


def test_what_is_no_game_is_refused():
    with pytest.raises(ValueError, match="2 \\*\\* n"):
        shapley_of_game(np.zeros(6))
    with pytest.raises(ValueError, match="0 to the empty one"):
        shapley_of_game(np.ones(4))
    with pytest.raises(ValueError, match="64 channels: group"):
        shapley_values(table(*[(f"c{it}", 1, 1, 0) for it in range(64)]))
