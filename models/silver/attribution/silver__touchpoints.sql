-- Grain: one row per contact that may have led to a conversion, up to as_of: each visit, with the channel it came by, and each row of the contract
-- touchpoints whose type counts (seed touchpoint_types).
-- A click that brought somebody to the site is that visit: it is left out if the person's next visit begins within half an hour.
with channel_groups as (
    select distinct channel_group from {{ ref('channel_rules') }}
),

people_of_rows as (
    select
        rows_in.*,
        coalesce(rows_in.user_id, people.user_id) as person_user_id,
        coalesce(identity_map.golden_customer_id, users.golden_customer_id) as golden_customer_id,
        coalesce(account_map.customer_id, users.customer_id) as account_id
    from {{ ref('bronze__touchpoints') }} as rows_in
    cross join {{ ref('silver__as_of') }} as build
    left join {{ ref('silver__identity_map') }} as identity_map
        on rows_in.origin_system = identity_map.source_system and rows_in.source_record_id = identity_map.source_record_id
    left join {{ ref('silver__visitor_people') }} as people
        on {{ taken_for('rows_in', 'people', 'occurred_at') }}
    left join {{ ref('silver__users') }} as users
        on coalesce(rows_in.user_id, people.user_id) = users.user_id
    left join {{ ref('silver__account_map') }} as account_map
        on rows_in.source_system = account_map.source_system and rows_in.customer_id = account_map.source_customer_id
    where rows_in.occurred_at <= build.as_of
),

landed as (
    select
        md5(rows_in.source_system || '|' || rows_in.touchpoint_id) as touchpoint_id,
        rows_in.touchpoint_type,
        rows_in.occurred_at,
        {{ person_key('rows_in.golden_customer_id', 'rows_in.person_user_id', 'rows_in.visitor_id') }} as person_key,
        rows_in.golden_customer_id,
        rows_in.account_id as customer_id,
        coalesce(channel_groups.channel_group, nullif(sources.channel_group, 'Unassigned'), types.channel_group, 'Unassigned') as channel_group,
        coalesce(rows_in.utm_campaign, rows_in.campaign_id) as campaign,
        {{ in_usd('rows_in.cost', 'currencies.usd_per_unit') }} as cost_usd,
        types.leads_to_visit,
        0 as is_visit,
        rows_in.source_file,
        rows_in.source_line
    from people_of_rows as rows_in
    inner join {{ ref('touchpoint_types') }} as types
        on lower(rows_in.touchpoint_type) = types.touchpoint_type and types.counts_for_attribution
    left join channel_groups
        on lower(rows_in.channel) = lower(channel_groups.channel_group)
    left join {{ ref('silver__traffic_sources') }} as sources
        on
            coalesce(rows_in.utm_source, rows_in.utm_medium) is not null
            and sources.traffic_source_id
            = {{ traffic_source_key(['null', 'null', 'null', 'rows_in.utm_source', 'rows_in.utm_medium', 'rows_in.utm_campaign']) }}
    left join {{ ref('currencies') }} as currencies
        on upper(coalesce(rows_in.currency, 'USD')) = currencies.currency
),

visits as (
    select
        session_id as touchpoint_id,
        'session' as touchpoint_type,
        started_at as occurred_at,
        {{ person_key('golden_customer_id', 'user_id', 'visitor_id') }} as person_key,
        golden_customer_id,
        customer_id,
        coalesce(channel_group, 'Unassigned') as channel_group,
        campaign,
        cast(null as decimal(18, 4)) as cost_usd,
        false as leads_to_visit,
        1 as is_visit,
        cast(null as {{ dbt.type_string() }}) as source_file,
        cast(null as bigint) as source_line
    from {{ ref('silver__account_sessions') }}
    -- What a back end sends brought nobody to the site.
    where coalesce(platform, '') != 'server' or page_views > 0
),

touches as (
    select * from visits
    union all
    select * from landed where person_key is not null
),

followed as (
    select
        *,
        min(case when is_visit = 1 then occurred_at end) over (
            partition by person_key
            order by occurred_at, is_visit, touchpoint_id
            rows between 1 following and unbounded following
        ) as next_visit_at
    from touches
)

select
    touchpoint_id,
    touchpoint_type,
    occurred_at,
    person_key,
    golden_customer_id,
    customer_id,
    channel_group,
    campaign,
    cost_usd,
    source_file,
    source_line
from followed
where not (leads_to_visit and coalesce({{ seconds_between('occurred_at', 'next_visit_at') }} <= 1800, false))
