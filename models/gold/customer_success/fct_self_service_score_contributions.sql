-- Grain: one row per account and signal at as_of: what its self-service success is the sum of.
{{ contributions_of(ref('silver__self_service_signals'), ['customer_id'], self_service_signals(), ['self_service']) }}
