-- Wrong if the ledger says of a file that other rows of it stand in bronze than do stand there. Counted from bronze alone, so that a
-- fault in the ledger's joins cannot hide itself.
with stored as (
    {% for contract in [
        'accounts', 'users', 'subscriptions', 'invoices', 'payments', 'support_tickets', 'survey_responses',
        'survey_invitations', 'engagements', 'goals', 'interventions', 'features', 'devices', 'device_telemetry', 'customer_activity_log',
        'customer_events', 'feature_usage', 'lifecycle_events',
        'customers', 'customer_identifiers', 'customer_relationships', 'customer_preferences_consent', 'customer_interactions',
        'segment_assignments', 'value_metrics', 'product_ownership', 'complaints_feedback',
        'touchpoints', 'nba_recommendations', 'realtime_decisions',
        'journey_definitions', 'journey_instances', 'journey_analytics_events',
    ] %}
    select
        source_file,
        {{ shared_line('source_system', 'source_line') }} as shared_line,
        count(*) as stored_rows
    from {{ ref('bronze__' ~ contract) }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

stored_by_file as (
    select
        source_file,
        sum(case when shared_line is null then stored_rows else 0 end) + count(distinct shared_line) as stored_rows
    from stored
    group by source_file
)

select
    coalesce(ledger.source_file, stored_by_file.source_file) as source_file,
    ledger.rows_in_bronze - ledger.rows_attached as rows_by_ledger,
    stored_by_file.stored_rows
from {{ ref('load_ledger') }} as ledger
full outer join stored_by_file
    on ledger.source_file = stored_by_file.source_file
where coalesce(ledger.rows_in_bronze - ledger.rows_attached, -1) != coalesce(stored_by_file.stored_rows, 0)
