{# Kind of the value that a JSON object holds under a name: string, number, boolean, object or array. Null where there is none, where it is
   null, and for a text that is no JSON. #}
{% macro json_property_type(text, name) -%}
    {{ return(adapter.dispatch('json_property_type', 'customer_analytics')(text, name)) }}
{%- endmacro %}

{% macro default__json_property_type(text, name) -%}
    case
        when not coalesce(json_valid({{ text }}), false) then null
        when json_type({{ text }}, {{ json_property_path(name) }}) = 'VARCHAR' then 'string'
        when json_type({{ text }}, {{ json_property_path(name) }}) = 'NULL' then null
        when json_type({{ text }}, {{ json_property_path(name) }}) in ('BOOLEAN', 'OBJECT', 'ARRAY') then lower(json_type({{ text }}, {{ json_property_path(name) }}))
        when json_type({{ text }}, {{ json_property_path(name) }}) is not null then 'number'
    end
{%- endmacro %}

{% macro spark__json_property_type(text, name) -%}
    case regexp_extract(schema_of_variant(try_variant_get(try_parse_json({{ text }}), '$["' || {{ name }} || '"]', 'variant')), '^[A-Z]+', 0)
        when 'STRING' then 'string'
        when 'BOOLEAN' then 'boolean'
        when 'OBJECT' then 'object'
        when 'ARRAY' then 'array'
        when 'BIGINT' then 'number'
        when 'DECIMAL' then 'number'
        when 'DOUBLE' then 'number'
    end
{%- endmacro %}
