{# A number from 0 up to, but not, 1 that is the same for a text every time and as good as drawn by chance between texts. #}
{% macro share_of_hash(text) -%}
    {{ return(adapter.dispatch('share_of_hash', 'customer_analytics')(text)) }}
{%- endmacro %}

{% macro default__share_of_hash(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) / 4294967296.0
{%- endmacro %}

{% macro spark__share_of_hash(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 8), 16, 10) as double) / 4294967296.0
{%- endmacro %}
