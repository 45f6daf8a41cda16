{#
    What the seed alert_rules may watch: every numeric column of entity.entity_customers, and what is counted off its dates or off open tickets.

    measure  its name in the seed
    days_to  a date of entity.entity_customers; the measure is the days from as_of to it. Without it, it is a column of that name
    cause    `ticket` if it is measured on open tickets: metrics.alerts says how
    words    what readers call it
    unit     what it is counted in
    history  column of entity.entity_customers_daily that holds it day by day
    a_day    by how much it moves from one day to the next if nothing happens (1 or -1), where that is known: it says since when an alert holds
    because  column of entity.entity_customers that says why, in words
#}
{% macro alert_measures() -%}
    {{ return([
        {'measure': 'health_score', 'words': 'health score', 'unit': 'points', 'history': 'customer_health_score', 'because': 'health_reasons'},
        {'measure': 'customer_health_score', 'words': 'health score', 'unit': 'points', 'history': 'customer_health_score',
            'because': 'health_reasons'},
        {'measure': 'health_coverage_pct', 'words': 'coverage of the health score', 'unit': '%', 'history': 'health_coverage_pct'},
        {'measure': 'churn_risk_score', 'words': 'churn risk', 'unit': 'points', 'history': 'churn_risk_score', 'because': 'churn_risk_reasons'},
        {'measure': 'churn_risk_coverage_pct', 'words': 'coverage of the churn risk', 'unit': '%', 'history': 'churn_risk_coverage_pct'},
        {'measure': 'churn_probability', 'words': 'probability of leaving within 90 days', 'unit': 'of 1', 'because': 'churn_risk_reasons'},
        {'measure': 'composite_success_score', 'words': 'success score', 'unit': 'points'},
        {'measure': 'last_login_days_ago', 'words': 'last login', 'unit': 'days ago', 'a_day': 1},
        {'measure': 'days_to_renewal', 'days_to': 'renewal_date', 'words': 'time to the renewal', 'unit': 'days', 'a_day': -1},
        {'measure': 'nps_score', 'words': 'NPS', 'unit': 'points'},
        {'measure': 'monthly_recurring_revenue', 'words': 'recurring revenue', 'unit': 'US dollars a month', 'history': 'total_mrr'},
        {'measure': 'customer_mrr', 'words': 'recurring revenue', 'unit': 'US dollars a month', 'history': 'total_mrr'},
        {'measure': 'annual_recurring_revenue', 'words': 'recurring revenue', 'unit': 'US dollars a year', 'history': 'total_mrr * 12'},
        {'measure': 'lifetime_value', 'words': 'revenue to date', 'unit': 'US dollars'},
        {'measure': 'predicted_lifetime_value', 'words': 'margin still expected', 'unit': 'US dollars'},
        {'measure': 'months_since_first_subscription', 'words': 'age of the first subscription', 'unit': 'months'},
        {'measure': 'total_users', 'words': 'logins', 'unit': '', 'history': 'total_users'},
        {'measure': 'active_users_30d', 'words': 'users active in 30 days', 'unit': '', 'history': 'active_users'},
        {'measure': 'total_devices', 'words': 'devices', 'unit': ''},
        {'measure': 'active_devices', 'words': 'devices in use', 'unit': ''},
        {'measure': 'source_systems', 'words': 'systems that know it', 'unit': ''},
        {'measure': 'open_critical_ticket_hours', 'cause': 'ticket', 'words': 'unresolved critical ticket', 'unit': 'hours old'},
    ]) }}
{%- endmacro %}

{# Whether a value is on the wrong side of a rule's threshold; unknown for an unknown value. #}
{% macro breaks_rule(value) -%}
    case rules.comparison
        when 'below' then {{ value }} < rules.threshold
        when 'at_most' then {{ value }} <= rules.threshold
        when 'above' then {{ value }} > rules.threshold
        when 'at_least' then {{ value }} >= rules.threshold
    end
{%- endmacro %}

{# Whether a value is good enough to end an alert: beyond clears_at, or, where a rule has none, on the right side of the threshold. #}
{% macro clears_rule(value) -%}
    case
        when rules.clears_at is null then not ({{ breaks_rule(value) }})
        when rules.comparison in ('below', 'at_most') then {{ value }} >= rules.clears_at
        else {{ value }} <= rules.clears_at
    end
{%- endmacro %}
