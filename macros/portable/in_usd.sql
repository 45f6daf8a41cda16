{# An amount of money in US dollars, with four digits: amount times rate, in decimals that the largest amount does not overflow. #}
{% macro in_usd(amount, rate) -%}
    cast(cast({{ amount }} as decimal(30, 10)) * {{ rate }} as decimal(18, 4))
{%- endmacro %}
