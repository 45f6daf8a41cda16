-- Grain: one row per person, channel, purpose and stretch of time with the same standing [valid_from, valid_to); SCD type 2.
-- In one record the latest change counts, and of changes at one moment the most restrictive. Where records of a person differ, the most
-- restrictive of what each of them says last counts, and `has_conflict` says so. A yes ends by itself when its time has run out.
with changes as (
    select
        identity_map.golden_customer_id,
        identity_map.record_key,
        consent.channel,
        consent.purpose,
        consent.status,
        statuses.restrictiveness,
        consent.changed_at,
        consent.valid_until,
        consent.source_system,
        consent.source_file,
        consent.source_line,
        row_number() over (
            partition by identity_map.record_key, lower(consent.channel), lower(consent.purpose), consent.changed_at
            order by statuses.restrictiveness desc nulls last, consent.valid_until nulls last, consent.source_system
        ) as choice_rank
    from {{ ref('bronze__customer_preferences_consent') }} as consent
    inner join {{ ref('silver__identity_map') }} as identity_map
        on consent.origin_system = identity_map.source_system and consent.source_record_id = identity_map.source_record_id
    inner join {{ ref('consent_statuses') }} as statuses
        on consent.status = statuses.consent_status
    cross join {{ ref('silver__as_of') }} as build
    where consent.changed_at <= build.as_of
),

said as (
    select
        golden_customer_id,
        record_key,
        lower(channel) as channel,
        lower(purpose) as purpose,
        status,
        changed_at,
        valid_until,
        source_system,
        source_file,
        source_line,
        lead(changed_at) over (
            partition by record_key, lower(channel), lower(purpose) order by changed_at nulls last
        ) as replaced_at
    from changes
    where choice_rank = 1
),

-- A yes with an end is two stretches: the yes, and its having run out.
stretches as (
    select
        golden_customer_id,
        record_key,
        channel,
        purpose,
        status,
        changed_at as from_at,
        case
            when status = 'granted' and valid_until < coalesce(replaced_at, timestamp '9999-12-31 00:00:00')
                then greatest(valid_until, changed_at)
            else replaced_at
        end as until_at,
        source_system,
        source_file,
        source_line
    from said
    union all
    select
        said.golden_customer_id,
        said.record_key,
        said.channel,
        said.purpose,
        'expired',
        greatest(said.valid_until, said.changed_at),
        said.replaced_at,
        said.source_system,
        said.source_file,
        said.source_line
    from said
    cross join {{ ref('silver__as_of') }} as build
    where
        said.status = 'granted'
        and said.valid_until <= build.as_of
        and said.valid_until < coalesce(said.replaced_at, timestamp '9999-12-31 00:00:00')
),

moments as (
    select distinct
        golden_customer_id,
        channel,
        purpose,
        from_at
    from stretches
),

weighed as (
    select
        moments.golden_customer_id,
        moments.channel,
        moments.purpose,
        moments.from_at,
        stretches.status,
        stretches.record_key,
        stretches.source_system,
        stretches.source_file,
        stretches.source_line,
        row_number() over (
            partition by moments.golden_customer_id, moments.channel, moments.purpose, moments.from_at
            order by statuses.restrictiveness desc nulls last, stretches.from_at desc nulls last, stretches.record_key nulls last
        ) as voice_rank,
        count(*) over (partition by moments.golden_customer_id, moments.channel, moments.purpose, moments.from_at) as records,
        -- Two kinds of no are no conflict.
        min(statuses.restrictiveness) over (
            partition by moments.golden_customer_id, moments.channel, moments.purpose, moments.from_at
        ) = 1
        and statuses.restrictiveness > 1 as has_conflict
    from moments
    inner join stretches
        on
            moments.golden_customer_id = stretches.golden_customer_id
            and moments.channel = stretches.channel
            and moments.purpose = stretches.purpose
            and stretches.from_at <= moments.from_at
            and (stretches.until_at is null or stretches.until_at > moments.from_at)
    inner join {{ ref('consent_statuses') }} as statuses
        on stretches.status = statuses.consent_status
),

followed as (
    select
        *,
        lag(status || '|' || cast(has_conflict as {{ dbt.type_string() }}) || '|' || record_key || '|' || cast(records as {{ dbt.type_string() }})) over (
            partition by golden_customer_id, channel, purpose order by from_at nulls last
        ) as standing_before
    from weighed
    where voice_rank = 1
),

standings as (
    select *
    from followed
    where
        standing_before is null
        or standing_before
        != status || '|' || cast(has_conflict as {{ dbt.type_string() }}) || '|' || record_key || '|' || cast(records as {{ dbt.type_string() }})
)

select
    standings.golden_customer_id,
    standings.channel,
    standings.purpose,
    standings.status,
    statuses.is_permitted,
    standings.from_at as valid_from,
    lead(standings.from_at) over (
        partition by standings.golden_customer_id, standings.channel, standings.purpose order by standings.from_at nulls last
    ) as valid_to,
    lead(standings.from_at) over (
        partition by standings.golden_customer_id, standings.channel, standings.purpose order by standings.from_at nulls last
    ) is null as is_current,
    cast(standings.records as bigint) as records,
    standings.has_conflict,
    standings.record_key,
    standings.source_system,
    standings.source_file,
    standings.source_line
from standings
inner join {{ ref('consent_statuses') }} as statuses
    on standings.status = statuses.consent_status
