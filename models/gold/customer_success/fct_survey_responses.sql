-- Grain: one row per source system and answer to a survey up to as_of.
{{ config(materialized='view') }}

select *
from {{ ref('silver__survey_responses') }}
