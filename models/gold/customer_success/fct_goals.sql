-- Grain: one row per source system and goal up to as_of.
{{ config(materialized='view') }}

select *
from {{ ref('silver__goals') }}
