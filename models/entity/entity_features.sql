-- Grain: one row per account that is a customer or ever used it, and feature on offer at as_of.
with build as (
    select
        as_of,
        cast({{ dbt.dateadd('day', -29, 'cast(as_of as date)') }} as date) as first_day,
        cast({{ dbt.dateadd('day', -90, 'cast(as_of as date)') }} as date) as compared_on,
        cast({{ dbt.dateadd('day', -119, 'cast(as_of as date)') }} as date) as compared_from
    from {{ ref('silver__as_of') }}
),

uses as (
    select
        uses.customer_id,
        uses.feature_name,
        min(uses.used_on) as first_used_on,
        max(uses.used_on) as last_used_on,
        count(distinct case when uses.used_on >= build.first_day then nullif(uses.user_id, '') end) as users_using_30d,
        cast(sum(case when uses.used_on >= build.first_day then uses.uses else 0 end) as bigint) as uses_30d,
        count(distinct case when uses.used_on >= build.first_day then uses.used_on end) as days_used_30d,
        max(case when uses.used_on between build.compared_from and build.compared_on then 1 else 0 end) as was_used_then
    from {{ ref('silver__feature_use') }} as uses
    cross join build
    group by uses.customer_id, uses.feature_name
),

-- Those who were customers 90 days ago, and whether they still are: who used a feature in the 30 days to then, against who did not.
then_customers as (
    select
        daily.customer_id,
        case when customers.is_active then 1.0 else 0.0 end as stayed
    from {{ ref('silver__account_daily') }} as daily
    cross join build
    inner join {{ ref('entity_customers') }} as customers
        on daily.customer_id = customers.customer_id
    where daily.date_day = build.compared_on and daily.is_customer
),

compared as (
    select
        features.feature_name,
        count(case when uses.was_used_then = 1 then 1 end) as accounts_with,
        count(case when coalesce(uses.was_used_then, 0) = 0 then 1 end) as accounts_without,
        avg(case when uses.was_used_then = 1 then then_customers.stayed end) as stayed_with,
        avg(case when coalesce(uses.was_used_then, 0) = 0 then then_customers.stayed end) as stayed_without
    from {{ ref('silver__features') }} as features
    cross join then_customers
    cross join build
    left join uses
        on features.feature_name = uses.feature_name and then_customers.customer_id = uses.customer_id
    where features.offered_from <= build.compared_on
    group by features.feature_name
),

pairs as (
    select
        customers.customer_id,
        customers.total_users,
        customers.is_active,
        features.feature_name,
        features.feature_category,
        features.is_core,
        uses.first_used_on,
        uses.last_used_on,
        coalesce(uses.users_using_30d, 0) as users_using_30d,
        coalesce(uses.uses_30d, 0) as uses_30d,
        coalesce(uses.days_used_30d, 0) as days_used_30d
    from {{ ref('entity_customers') }} as customers
    cross join {{ ref('silver__features') }} as features
    left join uses
        on customers.customer_id = uses.customer_id and features.feature_name = uses.feature_name
    where customers.is_active or uses.customer_id is not null
)

select
    pairs.feature_name,
    pairs.feature_category,
    pairs.is_core,
    pairs.customer_id,
    -- Of logins nobody lists, or use of which only the account is known: used at all counts as all of them.
    case
        when pairs.uses_30d = 0 then 0
        when pairs.users_using_30d = 0 or pairs.total_users = 0 then 1
        else least(cast(pairs.users_using_30d as double) / nullif(pairs.total_users, 0), 1)
    end as adoption_rate,
    pairs.users_using_30d,
    pairs.uses_30d,
    pairs.days_used_30d,
    pairs.first_used_on,
    pairs.last_used_on,
    -- Its place among the accounts that use the feature, by uses a login.
    case
        when pairs.uses_30d > 0
            then 100 * percent_rank() over (
                partition by pairs.feature_name, pairs.uses_30d > 0
                order by cast(pairs.uses_30d as double) / nullif(greatest(pairs.users_using_30d, 1), 0) nulls last
            )
        else 0
    end as usage_intensity_score,
    -- 50: those who used it stayed as often as those who did not. An association: who uses much is also otherwise inclined to stay.
    case
        when compared.accounts_with >= 20 and compared.accounts_without >= 20
            then greatest(0, least(100, 50 + 50 * (compared.stayed_with - compared.stayed_without)))
    end as retention_impact_score
from pairs
left join compared
    on pairs.feature_name = compared.feature_name
