-- Grain: one row per score, month end, horizon and band: how many of the accounts in it decided to leave, or left, within the horizon.
select
    score,
    date_day,
    horizon_days,
    band,
    count(*) as accounts,
    avg(score_value) as avg_score,
    cast(sum(case when has_decided then 1 else 0 end) as bigint) as accounts_decided,
    cast(sum(case when has_left then 1 else 0 end) as bigint) as accounts_left,
    cast(sum(mrr) as decimal(18, 4)) as mrr,
    cast(sum(case when has_decided then mrr else 0 end) as decimal(18, 4)) as mrr_decided
from {{ ref('fct_score_observations') }}
group by score, date_day, horizon_days, band
