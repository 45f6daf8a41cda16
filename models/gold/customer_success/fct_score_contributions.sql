-- Grain: one row per score, account, day and signal. A score is the sum of its rows' `contribution`, and nothing else.
-- An unknown signal takes no part: its share goes to the other signals of its component, an unknown component's to the other components.
-- A view: a year of 100,000 accounts has more than a billion rows, of which somebody reads those of one account.
{{ config(materialized='view') }}

with signals as (
    select
        signals.*,
        coalesce(signals.value_at_50, (signals.value_at_0 + signals.value_at_100) / 2) as middle_value,
        components.weight as component_weight
    from {{ ref('score_signals') }} as signals
    inner join {{ ref('score_components') }} as components
        on
            signals.score = components.score
            and signals.component = components.component
    where components.weight_set = '{{ var("health_weight_set") }}'
),

raw_values as (
    select
        raw.customer_id,
        raw.date_day,
        signals.score,
        signals.component,
        signals.signal,
        signals.share,
        signals.unit,
        signals.value_at_0,
        signals.middle_value,
        signals.value_at_100,
        signals.window_days,
        signals.source_table,
        signals.component_weight,
        case signals.signal
            {%- for signal in account_signals() %}
            when '{{ signal }}' then raw.{{ signal }}
            {%- endfor %}
        end as raw_value
    from {{ ref('silver__account_signals') }} as raw
    cross join signals
),

measured as (
    select
        *,
        {{ normalised('raw_value', 'value_at_0', 'middle_value', 'value_at_100') }} as normalised_value,
        sum(share) over (partition by score, customer_id, date_day, component) as known_share
    from raw_values
    where raw_value is not null
),

weighed as (
    select
        *,
        -- The weight of a component, counted once: with the share that each of its known signals has in it.
        sum(component_weight * share / known_share) over (partition by score, customer_id, date_day) as known_weight
    from measured
)

select
    score,
    customer_id,
    date_day,
    component,
    signal,
    raw_value,
    unit,
    value_at_0,
    middle_value as value_at_50,
    value_at_100,
    normalised_value,
    component_weight * share as nominal_weight,
    100 * component_weight / known_weight * share / known_share as weight,
    normalised_value * component_weight / known_weight * share / known_share as contribution,
    source_table,
    cast({{ dbt.dateadd('day', '1 - cast(window_days as integer)', 'date_day') }} as date) as source_from
from weighed
