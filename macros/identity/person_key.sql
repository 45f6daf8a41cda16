{# Who did something, as far as it is known: the golden customer, else the login, else the device. #}
{% macro person_key(golden_customer_id, user_id, visitor_id) -%}
    coalesce({{ golden_customer_id }}, 'user:' || {{ user_id }}, 'visitor:' || {{ visitor_id }})
{%- endmacro %}
