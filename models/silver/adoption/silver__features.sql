-- Grain: one row per feature on offer at as_of: those of the catalogue, and those that were used although it does not list them.
with catalogue as (
    select
        features.feature_name,
        features.feature_category,
        features.released_at,
        features.retired_at,
        features.is_core,
        row_number() over (
            partition by features.feature_name order by features.updated_at desc nulls last, features.source_system
        ) as listing_rank
    from {{ ref('bronze__features') }} as features
    where not coalesce(features.is_deleted, false)
),

used as (
    select
        feature_name,
        min(used_on) as first_used_on
    from {{ ref('silver__feature_use') }}
    group by feature_name
)

select
    coalesce(catalogue.feature_name, used.feature_name) as feature_name,
    coalesce(catalogue.feature_category, 'Unknown') as feature_category,
    catalogue.is_core,
    coalesce(cast(catalogue.released_at as date), used.first_used_on) as offered_from,
    catalogue.feature_name is not null as is_listed
from catalogue
full outer join used
    on catalogue.feature_name = used.feature_name
cross join {{ ref('silver__as_of') }} as build
where
    coalesce(catalogue.listing_rank, 1) = 1
    and (catalogue.released_at is null or catalogue.released_at <= build.as_of)
    and (catalogue.retired_at is null or catalogue.retired_at > build.as_of)
