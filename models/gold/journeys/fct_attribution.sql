-- Grain: one row per conversion, touchpoint and attribution model, with the share of the conversion that the model credits the touchpoint with.
-- Rules are there for every conversion. markov and shapley share each conversion out by what its channels weighed when the step last learnt;
-- channels it does not know weigh nothing, and where no channel weighs anything all touchpoints share alike.
{% set rules = ['first_touch', 'last_touch', 'last_non_direct', 'linear', 'time_decay', 'position_based'] -%}
with by_rule as (
    {% for rule in rules %}
    select
        conversion_id,
        touchpoint_id,
        '{{ rule }}' as attribution_model,
        {{ rule }}_credit as credit
    from {{ ref('silver__touchpoints_attributed') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

learnt as (
    select distinct
        conversion_name,
        attribution_model
    from {{ source('attribution', 'channel_weights') }}
),

weighed as (
    select
        attributed.conversion_id,
        attributed.touchpoint_id,
        learnt.attribution_model,
        attributed.touchpoints,
        coalesce(weights.weight, 0) as weight,
        -- Decimals add up to the same sum in any order; floating-point numbers do not.
        sum(cast(coalesce(weights.weight, 0) as decimal(28, 18))) over (partition by attributed.conversion_id, learnt.attribution_model) as weight_of_all
    from {{ ref('silver__touchpoints_attributed') }} as attributed
    inner join learnt
        on attributed.conversion_name = learnt.conversion_name
    left join {{ source('attribution', 'channel_weights') }} as weights
        on
            attributed.conversion_name = weights.conversion_name
            and learnt.attribution_model = weights.attribution_model
            and attributed.channel_group = weights.channel_group
),

credited as (
    select conversion_id, touchpoint_id, attribution_model, credit
    from by_rule
    union all
    select
        conversion_id,
        touchpoint_id,
        attribution_model,
        case when weight_of_all > 0 then weight / nullif(cast(weight_of_all as double), 0) else cast(1 as double) / touchpoints end
    from weighed
)

select
    credited.conversion_id,
    attributed.conversion_name,
    credited.touchpoint_id,
    credited.attribution_model,
    attributed.person_key,
    attributed.golden_customer_id,
    attributed.customer_id,
    attributed.converted_at,
    attributed.touched_at,
    attributed.touchpoint_type,
    attributed.channel_group,
    attributed.campaign,
    attributed.position,
    attributed.touchpoints,
    credited.credit,
    credited.credit * cast(attributed.value_usd as double) as credited_value_usd
from credited
inner join {{ ref('silver__touchpoints_attributed') }} as attributed
    on
        credited.conversion_id = attributed.conversion_id
        and coalesce(credited.touchpoint_id, '') = coalesce(attributed.touchpoint_id, '')
