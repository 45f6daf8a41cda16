-- Grain: one row: the moment this build speaks for. No other model decides what "now" is.
with newest as (
    select max(occurred_at) as happened_at from {{ ref('bronze__customer_events') }}
    union all
    select max(used_at) from {{ ref('bronze__feature_usage') }}
    union all
    select max(opened_at) from {{ ref('bronze__support_tickets') }}
    union all
    select max(attempted_at) from {{ ref('bronze__payments') }}
    union all
    select max(issued_at) from {{ ref('bronze__invoices') }}
    union all
    select max(responded_at) from {{ ref('bronze__survey_responses') }}
    union all
    select max(activity_at) from {{ ref('bronze__customer_activity_log') }}
    union all
    select max(recorded_at) from {{ ref('bronze__device_telemetry') }}
    union all
    select max(started_at) from {{ ref('bronze__interventions') }}
    union all
    select max(created_at) from {{ ref('bronze__goals') }}
    union all
    select max(occurred_at) from {{ ref('bronze__lifecycle_events') }}
    union all
    select max(created_at) from {{ ref('bronze__accounts') }}
    union all
    select max(occurred_at) from {{ ref('bronze__customer_interactions') }}
    union all
    select max(opened_at) from {{ ref('bronze__complaints_feedback') }}
    union all
    select max(changed_at) from {{ ref('bronze__customer_preferences_consent') }}
    union all
    select max(assigned_at) from {{ ref('bronze__segment_assignments') }}
    union all
    select max(opened_at) from {{ ref('bronze__product_ownership') }}
    union all
    select max(occurred_at) from {{ ref('bronze__touchpoints') }}
    union all
    select max(recommended_at) from {{ ref('bronze__nba_recommendations') }}
    union all
    select max(decided_at) from {{ ref('bronze__realtime_decisions') }}
    union all
    select max(coalesce(ended_at, started_at)) from {{ ref('bronze__journey_instances') }}
    union all
    select max(occurred_at) from {{ ref('bronze__journey_analytics_events') }}
    union all
    -- A record is known from its last change on; a build that cannot see the records that came in would show nobody.
    select max(greatest(updated_at, coalesce(created_at, updated_at))) from {{ ref('bronze__customers') }}
    where updated_at > timestamp '1900-01-01 00:00:00'
)

select
    coalesce(
        {% if var('as_of') %}cast('{{ var("as_of") }}' as timestamp){% else %}cast(null as timestamp){% endif %},
        max(happened_at),
        timestamp '1970-01-01 00:00:00'
    ) as as_of,
    cast({{ 'true' if var('as_of') else 'false' }} as boolean) as is_set_by_variable
from newest
