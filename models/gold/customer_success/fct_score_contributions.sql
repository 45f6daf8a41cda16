-- Grain: one row per score, account, day and signal. A score is the sum of its rows' `contribution`, and nothing else.
-- A view: a year of 100,000 accounts has more than a billion rows, of which somebody reads those of one account.
{{ config(materialized='view') }}

with contributions as (
    {{ contributions_of(ref('silver__account_signals'), ['customer_id', 'date_day'], account_signals(), ['health', 'churn_risk', 'success']) | indent(4) }}
)

select
    *,
    cast({{ dbt.dateadd('day', '1 - cast(window_days as integer)', 'date_day') }} as date) as source_from
from contributions
