-- Grain: one row per device in use and signal at as_of: what its health score is the sum of.
{{ contributions_of(ref('silver__device_signals'), ['source_system', 'device_id'], device_signals(), ['device_health']) }}
