{# A text without the characters that nobody sees (zero-width spaces and joiners, soft hyphens, marks of direction): copying from a page brings them. #}
{% macro visible_text(text) -%}
    {{ without_pattern(text, "[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]") }}
{%- endmacro %}
