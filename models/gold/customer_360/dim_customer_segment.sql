-- Grain: one row per segment of a scheme, those of the seeds and those that sources have assigned.
with segments as (
    select
        rules.segment_scheme,
        schemes.scheme_name,
        rules.segment_name,
        'computed' as origin,
        rules.metric,
        rules.lower_bound,
        rules.upper_bound,
        rules.description
    from {{ ref('segment_rules') }} as rules
    inner join {{ ref('segment_schemes') }} as schemes
        on rules.segment_scheme = schemes.segment_scheme
    union all
    select distinct
        schemes.segment_scheme,
        schemes.scheme_name,
        rfm.segment_name,
        'computed',
        cast(null as {{ dbt.type_string() }}),
        cast(null as decimal(18, 4)),
        cast(null as decimal(18, 4)),
        rfm.description
    from {{ ref('rfm_segments') }} as rfm
    inner join {{ ref('segment_schemes') }} as schemes
        on schemes.segment_scheme = 'rfm'
    union all
    select distinct
        history.segment_scheme,
        history.segment_scheme as scheme_name,
        history.segment_name,
        'recorded',
        cast(null as {{ dbt.type_string() }}),
        cast(null as decimal(18, 4)),
        cast(null as decimal(18, 4)),
        'As a source system assigns it'
    from {{ ref('silver__segment_history') }} as history
    where history.origin = 'recorded'
)

select
    md5(segment_scheme || '|' || segment_name) as segment_id,
    segment_scheme,
    scheme_name,
    segment_name,
    origin,
    metric,
    lower_bound,
    upper_bound,
    description
from segments
