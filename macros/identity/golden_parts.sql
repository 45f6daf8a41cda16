{# The golden customers that are put together again: those of which a record was touched, or that a record came to or left. The latter are
   of components that were worked out again, whose records have a new build_number in the map. #}

{% macro plan_golden_fields() -%}
    {{ return(build_plan(
        ['source_records', 'identity_map'],
        seeds=['survivorship_rules', 'survivorship_fields', 'source_systems'], records=ref('silver__source_records')
    )) }}
{%- endmacro %}

{% macro begin_golden_fields() -%}
    {%- set plan = plan_golden_fields() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set touched -%}
            select golden_customer_id from {{ ref('silver__identity_map') }} where build_number > {{ plan.seen['identity_map'] }}
            union
            select identity_map.golden_customer_id
            from {{ ref('silver__identity_map') }} as identity_map
            inner join {{ ref('silver__source_records') }} as records on identity_map.record_key = records.record_key
            where records.build_number > {{ plan.seen['source_records'] }}
            union
            select known.golden_customer_id
            from identity.known_golden_customers as known
            where not exists (
                select 1
                from {{ ref('silver__identity_map') }} as identity_map
                where identity_map.golden_customer_id = known.golden_customer_id
            )
        {%- endset -%}
        {% do kept_table('touched_golden_customers', touched) %}
        {% do run_query('delete from ' ~ this ~ ' where golden_customer_id in (select golden_customer_id from identity.touched_golden_customers)') %}
    {%- endif -%}
{%- endmacro %}

{% macro end_golden_fields() -%}
    {%- if is_building() -%}
        {% do kept_table('known_golden_customers', 'select distinct golden_customer_id from ' ~ ref('silver__identity_map')) %}
        {% do remember_build(
            ['source_records'], seeds=['survivorship_rules', 'survivorship_fields', 'source_systems'],
            rows_of={'identity_map': ref('silver__identity_map')}
        ) %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_golden_customers() -%}
    {{ return(build_plan(['golden_fields'], seeds=['survivorship_fields'], steps=['golden_fields'])) }}
{%- endmacro %}

{% macro begin_golden_customers() -%}
    {%- set plan = plan_golden_customers() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {% do run_query('delete from ' ~ this ~ ' where golden_customer_id in (select golden_customer_id from identity.touched_golden_customers)') %}
    {%- endif -%}
{%- endmacro %}
