-- Grain: one row: what lifetime value is reckoned with. The Python step reads the variables from here.
select
    as_of,
    cast({{ var('lifetime_value_horizon_months') }} as bigint) as horizon_months,
    cast({{ var('lifetime_value_discount_rate') }} as double) as discount_rate,
    cast({{ var('lifetime_value_holdout_days') }} as bigint) as holdout_days,
    cast({{ var('gross_margin') }} as double) as gross_margin
from {{ ref('silver__as_of') }}
