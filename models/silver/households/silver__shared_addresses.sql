-- Grain: one row per full address at which more than one person lives, as far as the surviving address of each says. Addresses with more
-- people than household_address_max_people (an office, a home for students) tie nobody together; `reason` says so.
with counted as (
    select
        address_key,
        count(distinct golden_customer_id) as people,
        count(distinct family_name_key) as family_names
    from {{ ref('silver__homes') }}
    group by address_key
    having count(distinct golden_customer_id) > 1
)

select
    address_key,
    cast(people as bigint) as people,
    cast(family_names as bigint) as family_names,
    people <= {{ var('household_address_max_people') }} as is_linking,
    case
        when people > {{ var('household_address_max_people') }} then 'more people than a household has'
    end as reason
from counted
