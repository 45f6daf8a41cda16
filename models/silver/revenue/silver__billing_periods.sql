-- Grain: one row per paid stretch of a subscription's terms and billing period of a month or longer that touches it.
-- Periods are counted from the end of the current one, which is what sources state; where they state none, from the start.
with terms as (
    select
        terms.*,
        cast(terms.valid_from as date) as terms_begin_on,
        cast(terms.valid_to as date) as terms_end_on,
        coalesce(terms.current_period_ends_at, terms.started_at) as anchor,
        build.as_of
    from {{ ref('silver__subscription_terms') }} as terms
    cross join {{ ref('silver__as_of') }} as build
    where
        terms.valid_from <= build.as_of
        and terms.billing_months >= 1
        and terms.mrr > 0
        and not terms.is_free
),

numbers as (
    {% for number in range(-120, 121) -%}
    select {{ number }} as period
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

periods as (
    select
        terms.*,
        cast({{ dbt.dateadd('month', 'cast((numbers.period - 1) * terms.billing_months as integer)', 'terms.anchor') }} as date) as begins_on,
        cast({{ dbt.dateadd('month', 'cast(numbers.period * terms.billing_months as integer)', 'terms.anchor') }} as date) as ends_on
    from terms
    cross join numbers
)

select
    source_system,
    subscription_id,
    customer_id,
    valid_from,
    terms_begin_on,
    valid_to,
    terms_end_on,
    begins_on,
    ends_on,
    billing_months,
    mrr,
    plan_name,
    is_auto_renewing,
    canceled_at,
    source_file,
    source_line
from periods
where
    begins_on <= cast(as_of as date)
    and ends_on > terms_begin_on
    and (terms_end_on is null or begins_on < terms_end_on)
