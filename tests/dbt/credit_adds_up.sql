-- Wrong if, in any model, the credit of a conversion does not add up to 1, or its credited value to what the conversion is worth.
with added as (
    select
        conversion_id,
        attribution_model,
        sum(credit) as credit,
        sum(credited_value_usd) as value_usd
    from {{ ref('fct_attribution') }}
    group by conversion_id, attribution_model
),

expected as (
    select
        conversions.conversion_id,
        conversions.value_usd,
        models.attribution_model
    from {{ ref('silver__conversions') }} as conversions
    cross join (select distinct attribution_model from {{ ref('fct_attribution') }}) as models
    left join (select distinct conversion_name, attribution_model from {{ source('attribution', 'channel_weights') }}) as learnt
        on conversions.conversion_name = learnt.conversion_name and models.attribution_model = learnt.attribution_model
    where models.attribution_model not in ('markov', 'shapley') or learnt.attribution_model is not null
)

select
    expected.conversion_id,
    expected.attribution_model,
    added.credit,
    added.value_usd,
    expected.value_usd as expected_value_usd
from expected
left join added
    on expected.conversion_id = added.conversion_id and expected.attribution_model = added.attribution_model
where
    added.conversion_id is null
    or abs(added.credit - 1) > 1e-9
    or abs(added.value_usd - expected.value_usd) > 1e-6 * greatest(1, abs(expected.value_usd))
