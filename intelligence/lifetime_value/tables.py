"""The tables of the lifetime value step."""

SCHEMA = "lifetime_value"
TABLES = {
    "models": (
        "model_id varchar, kind varchar, fitted_at timestamp, state varchar, reason varchar, customers bigint, events bigint, "
        "judged_by varchar, judged_error double, naive_judged_error double, "
        "holdout_from timestamp, holdout_days bigint, holdout_customers bigint, learnt_events bigint, "
        "foretold_events double, naive_events double, observed_events double, foretold_usd double, naive_usd double, observed_usd double, "
        "observed_with_growth_usd double, root_mean_squared_error_usd double, naive_root_mean_squared_error_usd double, "
        "mean_absolute_error_usd double, naive_mean_absolute_error_usd double, correlation double, naive_correlation double, "
        "interval_coverage double, parameters varchar"
    ),
    "holdout": (
        "model_id varchar, kind varchar, grouped_by varchar, group_place bigint, group_name varchar, customers bigint, foretold_events double, "
        "naive_events double, observed_events double, foretold_usd double, naive_usd double, observed_usd double, "
        "observed_with_growth_usd double"
    ),
    "predictions": (
        "model_id varchar, kind varchar, customer_id varchar, horizon_months bigint, expected_purchases double, probability_alive double, "
        "probability_kept double, expected_usd double, low_usd double, high_usd double"
    ),
}
