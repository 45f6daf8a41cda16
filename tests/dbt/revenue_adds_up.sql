-- Wrong if a figure of recurring revenue is not the sum of its accounts, of the groups of a segment or of the cohorts.
{%- set figures = [
    'opening_mrr', 'new_mrr', 'expansion_mrr', 'contraction_mrr', 'churned_mrr', 'reactivation_mrr', 'closing_mrr', 'revenue_to_date',
    'opening_customers', 'new_customers', 'churned_customers', 'closing_customers', 'paid_subscriptions'
] %}
with groups as (
    select
        month,
        segment_kind,
        {%- for figure in figures %}
        sum({{ figure }}) as {{ figure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('revenue_by_segment') }}
    group by month, segment_kind
),

cohorts as (
    select
        month,
        sum(closing_mrr) as closing_mrr,
        sum(accounts_with_revenue) as accounts_with_revenue
    from {{ ref('cohort_retention_report') }}
    group by month
),

accounts as (
    select
        month,
        sum(closing_mrr) as closing_mrr
    from {{ ref('silver__mrr_movements') }}
    group by month
)

select
    'segment' as what,
    revenue.month,
    groups.segment_kind as part
from {{ ref('revenue') }} as revenue
inner join groups
    on revenue.month = groups.month
where
    {%- for figure in figures %}
    revenue.{{ figure }} != groups.{{ figure }}{{ ' or' if not loop.last }}
    {%- endfor %}
union all
select
    'cohorts' as what,
    revenue.month,
    cast(null as {{ dbt.type_string() }}) as part
from {{ ref('revenue') }} as revenue
left join cohorts
    on revenue.month = cohorts.month
where
    revenue.closing_mrr != coalesce(cohorts.closing_mrr, 0)
    or revenue.closing_customers != coalesce(cohorts.accounts_with_revenue, 0)
union all
select
    'accounts' as what,
    coalesce(revenue.month, accounts.month) as month,
    cast(null as {{ dbt.type_string() }}) as part
from {{ ref('revenue') }} as revenue
full outer join accounts
    on revenue.month = accounts.month
where
    coalesce(revenue.closing_mrr, -1) != coalesce(accounts.closing_mrr, -1)
    or revenue.opening_customers + revenue.new_customers + revenue.reactivated_customers - revenue.churned_customers != revenue.closing_customers
    or revenue.gross_revenue_retention > revenue.net_revenue_retention
    or revenue.gross_revenue_retention_12m > revenue.net_revenue_retention_12m
