-- Grain: one row per person's holding of a product up to as_of, as it stood then. Holdings of nobody known stay in.
with holdings as (
    select
        ownership.source_system,
        ownership.ownership_id,
        identity_map.golden_customer_id,
        {{ record_key('ownership.origin_system', 'ownership.source_record_id') }} as record_key,
        ownership.product_id,
        ownership.product_name,
        coalesce(lower(ownership.product_category), 'unknown') as product_category,
        ownership.opened_at,
        -- An end that lies ahead is a plan. One before the beginning is an end at the beginning.
        case when ownership.closed_at <= build.as_of then greatest(ownership.closed_at, ownership.opened_at) end as closed_at,
        -- A row that took the place of an earlier one does not say what the status was before.
        case when ownership.updated_at <= build.as_of or ownership.updated_at is null then lower(ownership.status) end as status,
        coalesce(upper(ownership.currency), 'USD') as currency,
        ownership.balance,
        ownership.monthly_price,
        coalesce(ownership.is_primary_holder, true) as is_primary_holder,
        ownership.source_file,
        ownership.source_line
    from {{ ref('bronze__product_ownership') }} as ownership
    left join {{ ref('silver__identity_map') }} as identity_map
        on ownership.origin_system = identity_map.source_system and ownership.source_record_id = identity_map.source_record_id
    cross join {{ ref('silver__as_of') }} as build
    where ownership.opened_at <= build.as_of
),

-- One row per holder has no id of the thing held; holders of one product since the same moment, with one first holder among them,
-- hold it together.
joint as (
    select
        source_system,
        product_id,
        opened_at,
        sum(case when is_primary_holder then 1 else 0 end) as primary_holders,
        count(*) as holders,
        min(ownership_id) filter (where is_primary_holder) as primary_ownership_id
    from holdings
    group by source_system, product_id, opened_at
)

select
    holdings.source_system,
    holdings.ownership_id,
    holdings.golden_customer_id,
    holdings.record_key,
    holdings.product_id,
    holdings.product_name,
    holdings.product_category,
    holdings.opened_at,
    holdings.closed_at,
    holdings.closed_at is null as is_open,
    holdings.status,
    holdings.currency,
    holdings.balance,
    {{ in_usd('holdings.balance', 'currencies.usd_per_unit') }} as balance_usd,
    holdings.monthly_price,
    {{ in_usd('holdings.monthly_price', 'currencies.usd_per_unit') }} as monthly_price_usd,
    holdings.is_primary_holder,
    case when joint.primary_holders = 1 and joint.holders between 2 and 4 then joint.primary_ownership_id end as joint_ownership_id,
    holdings.source_file,
    holdings.source_line
from holdings
inner join joint
    on
        holdings.source_system = joint.source_system
        and holdings.product_id = joint.product_id
        and holdings.opened_at = joint.opened_at
left join {{ ref('currencies') }} as currencies
    on holdings.currency = currencies.currency
