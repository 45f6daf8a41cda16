"""The tables of the churn step. They are made before the first model, by a process that need not load what models are trained with."""

SCHEMA = "churn"
TABLES = {
    "models": (
        "model_id varchar, horizon_days bigint, trained_at timestamp, state varchar, reason varchar, "
        "data_from date, data_until date, test_from date, observations bigint, accounts bigint, accounts_left bigint, "
        "test_observations bigint, test_accounts_left bigint, auc double, auc_low double, "
        "auc_high double, auc_baseline double, auc_rule double, beats_rule_share double, beats_baseline_share double, calibration_error double, "
        "log_loss double, log_loss_of_rate double, observed_rate double, predicted_rate double, lift_top_tenth double, share_in_top_tenth double, "
        "weight_linear double, weight_trees double, model varchar, staying varchar"
    ),
    "test_scores": (
        "model_id varchar, horizon_days bigint, customer_id varchar, date_day date, customer_tier varchar, tenure_days bigint, probability double, "
        "baseline_probability double, churn_risk_score double, has_decided boolean"
    ),
    "predictions": (
        "model_id varchar, horizon_days bigint, customer_id varchar, date_day date, probability double, log_odds double, probability_7d_ago double"
    ),
    "reasons": (
        "model_id varchar, horizon_days bigint, customer_id varchar, feature varchar, raw_value varchar, contribution double, "
        "contribution_7d_ago double"
    ),
    "expected_times": (
        "model_id varchar, customer_id varchar, low_days double, expected_days double, high_days double, is_extrapolated boolean"
    ),
    "drift": "model_id varchar, horizon_days bigint, feature varchar, stability_index double, missing_then double, missing_now double",
}
