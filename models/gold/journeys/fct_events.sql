-- Grain: one row per event up to as_of.
-- A view: the rows are those of bronze; a release takes them along as a table.
{{ config(materialized='view') }}

select *
from {{ ref('silver__cleansed_events') }}
