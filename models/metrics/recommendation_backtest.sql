-- Grain: one row per way to recommend: what would have been recommended 60 days before as_of from what was known then, and how much of it the users
-- took up since. All ways recommend as many items to each user, at most three; users with no more eligible items than that are left out, for
-- whom every way is the same. Rules are not judged: most recommend learning, which leaves no trace in the log.
{%- set most = 3 %}
{# The same as in fct_recommendations. -#}
{%- set lowest_chance = 0.05 %}
{# Fewer users than this tell nothing. -#}
{%- set fewest = 20 %}
with followed as (
    select
        candidates.customer_id,
        candidates.user_id,
        candidates.item_type,
        candidates.item,
        candidates.method,
        candidates.probability,
        case when later.item is not null then 1 else 0 end as adopted,
        row_number() over (
            partition by candidates.customer_id, candidates.user_id
            order by candidates.probability desc nulls last, candidates.item_type nulls last, candidates.item nulls last
        ) as place,
        row_number() over (
            partition by candidates.customer_id, candidates.user_id
            order by candidates.usual_share desc nulls last, candidates.item_type nulls last, candidates.item nulls last
        ) as place_by_popularity,
        count(*) over (partition by candidates.customer_id, candidates.user_id) as items,
        sum(case when candidates.probability >= {{ lowest_chance }} then 1 else 0 end) over (
            partition by candidates.customer_id, candidates.user_id
        ) as items_likely
    from {{ ref('silver__recommendation_candidates') }} as candidates
    left join {{ ref('silver__portal_item_uses') }} as later
        on
            later.moment = 'today'
            and candidates.customer_id = later.customer_id and candidates.user_id = later.user_id
            and candidates.item_type = later.item_type and candidates.item = later.item
    where candidates.moment = 'backtest'
),

eligible as (
    select
        *,
        least(items_likely, {{ most }}) as recommended
    from followed
    where items > {{ most }} and items_likely > 0
),

by_user as (
    select
        customer_id,
        user_id,
        max(recommended) as recommended,
        sum(case when place <= recommended then adopted else 0 end) as adopted,
        sum(case when place_by_popularity <= recommended then adopted else 0 end) as adopted_by_popularity,
        -- What drawing as many eligible items by lot gives on average.
        cast(sum(adopted) as double) / count(*) * max(recommended) as adopted_by_lot
    from eligible
    group by customer_id, user_id
),

ways as (
    select customer_id, user_id, 'recommended' as way, recommended, cast(adopted as double) as adopted
    from by_user
    union all
    select customer_id, user_id, 'most_popular', recommended, cast(adopted_by_popularity as double)
    from by_user
    union all
    select customer_id, user_id, 'random', recommended, adopted_by_lot
    from by_user
    union all
    select customer_id, user_id, 'recommended by ' || replace(method, '_', ' '), count(*), cast(sum(adopted) as double)
    from eligible
    where place <= recommended
    group by customer_id, user_id, method
),

summed as (
    select
        ways.way,
        count(*) as users,
        count(distinct ways.customer_id) as accounts,
        cast(sum(ways.recommended) as bigint) as items_recommended,
        sum(ways.adopted) as items_adopted,
        sum(case when ways.adopted >= 1 then 1 else 0 end) as users_with_hit,
        avg(by_user.adopted / nullif(cast(by_user.recommended as double), 0) - ways.adopted / nullif(ways.recommended, 0)) as difference,
        stddev_samp(by_user.adopted / nullif(cast(by_user.recommended as double), 0) - ways.adopted / nullif(ways.recommended, 0))
        / nullif(sqrt(count(*)), 0) as difference_error
    from ways
    inner join by_user
        on ways.customer_id = by_user.customer_id and ways.user_id = by_user.user_id
    group by ways.way
)

select
    way,
    users,
    accounts,
    items_recommended,
    cast(items_adopted as double) as items_adopted,
    cast(items_adopted / nullif(items_recommended, 0) as double) as hit_rate,
    case when way <> 'random' then cast(users_with_hit as double) / nullif(users, 0) end as users_with_hit_rate,
    case when way in ('most_popular', 'random') and users >= {{ fewest }} then cast(difference as double) end as recommended_ahead_by,
    case when way in ('most_popular', 'random') and users >= {{ fewest }} then cast(difference - 1.96 * difference_error as double) end as ahead_by_low,
    case when way in ('most_popular', 'random') and users >= {{ fewest }} then cast(difference + 1.96 * difference_error as double) end as ahead_by_high,
    case
        when users < {{ fewest }} then 'Too few users to say: ' || cast(users as {{ dbt.type_string() }}) || ', {{ fewest }} are needed.'
        when way not in ('most_popular', 'random') then 'Users took up ' || {{ spoken_value('items_adopted / nullif(items_recommended, 0)', "'ratio'") }}
            || ' of what was recommended within 60 days.'
        when difference - 1.96 * difference_error > 0 then 'More of what is recommended is taken up.'
        when difference + 1.96 * difference_error < 0 then 'Less of what is recommended is taken up.'
        else 'No difference to what is recommended can be told from chance.'
    end as finding
from summed
