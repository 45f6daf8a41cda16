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
    select max(occurred_at) from {{ ref('bronze__lifecycle_events') }}
    union all
    select max(created_at) from {{ ref('bronze__accounts') }}
)

select
    coalesce(
        {% if var('as_of') %}cast('{{ var("as_of") }}' as timestamp){% else %}cast(null as timestamp){% endif %},
        max(happened_at),
        timestamp '1970-01-01 00:00:00'
    ) as as_of,
    cast({{ 'true' if var('as_of') else 'false' }} as boolean) as is_set_by_variable
from newest
