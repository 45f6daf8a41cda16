-- Grain: one row per score, account and signal at as_of, in words, the reason that weighs most first.
-- For the churn risk what weighs is what is there, for the other scores what is missing to 100.
with weighed as (
    select
        contributions.score,
        contributions.customer_id,
        contributions.component,
        contributions.signal,
        contributions.raw_value,
        contributions.unit,
        contributions.contribution,
        contributions.weight,
        case contributions.score
            when 'churn_risk' then contributions.contribution
            else contributions.weight - contributions.contribution
        end as points,
        signals.sentence
    from {{ ref('fct_score_contributions') }} as contributions
    inner join {{ ref('score_signals') }} as signals
        on contributions.score = signals.score and contributions.signal = signals.signal
    cross join {{ ref('silver__as_of') }} as build
    where contributions.date_day = cast(build.as_of as date)
)

select
    score,
    customer_id,
    component,
    signal,
    raw_value,
    unit,
    contribution,
    weight,
    points,
    replace(sentence, '{value}', {{ spoken_value('raw_value', 'unit') }}) as sentence,
    row_number() over (partition by score, customer_id order by cast(points as decimal(18, 9)) desc, signal) as reason_rank
from weighed
where points > 0
