-- Grain: one row per engagement that took place, was missed or was called off up to as_of, or is planned; what followed as_of is not known yet.
with engagements as (
    select
        engagements.source_system,
        engagements.engagement_id,
        account_map.customer_id,
        coalesce(types.engagement_type, 'other') as engagement_type,
        coalesce(types.counts_as_meeting, false) as is_meeting,
        engagements.engagement_type as source_type,
        engagements.occurred_at,
        case
            when engagements.occurred_at > build.as_of and coalesce(statuses.engagement_status, 'planned') != 'cancelled' then 'planned'
            else coalesce(statuses.engagement_status, 'held')
        end as status,
        coalesce(engagements.direction, 'outbound') as direction,
        coalesce(
            engagements.is_response_expected,
            types.engagement_type = 'email' and coalesce(engagements.direction, 'outbound') = 'outbound'
        ) as is_response_expected,
        coalesce(
            engagements.responded_at,
            {{ dbt.dateadd('second', 'cast(round(engagements.response_hours * 3600) as bigint)', 'engagements.occurred_at') }}
        ) as responded_at,
        outcomes.outcome,
        outcomes.outcome_ratio,
        engagements.outcome as source_outcome,
        engagements.duration_minutes,
        engagements.csm_owner,
        engagements.stakeholders_invited,
        -- More may come than were asked: the share of those invited is 1 then.
        case
            when engagements.stakeholders_attended > engagements.stakeholders_invited then engagements.stakeholders_invited
            else engagements.stakeholders_attended
        end as stakeholders_attended,
        engagements.is_champion_present,
        engagements.is_decision_maker_present,
        -- What the source says of a talk stands; where it says nothing, what its subject and notes speak of counts.
        coalesce(engagements.mentions_competitor, case when flags.mentions_competitor then true end) as mentions_competitor,
        coalesce(engagements.discusses_pricing, case when flags.discusses_pricing then true end) as discusses_pricing,
        coalesce(engagements.mentions_budget_constraints, case when flags.mentions_budget_constraints then true end) as mentions_budget_constraints,
        coalesce(engagements.requests_feature, case when flags.requests_feature then true end) as requests_feature,
        engagements.subject,
        build.as_of,
        engagements.source_file,
        engagements.source_line
    from {{ ref('bronze__engagements') }} as engagements
    inner join {{ ref('silver__account_map') }} as account_map
        on engagements.source_system = account_map.source_system and engagements.customer_id = account_map.source_customer_id
    inner join {{ ref('silver__accounts') }} as accounts
        on account_map.customer_id = accounts.customer_id
    left join {{ ref('engagement_types') }} as types
        on lower(engagements.engagement_type) = types.source_type
    left join {{ ref('engagement_statuses') }} as statuses
        on lower(engagements.status) = statuses.source_status
    left join {{ ref('engagement_outcomes') }} as outcomes
        on lower(engagements.outcome) = outcomes.source_outcome
    left join {{ ref('silver__text_flags') }} as flags
        on
            engagements.source_system = flags.source_system
            and flags.record_type = 'engagement'
            and engagements.engagement_id = flags.record_id
    cross join {{ ref('silver__as_of') }} as build
    where
        not coalesce(engagements.is_test, false)
        and not coalesce(engagements.is_deleted, false)
        and not account_map.is_left_out
)

select
    source_system,
    engagement_id,
    customer_id,
    engagement_type,
    is_meeting,
    source_type,
    occurred_at,
    status,
    direction,
    is_response_expected and status = 'held' as is_response_expected,
    case when responded_at <= as_of and responded_at >= occurred_at then responded_at end as responded_at,
    case
        when responded_at <= as_of and responded_at >= occurred_at
            then cast({{ seconds_between('occurred_at', 'responded_at') }} / 3600 as decimal(18, 6))
    end as response_hours,
    case when status = 'held' then outcome end as outcome,
    case when status = 'held' then cast(outcome_ratio as decimal(18, 6)) end as outcome_ratio,
    source_outcome,
    cast(duration_minutes as decimal(18, 6)) as duration_minutes,
    csm_owner,
    stakeholders_invited,
    case when status = 'held' then stakeholders_attended end as stakeholders_attended,
    is_champion_present and status = 'held' as is_champion_present,
    is_decision_maker_present and status = 'held' as is_decision_maker_present,
    mentions_competitor and status = 'held' as mentions_competitor,
    discusses_pricing and status = 'held' as discusses_pricing,
    mentions_budget_constraints and status = 'held' as mentions_budget_constraints,
    requests_feature and status = 'held' as requests_feature,
    subject,
    source_file,
    source_line
from engagements
