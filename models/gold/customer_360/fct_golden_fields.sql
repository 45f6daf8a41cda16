-- Grain: one row per golden customer and field that has a value, for the persons in entity_people.
select
    golden_fields.golden_customer_id,
    golden_fields.field,
    golden_fields.value,
    golden_fields.source_system,
    golden_fields.source_record_id,
    golden_fields.record_key,
    golden_fields.source_file,
    golden_fields.source_line,
    golden_fields.rule,
    golden_fields.candidates,
    golden_fields.distinct_values,
    golden_fields.agreement_rate,
    golden_fields.rejected_candidates
from {{ ref('silver__golden_fields') }} as golden_fields
inner join {{ ref('silver__golden_customers') }} as people
    on golden_fields.golden_customer_id = people.golden_customer_id
where not people.is_deleted and not people.is_test
