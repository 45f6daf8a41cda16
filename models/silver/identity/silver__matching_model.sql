-- Grain: one row: the model that the matching step matches with; none where it has learnt none.
{{ config(materialized='view') }}

select
    model_id,
    records as learnt_from_records
from {{ source('identity', 'models') }}
