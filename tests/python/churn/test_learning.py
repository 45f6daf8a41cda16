"""A model is used only where it is ahead of the rule, and gives way only to a better one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from intelligence.churn.learning import features_of, judge_again, learn, outcomes
from intelligence.churn.model import train
from tests.python.churn.conftest import AS_OF, company


def test_a_model_that_knows_more_than_the_rule_is_used(thousand: pd.DataFrame) -> None:
    verdict = learn(thousand.drop(columns="true_log_odds"), 30)
    assert verdict.state == "current"
    assert verdict.measured["auc"] > verdict.measured["auc_rule"] + 0.02
    assert verdict.measured["auc_low"] < verdict.measured["auc"] < verdict.measured["auc_high"]
    assert verdict.measured["predicted_rate"] == pytest.approx(verdict.measured["observed_rate"], rel=0.25)


def test_a_model_that_knows_less_than_the_rule_is_not() -> None:
    """The features are noise, and the rule knows everything but is kept from the model's eyes: it is scaled by account."""
    table = company(800, seed=5)
    table["churn_risk_score"] = 50 + 10 * table["true_log_odds"]
    table = table.drop(columns=["true_log_odds", "bad", "late", "happy"])
    verdict = learn(table.assign(churn_risk_score=table["churn_risk_score"]), 30)
    # it may learn the rule itself, and then is no better than it
    assert verdict.state == "no better than the rule"
    assert "the rule stands" in verdict.reason
    assert verdict.model is not None


def test_too_little_is_said_with_its_number() -> None:
    verdict = learn(company(30, weeks=20).drop(columns="true_log_odds"), 30)
    assert verdict.state == "too few"
    assert verdict.model is None
    assert "20 are needed" in verdict.reason
    assert learn(company(30, weeks=20).drop(columns="true_log_odds").head(0), 30).state == "too few"


def test_outcomes_of_later_than_the_test_change_nothing_foretold(thousand: pd.DataFrame) -> None:
    """What is tested had learnt from nothing that was decided after the test began: with all of that turned round it foretells the same."""
    table = thousand.drop(columns="true_log_odds")
    verdict = learn(table, 30)
    begins = verdict.measured["test_from"]
    later = table["date_day"] + pd.Timedelta(days=30) >= begins
    turned = table.copy()
    turned.loc[later, "decides_in_days"] = np.where(turned.loc[later, "decides_in_days"].notna(), np.nan, 7)
    before = verdict.tested.set_index(["customer_id", "date_day"])["probability"]
    after = learn(turned, 30).tested.set_index(["customer_id", "date_day"])["probability"]
    pd.testing.assert_series_equal(before, after)


def test_the_model_before_stays_until_enough_has_happened(thousand: pd.DataFrame) -> None:
    table = thousand.drop(columns="true_log_odds")
    known, left = outcomes(table, 30)
    before = train(features_of(table[known]), left[known], table["customer_id"][known])
    changes, words = judge_again(table, 30, before, AS_OF - pd.Timedelta(days=30))
    assert not changes
    assert "stays" in words


def test_a_model_of_other_times_gives_way(thousand: pd.DataFrame) -> None:
    """What was learnt long ago, when the same signs meant the opposite, is replaced; what was learnt of the same law need not be."""
    table = thousand.drop(columns="true_log_odds")
    long_ago = AS_OF - pd.Timedelta(days=300)
    opposite = company(600, seed=9, effect=-1.0, rule_effect=-0.5).drop(columns="true_log_odds")
    known, left = outcomes(opposite, 30)
    old = train(features_of(opposite[known]), left[known], opposite["customer_id"][known])
    changes, words = judge_again(table, 30, old, long_ago)
    assert changes, words
