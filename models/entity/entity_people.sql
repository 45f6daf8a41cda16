-- Grain: one row per golden customer, except those all of whose records are deleted or tests.
with accounts as (
    select
        memberships.golden_customer_id,
        count(*) as accounts,
        {{ joined_text('memberships.customer_id', ', ', 'memberships.customer_id') }} as customer_ids
    from {{ ref('silver__golden_customer_accounts') }} as memberships
    inner join {{ ref('silver__accounts') }} as listed
        on memberships.customer_id = listed.customer_id
    where not memberships.is_deleted
    group by memberships.golden_customer_id
)

select
    people.golden_customer_id,
    people.title,
    people.given_name,
    people.middle_name,
    people.family_name,
    people.full_name,
    people.birth_date,
    people.gender,
    people.email,
    people.phone,
    people.mobile_phone,
    people.house_number,
    people.street_address,
    people.address_line_2,
    people.city,
    people.postcode,
    people.region,
    people.country,
    people.language,
    people.company_name,
    people.job_title,
    coalesce(accounts.accounts, 0) as accounts,
    accounts.customer_ids,
    people.records,
    people.source_systems,
    people.first_seen_at,
    people.last_updated_at,
    people.completeness_score,
    people.conflict_score,
    people.is_internal,
    build.as_of
from {{ ref('silver__golden_customers') }} as people
cross join {{ ref('silver__as_of') }} as build
left join accounts
    on people.golden_customer_id = accounts.golden_customer_id
where not people.is_deleted and not people.is_test
