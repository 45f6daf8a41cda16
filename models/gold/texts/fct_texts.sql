-- Grain: one row per ticket, survey answer or engagement with a text.
{{ config(materialized='view') }}

select *
from {{ ref('silver__text_signals') }}
