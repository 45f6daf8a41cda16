-- Grain: one row per account and day up to as_of on which a level of silver.account_daily goes up or down: by how much.
-- A count over the last 30 days goes up on the day of what is counted and down 30 days later. So every level is a running sum, and a further
-- day needs the day before it and this day's steps, not the year behind it.
{%- set windows = account_windows() %}
{%- set measures = windows | map(attribute='measure') | unique | list %}
{%- set taken = windows | rejectattr('takes', 'none') | map(attribute='takes') | list %}
{%- set offsets = (windows | map(attribute='adds') | list + taken) | unique | sort %}
with terms as (
    select
        terms.customer_id,
        cast(terms.valid_from as date) as begins_on,
        cast(terms.valid_to as date) as ends_on,
        terms.valid_from,
        terms.valid_to,
        terms.canceled_at,
        terms.mrr
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.valid_from <= build.as_of
),

-- The day of as_of ends at as_of: what ends later that day is still in force.
endings as (
    select terms.*
    from terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.valid_to <= build.as_of
),

mrr_changes as (
    select
        customer_id,
        begins_on as date_day,
        mrr as step
    from terms
    where mrr is not null
    union all
    select
        customer_id,
        ends_on,
        -mrr
    from endings
    where mrr is not null
),

mrr_steps as (
    select
        customer_id,
        date_day,
        sum(step) as step
    from mrr_changes
    group by customer_id, date_day
),

-- Recurring revenue at the end of each day on which it changed.
mrr_levels as (
    select
        customer_id,
        date_day as begins_on,
        coalesce(
            lead(date_day) over (partition by customer_id order by date_day),
            date '9999-12-31'
        ) as ends_on,
        sum(step) over (partition by customer_id order by date_day rows between unbounded preceding and current row) as mrr
    from mrr_steps
),

-- The highest of a year can change only when a level begins or drops out of the year.
mrr_turning_days as (
    select
        customer_id,
        begins_on as date_day
    from mrr_levels
    union distinct
    select
        customer_id,
        cast({{ dbt.dateadd('day', 364, 'ends_on') }} as date) as date_day
    from mrr_levels
    where ends_on < date '9000-01-01'
),

highest_mrr as (
    select
        turning_days.customer_id,
        turning_days.date_day,
        max(mrr_levels.mrr) as amount
    from mrr_turning_days as turning_days
    inner join mrr_levels
        on
            turning_days.customer_id = mrr_levels.customer_id
            and mrr_levels.begins_on <= turning_days.date_day
            and mrr_levels.ends_on > {{ dbt.dateadd('day', -364, 'turning_days.date_day') }}
    group by turning_days.customer_id, turning_days.date_day
),

-- Paid periods longer than 45 days; who pays by the month is bound by none. That one ends early is known from the day of notice on, not before.
long_periods as (
    select
        customer_id,
        greatest(begins_on, terms_begin_on) as begins_on,
        ends_on,
        coalesce(terms_end_on, date '9999-12-31') as terms_end_on,
        case when canceled_at < valid_to then cast(canceled_at as date) else date '9999-12-31' end as notice_on
    from {{ ref('silver__billing_periods') }}
    where billing_months >= 2
),

bound_periods as (
    select
        customer_id,
        begins_on,
        least(ends_on, terms_end_on, case when terms_end_on < ends_on then notice_on else ends_on end) as over_on,
        ends_on
    from long_periods
    union all
    select
        customer_id,
        greatest(begins_on, notice_on),
        terms_end_on as over_on,
        terms_end_on as ends_on
    from long_periods
    where terms_end_on < ends_on and notice_on < terms_end_on
),

period_turning_days as (
    select
        customer_id,
        begins_on as date_day
    from bound_periods
    union distinct
    select
        customer_id,
        over_on as date_day
    from bound_periods
),

-- The next end of a paid period, in days since 1970; 0 where no period runs.
contract_ends as (
    select
        turning_days.customer_id,
        turning_days.date_day,
        coalesce(min({{ dbt.datediff("date '1970-01-01'", 'bound_periods.ends_on', 'day') }}), 0) as amount
    from period_turning_days as turning_days
    left join bound_periods
        on
            turning_days.customer_id = bound_periods.customer_id
            and bound_periods.begins_on <= turning_days.date_day
            and bound_periods.over_on > turning_days.date_day
    group by turning_days.customer_id, turning_days.date_day
),

first_known as (
    select
        customer_id,
        min(known_on) as known_on
    from (
        select customer_id, cast(created_at as date) as known_on
        from {{ ref('silver__accounts') }}
        union all
        select customer_id, begins_on
        from terms
        union all
        select customer_id, date_day
        from {{ ref('silver__account_days') }}
    ) as seen
    where known_on is not null
    group by customer_id
),

moments as (
    select customer_id, date_day, 'mrr' as measure, step
    from mrr_steps
    union all
    select customer_id, date_day, 'highest_mrr', amount - coalesce(lag(amount) over (partition by customer_id order by date_day), 0)
    from highest_mrr
    union all
    select customer_id, date_day, 'contract_end', amount - coalesce(lag(amount) over (partition by customer_id order by date_day), 0)
    from contract_ends
    union all
    select terms.customer_id, cast(greatest(terms.canceled_at, terms.valid_from) as date), 'notice_mrr', terms.mrr
    from terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.canceled_at <= build.as_of and (terms.valid_to is null or terms.canceled_at < terms.valid_to)
    union all
    select customer_id, ends_on, 'notice_mrr', -mrr
    from endings
    where canceled_at < valid_to
    union all
    select customer_id, begins_on, 'subscriptions', 1
    from terms
    union all
    select customer_id, ends_on, 'subscriptions', -1
    from endings
    union all
    select customer_id, begins_on, 'subscriptions_begun', 1
    from terms
    union all
    -- When a login was switched off is not known, so history counts those made so far.
    select users.customer_id, cast(coalesce(users.created_at, first_known.known_on) as date), 'users', 1
    from {{ ref('silver__users') }} as users
    inner join first_known
        on users.customer_id = first_known.customer_id
    union all
    select customer_id, active_from, 'active_' || subject_kind || 's_level', 1
    from {{ ref('silver__activity_spans') }}
    union all
    select customer_id, cast({{ dbt.dateadd('day', 1, 'active_to') }} as date), 'active_' || subject_kind || 's_level', -1
    from {{ ref('silver__activity_spans') }}
    union all
    select first_known.customer_id, first_known.known_on, 'meetings_expected', targets.meetings_per_90_days
    from first_known
    inner join {{ ref('silver__accounts') }} as accounts
        on first_known.customer_id = accounts.customer_id
    inner join {{ ref('engagement_targets') }} as targets
        on accounts.customer_tier = targets.customer_tier
),

measured as (
    select
        customer_id,
        date_day,
        {%- for measure in measures %}
        {%- if windows | selectattr('measure', 'equalto', measure) | selectattr('takes', 'none') | list %}
        cast(sum(step) filter (where measure = '{{ measure }}') as decimal(28, 6)) as {{ measure }}{{ ',' if not loop.last }}
        {%- else %}
        cast(null as decimal(28, 6)) as {{ measure }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from moments
    group by customer_id, date_day
    union all
    select
        customer_id,
        date_day,
        {%- for measure in measures %}
        {%- if windows | selectattr('measure', 'equalto', measure) | selectattr('takes', 'none') | list %}
        cast(null as decimal(28, 6)) as {{ measure }}{{ ',' if not loop.last }}
        {%- else %}
        cast({{ measure }} as decimal(28, 6)) as {{ measure }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from {{ ref('silver__account_days') }}
),

steps as (
    {% for offset in offsets -%}
    select
        customer_id,
        cast({{ dbt.dateadd('day', offset, 'date_day') }} as date) as date_day,
        {%- for window in windows %}
        {%- set step = window.measure if window.adds == offset else '-' ~ window.measure if window.takes == offset %}
        {{ step or 'cast(null as decimal(28, 6))' }} as {{ window.level }},
        {%- endfor %}
        {{ 'case when active_days > 0 then date_day end' if offset == 0 else 'cast(null as date)' }} as active_on
    from measured
    {%- if offset != 0 %}
    -- On most days nothing happened that goes up or down so much later.
    where
        {%- set added = windows | selectattr('adds', 'equalto', offset) | map(attribute='measure') | list %}
        {%- set taken_away = windows | selectattr('takes', 'equalto', offset) | map(attribute='measure') | list %}
        {%- for measure in (added + taken_away) | unique %}
        {{ 'or ' if not loop.first }}{{ measure }} != 0
        {%- endfor %}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
    union all
    select
        customer_id,
        known_on,
        {%- for window in windows %}
        cast(null as decimal(28, 6)),
        {%- endfor %}
        cast(null as date)
    from first_known
)

select
    steps.customer_id,
    steps.date_day,
    first_known.known_on,
    {%- for window in windows %}
    cast(coalesce(sum(steps.{{ window.level }}), 0) as {{ account_level_type(window.level) }}) as {{ window.level }},
    {%- endfor %}
    max(steps.active_on) as active_on
from steps
inner join first_known
    on steps.customer_id = first_known.customer_id
inner join {{ ref('silver__accounts') }} as accounts
    on steps.customer_id = accounts.customer_id
cross join {{ ref('silver__as_of') }} as build
where steps.date_day <= cast(build.as_of as date)
group by steps.customer_id, steps.date_day, first_known.known_on
