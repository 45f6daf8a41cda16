-- Grain: one row per kind of insight, and one for all: how many stand at as_of, what they are worth, how sure they are, and the foremost of them.
with insights as (
    select *
    from {{ ref('fct_insights') }}
    where not is_dismissed
),

kinds as (
    select insights.kind as summary_of, insights.*
    from insights
    union all
    select 'all' as summary_of, insights.*
    from insights
)

select
    summary_of,
    count(*) as insights,
    cast(sum(case when is_first_time then 1 else 0 end) as bigint) as insights_first_time,
    cast(sum(case when is_good then 1 else 0 end) as bigint) as insights_good,
    cast(sum(case when not is_good then 1 else 0 end) as bigint) as insights_bad,
    avg(confidence) as mean_confidence,
    sum(case when impact_usd > 0 then impact_usd end) as gained_usd,
    sum(case when impact_usd < 0 then -impact_usd end) as lost_usd,
    max(case when place = 1 then title end) as foremost
from (
    select
        kinds.*,
        row_number() over (partition by summary_of order by insight_rank nulls last, insight_id nulls last) as place
    from kinds
) as placed
group by summary_of
