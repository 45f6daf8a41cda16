-- Grain: one row per login and signal at as_of: what its engagement score is the sum of.
{{ contributions_of(ref('silver__user_signals'), ['user_id'], user_signals(), ['user_engagement']) }}
