-- Grain: one row per month, tier and kind of survey.
-- Net promoter score from shares; CSAT as the share of the two best marks; effort as the share of those who found it easy (5 to 7 of 7).
with answers as (
    select
        cast(date_trunc('month', responses.responded_at) as date) as month,
        coalesce(accounts.customer_tier, 'Unknown') as customer_tier,
        responses.survey_type,
        responses.score,
        responses.score_ratio,
        responses.customer_id
    from {{ ref('silver__survey_responses') }} as responses
    left join {{ ref('silver__accounts') }} as accounts
        on responses.customer_id = accounts.customer_id
),

invitations as (
    select
        cast(date_trunc('month', invitations.sent_at) as date) as month,
        coalesce(accounts.customer_tier, 'Unknown') as customer_tier,
        invitations.survey_type,
        count(*) as questions_sent
    from {{ ref('silver__survey_invitations') }} as invitations
    left join {{ ref('silver__accounts') }} as accounts
        on invitations.customer_id = accounts.customer_id
    group by cast(date_trunc('month', invitations.sent_at) as date), coalesce(accounts.customer_tier, 'Unknown'), invitations.survey_type
),

summed as (
    select
        month,
        customer_tier,
        survey_type,
        count(*) as answers,
        count(distinct customer_id) as accounts,
        cast(sum(case when survey_type = 'nps' and score >= 9 then 1 else 0 end) as bigint) as promoters,
        cast(sum(case when survey_type = 'nps' and score between 7 and 8 then 1 else 0 end) as bigint) as passives,
        cast(sum(case when survey_type = 'nps' and score <= 6 then 1 else 0 end) as bigint) as detractors,
        {{ nps('answers') }} as nps_score,
        case when survey_type = 'csat' then cast(sum(case when score >= 4 then 1 else 0 end) as double) / count(*) end as satisfied_rate,
        case when survey_type = 'ces' then cast(sum(case when score >= 5 then 1 else 0 end) as double) / count(*) end as easy_rate,
        cast(avg(score_ratio) as double) as avg_score_ratio
    from answers
    group by month, customer_tier, survey_type
)

select
    coalesce(summed.month, invitations.month) as month,
    coalesce(summed.customer_tier, invitations.customer_tier) as customer_tier,
    coalesce(summed.survey_type, invitations.survey_type) as survey_type,
    coalesce(summed.answers, 0) as answers,
    coalesce(summed.accounts, 0) as accounts,
    invitations.questions_sent,
    cast(coalesce(summed.answers, 0) as double) / nullif(invitations.questions_sent, 0) as response_rate,
    summed.promoters,
    summed.passives,
    summed.detractors,
    summed.nps_score,
    summed.satisfied_rate,
    summed.easy_rate,
    summed.avg_score_ratio
from summed
full outer join invitations
    on
        summed.month = invitations.month
        and summed.customer_tier = invitations.customer_tier
        and summed.survey_type = invitations.survey_type
