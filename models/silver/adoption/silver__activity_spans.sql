-- Grain: one row per account, kind, subject and unbroken span of days on which the subject (a login or a feature) counts as
-- active within the last 30 days. Spans turn "distinct subjects of a rolling window" into a running sum.
with subjects as (
    select
        customer_id,
        'user' as subject_kind,
        user_id as subject_id,
        active_on
    from {{ ref('silver__activity_days') }}
    where user_id != ''
    union all
    select distinct
        customer_id,
        'feature' as subject_kind,
        feature_name as subject_id,
        used_on as active_on
    from {{ ref('silver__feature_use') }}
),

breaks as (
    select
        *,
        case
            when active_on <= {{ dbt.dateadd('day', 30, "lag(active_on) over (partition by customer_id, subject_kind, subject_id order by active_on)") }}
                then 0
            else 1
        end as begins_span
    from subjects
),

numbered as (
    select
        *,
        sum(begins_span) over (
            partition by customer_id, subject_kind, subject_id
            order by active_on
            rows between unbounded preceding and current row
        ) as span_number
    from breaks
)

select
    customer_id,
    subject_kind,
    subject_id,
    min(active_on) as active_from,
    cast({{ dbt.dateadd('day', 29, 'max(active_on)') }} as date) as active_to
from numbered
group by customer_id, subject_kind, subject_id, span_number
