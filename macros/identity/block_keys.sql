{# The block keys (record_key, block_key) of the records of a table or step: name and birth date, birth date and place, name and place. #}
{% macro block_keys(records) -%}
    {% for columns in [
        ['given_name_key', 'family_name_key', 'birth_digits'],
        ['birth_digits', 'postcode_key'],
        ['birth_digits', 'street_key'],
        ['given_name_key', 'family_name_key', 'postcode_key', 'street_key'],
    ] -%}
    select
        record_key,
        '{{ loop.index }}|' || {{ columns | join(" || '|' || ") }} as block_key
    from {{ records }}
    where {{ columns | join(' is not null and ') }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
