-- Wrong if what is foretold of a customer is no interval, is not the sum it says, is empty without a word, or the groups of the hold-out do not add up to all.
with customers as (
    select kind || ' ' || customer_id as place
    from {{ ref('fct_lifetime_value') }}
    where
        low_margin_usd > high_margin_usd
        or lifetime_margin_usd != margin_to_date_usd + expected_margin_usd
        or (expected_margin_usd is null) != (low_margin_usd is null)
        or (value_used = 'none') != (expected_margin_usd is null)
        or (value_used = 'model') != (why_empty is null)
),

groups as (
    select
        model_id,
        grouped_by,
        sum(customers) as customers,
        sum(foretold_usd) as foretold_usd,
        sum(observed_usd) as observed_usd
    from {{ ref('fct_lifetime_value_holdout') }}
    group by model_id, grouped_by
)

select place
from customers
union all
select groups.model_id || ' ' || groups.grouped_by as place
from groups
inner join groups as everybody
    on groups.model_id = everybody.model_id and everybody.grouped_by = 'all'
where
    groups.customers != everybody.customers
    or abs(groups.foretold_usd - everybody.foretold_usd) > 0.01
    or abs(groups.observed_usd - everybody.observed_usd) > 0.01
