-- Grain: one row per person, as they stand at as_of: what somebody who talks to them wants to see. Persons all of whose records are deleted or
-- tests, and our own staff, are left out.
with stages as (
    select
        history.golden_customer_id,
        history.lifecycle_stage,
        history.valid_from as lifecycle_stage_since,
        history.duration_days as days_in_stage,
        history.cause_rule as lifecycle_cause,
        rules.description as lifecycle_reason
    from {{ ref('silver__lifecycle_history') }} as history
    left join {{ ref('lifecycle_rules') }} as rules
        on history.cause_rule = rules.lifecycle_rule
    where history.is_current
),

customer_since as (
    select
        history.golden_customer_id,
        min(history.valid_from) as customer_since
    from {{ ref('silver__lifecycle_history') }} as history
    inner join {{ ref('lifecycle_stages') }} as stages
        on history.lifecycle_stage = stages.lifecycle_stage
    where stages.is_customer
    group by history.golden_customer_id
),

segments as (
    select
        golden_customer_id,
        max(segment_name) filter (where segment_scheme = 'rfm') as rfm_segment,
        max(segment_name) filter (where segment_scheme = 'value_tier') as value_tier,
        max(segment_name) filter (where segment_scheme = 'engagement_level') as engagement_level,
        max(segment_name) filter (where segment_scheme = 'product_breadth') as product_breadth,
        {{ joined_text('recorded_segment', '; ', 'recorded_segment') }} as recorded_segments
    from (
        select
            golden_customer_id,
            segment_scheme,
            segment_name,
            case when origin = 'recorded' then replace(segment_scheme, 'recorded ', '') || ': ' || segment_name end as recorded_segment
        from {{ ref('silver__segment_history') }}
        where is_current
    ) as current_segments
    group by golden_customer_id
),

value_months as (
    select
        value.golden_customer_id,
        value.month,
        value.revenue_usd,
        value.margin_usd,
        value.wallet_estimate_usd,
        value.revenue_to_date_usd,
        value.margin_to_date_usd,
        value.month >= cast({{ dbt.dateadd('month', -12, "cast(date_trunc('month', build.as_of) as date)") }} as date) as is_recent,
        row_number() over (partition by value.golden_customer_id order by value.month desc) as months_back
    from {{ ref('silver__customer_value') }} as value
    cross join {{ ref('silver__as_of') }} as build
    where value.golden_customer_id is not null
),

value as (
    select
        golden_customer_id,
        sum(case when is_recent then revenue_usd end) as revenue_12m_usd,
        sum(case when is_recent then margin_usd end) as margin_12m_usd,
        sum(case when is_recent and wallet_estimate_usd > 0 then revenue_usd end)
        / nullif(sum(case when is_recent then wallet_estimate_usd end), 0) as wallet_share_rate,
        max(case when months_back = 1 then revenue_to_date_usd end) as revenue_to_date_usd,
        max(case when months_back = 1 then margin_to_date_usd end) as margin_to_date_usd,
        max(month) as last_value_month
    from value_months
    group by golden_customer_id
),

products as (
    select
        golden_customer_id,
        count(*) as open_products,
        {{ joined_text('coalesce(product_name, product_id)', '; ', 'coalesce(product_name, product_id)') }} as product_names,
        sum(balance_usd) as balance_usd,
        sum(monthly_price_usd) as monthly_price_usd
    from {{ ref('silver__product_holdings') }}
    where golden_customer_id is not null and is_open
    group by golden_customer_id
),

ranked_contacts as (
    select
        golden_customer_id,
        occurred_at,
        channel,
        interaction_type,
        is_sign_of_life,
        cast(cast(occurred_at as date) as {{ dbt.type_string() }}) || ' ' || channel || coalesce(' ' || interaction_type, '') as contact,
        row_number() over (
            partition by golden_customer_id order by occurred_at desc, interaction_key nulls last
        ) as contact_rank
    from {{ ref('silver__interactions') }}
    where golden_customer_id is not null
),

contacts as (
    select
        ranked.golden_customer_id,
        count(*) as interactions,
        sum(case when ranked.occurred_at > {{ dbt.dateadd('day', -90, 'build.as_of') }} then 1 else 0 end) as interactions_90d,
        max(ranked.occurred_at) as last_interaction_at,
        max(case when ranked.is_sign_of_life then ranked.occurred_at end) as last_sign_of_life_at,
        max(case when ranked.contact_rank = 1 then ranked.channel end) as last_interaction_channel,
        max(case when ranked.contact_rank = 1 then ranked.interaction_type end) as last_interaction_type,
        {{ joined_text('case when ranked.contact_rank <= 3 then ranked.contact end', '; ', 'ranked.contact_rank') }} as last_interactions
    from ranked_contacts as ranked
    cross join {{ ref('silver__as_of') }} as build
    group by ranked.golden_customer_id
),

complaints as (
    select
        golden_customer_id,
        count(*) as complaints,
        sum(case when is_resolved then 0 else 1 end) as open_complaints,
        max(opened_at) as last_complaint_at
    from {{ ref('silver__complaints') }}
    where golden_customer_id is not null and feedback_type = 'complaint'
    group by golden_customer_id
),

-- 'any' speaks for every channel; one no is a no. Where nobody ever asked, it is unknown, which is no permission.
consents as (
    select
        golden_customer_id,
        {% for channel in ['email', 'sms', 'phone', 'push', 'post'] -%}
        min(case when channel in ('{{ channel }}', 'any') and purpose = 'marketing' then case when is_permitted then 1 else 0 end end)
        = 1 as may_{{ channel }}_marketing,
        {% endfor -%}
        sum(case when has_conflict then 1 else 0 end) as consent_conflicts
    from {{ ref('silver__consents') }}
    group by golden_customer_id
)

select
    golden.golden_customer_id,
    golden.full_name,
    golden.email,
    golden.mobile_phone,
    golden.city,
    golden.country,
    golden.language,
    golden.first_seen_at,
    golden.completeness_score,
    golden.conflict_score,
    stages.lifecycle_stage,
    stages.lifecycle_stage_since,
    stages.days_in_stage,
    stages.lifecycle_cause,
    stages.lifecycle_reason,
    customer_since.customer_since,
    segments.rfm_segment,
    segments.value_tier,
    segments.engagement_level,
    segments.product_breadth,
    segments.recorded_segments,
    members.household_id,
    households.household_type,
    households.members as household_members,
    cast(value.revenue_12m_usd as decimal(18, 4)) as revenue_12m_usd,
    cast(value.margin_12m_usd as decimal(18, 4)) as margin_12m_usd,
    value.revenue_to_date_usd,
    value.margin_to_date_usd,
    cast(value.wallet_share_rate as double) as wallet_share_rate,
    value.last_value_month,
    cast(coalesce(products.open_products, 0) as bigint) as open_products,
    products.product_names,
    cast(products.balance_usd as decimal(18, 4)) as balance_usd,
    cast(products.monthly_price_usd as decimal(18, 4)) as monthly_price_usd,
    cast(coalesce(contacts.interactions, 0) as bigint) as interactions,
    cast(coalesce(contacts.interactions_90d, 0) as bigint) as interactions_90d,
    contacts.last_interaction_at,
    contacts.last_interaction_channel,
    contacts.last_interaction_type,
    contacts.last_interactions,
    contacts.last_sign_of_life_at,
    cast(coalesce(complaints.complaints, 0) as bigint) as complaints,
    cast(coalesce(complaints.open_complaints, 0) as bigint) as open_complaints,
    complaints.last_complaint_at,
    {% for channel in ['email', 'sms', 'phone', 'push', 'post'] -%}
    consents.may_{{ channel }}_marketing,
    {% endfor -%}
    cast(coalesce(consents.consent_conflicts, 0) as bigint) as consent_conflicts,
    build.as_of
from {{ ref('silver__golden_customers') }} as golden
cross join {{ ref('silver__as_of') }} as build
left join stages
    on golden.golden_customer_id = stages.golden_customer_id
left join customer_since
    on golden.golden_customer_id = customer_since.golden_customer_id
left join segments
    on golden.golden_customer_id = segments.golden_customer_id
left join {{ ref('silver__household_members') }} as members
    on golden.golden_customer_id = members.golden_customer_id
left join {{ ref('silver__households') }} as households
    on members.household_id = households.household_id
left join value
    on golden.golden_customer_id = value.golden_customer_id
left join products
    on golden.golden_customer_id = products.golden_customer_id
left join contacts
    on golden.golden_customer_id = contacts.golden_customer_id
left join complaints
    on golden.golden_customer_id = complaints.golden_customer_id
left join consents
    on golden.golden_customer_id = consents.golden_customer_id
where
    not coalesce(golden.is_deleted, false)
    and not coalesce(golden.is_test, false)
    and not coalesce(golden.is_internal, false)
