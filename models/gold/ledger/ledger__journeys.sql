-- Grain: one row per contract of the domain journeys, file, line if several contracts share it, and outcome.
{{ landed_outcomes([
    'customer_events', 'journey_analytics_events', 'journey_definitions', 'journey_instances', 'nba_recommendations', 'realtime_decisions',
    'touchpoints',
]) }}
