-- Grain: one row per kind of intervention (and one for all of them) and horizon.
-- The difference to comparable accounts, with its 95 % interval (normal approximation over interventions). What made somebody step in and is in
-- no score is not allowed for: an association.
{%- set fewest = 20 %}
with outcomes as (
    select intervention_type, horizon_days, is_retained, health_change, comparable_accounts, retained_difference, health_difference
    from {{ ref('fct_intervention_outcomes') }}
    union all
    select 'all', horizon_days, is_retained, health_change, comparable_accounts, retained_difference, health_difference
    from {{ ref('fct_intervention_outcomes') }}
),

summed as (
    select
        intervention_type,
        horizon_days,
        count(*) as interventions,
        count(retained_difference) as compared,
        count(health_difference) as compared_in_health,
        avg(case when is_retained then 1.0 else 0.0 end) as retained_rate,
        avg(health_change) as avg_health_change,
        avg(retained_difference) as retained_difference,
        stddev_samp(retained_difference) / nullif(sqrt(count(retained_difference)), 0) as retained_error,
        avg(health_difference) as health_difference,
        stddev_samp(health_difference) / nullif(sqrt(count(health_difference)), 0) as health_error
    from outcomes
    group by intervention_type, horizon_days
)

select
    intervention_type,
    horizon_days,
    interventions,
    compared as compared_interventions,
    cast(retained_rate as double) as retained_rate,
    avg_health_change,
    case when compared >= {{ fewest }} then cast(retained_difference as double) end as retained_difference,
    case when compared >= {{ fewest }} then cast(retained_difference - 1.96 * retained_error as double) end as retained_difference_low,
    case when compared >= {{ fewest }} then cast(retained_difference + 1.96 * retained_error as double) end as retained_difference_high,
    case when compared_in_health >= {{ fewest }} then health_difference end as health_difference,
    case when compared_in_health >= {{ fewest }} then health_difference - 1.96 * health_error end as health_difference_low,
    case when compared_in_health >= {{ fewest }} then health_difference + 1.96 * health_error end as health_difference_high,
    case
        when compared < {{ fewest }}
            then 'Too few to say: ' || cast(compared as {{ dbt.type_string() }}) || ' interventions have comparable accounts, {{ fewest }} are needed.'
        when retained_difference - 1.96 * retained_error > 0 then 'More accounts stayed than of comparable ones.'
        when retained_difference + 1.96 * retained_error < 0 then 'Fewer accounts stayed than of comparable ones.'
        else 'No difference to comparable accounts can be told from chance.'
    end as finding
from summed
