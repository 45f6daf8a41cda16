{# Net promoter score of the answers of a group, in points: the share of promoters (9, 10) less that of detractors (0 to 6); never a mean of marks. #}
{% macro nps(responses) -%}
    cast(100.0 * (
        sum(case when {{ responses }}.survey_type = 'nps' and {{ responses }}.score >= 9 then 1 else 0 end)
        - sum(case when {{ responses }}.survey_type = 'nps' and {{ responses }}.score <= 6 then 1 else 0 end)
    ) / nullif(sum(case when {{ responses }}.survey_type = 'nps' then 1 else 0 end), 0) as double)
{%- endmacro %}
