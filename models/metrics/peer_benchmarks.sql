-- Grain: one row per account with a peer group and metric of the seed benchmark_metrics: its own value beside the quartiles of the others in its
-- group. Where fewer than peer_group_min_accounts of them are known, nothing of theirs is shown. The account itself is no part of its peers: their
-- quartiles are read off the ranks of the whole group, one place further from the account's own rank on.
with known as (
    select
        success.customer_id,
        metrics.metric,
        case metrics.metric
            {%- for column in benchmark_columns() %}
            when '{{ column }}' then cast(success.{{ column }} as double)
            {%- endfor %}
        end as own_value
    from {{ ref('customer_success') }} as success
    cross join {{ ref('benchmark_metrics') }} as metrics
),

ranked as (
    select
        members.level_number,
        members.peer_group,
        members.customer_id,
        known.metric,
        known.own_value,
        row_number() over (
            partition by members.level_number, members.peer_group, known.metric order by known.own_value nulls last, members.customer_id nulls last
        ) as value_rank,
        count(*) over (partition by members.level_number, members.peer_group, known.metric) as accounts_known,
        rank() over (partition by members.level_number, members.peer_group, known.metric order by known.own_value nulls last) - 1 as accounts_below,
        count(*) over (partition by members.level_number, members.peer_group, known.metric, known.own_value) - 1 as accounts_alike
    from {{ ref('silver__peer_memberships') }} as members
    inner join known
        on members.customer_id = known.customer_id
    where known.own_value is not null
),

group_sizes as (
    select
        level_number,
        peer_group,
        metric,
        max(accounts_known) as accounts_known
    from ranked
    group by level_number, peer_group, metric
),

compared as (
    select
        groups.customer_id,
        groups.level_number,
        groups.level_name,
        groups.peer_group,
        known.metric,
        known.own_value,
        own.value_rank as own_rank,
        own.accounts_below,
        own.accounts_alike,
        coalesce(group_sizes.accounts_known, 0) - case when own.customer_id is not null then 1 else 0 end as others
    from {{ ref('fct_peer_groups') }} as groups
    inner join known
        on groups.customer_id = known.customer_id
    left join group_sizes
        on groups.level_number = group_sizes.level_number and groups.peer_group = group_sizes.peer_group and known.metric = group_sizes.metric
    left join ranked as own
        on
            groups.level_number = own.level_number and groups.peer_group = own.peer_group
            and known.metric = own.metric and groups.customer_id = own.customer_id
    where groups.peer_group is not null
),

quantiles as (
    select 0.25 as quantile
    union all
    select 0.5 as quantile
    union all
    select 0.75 as quantile
),

-- Places among the others, counted from 0, and the ranks in the whole group that they are.
places as (
    select
        compared.customer_id,
        compared.level_number,
        compared.peer_group,
        compared.metric,
        quantiles.quantile,
        quantiles.quantile * (compared.others - 1) - floor(quantiles.quantile * (compared.others - 1)) as part,
        floor(quantiles.quantile * (compared.others - 1)) + 1
        + case when floor(quantiles.quantile * (compared.others - 1)) + 1 >= compared.own_rank then 1 else 0 end as lower_rank,
        ceil(quantiles.quantile * (compared.others - 1)) + 1
        + case when ceil(quantiles.quantile * (compared.others - 1)) + 1 >= compared.own_rank then 1 else 0 end as upper_rank
    from compared
    cross join quantiles
    where compared.others >= {{ var('peer_group_min_accounts') }}
),

quartiles as (
    select
        places.customer_id,
        places.metric,
        max(case when places.quantile = 0.25 then lowers.own_value + places.part * (uppers.own_value - lowers.own_value) end) as quartile_1,
        max(case when places.quantile = 0.5 then lowers.own_value + places.part * (uppers.own_value - lowers.own_value) end) as quartile_2,
        max(case when places.quantile = 0.75 then lowers.own_value + places.part * (uppers.own_value - lowers.own_value) end) as quartile_3
    from places
    inner join ranked as lowers
        on
            places.level_number = lowers.level_number and places.peer_group = lowers.peer_group
            and places.metric = lowers.metric and places.lower_rank = lowers.value_rank
    inner join ranked as uppers
        on
            places.level_number = uppers.level_number and places.peer_group = uppers.peer_group
            and places.metric = uppers.metric and places.upper_rank = uppers.value_rank
    group by places.customer_id, places.metric
),

-- What is shown of the others is rounded. Where an account stands among them is told in tenths, and never that it is ahead of, or behind, all.
rounded as (
    select
        compared.customer_id,
        compared.level_name,
        compared.peer_group,
        compared.metric,
        metrics.metric_order,
        metrics.title,
        metrics.unit,
        metrics.higher_is_better,
        compared.own_value,
        compared.others,
        metrics.rounded_to * round(quartiles.quartile_1 / nullif(metrics.rounded_to, 0)) as peer_quartile_1,
        metrics.rounded_to * round(quartiles.quartile_2 / nullif(metrics.rounded_to, 0)) as peer_median,
        metrics.rounded_to * round(quartiles.quartile_3 / nullif(metrics.rounded_to, 0)) as peer_quartile_3,
        metrics.rounded_to * round(compared.own_value / nullif(metrics.rounded_to, 0)) as own_rounded,
        case
            when quartiles.quartile_2 is not null and compared.own_value is not null
                then least(greatest(
                    round(10 * (compared.accounts_below + compared.accounts_alike / 2.0) / nullif(compared.others, 0)) / 10, 0.1
                ), 0.9)
        end as own_percentile
    from compared
    inner join {{ ref('benchmark_metrics') }} as metrics
        on compared.metric = metrics.metric
    left join quartiles
        on compared.customer_id = quartiles.customer_id and compared.metric = quartiles.metric
),

-- Against the rounded figures that are shown, so that the words tell no more than they do.
placed as (
    select
        *,
        case
            when peer_median is null or own_value is null then null
            when peer_quartile_1 = peer_quartile_3 and own_rounded = peer_median then 'as usual'
            when own_rounded > peer_quartile_3 then case when higher_is_better then 'best quarter' else 'worst quarter' end
            when own_rounded < peer_quartile_1 then case when higher_is_better then 'worst quarter' else 'best quarter' end
            when own_rounded = peer_median then 'as usual'
            when (own_rounded > peer_median) = higher_is_better then 'better half'
            else 'worse half'
        end as standing
    from rounded
)

select
    customer_id,
    metric,
    metric_order,
    title as metric_title,
    unit,
    higher_is_better,
    level_name,
    peer_group,
    own_value,
    case when peer_median is not null then cast(5 * floor(others / 5.0) as bigint) end as peer_accounts_at_least,
    cast(peer_quartile_1 as double) as peer_quartile_1,
    cast(peer_median as double) as peer_median,
    cast(peer_quartile_3 as double) as peer_quartile_3,
    cast(own_percentile as double) as own_percentile,
    standing,
    peer_median is not null as is_published,
    case
        when peer_median is null then 'Too few similar accounts have a figure for this to be compared.'
        else
            upper(substring(title, 1, 1)) || substring(title, 2) || ': '
            || case when own_value is not null then {{ spoken_measure('own_value', 'unit') }} || ' at yours, ' else '' end
            || case
                when peer_quartile_1 = peer_quartile_3 then {{ spoken_measure('peer_median', 'unit') }}
                else 'between ' || {{ spoken_value('peer_quartile_1', 'unit') }} || ' and ' || {{ spoken_measure('peer_quartile_3', 'unit') }}
            end
            || ' at half of similar accounts (' || peer_group || '). '
            || case standing
                when 'best quarter' then 'You do better than three quarters of them.'
                when 'worst quarter' then 'Three quarters of them do better.'
                when 'better half' then 'You do better than most of them.'
                when 'worse half' then 'Most of them do better.'
                when 'as usual' then 'You are where most of them are.'
                else 'Yours is not known.'
            end
    end as sentence
from placed
