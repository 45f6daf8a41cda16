-- Grain: one row per system, subscription and stretch of time with the same terms; `mrr` is the recurring revenue of a month in it.
-- Trials and states that bring no money count 0; a currency without a rate leaves `mrr` empty rather than guessed.
with terms as (
    select
        subscriptions.source_system,
        subscriptions.subscription_id,
        account_map.customer_id,
        subscriptions.plan_name,
        subscriptions.quantity,
        subscriptions.status,
        subscriptions.effective_at,
        subscriptions.started_at,
        subscriptions.ended_at,
        subscriptions.trial_ends_at,
        subscriptions.current_period_ends_at,
        subscriptions.is_auto_renewing,
        coalesce(subscriptions.is_trial, false) as is_trial,
        max(subscriptions.canceled_at) over (
            partition by subscriptions.source_system, subscriptions.subscription_id
        ) as canceled_at,
        12 * coalesce(subscriptions.billing_interval_count, 1) / nullif(intervals.periods_per_year, 0) as billing_months,
        coalesce(upper(subscriptions.currency), 'USD') as currency,
        coalesce(
            subscriptions.mrr,
            subscriptions.amount * intervals.periods_per_year / 12 / coalesce(subscriptions.billing_interval_count, 1)
        ) as mrr_in_currency,
        subscriptions.source_file,
        subscriptions.source_line,
        lead(subscriptions.effective_at) over (
            partition by subscriptions.source_system, subscriptions.subscription_id
            order by subscriptions.effective_at
        ) as replaced_at
    from {{ ref('bronze__subscriptions') }} as subscriptions
    inner join {{ ref('silver__account_map') }} as account_map
        on
            subscriptions.source_system = account_map.source_system
            and subscriptions.customer_id = account_map.source_customer_id
    left join {{ ref('billing_intervals') }} as intervals
        on coalesce(subscriptions.billing_interval, 'month') = intervals.billing_interval
    cross join {{ ref('silver__as_of') }} as build
    where
        not coalesce(subscriptions.is_test, false)
        and not coalesce(subscriptions.is_deleted, false)
        and not account_map.is_left_out
        -- What begins after as_of is not known yet.
        and subscriptions.effective_at <= build.as_of
        and subscriptions.started_at <= build.as_of
),

bounded as (
    select
        terms.*,
        greatest(terms.effective_at, terms.started_at) as terms_from,
        case
            when terms.replaced_at is null then terms.ended_at
            when terms.ended_at is null then terms.replaced_at
            else least(terms.replaced_at, terms.ended_at)
        end as terms_to,
        terms.is_trial or not coalesce(statuses.counts_as_revenue, true) as is_free
    from terms
    left join {{ ref('subscription_statuses') }} as statuses
        on lower(terms.status) = statuses.status
),

-- A trial within the terms splits them: free until it ends, paid from then on.
stretches as (
    select
        bounded.*,
        bounded.terms_from as valid_from,
        case
            when bounded.terms_to is null or bounded.trial_ends_at < bounded.terms_to then bounded.trial_ends_at
            else bounded.terms_to
        end as valid_to,
        true as is_free_stretch
    from bounded
    where bounded.trial_ends_at > bounded.terms_from
    union all
    select
        bounded.*,
        case
            when bounded.trial_ends_at > bounded.terms_from then bounded.trial_ends_at
            else bounded.terms_from
        end as valid_from,
        bounded.terms_to as valid_to,
        bounded.is_free as is_free_stretch
    from bounded
)

select
    stretches.source_system,
    stretches.subscription_id,
    stretches.customer_id,
    stretches.plan_name,
    stretches.quantity,
    stretches.status,
    stretches.valid_from,
    stretches.valid_to,
    stretches.is_free_stretch as is_free,
    stretches.started_at,
    stretches.ended_at,
    stretches.current_period_ends_at,
    stretches.is_auto_renewing,
    stretches.canceled_at,
    cast(stretches.billing_months as decimal(18, 6)) as billing_months,
    stretches.currency,
    cast(stretches.mrr_in_currency as decimal(18, 4)) as mrr_in_currency,
    case
        when stretches.is_free_stretch then 0
        else {{ in_usd('stretches.mrr_in_currency', 'currencies.usd_per_unit') }}
    end as mrr,
    stretches.source_file,
    stretches.source_line
from stretches
inner join {{ ref('silver__accounts') }} as accounts
    on stretches.customer_id = accounts.customer_id
left join {{ ref('currencies') }} as currencies
    on stretches.currency = currencies.currency
where
    stretches.valid_to is null
    or stretches.valid_to > stretches.valid_from
