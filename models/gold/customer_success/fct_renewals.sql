-- Grain: one row per subscription and end of a paid period: those of the year before as_of with what came of them, and the next one.
with periods as (
    select
        periods.*,
        case when periods.terms_end_on < periods.ends_on then periods.terms_end_on else periods.ends_on end as renewal_on,
        periods.terms_end_on < periods.ends_on as ends_early,
        build.as_of
    from {{ ref('silver__billing_periods') }} as periods
    cross join {{ ref('silver__as_of') }} as build
),

-- Terms that follow without a gap carry the subscription on; their own period will end.
due as (
    select periods.*
    from periods
    left join {{ ref('silver__subscription_terms') }} as following
        on
            periods.source_system = following.source_system
            and periods.subscription_id = following.subscription_id
            and periods.terms_end_on = cast(following.valid_from as date)
            and periods.valid_from < following.valid_from
    where
        not (coalesce(periods.ends_early, false) and following.subscription_id is not null)
        and periods.renewal_on > {{ dbt.dateadd('day', -365, 'cast(periods.as_of as date)') }}
),

-- One period of a month may touch two terms; what was paid last is what is to be renewed.
last_terms as (
    select
        due.*,
        row_number() over (
            partition by source_system, subscription_id, renewal_on
            order by valid_from desc
        ) as place
    from due
),

afterwards as (
    select
        due.source_system,
        due.subscription_id,
        due.renewal_on,
        sum(
            case
                when due.source_system = terms.source_system and due.subscription_id = terms.subscription_id
                    then terms.mrr
            end
        ) as mrr_after,
        -- An upgrade may come as a new subscription: what the account begins within a week of the end takes its place.
        sum(
            case
                when
                    (due.source_system != terms.source_system or due.subscription_id != terms.subscription_id)
                    and cast(terms.valid_from as date) >= {{ dbt.dateadd('day', -7, 'due.renewal_on') }}
                    then terms.mrr
            end
        ) as replacing_mrr
    from last_terms as due
    inner join {{ ref('silver__subscription_terms') }} as terms
        on
            due.customer_id = terms.customer_id
            and cast(terms.valid_from as date) <= {{ dbt.dateadd('day', 7, 'due.renewal_on') }}
            and (cast(terms.valid_from as date) <= due.renewal_on or due.subscription_id != terms.subscription_id)
            and (terms.valid_to is null or cast(terms.valid_to as date) > due.renewal_on)
            and terms.mrr > 0
    where due.place = 1
    group by due.source_system, due.subscription_id, due.renewal_on
),

judged as (
    select
        due.*,
        coalesce(afterwards.mrr_after, 0) as own_mrr_after,
        coalesce(afterwards.replacing_mrr, 0) as replacing_mrr,
        case
            when due.renewal_on > cast(due.as_of as date)
                then
                    case
                        when due.canceled_at <= due.as_of or due.terms_end_on is not null then 'notice_given'
                        when not due.is_auto_renewing then 'to_be_agreed'
                        else 'will_renew'
                    end
            when coalesce(afterwards.mrr_after, 0) = 0 and coalesce(afterwards.replacing_mrr, 0) > 0 then 'replaced'
            when coalesce(afterwards.mrr_after, 0) = 0 then 'ended'
            when afterwards.mrr_after > due.mrr then 'renewed_for_more'
            when afterwards.mrr_after < due.mrr then 'renewed_for_less'
            else 'renewed'
        end as renewal_state
    from last_terms as due
    left join afterwards
        on
            due.source_system = afterwards.source_system
            and due.subscription_id = afterwards.subscription_id
            and due.renewal_on = afterwards.renewal_on
    where due.place = 1
)

select
    judged.source_system,
    judged.subscription_id,
    judged.customer_id,
    judged.plan_name,
    judged.renewal_on,
    cast({{ dbt.datediff('cast(judged.as_of as date)', 'judged.renewal_on', 'day') }} as bigint) as days_until_renewal,
    judged.renewal_state,
    judged.billing_months,
    judged.is_auto_renewing,
    judged.canceled_at,
    judged.mrr,
    cast(judged.mrr * 12 as decimal(28, 4)) as arr,
    cast(
        case
            when judged.renewal_on <= cast(judged.as_of as date)
                then case when judged.own_mrr_after > 0 then judged.own_mrr_after else judged.replacing_mrr end
        end as decimal(18, 4)
    ) as mrr_after,
    scores.score_value as churn_risk_score,
    scores.band as churn_risk_category,
    judged.source_file,
    judged.source_line
from judged
-- The risk as it stood on the day of the renewal, or stands today.
left join {{ ref('fct_scores') }} as scores
    on
        judged.customer_id = scores.customer_id
        and scores.score = 'churn_risk'
        and scores.date_day = least(judged.renewal_on, cast(judged.as_of as date))
