{# Parts of web addresses in plain SQL, without patterns: cheap enough to be asked of every session. #}

{# What stands between `//` and the path: host, port and login as they are written. Null for what is no full address. #}
{% macro url_authority(url) -%}
    case
        when split_part(trim({{ url }}), '/', 2) = '' and (split_part(trim({{ url }}), '/', 1) = '' or split_part(trim({{ url }}), '/', 1) like '%:')
            then nullif(split_part(split_part(split_part(trim({{ url }}), '#', 1), '?', 1), '/', 3), '')
    end
{%- endmacro %}

{# What stands between the first `?` and the `#`. #}
{% macro url_query(url) -%}
    nullif(substr(split_part({{ url }}, '#', 1), length(split_part(split_part({{ url }}, '#', 1), '?', 1)) + 2), '')
{%- endmacro %}

{# The host in an authority: lower case, without login, port and final dot. Null where it holds what no host may hold. #}
{% macro url_host(authority) -%}
    {%- set host = "lower(split_part(" ~ authority ~ ", '@', -1))" -%}
    {%- set bare = "case when " ~ host ~ " like '[%' then split_part(" ~ host ~ ", ']', 1) || ']' else split_part(" ~ host ~ ", ':', 1) end" -%}
    case
        when {{ bare }} = '' or {{ bare }} like '.%' or {{ bare }} like '%..%' then null
        when translate({{ bare }}, ' <>"{}|^`%,;()', '') != {{ bare }} then null
        when {{ bare }} like '%.' then left({{ bare }}, length({{ bare }}) - 1)
        else {{ bare }}
    end
{%- endmacro %}
