-- Grain: one row per score, account and day.
-- What is known differs in few ways, so the weights are shared out once for each way and not for each day; that the result is the sum of the
-- rows of fct_score_contributions, which shares them out for every day, is tested.
-- depends_on: {{ ref('silver__score_context') }} {{ ref('silver__account_steps') }} {{ ref('silver__as_of') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ begin_scores() }}",
    post_hook="{{ end_scores() }}"
) }}
{%- set build = plan_scores() %}
{%- set signals = account_signals() %}

with raw_values as (
    select
        raw.*,
        {% for signal in signals -%}
        case when raw.{{ signal }} is null then '0' else '1' end{{ ' || ' if not loop.last }}
        {%- endfor %} as known_signals
    from {{ ref('silver__account_signals') }} as raw
    {%- if build.part %}
    inner join score_days_rebuilt as rebuilt
        on raw.customer_id = rebuilt.customer_id and rebuilt.rebuild_from <= raw.date_day
    -- Said again as a constant, which reaches the scan: all the days before it are not even read.
    where raw.date_day >= date '{{ first_day_to_rebuild(build) }}'
    {%- endif %}
),

places as (
    {% for signal in signals -%}
    select
        '{{ signal }}' as signal,
        {{ loop.index }} as place
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

signals as (
    select
        signals.score,
        signals.component,
        signals.signal,
        signals.share,
        signals.value_at_0,
        coalesce(signals.value_at_50, (signals.value_at_0 + signals.value_at_100) / 2) as value_at_50,
        signals.value_at_100,
        components.weight as component_weight,
        places.place
    from {{ ref('score_signals') }} as signals
    inner join {{ ref('score_components') }} as components
        on
            signals.score = components.score
            and signals.component = components.component
    inner join places
        on signals.signal = places.signal
    where
        components.weight_set = '{{ var("health_weight_set") }}'
        and signals.score in ('health', 'churn_risk', 'success')
),

ways as (
    select distinct known_signals
    from raw_values
),

known as (
    select
        ways.known_signals,
        signals.*,
        sum(signals.share) over (partition by ways.known_signals, signals.score, signals.component) as known_share
    from ways
    inner join signals
        on substring(ways.known_signals, signals.place, 1) = '1'
),

shared_out as (
    select
        known.*,
        100 * component_weight * share / known_share
        / nullif(
            cast(sum(cast(component_weight * share / known_share as decimal(18, 12))) over (partition by known_signals, score) as double), 0
        ) as weight
    from known
),

weights as (
    select
        known_signals,
        score,
        count(*) as signals,
        sum(component_weight * share) as coverage_pct,
        {%- for signal in signals %}
        max(weight) filter (where signal = '{{ signal }}') as weight_{{ loop.index }},
        max(value_at_0) filter (where signal = '{{ signal }}') as at_0_{{ loop.index }},
        max(value_at_50) filter (where signal = '{{ signal }}') as at_50_{{ loop.index }},
        max(value_at_100) filter (where signal = '{{ signal }}') as at_100_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from shared_out
    group by known_signals, score
),

summed as (
    select
        weights.score,
        raw_values.customer_id,
        raw_values.date_day,
        weights.coverage_pct,
        weights.signals,
        -- To nine digits, so that a score on the edge of a band, or at 100, is on one side of it whatever the order of the sum.
        cast(cast((
            {%- for signal in signals %}
            {%- set at = ['weights.at_0_' ~ loop.index, 'weights.at_50_' ~ loop.index, 'weights.at_100_' ~ loop.index] %}
            coalesce(
                weights.weight_{{ loop.index }}
                * ({{ normalised('raw_values.' ~ signal, at[0], at[1], at[2]) }}),
                0
            )
            {{- ' +' if not loop.last }}
            {%- endfor %}
        ) / 100 as decimal(18, 9)) as double) as score_value
    from raw_values
    inner join weights
        on raw_values.known_signals = weights.known_signals
),

bands as (
    select
        score,
        band,
        lower_bound,
        coalesce(lead(lower_bound) over (partition by score order by lower_bound nulls last), 1000) as upper_bound
    from {{ ref('score_bands') }}
)

select
    summed.score,
    summed.customer_id,
    summed.date_day,
    summed.score_value,
    bands.band,
    cast(summed.coverage_pct as double) as coverage_pct,
    cast(summed.signals as bigint) as signals
from summed
inner join bands
    on summed.score = bands.score and summed.score_value >= bands.lower_bound and summed.score_value < bands.upper_bound
