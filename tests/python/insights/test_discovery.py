"""From planted causes to insights: each told once, at its root, with its size, worth and rows; and what people say of them is used."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from intelligence.insights.discovery import Discovered, discover
from intelligence.insights.feedback import feedback_file, give_feedback, read_feedback, usefulness
from intelligence.insights.grouping import families, group_to_roots
from intelligence.insights.step import STEP
from intelligence.warehouse import StepError

DAYS = pd.date_range("2025-11-01", periods=364)
AS_OF = datetime(2026, 10, 30, 23, 30)
CHANNELS = {"Direct": 300.0, "Paid Search": 120.0, "Email": 60.0}
COUNTRIES = {"DE": 0.5, "US": 0.3, "FR": 0.2}

METRICS = pd.DataFrame(
    [
        ("sessions", "sum", None, 3, "higher", None, "conversion_value", "sessions"),
        ("conversions", "sum", "sessions", 4, "higher", None, None, "conversions"),
        ("conversion_value", "sum", "conversions", 5, "higher", 1.0, None, "value of conversions"),
        ("customers", "level", None, 5, "higher", 100.0, None, "customers"),
        ("tickets", "sum", None, 3, "lower", None, None, "tickets"),
    ],
    columns=["metric", "kind", "follows", "priority", "better", "usd_per_unit", "usd_from", "words"],
).assign(
    unit="pieces",
    rows_table=lambda table: "gold." + table["metric"],
    rows_time="happened_at",
    rows_where=None,
    segments_of_rows="channel_group,country",
    segments_of_accounts="",
    action_if_up="up!",
    action_if_down="down!",
)


def company(seed: int = 1) -> pd.DataFrame:
    """A year of daily sessions, conversions and their value by channel and country, tickets and customers: days x (metric, segment_by, segment)."""
    rng = np.random.default_rng(seed)
    week = np.where(DAYS.day_of_week.to_numpy() < 5, 1.0, 0.4)
    table: dict[tuple[str, str, str], np.ndarray] = {}
    sessions = {
        (channel, country): rng.poisson(level * share * week * np.exp(0.05 * rng.standard_t(5, len(DAYS))))
        for channel, level in CHANNELS.items()
        for country, share in COUNTRIES.items()
    }
    table[("customers", "all", "all")] = 200 + rng.choice([-1, 0, 0, 1], len(DAYS)).cumsum()
    table[("tickets", "all", "all")] = rng.poisson(12 * week)
    return pd.DataFrame({**table, **{("cell", *key): value for key, value in sessions.items()}}, index=DAYS).astype(
        float
    )


def as_series(table: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    """The rows of metrics.metric_series; conversions follow the sessions of the day."""
    rng = np.random.default_rng(seed)
    cells = table["cell"]
    converted = pd.DataFrame(rng.binomial(cells.astype(int), 0.3), index=DAYS, columns=cells.columns)
    worth = converted * 50.0 * np.exp(0.1 * rng.normal(size=converted.shape))
    wide: dict[tuple[str, str, str], pd.Series] = {}
    for metric, of_cells in (("sessions", cells), ("conversions", converted), ("conversion_value", worth)):
        wide[(metric, "all", "all")] = of_cells.sum(axis=1)
        for level, column in ((0, "channel_group"), (1, "country")):
            for segment, part in of_cells.T.groupby(level=level):
                wide[(metric, column, segment)] = part.sum()
    for metric in ("customers", "tickets"):
        wide[(metric, "all", "all")] = table[(metric, "all", "all")]
    long = pd.concat(wide, names=["metric", "segment_by", "segment", "date_day"]).rename("metric_value")
    return long.reset_index()


def look(table: pd.DataFrame) -> Discovered:
    return discover(as_series(table), METRICS)


def test_quiet_years_have_hardly_any_anomalies() -> None:
    """Chance is kept below 3 % in each of three families: of twenty looks at nothing, two may tell something, and hardly ever six."""
    looks = [discover(as_series(company(seed), 100 + seed), METRICS) for seed in range(10, 30)]
    assert sum(look.found["kind"].eq("anomaly").any() for look in looks) < 6


def test_one_cause_is_told_once_where_it_lies() -> None:
    table = company()
    day = DAYS[-5]
    table.loc[day, [("cell", "Paid Search", country) for country in COUNTRIES]] = 4.0
    discovered = look(table)
    told = discovered.found[discovered.found["kind"] == "anomaly"]
    (insight,) = told.itertuples()
    assert (insight.metric, insight.segment_by, insight.segment) == ("sessions", "channel_group", "Paid Search")
    assert (insight.started_on, insight.direction, insight.is_good) == (day, "down", False)
    assert insight.metric_value == 12
    assert insight.change < -0.8
    # Some 108 sessions, three tenths of which would have brought 50 dollars.
    assert -2_200 < insight.impact_usd < -1_200
    assert insight.suggested_action == "down!"
    evidence = discovered.evidence[discovered.evidence["insight_id"] == insight.insight_id]
    assert ("conversions", "Paid Search") in set(zip(evidence["metric"], evidence["segment"], strict=True))
    assert evidence["is_root"].sum() == 1
    assert "channel_group, 'unknown') = 'Paid Search'" in insight.rows_query
    assert "between date '2026-10-26' and date '2026-10-26'" in insight.rows_query


def test_two_causes_of_one_metric_are_two_insights() -> None:
    table = company(3)
    table.loc[DAYS[-9], [("cell", "Paid Search", country) for country in COUNTRIES]] = 4.0
    table.loc[DAYS[-3], ("tickets", "all", "all")] = 80.0
    told = look(table).found
    assert list(told[told["kind"] == "anomaly"]["metric"].sort_values()) == ["sessions", "tickets"]


def test_a_fall_of_everything_is_told_of_the_whole_and_says_where_to_look() -> None:
    table = company(4)
    cells = [column for column in table.columns if column[0] == "cell"]
    table.loc[DAYS[-3] :, cells] = (table.loc[DAYS[-3] :, cells] * 0.2).round()
    discovered = look(table)
    (insight,) = discovered.found[discovered.found["kind"] == "anomaly"].head(1).itertuples()
    assert (insight.metric, insight.segment_by) == ("sessions", "all")
    assert insight.ended_on == DAYS[-1]
    said = discovered.suggestions[discovered.suggestions["insight_id"] == insight.insight_id]["suggestion"]
    assert any("Direct makes" in words for words in said)
    assert any("DE makes" in words for words in said)


def test_every_insight_is_sized_and_ranked_by_what_is_said() -> None:
    table = company(5)
    table.loc[DAYS[-5], ("tickets", "all", "all")] = 90.0
    at = np.arange(len(DAYS))
    cells = [column for column in table.columns if column[0] == "cell"]
    table[cells] = table[cells].mul(np.exp(0.003 * (at - len(DAYS))), axis=0).round()
    table.loc[DAYS[-182] :, ("customers", "all", "all")] += np.arange(182) * 0.5
    found = look(table).found
    assert {"anomaly", "trend"} <= set(found["kind"])
    again = found["priority"] / 5 * found["confidence"] * found["magnitude"] * found["usefulness"]
    ago = (DAYS[-1] - pd.to_datetime(found["ended_on"])).dt.days
    again *= np.where(found["kind"] == "anomaly", 0.5 ** (ago / 7), 1)
    assert found["importance"].to_numpy() == pytest.approx(again.to_numpy(dtype=float))
    assert found["importance"].is_monotonic_decreasing
    assert found["magnitude"].between(0, 1).all()
    assert found["confidence"].between(0.9, 1).all()
    customers = found[(found["metric"] == "customers") & (found["kind"] == "trend")].iloc[0]
    assert customers["impact_usd"] == pytest.approx(100 * customers["difference"])
    assert customers["forecast_low"] < customers["forecast"] < customers["forecast_high"]


def test_metrics_that_follow_in_a_circle_have_a_family_all_the_same() -> None:
    metrics = pd.DataFrame({"follows": ["b", "a", None], "kind": "sum"}, index=["a", "b", "c"])
    depth, family = families(metrics)
    assert family["c"] == "c"
    findings = pd.DataFrame(
        {
            "metric": ["a", "c"],
            "segment_by": "all",
            "segment": "all",
            "started_on": DAYS[-1],
            "ended_on": DAYS[-1],
            "difference": 1.0,
        }
    ).assign(change=0.5, p_value=0.001)
    assert list(group_to_roots(findings, metrics)) == [0, 1]
    assert depth.notna().all()


def test_no_rows_and_few_days_give_nothing() -> None:
    series = as_series(company())
    for part in (series.head(0), series[series["date_day"] >= DAYS[-20]], series.assign(metric_value=np.nan)):
        discovered = discover(part, METRICS)
        assert discovered.found.empty
        assert discovered.series["state"].ne("judged").all()


# --- the step -------------------------------------------------------------------------------------------------------------------------------------


def fill(warehouse: Path, table: pd.DataFrame, as_of: datetime = AS_OF) -> None:
    series = as_series(table)
    series = series[series["date_day"] <= as_of]
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema if not exists metrics; create schema if not exists silver")
        con.register("series_rows", series)
        con.register("metric_rows", METRICS.astype({"follows": "string", "rows_where": "string"}))
        con.execute("create or replace table metrics.metric_series as from series_rows")
        con.execute("create or replace table metrics.insight_metrics as from metric_rows")
        con.execute(f"create or replace table silver.as_of as select timestamp '{as_of}' as as_of")


def found(warehouse: Path) -> pd.DataFrame:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute("from insights.found order by importance desc").df()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    table = company()
    table.loc[DAYS[-5], [("cell", "Paid Search", country) for country in COUNTRIES]] = 4.0
    path = tmp_path / "warehouse.duckdb"
    fill(path, table)
    return path


def test_the_step_says_the_same_twice_and_remembers_when_it_first_did(warehouse: Path) -> None:
    report = STEP.run(warehouse)
    assert report.page is not None
    page = report.page.read_text()
    first = found(warehouse)
    assert first["title"].iloc[0] in page
    assert page.count("<svg") == min(len(first), 10)
    STEP.run(warehouse)
    pd.testing.assert_frame_equal(found(warehouse), first)
    table = company()
    table.loc[DAYS[-5], [("cell", "Paid Search", country) for country in COUNTRIES]] = 4.0
    fill(warehouse, table, datetime(2026, 10, 29, 23, 30))
    # A day earlier: nothing of the later look is history.
    STEP.run(warehouse)
    earlier = found(warehouse).set_index("insight_id")
    fill(warehouse, table)
    STEP.run(warehouse)
    later = found(warehouse).set_index("insight_id")
    assert set(first["insight_id"]) <= set(later.index)
    both = earlier.index.intersection(later.index)
    assert len(both)
    assert (later.loc[both, "first_found_at"] == datetime(2026, 10, 29, 23, 30)).all()


def test_what_people_say_counts(warehouse: Path, tmp_path: Path) -> None:
    STEP.run(warehouse)
    before = found(warehouse).iloc[0]
    give_feedback(tmp_path, before["insight_id"], "not_useful", "maria", "we switched it off")
    STEP.run(warehouse)
    after = found(warehouse).set_index("insight_id").loc[before["insight_id"]]
    assert after["is_dismissed"]
    assert after["importance"] == pytest.approx(before["importance"] * 0.8)
    assert before["title"] not in STEP.run(warehouse).page.read_text()  # type: ignore[union-attr]
    give_feedback(tmp_path, before["insight_id"], "useful", "maria", "it was us after all")
    STEP.run(warehouse)
    assert not found(warehouse).set_index("insight_id").loc[before["insight_id"], "is_dismissed"]


def test_broken_lines_of_feedback_are_told_and_left_out(tmp_path: Path) -> None:
    give_feedback(tmp_path, "abc", "useful", "maria", 'with "quotes", commas\nand a line')
    broken = [
        b'{"insight_id": "abc", "verdict": "wonderful"',
        b'\xff\xfe"unclosed',
        b"[1, 2]",
        b'"x"',
        b"x" * 1_000_000,
    ]
    with feedback_file(tmp_path).open("ab") as file:
        file.write(b"\n".join(broken))
    # What comes after a line without an end is not lost.
    give_feedback(tmp_path, "def", "not_useful", "otto")
    feedback, problems = read_feedback(tmp_path)
    assert list(feedback["insight_id"]) == ["abc", "def"]
    assert len(problems) == len(broken)
    assert all("not understood and left out" in problem for problem in problems)
    with pytest.raises(ValueError, match="must be one of useful, not_useful"):
        give_feedback(tmp_path, "abc", "nice", "maria")


def test_usefulness_is_drawn_towards_an_even_chance() -> None:
    feedback = pd.DataFrame({"insight_id": ["a"] * 8 + ["b"], "verdict": ["useful"] * 8 + ["not_useful"]})
    known = pd.DataFrame({"insight_id": ["a", "b"], "kind": "trend", "metric": ["mrr", "errors"]})
    factor = usefulness(feedback, known)
    assert factor[("trend", "mrr")] == pytest.approx(2 * 10 / 12)
    assert factor[("trend", "errors")] == pytest.approx(2 * 2 / 5)


def test_a_failure_leaves_what_was_found(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from intelligence.insights import step

    STEP.run(warehouse)
    before = found(warehouse)

    def broken(*_: object) -> None:
        raise ValueError("no room")

    monkeypatch.setattr(step, "discover", broken)
    with pytest.raises(
        StepError, match=r"The insights step failed: no room\. The results it found earlier are as they were\."
    ):
        STEP.run(warehouse)
    pd.testing.assert_frame_equal(found(warehouse), before)
