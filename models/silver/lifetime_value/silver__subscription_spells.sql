-- Grain: one row per moment (as_of, and that of the variable lifetime_value_holdout_days before), account and unbroken time with recurring revenue,
-- as it was known then. A pause shorter than this is none.
{% set pause_days = 31 %}
{% set month_seconds = 86400 * 365.25 / 12 %}
with moments as (
    select as_of as seen_at, as_of, false as is_past
    from {{ ref('silver__as_of') }}
    union all
    select {{ dbt.dateadd('day', -var('lifetime_value_holdout_days'), 'as_of') }} as seen_at, as_of, true as is_past
    from {{ ref('silver__as_of') }}
),

stretches as (
    select
        moments.seen_at,
        moments.as_of,
        moments.is_past,
        terms.customer_id,
        terms.subscription_id,
        terms.valid_from,
        case when terms.valid_to <= moments.seen_at then terms.valid_to end as ended_at,
        -- Notice that was given by then; the end that goes with it.
        case when terms.canceled_at <= moments.seen_at then coalesce(terms.valid_to, terms.current_period_ends_at) end as ends_by_notice_at,
        terms.mrr,
        least(coalesce(terms.valid_to, moments.as_of), moments.as_of) as valid_to_as_of
    from {{ ref('silver__subscription_terms') }} as terms
    inner join moments
        on terms.valid_from <= moments.seen_at
    where terms.mrr > 0
),

followed as (
    select
        stretches.*,
        max(coalesce(ended_at, seen_at)) over (
            partition by is_past, customer_id
            order by valid_from nulls last, subscription_id nulls last
            rows between unbounded preceding and 1 preceding
        ) as paid_until
    from stretches
),

numbered as (
    select
        followed.*,
        sum(case when paid_until is null or valid_from >= {{ dbt.dateadd('day', pause_days, 'paid_until') }} then 1 else 0 end) over (
            partition by is_past, customer_id
            order by valid_from nulls last, subscription_id nulls last
            rows between unbounded preceding and current row
        ) as spell_number
    from followed
),

spells as (
    select
        seen_at,
        as_of,
        is_past,
        customer_id,
        spell_number,
        min(valid_from) as started_at,
        case when count(ended_at) = count(*) then max(ended_at) end as ended_at,
        sum(case when ended_at is null then mrr end) as mrr,
        -- Only where all that runs has been given notice of.
        case
            when sum(case when ended_at is null and ends_by_notice_at is null then 1 else 0 end) = 0
                then max(case when ended_at is null then ends_by_notice_at end)
        end as ends_by_notice_at,
        sum(cast(
            mrr * {{ seconds_between('valid_from', 'coalesce(ended_at, seen_at)') }} / {{ month_seconds }} as decimal(28, 6)
        )) as revenue_to_date
    from numbered
    group by seen_at, as_of, is_past, customer_id, spell_number
),

-- What was lost before the first loss on record cannot be told from what never was: a list of today's customers knows no former ones.
first_losses as (
    select is_past, min(ended_at) as lost_at
    from spells
    group by is_past
),

-- What came after a moment that is past: money, whatever subscription it came from.
came as (
    select
        moments.is_past,
        terms.customer_id,
        sum(cast(
            terms.mrr
            * {{ seconds_between('greatest(terms.valid_from, moments.seen_at)', 'least(coalesce(terms.valid_to, moments.as_of), moments.as_of)') }}
            / {{ month_seconds }} as decimal(28, 6)
        )) as revenue_after
    from {{ ref('silver__subscription_terms') }} as terms
    inner join moments
        on
            terms.valid_from < moments.as_of
            and (terms.valid_to is null or terms.valid_to > moments.seen_at)
    where terms.mrr > 0 and moments.is_past
    group by moments.is_past, terms.customer_id
),

-- The spell as it is known at as_of.
became as (
    select customer_id, started_at, ended_at
    from spells
    where not is_past
)

select
    spells.seen_at,
    spells.is_past,
    spells.customer_id,
    cast(spells.spell_number as bigint) as spell_number,
    coalesce(accounts.customer_tier, 'Unknown') as customer_tier,
    spells.started_at,
    spells.ended_at,
    greatest(spells.started_at, coalesce(first_losses.lost_at, spells.started_at)) as observed_from,
    cast(
        {{ seconds_between('spells.started_at', 'greatest(spells.started_at, coalesce(first_losses.lost_at, spells.started_at))') }}
        / {{ month_seconds }} as double
    ) as entry_months,
    cast({{ seconds_between('spells.started_at', 'coalesce(spells.ended_at, spells.seen_at)') }} / {{ month_seconds }} as double) as tenure_months,
    spells.ended_at is not null as has_ended,
    case when spells.ended_at is null then spells.ends_by_notice_at end as ends_by_notice_at,
    cast(case
        when spells.ended_at is null and spells.ends_by_notice_at is not null
            then greatest(0, {{ seconds_between('spells.seen_at', 'spells.ends_by_notice_at') }} / {{ month_seconds }})
    end as double) as months_to_notice,
    cast(coalesce(spells.mrr, 0) as decimal(18, 4)) as mrr,
    cast(coalesce(spells.mrr, 0) * {{ var('gross_margin') }} as decimal(18, 4)) as monthly_margin_usd,
    cast(spells.revenue_to_date * {{ var('gross_margin') }} as decimal(18, 4)) as margin_to_date_usd,
    case when spells.is_past and spells.ended_at is null
        then cast(coalesce(came.revenue_after, 0) * {{ var('gross_margin') }} as decimal(18, 4))
    end as margin_kept_usd,
    cast(case
        when spells.is_past and spells.ended_at is null
            then {{ seconds_between('spells.seen_at', 'coalesce(became.ended_at, spells.as_of)') }} / {{ month_seconds }}
    end as double) as months_kept,
    case when spells.is_past and spells.ended_at is null then became.ended_at is not null end as has_left_since
from spells
inner join first_losses
    on spells.is_past = first_losses.is_past
left join {{ ref('silver__accounts') }} as accounts
    on spells.customer_id = accounts.customer_id
left join came
    on spells.is_past = came.is_past and spells.customer_id = came.customer_id
left join became
    on
        spells.customer_id = became.customer_id
        and became.started_at <= spells.seen_at
        and (became.ended_at is null or became.ended_at > spells.seen_at)
