-- Wrong if the records by what holds them are not all records, or the people are not those of the golden record.
select
    quality.records,
    quality.people
from {{ ref('identity_resolution') }} as quality
where
    quality.records
    != quality.records_deterministic + quality.records_probabilistic + quality.records_manual + quality.records_single
    or quality.people != (select count(*) from {{ ref('silver__golden_customers') }})
