-- Grain: one row per score, account and day.
with summed as (
    select
        score,
        customer_id,
        date_day,
        -- Summed as decimals, which give the same sum in any order.
        cast(sum(cast(contribution as decimal(18, 12))) as double) as score_value,
        cast(sum(nominal_weight) as double) as coverage_pct,
        count(*) as signals
    from {{ ref('fct_score_contributions') }}
    group by score, customer_id, date_day
),

banded as (
    select
        summed.*,
        bands.band,
        row_number() over (
            partition by summed.score, summed.customer_id, summed.date_day
            order by bands.lower_bound desc
        ) as band_rank
    from summed
    inner join {{ ref('score_bands') }} as bands
        on summed.score = bands.score and summed.score_value >= bands.lower_bound
)

select
    score,
    customer_id,
    date_day,
    score_value,
    band,
    coverage_pct,
    cast(signals as bigint) as signals
from banded
where band_rank = 1
