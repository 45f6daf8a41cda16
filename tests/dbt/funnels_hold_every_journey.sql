-- Wrong if a dimension of the funnels loses or doubles an instance, or an ordered journey has more people in a stage than in the one before.
with instances as (
    select
        journey_id,
        count(*) as instances
    from {{ ref('fct_journeys') }}
    where source = 'derived'
    group by journey_id
),

funnels as (
    select
        journey_id,
        dimension_name,
        sum(instances) as instances
    from {{ ref('fct_journey_funnels') }}
    where stage_number = 1
    group by journey_id, dimension_name
)

select
    instances.journey_id,
    funnels.dimension_name
from instances
left join funnels
    on instances.journey_id = funnels.journey_id
where funnels.instances is null or funnels.instances != instances.instances
union all
select
    journey_id,
    dimension_name
from {{ ref('fct_journey_funnels') }}
where conversion_rate_from_previous > 1
