-- Wrong if a score cannot be explained by its rows: they add up to something else, a row brings more than its weight or less than
-- nothing, the weights are not 100 in all, or a score has no rows or rows have no score.
with summed as (
    select
        score,
        customer_id,
        date_day,
        sum(contribution) as added_up,
        sum(weight) as all_weights,
        sum(case when contribution < 0 or contribution > weight + 1e-9 then 1 else 0 end) as rows_out_of_bounds
    from {{ ref('fct_score_contributions') }}
    group by score, customer_id, date_day
)

select
    coalesce(scores.score, summed.score) as score,
    coalesce(scores.customer_id, summed.customer_id) as customer_id,
    coalesce(scores.date_day, summed.date_day) as date_day,
    scores.score_value,
    summed.added_up,
    summed.all_weights,
    scores.coverage_pct
from {{ ref('fct_scores') }} as scores
full outer join summed
    on
        scores.score = summed.score
        and scores.customer_id = summed.customer_id
        and scores.date_day = summed.date_day
where
    scores.score_value is null
    or summed.added_up is null
    or abs(scores.score_value - summed.added_up) > 1e-9
    or abs(summed.all_weights - 100) > 1e-9
    or summed.rows_out_of_bounds > 0
    or not scores.score_value between 0 and 100 + 1e-9
    or not scores.coverage_pct between 0 and 100
