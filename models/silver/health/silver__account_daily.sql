-- Grain: one row per account and day, from the day it is first known to as_of: what could be known about it at the end of that day.
-- Every level is a running sum of silver.account_steps, so a further day costs a day: see macros/health/account_daily_parts.sql.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_account_daily() }}",
    post_hook="{{ end_account_daily() }}"
) }}
{%- set windows = account_windows() %}
{%- set build = plan_account_daily() %}

with accounts as (
    select
        known.customer_id,
        known.known_on,
        greatest(
            known.known_on,
            {{ first_kept_day('build.as_of') }}
            {%- if build.part %},
            coalesce(rebuilt.rebuild_from, known.known_on)
            {%- endif %}
        ) as first_day
    from (
        select distinct customer_id, known_on
        from {{ ref('silver__account_steps') }}
    ) as known
    cross join {{ ref('silver__as_of') }} as build
    {%- if build.part %}
    left join landing.account_days_rebuilt as rebuilt
        on known.customer_id = rebuilt.customer_id
    {%- endif %}
),

spine as (
    select
        accounts.customer_id,
        accounts.known_on,
        days.date_day
    from accounts
    inner join {{ ref('silver__days') }} as days
        on accounts.first_day <= days.date_day
),

{% if build.part -%}
levels_before as (
    select *
    from account_days_before
),
{%- endif %}

-- Where no day is kept that says where the levels stand, all that went before falls on the first day.
steps as (
    select
        steps.customer_id,
        greatest(steps.date_day, accounts.first_day) as date_day,
        {%- for window in windows %}
        cast(sum(steps.{{ window.level }}) as {{ account_level_type(window.level) }}) as {{ window.level }},
        {%- endfor %}
        max(steps.active_on) as active_on
    from {{ ref('silver__account_steps') }} as steps
    inner join accounts
        on steps.customer_id = accounts.customer_id
    {%- if build.part %}
    left join levels_before
        on steps.customer_id = levels_before.customer_id
    where levels_before.customer_id is null or steps.date_day >= accounts.first_day
    {%- endif %}
    group by steps.customer_id, greatest(steps.date_day, accounts.first_day)
),

levels as (
    select
        spine.customer_id,
        spine.date_day,
        spine.known_on,
        {%- for window in windows %}
        cast(
            coalesce(sum(steps.{{ window.level }}) over running, 0){{ ' + coalesce(levels_before.' ~ window.level ~ ', 0)' if build.part }}
        as {{ account_level_type(window.level) }}) as {{ window.level }},
        {%- endfor %}
        {% if build.part -%}
        greatest(levels_before.last_active_on, max(steps.active_on) over running) as last_active_on
        {%- else -%}
        max(steps.active_on) over running as last_active_on
        {%- endif %}
    from spine
    left join steps
        on spine.customer_id = steps.customer_id and spine.date_day = steps.date_day
    {%- if build.part %}
    left join levels_before
        on spine.customer_id = levels_before.customer_id
    {%- endif %}
    window running as (
        partition by spine.customer_id order by spine.date_day rows between unbounded preceding and current row
    )
)

select
    customer_id,
    date_day,
    known_on,
    -- Without any subscription on record it cannot be told who is a customer, so activity within 90 days speaks for it.
    case
        when subscriptions > 0 then true
        when subscriptions_begun > 0 then false
        when last_active_on >= {{ dbt.dateadd('day', -90, 'date_day') }} then true
        else false
    end as is_customer,
    last_active_on,
    {{ dbt.datediff('last_active_on', 'date_day', 'day') }} as days_since_last_activity,
    case
        when contract_ends_in_epoch_days > 0
            then cast({{ dbt.dateadd('day', 'cast(contract_ends_in_epoch_days as integer)', "date '1970-01-01'") }} as date)
    end as contract_ends_on,
    {%- for window in windows %}
    {{ window.level }}{{ ',' if not loop.last }}
    {%- endfor %}
from levels
