{# Takes records out that are no longer in the table it is made from; looked for only if there are more than there. #}
{% macro forget_gone_records(relation) -%}
    {%- set both_are_there = execute and load_cached_relation(this) is not none and load_cached_relation(relation) is not none -%}
    {%- if both_are_there and number_from('select count(*) from ' ~ this) != number_from('select count(*) from ' ~ relation) -%}
        delete from {{ this }} where record_key not in (select record_key from {{ relation }})
    {%- endif -%}
{%- endmacro %}
