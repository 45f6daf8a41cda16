{# Where the landed rows of contracts ended: one row per contract, file, shared line (see shared_line) and outcome.
   One domain at a time, since DuckDB plans all contracts in one statement three times as long as the same in several. #}
{% macro landed_outcomes(contract_names) -%}
    {%- for name in contract_names %}
    {%- set grain = (input_contracts() | selectattr('name', 'equalto', name) | first).grain if execute else ['source_system'] %}
select
    landed.source_file,
    {{ shared_line('landed.source_system', 'landed.source_line') }} as shared_line,
    case
        when landed.violations is not null then 'quarantined'
        when kept.source_file is null then 'lost'
        when kept.source_file = landed.source_file and kept.source_line = landed.source_line then 'bronze'
        else 'duplicate'
    end as outcome,
    count(*) as landed_rows
from {{ ref('staging__' ~ name) }} as landed
left join {{ ref('bronze__' ~ name) }} as kept
    on
        landed.violations is null
        {%- for column in grain %}
        and landed.{{ column }} = kept.{{ column }}
        {%- endfor %}
group by 1, 2, 3
{{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
