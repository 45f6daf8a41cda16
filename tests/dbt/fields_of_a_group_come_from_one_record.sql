-- Wrong if a name or an address is put together from two records.
select
    golden_fields.golden_customer_id,
    fields.field_group,
    count(distinct golden_fields.record_key) as records
from {{ ref('silver__golden_fields') }} as golden_fields
inner join {{ ref('survivorship_fields') }} as fields
    on golden_fields.field = fields.field
group by golden_fields.golden_customer_id, fields.field_group
having count(distinct golden_fields.record_key) > 1
