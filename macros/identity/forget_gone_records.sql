{# Takes records out that are no longer in the table it is made from; looked for only if there are more than there. #}
{% macro forget_gone_records(relation) -%}
    {%- if execute and number_from('select count(*) from ' ~ this) != number_from('select count(*) from ' ~ relation) -%}
        delete from {{ this }} where record_key not in (select record_key from {{ relation }})
    {%- endif -%}
{%- endmacro %}
