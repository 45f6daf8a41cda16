-- Grain: one row per contract of the domain digital, file, line if several contracts share it, and outcome.
{{ landed_outcomes([
    'feature_usage',
]) }}
