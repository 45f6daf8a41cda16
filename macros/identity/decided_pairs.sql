{# What people had decided as of the last build lies in the schema identity: a line that is taken out of the seed leaves nothing to tell it by. #}
{% macro remember_decided_pairs(decided_pairs) -%}
    {%- if is_building() -%}
        {% do kept_table('known_decided_pairs', 'select record_key_a, record_key_b, decision, decided_by, decided_at, reason from ' ~ decided_pairs) %}
    {%- endif -%}
{%- endmacro %}

{# Of several decisions about one pair the first in this order counts: the latest; of two at the same time the one to keep apart, which is easier undone. #}
{% macro decision_order() -%}
    decided_at desc nulls last, decision, decided_by nulls last, reason nulls last
{%- endmacro %}
