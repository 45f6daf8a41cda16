{# A mail address without its plus tag, lower case; dots in the name are left out at providers that ignore them (seed mail_providers,
   joined as `provider` on the domain). Null for what is no address, and where nothing stands before the tag. #}
{% macro email_key(email, provider) -%}
    case
        when {{ email }} like '%_@_%._%' and {{ email }} not like '%@%@%' and {{ email }} not like '% %'
            then
                nullif(
                    case
                        when {{ provider }}.ignores_dots then replace(split_part(split_part({{ email }}, '@', 1), '+', 1), '.', '')
                        else split_part(split_part({{ email }}, '@', 1), '+', 1)
                    end, ''
                )
                || '@' || coalesce({{ provider }}.canonical_domain, split_part({{ email }}, '@', 2))
    end
{%- endmacro %}
