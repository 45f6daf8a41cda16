-- Grain: one row per metric, segment and whole day, from the segment's first day on: what insights are looked for in.
-- A day without rows counts as 0 where rows are added up, and is not known where they are averaged. The day of as_of is a whole one if as_of lies in
-- its last hour: half a day would look like a fall.
{%- set sources = insight_sources() %}
with days as (
    select days.date_day
    from {{ ref('silver__days') }} as days
    cross join {{ ref('silver__as_of') }} as build
    where
        days.date_day < cast(build.as_of as date)
        or cast({{ dbt.dateadd('hour', 1, 'build.as_of') }} as date) > days.date_day
),

{% for source in sources -%}
{%- set segments = source.by + source.by_account -%}
rows_{{ loop.index }} as (
    select
        cast(counted.{{ source.time }} as date) as date_day,
        {%- for column in source.by %}
        coalesce(counted.{{ column }}, 'unknown') as {{ column }},
        {%- endfor %}
        {%- for column in source.by_account %}
        coalesce(accounts.{{ column }}, 'unknown') as {{ column }},
        {%- endfor %}
        {%- for metric in source.metrics %}
        cast({{ metric.measure }} as double) as {{ metric.metric }}_measure,
        cast({{ metric.per if metric.per else '1' }} as double) as {{ metric.metric }}_per{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(source.relation) }} as counted
    {%- if source.by_account %}
    left join {{ ref('silver__accounts') }} as accounts
        on counted.customer_id = accounts.customer_id
    {%- endif %}
    {%- if source.where %}
    where {{ source.where }}
    {%- endif %}
),

summed_{{ loop.index }} as (
    {%- set place = loop.index %}
    {%- for column in ['all'] + segments %}
    select
        date_day,
        '{{ column }}' as segment_by,
        {{ "'all'" if column == 'all' else column }} as segment,
        {%- for metric in source.metrics %}
        sum({{ metric.metric }}_measure) as {{ metric.metric }}_measure,
        sum({{ metric.metric }}_per) as {{ metric.metric }}_per{{ ',' if not loop.last }}
        {%- endfor %}
    from rows_{{ place }}
    group by date_day{{ ', ' ~ column if column != 'all' }}
    {% if not loop.last -%}
    union all
    {%- endif %}
    {%- endfor %}
),

{% endfor -%}
measured as (
    {%- for source in sources %}
    {%- set place = loop.index %}
    {%- for metric in source.metrics %}
    select
        '{{ metric.metric }}' as metric,
        segment_by,
        segment,
        date_day,
        {{ metric.metric }}_measure as measure,
        {{ metric.metric }}_per as denominator
    from summed_{{ place }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

kinds as (
    {%- for source in sources %}
    {%- for metric in source.metrics %}
    select '{{ metric.metric }}' as metric, '{{ metric.kind }}' as kind
    {{- ' union all' if not loop.last }}
    {%- endfor %}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

sizes as (
    select
        metric,
        segment_by,
        segment,
        min(date_day) as first_day,
        row_number() over (
            partition by metric, segment_by order by cast(sum(denominator) as decimal(28, 6)) desc nulls last, segment nulls last
        ) as place
    from measured
    group by metric, segment_by, segment
),

-- Rows end where their source's newest export ends: days after it are 0 for a metric that is added up, which is what a late export looks like.
spine as (
    select
        sizes.metric,
        sizes.segment_by,
        sizes.segment,
        kinds.kind,
        days.date_day
    from sizes
    inner join kinds
        on sizes.metric = kinds.metric
    inner join days
        on sizes.first_day <= days.date_day
    where sizes.place <= {{ most_segments() }}
)

select
    spine.metric,
    spine.segment_by,
    spine.segment,
    spine.date_day,
    case
        when spine.kind in ('ratio', 'mean') then measured.measure / nullif(measured.denominator, 0)
        when spine.kind = 'level' then measured.measure
        else coalesce(measured.measure, 0)
    end as metric_value,
    cast(coalesce(measured.denominator, 0) as double) as rows_behind
from spine
left join measured
    on
        spine.metric = measured.metric
        and spine.segment_by = measured.segment_by
        and spine.segment = measured.segment
        and spine.date_day = measured.date_day
