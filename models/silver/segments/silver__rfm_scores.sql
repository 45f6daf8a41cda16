-- Grain: one row per person and month end from which recency, frequency and value are all known: each as a fifth of everybody, 5 the best.
-- People who are equal get the same score: the one of the lowest place that they share. A month, once measured, is not measured again.
with places as (
    select
        golden_customer_id,
        month,
        measured_at,
        recency_days,
        signs_of_life_12m,
        revenue_12m_usd,
        rank() over (partition by month order by recency_days desc nulls last) as recency_place,
        rank() over (partition by month order by signs_of_life_12m nulls last) as frequency_place,
        rank() over (partition by month order by revenue_12m_usd nulls last) as monetary_place,
        count(*) over (partition by month) as people
    from {{ ref('silver__customer_months') }}
    where recency_days is not null and revenue_12m_usd is not null
),

scores as (
    select
        golden_customer_id,
        month,
        measured_at,
        recency_days,
        signs_of_life_12m,
        revenue_12m_usd,
        cast(1 + floor(5.0 * (recency_place - 1) / nullif(people, 0)) as integer) as recency_score,
        cast(1 + floor(5.0 * (frequency_place - 1) / nullif(people, 0)) as integer) as frequency_score,
        cast(1 + floor(5.0 * (monetary_place - 1) / nullif(people, 0)) as integer) as monetary_score
    from places
)

select
    scores.golden_customer_id,
    scores.month,
    scores.measured_at,
    scores.recency_days,
    scores.signs_of_life_12m,
    scores.revenue_12m_usd,
    scores.recency_score,
    scores.frequency_score,
    scores.monetary_score,
    segments.segment_name
from scores
inner join {{ ref('rfm_segments') }} as segments
    on
        scores.recency_score = segments.recency_score
        and cast(floor((scores.frequency_score + scores.monetary_score + 1) / 2) as integer) = segments.frequency_monetary_score
