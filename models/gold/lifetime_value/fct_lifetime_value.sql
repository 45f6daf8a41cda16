-- Grain: one row per kind and customer, at as_of: an account that ever had a subscription with recurring revenue, or a person who bought without a contract.
-- Both are margin, and no dollar is in both: a purchase that pays a bill of the account is left out of the person's.
with customers as (
    select
        'contractual' as kind,
        customer_id,
        cast(null as {{ dbt.type_string() }}) as golden_customer_id,
        sum(margin_to_date_usd) as margin_to_date_usd,
        sum(case when has_ended then 0 else 1 end) = 0 as has_ended,
        false as is_without_value
    from {{ ref('silver__subscription_spells') }}
    where not is_past
    group by customer_id
    union all
    select
        'non_contractual' as kind,
        days.person_key as customer_id,
        max(days.golden_customer_id) as golden_customer_id,
        sum(days.value_usd * {{ var('gross_margin') }}) as margin_to_date_usd,
        false as has_ended,
        sum(case when days.is_purchase_day then 1 else 0 end) = 0 as is_without_value
    from {{ ref('silver__purchase_days') }} as days
    group by days.person_key
),

foretold as (
    select
        customers.*,
        settings.as_of,
        settings.horizon_months,
        models.model_id,
        models.state,
        models.reason,
        predictions.expected_purchases,
        predictions.probability_alive,
        case when customers.has_ended then 0 else predictions.probability_kept end as probability_kept,
        -- Who has left brings nothing more, whatever a model says of others.
        cast(case when customers.has_ended then 0 else predictions.expected_usd end as decimal(18, 2)) as expected_margin_usd,
        cast(case when customers.has_ended then 0 else predictions.low_usd end as decimal(18, 2)) as low_margin_usd,
        cast(case when customers.has_ended then 0 else predictions.high_usd end as decimal(18, 2)) as high_margin_usd,
        cast(customers.margin_to_date_usd as decimal(18, 2)) as to_date_usd
    from customers
    cross join {{ ref('silver__lifetime_value_settings') }} as settings
    left join {{ source('lifetime_value', 'models') }} as models
        on customers.kind = models.kind and settings.as_of = models.fitted_at
    left join {{ source('lifetime_value', 'predictions') }} as predictions
        on
            models.model_id = predictions.model_id
            and settings.horizon_months = predictions.horizon_months
            and customers.customer_id = predictions.customer_id
)

select
    kind,
    customer_id,
    golden_customer_id,
    as_of,
    horizon_months,
    case
        when has_ended then 'ended'
        when expected_margin_usd is not null then 'model'
        else 'none'
    end as value_used,
    model_id,
    to_date_usd as margin_to_date_usd,
    expected_margin_usd,
    low_margin_usd,
    high_margin_usd,
    cast(to_date_usd + expected_margin_usd as decimal(18, 2)) as lifetime_margin_usd,
    expected_purchases,
    probability_alive,
    probability_kept,
    case
        when has_ended then 'The subscription has ended; a return is not foretold.'
        when expected_margin_usd is not null then null
        when is_without_value then 'No purchase that was kept and whose value is known: nothing to learn from.'
        when model_id is null then 'The lifetime value step has not run for this moment.'
        when state != 'current' then reason
        else 'The lifetime value step did not know this customer, or had another horizon: run it again.'
    end as why_empty
from foretold
