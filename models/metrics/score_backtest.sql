-- Grain: one row per score, horizon and band, over all month ends of the history: whether the score deserves its name.
-- The area under the curve is the chance that of two accounts the one that decides to leave has the worse score (ties count half): Mann and
-- Whitney's statistic by ranks.
with ranked as (
    select
        score,
        horizon_days,
        has_decided,
        rank() over (partition by score, horizon_days order by risk nulls last)
        + (count(*) over (partition by score, horizon_days, risk) - 1) / 2.0 as risk_rank
    from (
        select
            *,
            case score when 'churn_risk' then score_value else -score_value end as risk
        from {{ ref('fct_score_observations') }}
    ) as observed
),

areas as (
    select
        score,
        horizon_days,
        count(*) as observations,
        sum(case when has_decided then 1 else 0 end) as decided,
        (
            sum(case when has_decided then risk_rank else 0 end)
            - cast(sum(case when has_decided then 1 else 0 end) as double) * (sum(case when has_decided then 1 else 0 end) + 1) / 2
        ) / nullif(cast(sum(case when has_decided then 1 else 0 end) as double) * sum(case when has_decided then 0 else 1 end), 0) as auc
    from ranked
    group by score, horizon_days
),

bands as (
    select
        score,
        horizon_days,
        band,
        sum(accounts) as observations,
        sum(accounts_decided) as accounts_decided,
        sum(accounts_left) as accounts_left,
        sum(mrr) as mrr,
        sum(mrr_decided) as mrr_decided
    from {{ ref('fct_score_backtest') }}
    group by score, horizon_days, band
)

select
    bands.score,
    bands.horizon_days,
    bands.band,
    cast(bands.observations as bigint) as observations,
    cast(bands.accounts_decided as bigint) as accounts_decided,
    cast(bands.accounts_left as bigint) as accounts_left,
    cast(bands.accounts_decided as double) / nullif(bands.observations, 0) as decided_rate,
    cast(bands.accounts_left as double) / nullif(bands.observations, 0) as left_rate,
    cast(bands.mrr_decided as double) / nullif(cast(bands.mrr as double), 0) as mrr_decided_rate,
    cast(areas.decided as double) / nullif(areas.observations, 0) as decided_rate_of_all,
    -- How many times as often as on average.
    (cast(bands.accounts_decided as double) / nullif(bands.observations, 0)) / nullif(cast(areas.decided as double) / nullif(areas.observations, 0), 0) as lift,
    areas.auc
from bands
inner join areas
    on bands.score = areas.score and bands.horizon_days = areas.horizon_days
