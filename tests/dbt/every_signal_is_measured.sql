-- Wrong if the seed score_signals names a signal of accounts that no column measures: it would count as unknown for everybody.
select
    score,
    signal
from {{ ref('score_signals') }}
where
    score in ('health', 'churn_risk', 'success')
    and signal not in ('{{ account_signals() | join("', '") }}')
