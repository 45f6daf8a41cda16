-- Grain: one row per record_key, identifier_type, identifier_value that the matching step may weigh.
-- An account is no evidence to weigh, since colleagues and families have one; with the same name it joins by rule.
-- Devices and cookies link nobody by rule, but a few records that share one are more likely one person or one household.
{{ config(materialized='view') }}

select
    identifiers.record_key,
    identifiers.identifier_type,
    identifiers.identifier_value
from {{ ref('silver__record_identifiers') }} as identifiers
inner join {{ ref('silver__identifier_values') }} as identifier_values
    on
        identifiers.identifier_type = identifier_values.identifier_type
        and identifiers.identifier_value = identifier_values.identifier_value
inner join {{ ref('identifier_types') }} as types
    on identifiers.identifier_type = types.identifier_type and types.weighed_by_model
where
    identifier_values.is_linking
    or (identifier_values.reason = 'type does not link' and identifier_values.records <= 20)
