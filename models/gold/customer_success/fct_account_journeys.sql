-- Grain: one row per account that was in the portal during the last 90 days.
select
    customer_id,
    {{ dbt.datediff('min(stage_entry_at)', 'max(stage_last_activity_at)', 'day') }} as journey_length_days,
    count(*) as stages_completed,
    cast(sum(activities_count) as bigint) as total_activities,
    avg(success_rate) as overall_success_rate,
    cast(sum(case when friction_level = 'high_friction' then 1 else 0 end) as bigint) as high_friction_stages,
    min(stage_entry_at) as began_at,
    max(stage_last_activity_at) as last_activity_at
from {{ ref('fct_account_journey_stages') }}
group by customer_id
