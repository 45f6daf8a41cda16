{#
    Seconds between two times that lie in business hours (variables business_hours_from and business_hours_to, UTC; Monday to Friday): the business seconds since a Monday
    long ago up to the one, less those up to the other.
#}
{% macro business_seconds(from_time, to_time) -%}
    ({{ business_seconds_since_monday(to_time) }} - {{ business_seconds_since_monday(from_time) }})
{%- endmacro %}
