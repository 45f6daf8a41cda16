-- Grain: one row per contract of the domain customer_success, file, line if several contracts share it, and outcome.
{{ landed_outcomes([
    'accounts', 'customer_activity_log', 'device_telemetry', 'devices', 'engagements', 'features', 'goals', 'interventions', 'invoices',
    'payments', 'subscriptions', 'support_tickets', 'survey_invitations', 'survey_responses', 'users',
]) }}
