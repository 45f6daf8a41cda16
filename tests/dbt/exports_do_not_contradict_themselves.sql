-- Warns of every row of an export that counts only in part because something about it cannot be; gold.fct_source_contradictions has them.
{{ config(severity='warn') }}
select *
from {{ ref('fct_source_contradictions') }}
