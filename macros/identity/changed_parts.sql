{# What each model that is brought up to date in parts takes out before its build; the steps it leaves behind say what it has to put in. #}

{% macro plan_record_identifiers() -%}
    {{ return(build_plan(['source_records'], records=ref('silver__source_records'))) }}
{%- endmacro %}

{# Touched are the records that are touched in source_records, and those of which identifiers came in. Their former identifiers are kept. #}
{% macro begin_record_identifiers() -%}
    {%- set plan = plan_record_identifiers() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set touched -%}
            select record_key from {{ ref('silver__source_records') }} where build_number > {{ plan.seen['source_records'] }}
            union
            select {{ record_key('identifiers.origin_system', 'identifiers.source_record_id') }}
            from {{ ref('bronze__customer_identifiers') }} as identifiers
            cross join {{ ref('silver__as_of') }} as build
            cross join (select coalesce(max(load_id), 0) as load_id, coalesce(max(updated_at), timestamp '1900-01-01 00:00:00') as updated_at from {{ this }}) as stored
            where
                coalesce(identifiers.updated_at, timestamp '1900-01-01 00:00:00') <= build.as_of
                and (identifiers.load_id > stored.load_id or identifiers.updated_at > stored.updated_at)
        {%- endset -%}
        {% do step_table('identifiers_touched', touched) %}
        {% do kept_table('replaced_identifiers', 'select record_key, identifier_type, identifier_value from ' ~ this ~ ' where record_key in (select record_key from identifiers_touched)') %}
        {% do run_query('delete from ' ~ this ~ ' where record_key in (select record_key from identifiers_touched)') %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_identifier_values() -%}
    {{ return(build_plan(['record_identifiers'], seeds=['identifier_types', 'placeholders'], steps=['record_identifiers'])) }}
{%- endmacro %}

{# Affected are the identifiers that a touched record has or had. #}
{% macro begin_identifier_values() -%}
    {%- set plan = plan_identifier_values() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set affected -%}
            select identifier_type, identifier_value
            from {{ ref('silver__record_identifiers') }}
            where build_number > {{ plan.seen['record_identifiers'] }}
            {%- if plan.now['record_identifiers'] > plan.seen['record_identifiers'] %}
            union
            select identifier_type, identifier_value from identity.replaced_identifiers
            {%- endif %}
        {%- endset -%}
        {%- set before -%}
            select stored.identifier_type, stored.identifier_value, stored.is_linking, stored.build_number
            from {{ this }} as stored
            inner join values_affected as affected
                on stored.identifier_type = affected.identifier_type and stored.identifier_value = affected.identifier_value
        {%- endset -%}
        {% do step_table('values_affected', 'select distinct identifier_type, identifier_value from (' ~ affected ~ ') as affected') %}
        {% do step_table('values_before', before) %}
        {% do run_query('delete from ' ~ this ~ ' where (identifier_type, identifier_value) in (select identifier_type, identifier_value from values_before)') %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_crowded_blocks() -%}
    {{ return(build_plan(['source_records'], records=ref('silver__source_records'))) }}
{%- endmacro %}

{# Counted again are blocks that a touched record is in, and those that were crowded, which it may have left. #}
{% macro begin_crowded_blocks() -%}
    {%- set plan = plan_crowded_blocks() -%}
    {%- if is_building() and plan.part -%}
        {%- set fresh = '(select * from ' ~ ref('silver__source_records') ~ ' where build_number > ' ~ plan.seen['source_records'] ~ ') as fresh' -%}
        {% do step_table('blocks_affected', 'select block_key from (' ~ block_keys(fresh) ~ ') as keyed union select block_key from ' ~ this) %}
        {% do run_query('delete from ' ~ this) %}
    {%- else -%}
        {% do begin_build(plan) %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_identity_candidates() -%}
    {{ return(build_plan(
        ['source_records', 'record_identifiers', 'identifier_values', 'crowded_blocks'],
        seeds=['nicknames'], steps=['record_identifiers'], records=ref('silver__source_records')
    )) }}
{%- endmacro %}

{# Compared again are records that were touched, and all that share an identifier or a block which began or ceased to bring records together. #}
{% macro begin_identity_candidates() -%}
    {%- set plan = plan_identity_candidates() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set turned_blocks -%}
            select block_key
            from (
                select block_key, 1 as now_crowded, 0 as was_crowded from {{ ref('silver__crowded_blocks') }}
                union all
                select block_key, 0 as now_crowded, 1 as was_crowded from identity.known_crowded_blocks
            ) as blocks
            group by block_key
            having sum(now_crowded) != sum(was_crowded)
        {%- endset -%}
        {% do step_table('candidates_turned_blocks', turned_blocks) %}
        {%- set replaced -%}
            select record_key from {{ ref('silver__source_records') }} where build_number > {{ plan.seen['source_records'] }}
            union
            select record_key from {{ ref('silver__record_identifiers') }} where build_number > {{ plan.seen['record_identifiers'] }}
            {%- if plan.now['record_identifiers'] > plan.seen['record_identifiers'] %}
            union
            select record_key from identity.replaced_identifiers
            {%- endif %}
            union
            select identifiers.record_key
            from {{ ref('silver__record_identifiers') }} as identifiers
            inner join {{ ref('silver__identifier_values') }} as identifier_values
                on
                    identifiers.identifier_type = identifier_values.identifier_type
                    and identifiers.identifier_value = identifier_values.identifier_value
            where identifier_values.build_number > {{ plan.seen['identifier_values'] }} and identifier_values.records > 1
            {%- if number_from('select count(*) from candidates_turned_blocks') > 0 %}
            union
            select keyed.record_key
            from ({{ block_keys(ref('silver__source_records')) }}) as keyed
            inner join candidates_turned_blocks as turned on keyed.block_key = turned.block_key
            {%- endif %}
        {%- endset -%}
        {% do kept_table('replaced_candidates', replaced) %}
        {% for end in ['record_key_a', 'record_key_b'] %}
            {% do run_query('delete from ' ~ this ~ ' where ' ~ end ~ ' in (select record_key from identity.replaced_candidates)') %}
        {% endfor %}
    {%- endif -%}
{%- endmacro %}

{% macro end_identity_candidates() -%}
    {%- if is_building() -%}
        {% do kept_table('known_crowded_blocks', 'select block_key from ' ~ ref('silver__crowded_blocks')) %}
        {% do remember_build(['source_records', 'record_identifiers', 'identifier_values', 'crowded_blocks'], seeds=['nicknames']) %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_deterministic_links() -%}
    {{ return(build_plan(['identity_candidates'], seeds=['identity_rules'], steps=['identity_candidates'])) }}
{%- endmacro %}

{% macro begin_deterministic_links() -%}
    {%- set plan = plan_deterministic_links() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part and plan.now['identity_candidates'] > plan.seen['identity_candidates'] -%}
        {% for end in ['record_key_a', 'record_key_b'] %}
            {% do run_query('delete from ' ~ this ~ ' where ' ~ end ~ ' in (select record_key from identity.replaced_candidates)') %}
        {% endfor %}
    {%- endif -%}
{%- endmacro %}

{# What makes a link join, wait or fall. #}
{% macro settings_of_zones() -%}
    {{ return(' ' ~ var('identity_automatic_probability') ~ ' ' ~ var('identity_review_probability')) }}
{%- endmacro %}

{# As long as the model has linked nothing its silence says nothing, see silver__identity_clusters. #}
{% macro settings_of_components() -%}
    {%- set has_spoken = number_from('select count(*) from (select 1 as one from identity.probabilistic_links limit 1) as links') > 0 -%}
    {{ return(settings_of_zones() ~ ' ' ~ has_spoken) }}
{%- endmacro %}

{# What is known to have changed since the last build of the components; `part` is false where that is not known and all has to be compared. #}
{% macro plan_identity_components() -%}
    {%- if not execute or not keeps_builds() -%}
        {{ return({'part': false}) }}
    {%- endif -%}
    {%- set plan = build_plan(
        ['source_records', 'deterministic_links'],
        seeds=['source_systems'], steps=['deterministic_links'], settings=settings_of_components()
    ) -%}
    {%- set seen = number_from("select max(build_number) from identity.builds where model = '" ~ this.identifier ~ "' and upstream = 'match_runs'") -%}
    {%- do plan.seen.update({'match_runs': seen}) -%}
    {%- if number_from('select max(match_number) from identity.match_runs where was_anew') > seen -%}
        {%- do plan.update({'part': false}) -%}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}

{# components_touched: records that were touched, of which rules or the model compared something again, or about which people decided otherwise. #}
{% macro begin_identity_components() -%}
    {%- set plan = plan_identity_components() -%}
    {%- if is_building() and plan.part -%}
        {%- set touched -%}
            select record_key from {{ ref('silver__source_records') }} where build_number > {{ plan.seen['source_records'] }}
            {%- if plan.now['deterministic_links'] > plan.seen['deterministic_links'] %}
            union
            select record_key from identity.replaced_candidates
            {%- endif %}
            union
            select record_key from identity.rematched_records where match_number > {{ plan.seen['match_runs'] }}
            {%- for end in ['record_key_a', 'record_key_b'] %}
            union
            select {{ end }}
            from (
                select record_key_a, record_key_b, decision, 1 as is_now from {{ ref('silver__identity_decided_pairs') }}
                union all
                select record_key_a, record_key_b, decision, -1 as is_now from identity.known_decisions
            ) as decisions
            group by record_key_a, record_key_b, decision
            having sum(is_now) != 0
            {%- endfor %}
        {%- endset -%}
        {% do step_table('components_touched', touched) %}
    {%- endif -%}
{%- endmacro %}

{% macro end_identity_components() -%}
    {%- if is_building() and keeps_builds() -%}
        {% do kept_table('known_decisions', 'select record_key_a, record_key_b, decision from ' ~ ref('silver__identity_decided_pairs')) %}
        {% do remember_build(
            ['source_records', 'deterministic_links'], seeds=['source_systems'], settings=settings_of_components(),
            rows_of={'match_runs': '(select match_number as build_number from identity.match_runs) as runs'}
        ) %}
    {%- endif -%}
{%- endmacro %}

{% macro plan_identity_open_pairs() -%}
    {{ return(build_plan(['identity_map'], settings=settings_of_zones())) }}
{%- endmacro %}

{# Looked at again are pairs with a record whose cluster was made again, or that is gone. #}
{% macro begin_identity_open_pairs() -%}
    {%- set plan = plan_identity_open_pairs() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set touched -%}
            select record_key from {{ ref('silver__identity_map') }} where build_number > {{ plan.seen['identity_map'] }}
            {%- for end in ['record_key_a', 'record_key_b'] %}
            union
            select {{ end }} from {{ this }} where {{ end }} not in (select record_key from {{ ref('silver__identity_map') }})
            {%- endfor %}
        {%- endset -%}
        {% do step_table('open_pairs_touched', touched) %}
        {% for end in ['record_key_a', 'record_key_b'] %}
            {% do run_query('delete from ' ~ this ~ ' where ' ~ end ~ ' in (select record_key from open_pairs_touched)') %}
        {% endfor %}
    {%- endif -%}
{%- endmacro %}

{% macro end_identity_open_pairs() -%}
    {% do remember_build([], rows_of={'identity_map': ref('silver__identity_map')}, settings=settings_of_zones()) %}
{%- endmacro %}
