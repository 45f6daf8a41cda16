-- Grain: one row per source system and engagement up to as_of.
{{ config(materialized='view') }}

select *
from {{ ref('silver__engagements') }}
