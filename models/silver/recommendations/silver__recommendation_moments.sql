-- Grain: one row per moment for which is recommended: as_of, and 60 days before, whose recommendations the back-test follows up.
select
    'today' as moment,
    as_of as known_at
from {{ ref('silver__as_of') }}

union all

select
    'backtest' as moment,
    cast({{ dbt.dateadd('day', -60, 'as_of') }} as timestamp) as known_at
from {{ ref('silver__as_of') }}
