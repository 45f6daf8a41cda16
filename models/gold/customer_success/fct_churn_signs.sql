-- Grain: one row per account of which any source says that it has left, or that has paid before.
-- Subscriptions decide wherever an account has any that brought money; without them an event decides, then the source's flag.
with subscriptions as (
    select
        terms.customer_id,
        max(case when terms.valid_to is null or terms.valid_to > build.as_of then 1 else 0 end) = 1 as has_subscription,
        max(terms.valid_to) as last_ended_at
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    where terms.mrr > 0 and terms.valid_from <= build.as_of
    group by terms.customer_id
),

events as (
    select
        events.*,
        events.to_stage = 'churned' as has_left,
        row_number() over (
            partition by events.customer_id
            order by events.occurred_at desc, events.source_system, events.lifecycle_event_id desc
        ) as place
    from {{ ref('silver__account_lifecycle_events') }} as events
    where events.to_stage in ('churned', 'reactivated', 'active', 'onboarding')
),

gathered as (
    select
        accounts.customer_id,
        accounts.is_churned_by_source,
        events.has_left as event_says_left,
        case when events.has_left then events.occurred_at end as churn_event_at,
        case when events.has_left then events.reason end as churn_event_reason,
        not subscriptions.has_subscription as subscriptions_say_left,
        case when not subscriptions.has_subscription then subscriptions.last_ended_at end as subscriptions_ended_at,
        accounts.source_system,
        accounts.source_file,
        accounts.source_line,
        events.source_file as event_file,
        events.source_line as event_line
    from {{ ref('silver__accounts') }} as accounts
    left join subscriptions
        on accounts.customer_id = subscriptions.customer_id
    left join events
        on accounts.customer_id = events.customer_id and events.place = 1
)

select
    customer_id,
    is_churned_by_source,
    event_says_left,
    subscriptions_say_left,
    coalesce(subscriptions_say_left, event_says_left, is_churned_by_source) as has_left,
    case
        when subscriptions_say_left is not null then 'subscriptions'
        when event_says_left is not null then 'event'
        else 'flag'
    end as decided_by,
    case
        when subscriptions_say_left and not coalesce(event_says_left, false) and not coalesce(is_churned_by_source, false)
            and coalesce(event_says_left, is_churned_by_source) is not null then 'left unnoticed'
        when not subscriptions_say_left and (event_says_left or is_churned_by_source) then 'said to have left, yet pays'
        when event_says_left != is_churned_by_source then 'flag and event differ'
        when abs({{ dbt.datediff('churn_event_at', 'subscriptions_ended_at', 'day') }}) > 31 then 'event and end lie over a month apart'
    end as contradiction,
    subscriptions_ended_at,
    churn_event_at,
    churn_event_reason,
    source_system,
    source_file,
    source_line,
    event_file,
    event_line
from gathered
where subscriptions_say_left is not null or event_says_left or is_churned_by_source
