-- Grain: one row per session.
select *
from {{ ref('silver__account_sessions') }}
