-- Wrong if something is told of other accounts that fewer than five of them stand behind; counted anew, from the tables behind.
with benchmarked as (
    select
        benchmarks.customer_id,
        benchmarks.metric,
        count(distinct case
            when
                case benchmarks.metric
                    {%- for column in benchmark_columns() %}
                    when '{{ column }}' then cast(success.{{ column }} as double)
                    {%- endfor %}
                end is not null
                then others.customer_id
        end) as others
    from {{ ref('peer_benchmarks') }} as benchmarks
    left join {{ ref('silver__peer_memberships') }} as others
        on benchmarks.peer_group = others.peer_group and benchmarks.customer_id <> others.customer_id
    left join {{ ref('customer_success') }} as success
        on others.customer_id = success.customer_id
    where
        coalesce(
            benchmarks.peer_quartile_1, benchmarks.peer_median, benchmarks.peer_quartile_3, benchmarks.own_percentile,
            benchmarks.peer_accounts_at_least
        ) is not null
        or benchmarks.standing is not null
    group by benchmarks.customer_id, benchmarks.metric
),

recent as (
    select
        customer_id,
        item
    from {{ ref('silver__portal_item_uses') }}
    where moment = 'today' and uses_90d > 0
    group by customer_id, item
),

recommended as (
    select
        recommendations.customer_id,
        recommendations.item,
        count(distinct recent.customer_id) as others
    from {{ ref('fct_recommendations') }} as recommendations
    left join recent
        on recommendations.item = recent.item and recommendations.customer_id <> recent.customer_id
    where recommendations.method in ('used_together', 'popular')
    group by recommendations.customer_id, recommendations.item
),

explored as (
    select
        unexplored.customer_id,
        unexplored.data_source,
        count(distinct others.customer_id) as others
    from {{ ref('fct_unexplored_data_sources') }} as unexplored
    inner join {{ ref('portal_items') }} as items
        on unexplored.data_source = items.data_source
    inner join recent
        on items.item = recent.item
    left join {{ ref('silver__peer_memberships') }} as others
        on recent.customer_id = others.customer_id and unexplored.peer_group = others.peer_group and unexplored.customer_id <> others.customer_id
    where unexplored.peer_share is not null
    group by unexplored.customer_id, unexplored.data_source
)

select customer_id, metric as about, others
from benchmarked
where others < 5
union all
select customer_id, item, others
from recommended
where others < 5
union all
select customer_id, data_source, others
from explored
where others < 5
