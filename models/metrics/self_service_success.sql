-- Grain: one row per account that ever used the portal, at as_of.
with scored as (
    {{ scores_of(ref('fct_self_service_score_contributions'), ['customer_id']) | indent(4) }}
)

select
    signals.customer_id,
    scored.score_value as self_service_score,
    scored.band as success_level,
    scored.coverage_pct,
    signals.first_login_at,
    signals.first_value_at,
    cast(signals.time_to_value as bigint) as time_to_value_days,
    signals.adoption as adoption_rate,
    cast(signals.features_used_30d as bigint) as features_used_30d,
    signals.satisfaction * 100 as satisfaction_score,
    signals.autonomy as self_service_ratio,
    cast(signals.help_asked_30d as bigint) as help_asked_30d,
    cast(signals.help_asked_previous_30d as bigint) as help_asked_previous_30d
from {{ ref('silver__self_service_signals') }} as signals
left join scored
    on signals.customer_id = scored.customer_id
