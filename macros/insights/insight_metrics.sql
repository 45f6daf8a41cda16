{#
    The metrics that are searched for what nobody asked about: one entry per table of rows, with the columns that cut it into segments.

    relation   model whose rows are counted; readers find it under `published`
    time       column that says when a row happened
    where      which rows count (none: all)
    by         columns of the rows that make segments
    by_account columns of silver.accounts that make segments, for rows with a customer_id
    metrics    what is measured: kind `sum` (adds up over segments and days), `ratio` (`measure` / `per`, both added up), `level` (a sum that stands for
                itself on each day, as a stock does) or `mean` (a ratio that does); and `follows`: the metric that it changes with, so that one cause is
                told once
#}
{% macro insight_sources() -%}
    {{ return([
        {
            'relation': 'fct_sessions', 'published': 'gold.fct_sessions', 'time': 'started_at', 'where': none,
            'by': ['channel_group', 'device_type', 'country'], 'by_account': [],
            'metrics': [
                {'metric': 'sessions', 'kind': 'sum', 'measure': '1', 'unit': 'sessions', 'words': 'sessions', 'follows': 'daily_active_users'},
                {'metric': 'conversions', 'kind': 'sum', 'measure': 'conversions', 'unit': 'conversions', 'words': 'conversions',
                    'follows': 'sessions'},
                {'metric': 'conversion_value', 'kind': 'sum', 'measure': 'conversion_value_usd', 'unit': 'USD', 'words': 'value of conversions',
                    'follows': 'conversions'},
                {'metric': 'bounce_rate', 'kind': 'ratio', 'measure': 'case when is_bounce then 1 else 0 end', 'per': '1', 'unit': 'ratio',
                    'words': 'bounce rate'},
                {'metric': 'conversion_rate', 'kind': 'ratio', 'measure': 'case when conversions > 0 then 1 else 0 end', 'per': '1', 'unit': 'ratio',
                    'words': 'share of sessions that convert', 'follows': 'conversions'},
            ],
        },
        {
            'relation': 'fct_events', 'published': 'gold.fct_events', 'time': 'occurred_at',
            'where': "event_name = 'feature_used' and is_robot is not true and is_internal is not true",
            'by': ['feature_name', 'platform'], 'by_account': [],
            'metrics': [
                {'metric': 'feature_uses', 'kind': 'sum', 'measure': '1', 'unit': 'uses', 'words': 'uses of features',
                    'follows': 'daily_active_users'},
            ],
        },
        {
            'relation': 'fct_events', 'published': 'gold.fct_events', 'time': 'occurred_at',
            'where': "event_name = 'error' and is_robot is not true and is_internal is not true",
            'by': ['platform', 'device_type'], 'by_account': [],
            'metrics': [
                {'metric': 'errors', 'kind': 'sum', 'measure': '1', 'unit': 'errors', 'words': 'errors of the product'},
            ],
        },
        {
            'relation': 'fct_support_tickets', 'published': 'gold.fct_support_tickets', 'time': 'opened_at', 'where': none,
            'by': ['priority', 'channel', 'category'], 'by_account': ['customer_tier', 'industry'],
            'metrics': [
                {'metric': 'tickets_opened', 'kind': 'sum', 'measure': '1', 'unit': 'tickets', 'words': 'tickets opened'},
                {'metric': 'first_response', 'kind': 'ratio', 'measure': 'first_response_minutes',
                    'per': 'case when first_response_minutes is not null then 1 else 0 end', 'unit': 'minutes', 'words': 'minutes to the first response'},
            ],
        },
        {
            'relation': 'fct_survey_responses', 'published': 'gold.fct_survey_responses', 'time': 'responded_at', 'where': none,
            'by': ['survey_type'], 'by_account': ['customer_tier'],
            'metrics': [
                {'metric': 'survey_marks', 'kind': 'ratio', 'measure': 'score_ratio', 'per': 'case when score_ratio is not null then 1 else 0 end',
                    'unit': 'ratio', 'words': 'marks in surveys'},
            ],
        },
        {
            'relation': 'fct_engagements', 'published': 'gold.fct_engagements', 'time': 'occurred_at', 'where': "status in ('held', 'missed')",
            'by': ['engagement_type'], 'by_account': ['customer_tier'],
            'metrics': [
                {'metric': 'missed_engagements', 'kind': 'ratio', 'measure': "case when status = 'missed' then 1 else 0 end", 'per': '1',
                    'unit': 'ratio', 'words': 'share of talks that were missed'},
            ],
        },
        {
            'relation': 'entity_customers_daily', 'published': 'entity.entity_customers_daily', 'time': 'date', 'where': 'is_customer',
            'by': [], 'by_account': ['customer_tier', 'industry'],
            'metrics': [
                {'metric': 'daily_active_users', 'kind': 'sum', 'measure': 'daily_active_users', 'unit': 'users', 'words': 'users active on the day'},
                {'metric': 'customers', 'kind': 'level', 'measure': '1', 'unit': 'accounts', 'words': 'customers'},
                {'metric': 'mrr', 'kind': 'level', 'measure': 'total_mrr', 'unit': 'USD a month', 'words': 'recurring revenue', 'follows': 'customers'},
                {'metric': 'health', 'kind': 'mean', 'measure': 'customer_health_score',
                    'per': 'case when customer_health_score is not null then 1 else 0 end', 'unit': 'points', 'words': 'mean health score'},
                {'metric': 'churn_risk', 'kind': 'mean', 'measure': 'churn_risk_score',
                    'per': 'case when churn_risk_score is not null then 1 else 0 end', 'unit': 'points', 'words': 'mean churn risk', 'follows': 'health'},
            ],
        },
    ]) }}
{%- endmacro %}

{# Segments of a metric that are looked at, the largest first: a hundred thousand pages would drown what is to be found. #}
{% macro most_segments() -%}
    {{ return(50) }}
{%- endmacro %}
