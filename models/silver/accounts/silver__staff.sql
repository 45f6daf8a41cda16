-- Grain: one row per login of our own staff. What they do is nobody's use of the product.
select distinct user_id
from {{ ref('bronze__users') }}
where is_internal
