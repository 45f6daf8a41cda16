{# The key of silver.traffic_sources for a session: of its addresses only what can decide a channel goes in (the host and the query of the
   page it began on, the host it came from), so that many sessions share a row. Empty and missing are the same. #}
{% macro traffic_source_id(entry_page_url, referrer_url, utm_source, utm_medium, utm_campaign) -%}
    {{ traffic_source_key([url_authority(entry_page_url), url_query(entry_page_url), url_authority(referrer_url), utm_source, utm_medium, utm_campaign]) }}
{%- endmacro %}

{# The same key from those parts. The separator is a control character, which no address holds. #}
{% macro traffic_source_key(parts) -%}
    md5(
    {%- for part in parts %}
        {{ "|| chr(31) || " if not loop.first }}coalesce({{ part }}, '')
    {%- endfor %}
    )
{%- endmacro %}
