-- Grain: one row per metric that insights are looked for in: what it is, which rows are behind it, how much it matters and what to do.
{%- set sources = insight_sources() %}
with metrics as (
    {%- for source in sources %}
    {%- for metric in source.metrics %}
    select
        '{{ metric.metric }}' as metric,
        '{{ metric.words }}' as words,
        '{{ metric.unit }}' as unit,
        '{{ metric.kind }}' as kind,
        {{ "'" ~ metric.follows ~ "'" if metric.follows else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as follows,
        '{{ source.published }}' as rows_table,
        '{{ source.time }}' as rows_time,
        {{ "'" ~ source.where | replace("'", "''") ~ "'" if source.where else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as rows_where,
        '{{ source.by | join(",") }}' as segments_of_rows,
        '{{ source.by_account | join(",") }}' as segments_of_accounts
    {{- ' union all' if not loop.last }}
    {%- endfor %}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
)

select
    metrics.*,
    coalesce(priorities.priority, 3) as priority,
    coalesce(priorities.better, 'neither') as better,
    priorities.usd_per_unit,
    priorities.usd_from,
    priorities.action_if_up,
    priorities.action_if_down
from metrics
left join {{ ref('insight_priorities') }} as priorities
    on metrics.metric = priorities.metric
