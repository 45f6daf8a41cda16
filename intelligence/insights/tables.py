"""The tables of the insights step."""

SCHEMA = "insights"
TABLES = {
    "found": (
        "insight_id varchar, kind varchar, metric varchar, segment_by varchar, segment varchar, direction varchar, is_good boolean, "
        "started_on date, ended_on date, first_found_at timestamp, found_at timestamp, title varchar, description varchar, metric_value double, "
        "expected double, difference double, change double, impact_usd double, impact_words varchar, confidence double, priority bigint, "
        "magnitude double, usefulness double, importance double, suggested_action varchar, rows_query varchar, other_metric varchar, "
        "lag_days bigint, correlation double, forecast double, forecast_low double, forecast_high double, evidence bigint, is_dismissed boolean"
    ),
    "evidence": (
        "insight_id varchar, kind varchar, metric varchar, segment_by varchar, segment varchar, is_root boolean, started_on date, ended_on date, "
        "metric_value double, expected double, difference double, change double, p_value double, q_value double"
    ),
    "points": "insight_id varchar, date_day date, metric_value double, expected double, low double, high double",
    "series": "metric varchar, segment_by varchar, segment varchar, days bigint, state varchar, looked_at timestamp",
    "suggestions": "insight_id varchar, suggestion varchar, rows_query varchar",
    "feedback": "insight_id varchar, verdict varchar, given_by varchar, given_at timestamp, note varchar",
}
