-- Grain: one row per account, whether or not a system lists it. Test accounts and deleted ones are left out here, and with them
-- whatever hangs on them in every later table.
with listed as (
    select
        account_map.customer_id,
        accounts.customer_name,
        accounts.customer_tier,
        accounts.industry,
        accounts.country,
        accounts.csm_owner,
        accounts.website_domain,
        accounts.acquisition_channel,
        accounts.seats,
        accounts.created_at,
        accounts.is_churned,
        accounts.source_system,
        accounts.source_file,
        accounts.source_line,
        row_number() over (
            partition by account_map.customer_id
            order by
                case when accounts.is_test or accounts.is_deleted then 1 else 0 end nulls last,
                accounts.updated_at desc nulls last, accounts.source_system, accounts.source_file desc, accounts.source_line desc
        ) as listing_rank
    from {{ ref('bronze__accounts') }} as accounts
    inner join {{ ref('silver__account_map') }} as account_map
        on
            accounts.source_system = account_map.source_system
            and accounts.customer_id = account_map.source_customer_id
),

everyone as (
    select
        customer_id,
        min(source_system) as first_system,
        count(distinct source_system) as source_systems
    from {{ ref('silver__account_map') }}
    where not is_left_out
    group by customer_id
)

select
    everyone.customer_id,
    coalesce(listed.customer_name, everyone.customer_id) as customer_name,
    coalesce(tiers.customer_tier, 'Unknown') as customer_tier,
    listed.customer_tier as source_tier,
    coalesce(listed.industry, 'Unknown') as industry,
    listed.country,
    listed.csm_owner,
    listed.website_domain,
    listed.acquisition_channel,
    listed.seats,
    listed.created_at,
    listed.is_churned as is_churned_by_source,
    listed.customer_id is not null as is_listed,
    everyone.source_systems,
    coalesce(listed.source_system, everyone.first_system) as source_system,
    listed.source_file,
    listed.source_line
from everyone
left join listed
    on everyone.customer_id = listed.customer_id and listed.listing_rank = 1
left join {{ ref('customer_tiers') }} as tiers
    on lower(listed.customer_tier) = tiers.source_tier
cross join {{ ref('silver__as_of') }} as build
where listed.created_at is null or listed.created_at <= build.as_of
