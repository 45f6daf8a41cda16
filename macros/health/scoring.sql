{# Signals of accounts: the columns of silver.account_signals. #}
{% macro account_signals() -%}
    {{ return([
        'login_frequency', 'feature_adoption', 'session_duration', 'user_activity', 'declining_login_frequency', 'reduced_feature_usage',
        'days_since_last_activity', 'ticket_volume', 'ticket_severity', 'resolution_time', 'satisfaction', 'support_escalations',
        'meeting_frequency', 'response_rate', 'outcome_quality', 'stakeholder_participation', 'missed_meetings', 'delayed_responses',
        'negative_outcomes', 'negative_feedback', 'survey_sentiment', 'competitor_mentions', 'pricing_discussions', 'budget_constraints',
        'feature_requests', 'goal_completion', 'contract_value', 'payment_history', 'payment_delays', 'expansion', 'revenue_contraction',
        'revenue_growth', 'renewal_likelihood', 'contract_approaching_renewal',
    ]) }}
{%- endmacro %}

{#
    A raw value on the scale from 0 to 100: a curve of two straight pieces through its three stated points, flat beyond them. Each piece counts
    half; where no value for 50 is stated, the line is straight.
#}
{% macro normalised(raw_value, value_at_0, value_at_50, value_at_100) -%}
    50 * greatest(0, least(1, ({{ raw_value }} - {{ value_at_0 }}) / nullif({{ value_at_50 }} - {{ value_at_0 }}, 0)))
    + 50 * greatest(0, least(1, ({{ raw_value }} - {{ value_at_50 }}) / nullif({{ value_at_100 }} - {{ value_at_50 }}, 0)))
{%- endmacro %}

{#
    The rows that scores are the sums of, from raw values: `relation` has the columns of `keys` and one column for each of `signals`. An unknown
    signal takes no part: its share goes to the other signals of its component, an unknown component's weight to the other components.
#}
{% macro contributions_of(relation, keys, signals, scores) -%}
    with signals as (
        select
            signals.*,
            coalesce(signals.value_at_50, (signals.value_at_0 + signals.value_at_100) / 2) as middle_value,
            components.weight as component_weight
        from {{ ref('score_signals') }} as signals
        inner join {{ ref('score_components') }} as components
            on
                signals.score = components.score
                and signals.component = components.component
        where
            components.weight_set = '{{ var("health_weight_set") }}'
            and signals.score in ('{{ scores | join("', '") }}')
    ),

    raw_values as (
        select
            {%- for key in keys %}
            raw.{{ key }},
            {%- endfor %}
            signals.score,
            signals.component,
            signals.signal,
            signals.share,
            signals.unit,
            signals.value_at_0,
            signals.middle_value,
            signals.value_at_100,
            signals.window_days,
            signals.source_table,
            signals.component_weight,
            case signals.signal
                {%- for signal in signals %}
                when '{{ signal }}' then raw.{{ signal }}
                {%- endfor %}
            end as raw_value
        from {{ relation }} as raw
        cross join signals
    ),

    measured as (
        select
            *,
            {{ normalised('raw_value', 'value_at_0', 'middle_value', 'value_at_100') }} as normalised_value,
            sum(share) over (partition by score, {{ keys | join(', ') }}, component) as known_share
        from raw_values
        where raw_value is not null
    ),

    weighed as (
        select
            *,
            -- The weight of a component, counted once: with the share that each of its known signals has in it. Summed as decimals, which give the
            -- same sum in any order.
            cast(
                sum(cast(component_weight * share / known_share as decimal(18, 12))) over (partition by score, {{ keys | join(', ') }})
            as double) as known_weight
        from measured
    )

    select
        score,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        component,
        signal,
        raw_value,
        unit,
        value_at_0,
        middle_value as value_at_50,
        value_at_100,
        normalised_value,
        component_weight * share as nominal_weight,
        100 * component_weight / known_weight * share / known_share as weight,
        normalised_value * component_weight / known_weight * share / known_share as contribution,
        source_table,
        window_days
    from weighed
{%- endmacro %}

{# The score that such rows add up to, with the name of its range. Summed as decimals, which give the same sum in any order. #}
{% macro scores_of(contributions, keys) -%}
    with summed as (
        select
            score,
            {%- for key in keys %}
            {{ key }},
            {%- endfor %}
            -- To nine digits: the twelfth of a hundred points may lie above 100.
            cast(cast(sum(cast(contribution as decimal(18, 12))) as decimal(18, 9)) as double) as score_value,
            cast(sum(nominal_weight) as double) as coverage_pct
        from {{ contributions }}
        group by score, {{ keys | join(', ') }}
    ),

    bands as (
        select
            score,
            band,
            lower_bound,
            coalesce(lead(lower_bound) over (partition by score order by lower_bound nulls last), 1000) as upper_bound
        from {{ ref('score_bands') }}
    )

    select
        summed.*,
        bands.band
    from summed
    inner join bands
        on summed.score = bands.score and summed.score_value >= bands.lower_bound and summed.score_value < bands.upper_bound
{%- endmacro %}

{# Signals of logins, devices, and accounts in the portal: columns of silver.user_signals, device_signals, portal_months, self_service_signals. #}
{% macro user_signals() -%}
    {{ return(['active_days', 'recency', 'feature_breadth', 'session_time']) }}
{%- endmacro %}

{% macro device_signals() -%}
    {{ return(['uptime', 'error_frequency', 'maintenance_delay', 'silence']) }}
{%- endmacro %}

{% macro portal_signals() -%}
    {{ return(['active_days', 'avg_session_duration', 'feature_adoption_breadth', 'self_service_ratio', 'valuable_insights', 'collaboration_instances']) }}
{%- endmacro %}

{% macro self_service_signals() -%}
    {{ return(['time_to_value', 'adoption', 'satisfaction', 'autonomy']) }}
{%- endmacro %}
