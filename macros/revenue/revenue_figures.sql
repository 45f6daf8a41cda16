{# The columns of recurring revenue over rows of gold.fct_mrr_movements, alike for all accounts and for segments. #}
{% macro revenue_figures() -%}
    {%- for column in ['opening_mrr', 'new_mrr', 'expansion_mrr', 'contraction_mrr', 'churned_mrr', 'reactivation_mrr', 'closing_mrr'] -%}
    cast(sum({{ column }}) as decimal(28, 4)) as {{ column }},
    {% endfor -%}
    cast(sum(closing_mrr) * 12 as decimal(28, 4)) as arr,
    {{ part_of_total('closing_mrr - opening_mrr', 'opening_mrr') }} as mrr_growth_rate,
    {{ part_of_total('opening_mrr + expansion_mrr + contraction_mrr + churned_mrr', 'opening_mrr') }} as net_revenue_retention,
    {{ part_of_total('opening_mrr + contraction_mrr + churned_mrr', 'opening_mrr') }} as gross_revenue_retention,
    {{ part_of_total('mrr_of_12m_ago_now', 'mrr_12m_ago') }} as net_revenue_retention_12m,
    {{ part_of_total('mrr_of_12m_ago_kept', 'mrr_12m_ago') }} as gross_revenue_retention_12m,
    {{ part_of_total('new_mrr + expansion_mrr + reactivation_mrr', '-contraction_mrr - churned_mrr') }} as quick_ratio,
    cast(sum(case when opening_mrr > 0 then 1 else 0 end) as bigint) as opening_customers,
    cast(sum(case when new_mrr > 0 then 1 else 0 end) as bigint) as new_customers,
    cast(sum(case when reactivation_mrr > 0 then 1 else 0 end) as bigint) as reactivated_customers,
    cast(sum(case when churned_mrr < 0 then 1 else 0 end) as bigint) as churned_customers,
    cast(sum(case when closing_mrr > 0 then 1 else 0 end) as bigint) as closing_customers,
    {{ part_of_total('case when churned_mrr < 0 then 1 else 0 end', 'case when opening_mrr > 0 then 1 else 0 end') }} as logo_churn_rate,
    cast(sum(paid_subscriptions) as bigint) as paid_subscriptions,
    {{ part_of_total('12 * closing_mrr', 'paid_subscriptions') }} as average_contract_value,
    {{ part_of_total('closing_mrr', 'case when closing_mrr > 0 then 1 else 0 end') }} as revenue_per_customer,
    cast(sum(revenue_to_date) as decimal(28, 4)) as revenue_to_date,
    {{ part_of_total('revenue_to_date', '1') }} as lifetime_value_to_date
{%- endmacro %}

{# One sum by another; empty where there is nothing to divide by. #}
{% macro part_of_total(part, whole) -%}
    cast(sum({{ part }}) as double) / nullif(cast(sum({{ whole }}) as double), 0)
{%- endmacro %}
