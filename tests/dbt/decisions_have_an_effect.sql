-- A warning, no error: lines of seeds/identity_decisions.csv that do nothing because somebody made a mistake. One that a later line overrules is none.
{{ config(severity='warn') }}

select *
from {{ ref('silver__identity_decisions_without_effect') }}
where problem in ('unknown_record', 'same_record', 'tie')
