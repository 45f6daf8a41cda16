-- Wrong if a score carries the name of a range it does not lie in.
select
    scores.score,
    scores.customer_id,
    scores.date_day,
    scores.score_value,
    scores.band
from {{ ref('fct_scores') }} as scores
left join {{ ref('score_bands') }} as bands
    on scores.score = bands.score and scores.band = bands.band
where
    bands.band is null
    or scores.score_value < bands.lower_bound
    or exists (
        select 1
        from {{ ref('score_bands') }} as higher
        where
            higher.score = scores.score
            and higher.lower_bound > bands.lower_bound
            and scores.score_value >= higher.lower_bound
    )
