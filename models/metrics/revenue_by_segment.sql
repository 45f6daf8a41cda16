-- Grain: one row per month, way of grouping accounts and group. The groups of one way add up to metrics.revenue.
{%- set segments = ['customer_tier', 'industry', 'country', 'csm_owner', 'acquisition_channel'] %}

with movements as (
    {% for segment in segments -%}
    select
        movements.*,
        '{{ segment }}' as segment_kind,
        {{ segment }} as segment
    from {{ ref('fct_mrr_movements') }} as movements
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    movements.month,
    movements.segment_kind,
    movements.segment,
    min(movements.is_complete) as is_complete,
    {{ revenue_figures() }}
from movements
group by movements.month, movements.segment_kind, movements.segment
