-- Wrong if the first month of a cohort is not the new revenue of that month, or a cohort gains or loses accounts on its way.
with cohorts as (
    select
        cohort_month,
        min(accounts) as fewest,
        max(accounts) as most,
        max(case when months_since = 0 then closing_mrr end) as opening_mrr,
        max(first_mrr) as first_mrr
    from {{ ref('cohort_retention_report') }}
    group by cohort_month
)

select
    revenue.month,
    revenue.new_mrr,
    cohorts.opening_mrr
from {{ ref('revenue') }} as revenue
full outer join cohorts
    on revenue.month = cohorts.cohort_month
where
    coalesce(revenue.new_mrr, -1) != coalesce(cohorts.opening_mrr, 0)
    or cohorts.first_mrr != cohorts.opening_mrr
    or cohorts.fewest != cohorts.most
    or revenue.new_customers != cohorts.most
