{# Value of a parameter in a query string, decoded: the first that is not empty, however its name is written. Null for blanks. What is wrongly encoded stays
   as it is written. `&amp;` and a second `?` separate too, as mailing tools write them. #}
{% macro url_parameter(query, name) -%}
    {{ return(adapter.dispatch('url_parameter', 'customer_analytics')(query, name)) }}
{%- endmacro %}

{% macro default__url_parameter(query, name) -%}
    {%- set written = "replace(regexp_extract(" ~ query ~ ", '(?i)(?:^|[&?])(?:amp;)?" ~ name ~ "=([^&?]+)', 1), '+', ' ')" -%}
    nullif(trim(coalesce(try(url_decode({{ written }})), {{ written }})), '')
{%- endmacro %}

{% macro spark__url_parameter(query, name) -%}
    {%- set written = "regexp_extract(" ~ query ~ ", '(?i)(?:^|[&?])(?:amp;)?" ~ name ~ "=([^&?]+)', 1)" -%}
    nullif(trim(coalesce(try_url_decode({{ written }}), replace({{ written }}, '+', ' '))), '')
{%- endmacro %}
