-- Grain: one row per traffic source: per distinct host and query that a session began on, host it came from, and campaign columns; and per
-- distinct campaign columns of touchpoints.
-- Rules are asked once for each of these and not for each session. Stored anew with every build, so that a changed rule holds for all time.
-- Sessions of one source differ in what decides nothing (the path of the page), so any of them shows it.
with shown as (
    select
        traffic_source_id,
        min(entry_page_url) as entry_page_url,
        min(referrer_url) as referrer_url,
        min(nullif(utm_source, '')) as utm_source,
        min(nullif(utm_medium, '')) as utm_medium,
        min(nullif(utm_campaign, '')) as utm_campaign
    from {{ ref('silver__sessions') }}
    group by traffic_source_id
    union
    select distinct
        {{ traffic_source_key(['null', 'null', 'null', 'utm_source', 'utm_medium', 'utm_campaign']) }},
        cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_string() }}),
        utm_source,
        utm_medium,
        utm_campaign
    from {{ ref('bronze__touchpoints') }}
    where coalesce(utm_source, utm_medium) is not null
),

landings as (
    select
        traffic_source_id,
        {{ url_authority('entry_page_url') }} as landing_authority,
        {{ url_query('entry_page_url') }} as landing_query,
        {{ url_authority('referrer_url') }} as referrer_authority,
        utm_source,
        utm_medium,
        utm_campaign
    from shown
),

addressed as (
    select
        traffic_source_id,
        {{ url_host('landing_authority') }} as landing_host,
        {{ url_host('referrer_authority') }} as referrer_host,
        landing_query,
        nullif(lower(trim(utm_source)), '') as utm_source,
        nullif(lower(trim(utm_medium)), '') as utm_medium,
        nullif(trim(utm_campaign), '') as utm_campaign,
        case when lower(landing_query) like '%utm_%' then lower({{ url_parameter('landing_query', 'utm_source') }}) end as page_source,
        case when lower(landing_query) like '%utm_%' then lower({{ url_parameter('landing_query', 'utm_medium') }}) end as page_medium,
        case when lower(landing_query) like '%utm_%' then {{ url_parameter('landing_query', 'utm_campaign') }} end as page_campaign
    from landings
),

clicks_found as (
    select
        addressed.traffic_source_id,
        click_ids.click_id,
        row_number() over (partition by addressed.traffic_source_id order by click_ids.priority nulls last, click_ids.click_id nulls last) as click_rank
    from addressed
    inner join {{ ref('click_ids') }} as click_ids
        on
            '&' || lower(addressed.landing_query) like '%&' || click_ids.click_id || '=_%'
            and '&' || lower(addressed.landing_query) || '&' not like '%&' || click_ids.click_id || '=&%'
),

-- The address fills what the columns leave empty, unless the two speak of different sources.
tagged as (
    select
        addressed.traffic_source_id,
        addressed.landing_host,
        addressed.referrer_host,
        clicks_found.click_id,
        coalesce(addressed.utm_source, addressed.page_source) as utm_source,
        case
            when coalesce(addressed.utm_source, addressed.page_source, '') = coalesce(addressed.page_source, addressed.utm_source, '')
                then coalesce(addressed.utm_medium, addressed.page_medium)
            else addressed.utm_medium
        end as utm_medium,
        case
            when coalesce(addressed.utm_source, addressed.page_source, '') = coalesce(addressed.page_source, addressed.utm_source, '')
                then coalesce(addressed.utm_campaign, addressed.page_campaign)
            else addressed.utm_campaign
        end as campaign
    from addressed
    left join clicks_found
        on addressed.traffic_source_id = clicks_found.traffic_source_id and clicks_found.click_rank = 1
),

-- Whatever may be the name of a site: hosts, and words written as a source.
names as (
    select landing_host as name from tagged where landing_host is not null
    union
    select referrer_host from tagged where referrer_host is not null
    union
    select utm_source from tagged where utm_source is not null
    union
    select source from {{ ref('click_ids') }}
),

labelled as (
    select
        names.name,
        split_part(names.name, '.', -1) as label_1,
        split_part(names.name, '.', -2) as label_2,
        split_part(names.name, '.', -3) as label_3,
        split_part(names.name, '.', -4) as label_4
    from names
),

-- The registrable domain is the label before the public suffix, with it. An address in numbers and a single word are their own.
-- The brand is that label, where the suffix is a country's or `com`: google.* is meant to be google.de, and not google.zip.
registered as (
    select
        labelled.*,
        case
            when labelled.label_2 = '' or labelled.name like '[%' or translate(labelled.name, '0123456789.', '') = '' then labelled.name
            when suffixes.suffix is not null and labelled.label_3 != ''
                then labelled.label_3 || '.' || labelled.label_2 || '.' || labelled.label_1
            else labelled.label_2 || '.' || labelled.label_1
        end as registrable_domain,
        case
            when suffixes.suffix_type = 'country' then labelled.label_3
            when suffixes.suffix is null and (length(labelled.label_1) = 2 or labelled.label_1 = 'com') then labelled.label_2
            else ''
        end as brand,
        case when suffixes.suffix_type = 'country' then labelled.label_4 else labelled.label_3 end as below_brand
    from labelled
    left join {{ ref('public_suffixes') }} as suffixes
        on labelled.label_2 || '.' || labelled.label_1 = suffixes.suffix
),

-- Every spelling under which the list of sites may know a name; the most exact comes first.
spellings as (
    select name, name as spelling, 1 as spelling_rank from registered
    union all
    select name, label_4 || '.' || label_3 || '.' || label_2 || '.' || label_1, 2 from registered where label_4 != ''
    union all
    select name, label_3 || '.' || label_2 || '.' || label_1, 3 from registered where label_3 != ''
    union all
    select name, below_brand || '.' || brand || '.*', 4 from registered where brand != '' and below_brand != ''
    union all
    select name, label_2 || '.' || label_1, 5 from registered where label_2 != ''
    union all
    select name, brand || '.*', 6 from registered where brand != ''
),

sites_found as (
    select
        spellings.name,
        sites.site_name,
        sites.source_category,
        categories.referral_medium,
        categories.is_source,
        row_number() over (partition by spellings.name order by spellings.spelling_rank nulls last) as site_rank
    from spellings
    inner join {{ ref('referrer_sites') }} as sites
        on spellings.spelling = sites.domain
    inner join {{ ref('source_categories') }} as categories
        on sites.source_category = categories.source_category
),

sites as (
    select * from sites_found
    where site_rank = 1
),

judged as (
    select
        tagged.*,
        clicks.source as click_source,
        clicks.medium as click_medium,
        coalesce(clicks.is_paid, false) as is_paid_click,
        referrer_sites.site_name as referrer_site,
        referrer_sites.source_category as referrer_category,
        referrer_sites.referral_medium,
        case
            when tagged.utm_source is not null or tagged.utm_medium is not null then 'utm'
            when clicks.is_paid then 'click_id'
            when
                tagged.referrer_host is not null
                and not coalesce(referrers.registrable_domain = landing_domains.registrable_domain, false)
                {% for domain in var('own_domains') %}
                and '.' || tagged.referrer_host not like '%.{{ domain | lower }}'
                {% endfor %}
                and coalesce(referrer_sites.is_source, true)
                then 'referrer'
            when tagged.click_id is not null then 'click_id'
            when tagged.referrer_host is null then 'nothing'
            when not coalesce(referrer_sites.is_source, true) then 'ignored_site'
            else 'own_site'
        end as decided_by
    from tagged
    left join {{ ref('click_ids') }} as clicks
        on tagged.click_id = clicks.click_id
    left join registered as landing_domains
        on tagged.landing_host = landing_domains.name
    left join registered as referrers
        on tagged.referrer_host = referrers.name
    left join sites as referrer_sites
        on tagged.referrer_host = referrer_sites.name
),

-- A tag that leaves something out is completed by the click of an advertisement, not by the referrer: it says more than where the link stood.
sourced as (
    select
        judged.*,
        case judged.decided_by
            when 'utm' then coalesce(judged.utm_source, case when judged.is_paid_click then judged.click_source end)
            when 'click_id' then judged.click_source
            when 'referrer'
                then
                    case
                        when judged.referrer_category = 'search' then judged.referrer_site
                        when judged.referrer_host like 'www.%' then substr(judged.referrer_host, 5)
                        else judged.referrer_host
                    end
            else '(direct)'
        end as source,
        case judged.decided_by
            when 'utm' then coalesce(judged.utm_medium, case when judged.is_paid_click then judged.click_medium end)
            when 'click_id' then judged.click_medium
            when 'referrer' then coalesce(judged.referral_medium, 'referral')
            else '(none)'
        end as medium
    from judged
),

categorised as (
    select
        sourced.*,
        case when sourced.decided_by = 'referrer' then sourced.referrer_category else sites.source_category end as source_category
    from sourced
    left join sites
        on sourced.source = sites.name
),

-- What rules see: a value that is missing is (not set), as in GA4, so that every pattern meets a text.
seen as (
    select distinct
        source_category,
        click_id,
        coalesce(source, '(not set)') as source,
        coalesce(medium, '(not set)') as medium,
        coalesce(lower(campaign), '(not set)') as campaign
    from categorised
),

rules as (
    select * from {{ ref('channel_rules') }}
),

-- Each pattern meets each value once, however many combinations the value is part of.
patterns as (
    select 'source' as part, source_pattern as pattern from rules where source_pattern is not null
    union
    select 'medium', medium_pattern from rules where medium_pattern is not null
    union
    select 'campaign', campaign_pattern from rules where campaign_pattern is not null
),

parts as (
    select 'source' as part, source as value from seen
    union
    select 'medium', medium from seen
    union
    select 'campaign', campaign from seen
),

fitting as (
    select
        parts.part,
        parts.value,
        patterns.pattern
    from parts
    inner join patterns
        on parts.part = patterns.part
    where {{ matches_pattern('parts.value', 'patterns.pattern') }}
),

decided as (
    select
        seen.source_category,
        seen.click_id,
        seen.source,
        seen.medium,
        seen.campaign,
        min(rules.priority) as rule_priority
    from seen
    inner join rules
        on
            (rules.source_category is null or rules.source_category = seen.source_category)
            and (rules.click_id is null or rules.click_id = seen.click_id)
    left join fitting as sources_fitting
        on sources_fitting.part = 'source' and seen.source = sources_fitting.value and rules.source_pattern = sources_fitting.pattern
    left join fitting as media_fitting
        on media_fitting.part = 'medium' and seen.medium = media_fitting.value and rules.medium_pattern = media_fitting.pattern
    left join fitting as campaigns_fitting
        on campaigns_fitting.part = 'campaign' and seen.campaign = campaigns_fitting.value and rules.campaign_pattern = campaigns_fitting.pattern
    where
        (rules.source_pattern is null or sources_fitting.value is not null)
        and (rules.medium_pattern is null or media_fitting.value is not null)
        and (rules.campaign_pattern is null or campaigns_fitting.value is not null)
    group by seen.source_category, seen.click_id, seen.source, seen.medium, seen.campaign
)

select
    categorised.traffic_source_id,
    categorised.source,
    categorised.medium,
    categorised.campaign,
    categorised.landing_host,
    categorised.referrer_host,
    categorised.referrer_site,
    categorised.source_category,
    categorised.click_id,
    categorised.decided_by,
    -- Rules without a last one for everything leave some without a channel; they are still counted.
    coalesce(rules.channel_group, 'Unassigned') as channel_group,
    decided.rule_priority
from categorised
left join decided
    on
        coalesce(categorised.source_category, '') = coalesce(decided.source_category, '')
        and coalesce(categorised.click_id, '') = coalesce(decided.click_id, '')
        and coalesce(categorised.source, '(not set)') = decided.source
        and coalesce(categorised.medium, '(not set)') = decided.medium
        and coalesce(lower(categorised.campaign), '(not set)') = decided.campaign
left join rules
    on decided.rule_priority = rules.priority
