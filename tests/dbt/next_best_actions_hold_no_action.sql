-- Wrong if seeds/next_best_actions.csv has no line `no_action` with the aim none: an account must be able to be left alone.
select 'the line no_action with the aim none is missing in seeds/next_best_actions.csv' as problem
from (
    select count(*) as lines
    from {{ ref('next_best_actions') }}
    where action = 'no_action' and aim = 'none'
) as counted
where lines = 0
