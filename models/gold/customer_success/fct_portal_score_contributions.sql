-- Grain: one row per account, month and signal: what the success score of the month in the portal is the sum of.
{{ contributions_of(ref('silver__portal_months'), ['customer_id', 'month'], portal_signals(), ['portal_success']) }}
