-- Wrong if, in any model, the credit of a conversion does not add up to 1, or its credited value to what the conversion is worth; or if a
-- conversion is missing in a model that gives credit for conversions of its name.
with added as (
    select
        conversion_id,
        conversion_name,
        attribution_model,
        sum(credit) as credit,
        sum(credited_value_usd) as value_usd
    from {{ ref('fct_attribution') }}
    group by conversion_id, conversion_name, attribution_model
),

giving_credit as (
    select distinct
        conversion_name,
        attribution_model
    from added
)

select
    conversions.conversion_id,
    giving_credit.attribution_model,
    added.credit,
    added.value_usd,
    conversions.value_usd as expected_value_usd
from {{ ref('silver__conversions') }} as conversions
left join giving_credit
    on conversions.conversion_name = giving_credit.conversion_name
left join added
    on conversions.conversion_id = added.conversion_id and giving_credit.attribution_model = added.attribution_model
where
    added.conversion_id is null
    or abs(added.credit - 1) > 1e-9
    or abs(added.value_usd - conversions.value_usd) > 1e-6 * greatest(1, abs(conversions.value_usd))
