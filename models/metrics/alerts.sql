-- Grain: one row per rule of the seed alert_rules and cause (an account, or a ticket) that holds at as_of, or is not yet good enough to clear.
{%- set measures = alert_measures() %}
{%- set hours_old = 'cast(floor(' ~ seconds_between('tickets.opened_at', 'build.as_of') ~ ' / 3600) as double)' %}
with rules as (
    select *
    from {{ ref('alert_rules') }}
    where is_on
),

watched as (
    {%- for measure in measures if not measure.cause %}
    select
        customers.customer_id,
        '{{ measure.measure }}' as measure,
        cast({{ dbt.datediff('customers.as_of', 'customers.' ~ measure.days_to, 'day') if measure.days_to else 'customers.' ~ measure.measure }} as double)
        as measured,
        {{ 'customers.' ~ measure.because if measure.because else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as reasons
    from {{ ref('entity_customers') }} as customers
    where customers.is_active
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

account_values as (
    select
        rules.rule,
        watched.customer_id,
        watched.measured,
        watched.reasons,
        {{ breaks_rule('watched.measured') }} as is_breached
    from rules
    inner join watched
        on rules.watches = watched.measure
    where {{ breaks_rule('watched.measured') }} or not ({{ clears_rule('watched.measured') }})
),

-- The days of those alone that stand badly today: of what is well nobody asks since when.
days as (
    {%- for measure in measures if measure.history %}
    select
        account_values.rule,
        daily.customer_id,
        daily.date as date_day,
        daily.is_customer,
        cast(daily.{{ measure.history }} as double) as measured
    from account_values
    inner join rules
        on account_values.rule = rules.rule and rules.watches = '{{ measure.measure }}'
    inner join {{ ref('entity_customers_daily') }} as daily
        on account_values.customer_id = daily.customer_id
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

judged_days as (
    select
        days.rule,
        days.customer_id,
        days.date_day,
        days.is_customer and coalesce({{ breaks_rule('days.measured') }}, false) as is_breached,
        not coalesce(days.is_customer, false) or coalesce({{ clears_rule('days.measured') }}, false) as is_cleared
    from days
    inner join rules
        on days.rule = rules.rule
),

last_good_days as (
    select
        rule,
        customer_id,
        min(date_day) as first_known_on,
        max(case when is_cleared then date_day end) as last_cleared_on
    from judged_days
    group by rule, customer_id
),

-- The first day beyond the threshold since it was last well; none if it has only come near it.
spells as (
    select
        judged_days.rule,
        judged_days.customer_id,
        min(case
            when judged_days.is_breached and (good.last_cleared_on is null or judged_days.date_day > good.last_cleared_on) then judged_days.date_day
        end) as broken_since,
        min(good.first_known_on) as first_known_on,
        max(good.last_cleared_on) as last_cleared_on
    from judged_days
    inner join last_good_days as good
        on judged_days.rule = good.rule and judged_days.customer_id = good.customer_id
    group by judged_days.rule, judged_days.customer_id
),

account_alerts as (
    select
        account_values.rule,
        'account' as cause_kind,
        account_values.customer_id as cause_id,
        account_values.customer_id,
        account_values.measured,
        -- Without a history nobody can say here whether it comes from the wrong side: what is told already stays, and nothing new is told.
        account_values.is_breached or spells.broken_since is not null as holds,
        spells.rule is null as is_without_history,
        spells.broken_since,
        coalesce(spells.last_cleared_on is not null, false) as is_seen_to_begin,
        account_values.reasons
    from account_values
    left join spells
        on account_values.rule = spells.rule and account_values.customer_id = spells.customer_id
),

ticket_alerts as (
    {%- for measure in measures if measure.cause == 'ticket' %}
    select
        rules.rule,
        'ticket' as cause_kind,
        tickets.source_system || '|' || tickets.ticket_id as cause_id,
        tickets.customer_id,
        {{ hours_old }} as measured,
        {{ breaks_rule(hours_old) }} as holds,
        true as is_without_history,
        cast({{ dbt.dateadd('hour', 'cast(case when rules.threshold > 0 then ceil(rules.threshold) else 0 end as bigint)', 'tickets.opened_at') }} as date)
        as broken_since,
        true as is_seen_to_begin,
        'ticket ' || tickets.ticket_id || ' of ' || tickets.source_system
        || coalesce(', ' || tickets.category, '')
        || ', ' || coalesce(tickets.status, 'open')
        || case when tickets.first_responded_at is null then ', not answered yet' else '' end
        || case when tickets.is_escalated then ', escalated' else '' end as reasons
    from {{ ref('fct_support_tickets') }} as tickets
    cross join {{ ref('silver__as_of') }} as build
    inner join rules
        on rules.watches = '{{ measure.measure }}'
    where tickets.priority = 'urgent' and not tickets.is_resolved and {{ breaks_rule(hours_old) }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

standing as (
    select * from account_alerts where holds or is_without_history
    union all
    select * from ticket_alerts
),

measures as (
    {%- for measure in measures %}
    select
        '{{ measure.measure }}' as measure,
        '{{ measure.words }}' as words,
        '{{ measure.unit }}' as unit,
        {{ measure.a_day | default('cast(null as bigint)') }} as a_day
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

described as (
    select
        standing.*,
        rules.title,
        rules.severity,
        rules.watches,
        rules.comparison,
        rules.threshold,
        rules.clears_at,
        rules.action,
        measures.words,
        measures.unit,
        -- What moves by one a day was at the edge of the threshold as many days ago as it is beyond it.
        case
            when measures.a_day = 1 and rules.comparison = 'at_least' then standing.measured - ceil(rules.threshold)
            when measures.a_day = 1 and rules.comparison = 'above' then standing.measured - floor(rules.threshold) - 1
            when measures.a_day = -1 and rules.comparison = 'at_most' then floor(rules.threshold) - standing.measured
            when measures.a_day = -1 and rules.comparison = 'below' then ceil(rules.threshold) - 1 - standing.measured
        end as days_beyond
    from standing
    inner join rules
        on standing.rule = rules.rule
    inner join measures
        on rules.watches = measures.measure
)

select
    md5(described.rule || '|' || described.cause_kind || '|' || described.cause_id) as alert_key,
    described.rule,
    described.title,
    described.severity,
    described.cause_kind,
    described.cause_id,
    described.customer_id,
    customers.customer_name,
    customers.customer_tier,
    customers.csm_owner,
    customers.monthly_recurring_revenue,
    described.watches as measure,
    described.measured as measured_value,
    described.unit,
    described.comparison,
    described.threshold,
    described.clears_at,
    described.holds,
    case
        when not described.holds then null
        when described.days_beyond >= 0
            then cast({{ dbt.dateadd('day', '-cast(described.days_beyond as bigint)', 'cast(build.as_of as date)') }} as date)
        else described.broken_since
    end as holds_since,
    case
        when not described.holds then null
        when described.days_beyond >= 0 then true
        when described.broken_since is not null then described.is_seen_to_begin
    end as is_since_exact,
    upper(substring(described.words, 1, 1)) || substring(described.words, 2) || ' '
    || case
        when described.measured = round(described.measured) then cast(cast(described.measured as bigint) as {{ dbt.type_string() }})
        else cast(cast(round(described.measured, 2) as decimal(18, 2)) as {{ dbt.type_string() }})
    end
    || case when described.unit != '' then ' ' || described.unit else '' end
    || coalesce(': ' || described.reasons, '') as explanation,
    described.action,
    build.as_of
from described
cross join {{ ref('silver__as_of') }} as build
left join {{ ref('entity_customers') }} as customers
    on described.customer_id = customers.customer_id
