-- Wrong if a household counts other members than it has, has not one who was known first, or two people who are tied are in two households.
with counted as (
    select
        household_id,
        count(*) as members,
        sum(case when is_anchor then 1 else 0 end) as anchors
    from {{ ref('silver__household_members') }}
    group by household_id
)

select
    coalesce(households.household_id, counted.household_id) as household_id,
    'members' as problem
from {{ ref('silver__households') }} as households
full outer join counted
    on households.household_id = counted.household_id
where
    households.household_id is null
    or counted.household_id is null
    or households.members != counted.members
    or counted.anchors != 1
union all
select
    one.household_id,
    'tied people apart'
from {{ ref('silver__household_links') }} as links
inner join {{ ref('silver__household_members') }} as one
    on links.person_a = one.golden_customer_id
inner join {{ ref('silver__household_members') }} as other
    on links.person_b = other.golden_customer_id
where one.household_id != other.household_id
