-- Grain: one row per answer up to as_of; `score_ratio` puts the marks of all kinds on one scale from 0 (worst) to 1 (best).
with answers as (
    select
        responses.source_system,
        responses.response_id,
        account_map.customer_id as stated_customer_id,
        responses.user_id,
        responses.survey_type,
        responses.score,
        cast(case responses.survey_type
            when 'nps' then responses.score / 10.0
            when 'csat' then (responses.score - 1) / 4.0
            when 'ces' then (responses.score - 1) / 6.0
        end as decimal(18, 6)) as score_ratio,
        responses.responded_at,
        responses.source_file,
        responses.source_line
    from {{ ref('bronze__survey_responses') }} as responses
    left join {{ ref('silver__account_map') }} as account_map
        on responses.source_system = account_map.source_system and responses.customer_id = account_map.source_customer_id
    where not coalesce(account_map.is_left_out, false)
)

select
    answers.source_system,
    answers.response_id,
    coalesce(answers.stated_customer_id, users.customer_id) as customer_id,
    answers.user_id,
    answers.survey_type,
    answers.score,
    answers.score_ratio,
    answers.responded_at,
    answers.source_file,
    answers.source_line
from answers
left join {{ ref('silver__users') }} as users
    on answers.user_id = users.user_id
cross join {{ ref('silver__as_of') }} as build
where answers.responded_at <= build.as_of
