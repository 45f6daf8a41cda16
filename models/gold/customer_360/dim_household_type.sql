-- Grain: one row per household type.
select
    household_type,
    type_order,
    type_name,
    description
from {{ ref('household_types') }}
