{# Id of a person: made of the record of theirs that came first, so that nothing has to be remembered. #}
{% macro golden_customer_id(anchor_record_key) -%}
    'gc_' || md5({{ anchor_record_key }})
{%- endmacro %}
