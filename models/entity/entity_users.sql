-- Grain: one row per login, as it stands at as_of. Our own staff and deleted logins are left out.
with scored as (
    {{ scores_of(ref('fct_user_score_contributions'), ['user_id']) | indent(4) }}
)

select
    users.user_id,
    users.customer_id,
    users.golden_customer_id,
    users.full_name,
    users.email,
    users.role,
    users.is_active,
    users.created_at,
    signals.last_login_at,
    signals.days_since_last_login,
    scored.score_value as engagement_score,
    -- Where no activity is on record for anybody, nobody is dormant.
    scored.band as user_engagement_tier,
    scored.coverage_pct as engagement_coverage_pct,
    signals.total_sessions_30d,
    signals.active_days_30d,
    cast(signals.session_minutes_30d as double) as session_minutes_30d,
    signals.features_used_30d,
    signals.features_adopted,
    users.source_system,
    users.source_file,
    users.source_line
from {{ ref('silver__users') }} as users
inner join {{ ref('silver__user_signals') }} as signals
    on users.user_id = signals.user_id
left join scored
    on users.user_id = scored.user_id
