-- Grain: one row per contract of the domain customer_360, file, line if several contracts share it, and outcome.
{{ landed_outcomes([
    'complaints_feedback', 'customer_identifiers', 'customer_interactions', 'customer_preferences_consent', 'customer_relationships',
    'customers', 'lifecycle_events', 'product_ownership', 'segment_assignments', 'value_metrics',
]) }}
