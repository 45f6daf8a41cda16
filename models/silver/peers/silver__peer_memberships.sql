-- Grain: one row per account that is a customer at as_of and level of likeness: the group of similar accounts it would be compared with.
-- Nobody is like others because both are unknown: without tier, industry or size an account has no group on the levels that ask for it.
with accounts as (
    select
        accounts.customer_id,
        nullif(accounts.customer_tier, 'Unknown') as customer_tier,
        nullif(accounts.industry, 'Unknown') as industry,
        daily.total_users
    from {{ ref('silver__accounts') }} as accounts
    inner join {{ ref('silver__account_daily') }} as daily
        on accounts.customer_id = daily.customer_id
    inner join {{ ref('silver__as_of') }} as build
        on daily.date_day = cast(build.as_of as date)
    where daily.is_customer
),

banded as (
    select
        accounts.*,
        bands.size_band,
        row_number() over (partition by accounts.customer_id order by bands.users_from desc nulls last) as place
    from accounts
    left join {{ ref('peer_size_bands') }} as bands
        on accounts.total_users >= bands.users_from
),

sized as (
    select customer_id, customer_tier, industry, size_band
    from banded
    where place = 1
),

levels as (
    select
        customer_id,
        1 as level_number,
        'tier, industry and size' as level_name,
        customer_tier || ', ' || industry || ', ' || size_band as peer_group
    from sized
    union all
    select customer_id, 2, 'tier and industry', customer_tier || ', ' || industry
    from sized
    union all
    select customer_id, 3, 'tier', customer_tier
    from sized
    union all
    select customer_id, 4, 'all', 'all customers'
    from sized
)

select
    customer_id,
    level_number,
    level_name,
    peer_group,
    count(*) over (partition by level_number, peer_group) - 1 as other_accounts
from levels
where peer_group is not null
