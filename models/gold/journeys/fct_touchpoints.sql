-- Grain: one row per contact that may have led to a conversion.
{{ config(materialized='view') }}

select *
from {{ ref('silver__touchpoints') }}
