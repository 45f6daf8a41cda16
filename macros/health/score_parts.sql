{# How gold.fct_scores is brought up to date in parts: see build_plan. #}

{% macro plan_scores() -%}
    {%- set plan = build_plan(
        ['account_daily'], seeds=['score_signals', 'score_components', 'score_bands'], steps=['account_daily'],
        settings=var('health_weight_set')
    ) -%}
    {%- if plan.part and adapter.get_relation(this.database, 'landing', 'score_context_seen') is none -%}
        {%- do plan.update({'part': false}) -%}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}

{# An account's scores are made again for the days of it that silver.account_daily has made again, and everybody's from the first day of which it
   has been learnt since what was on offer or recorded. #}
{% macro begin_scores() -%}
    {%- set plan = plan_scores() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {% do step_table('score_days_rebuilt', score_days_to_rebuild(plan)) %}
        {%- set outdated -%}
            delete from {{ this }}
            where
                date_day < (select {{ first_kept_day('build.as_of') }} from {{ ref('silver__as_of') }} as build)
                or date_day > (select cast(build.as_of as date) from {{ ref('silver__as_of') }} as build)
                or exists (
                    select 1
                    from score_days_rebuilt as rebuilt
                    where rebuilt.customer_id = {{ this }}.customer_id and rebuilt.rebuild_from <= {{ this }}.date_day
                )
        {%- endset -%}
        {% do run_query(outdated) %}
    {%- endif -%}
{%- endmacro %}

{% macro end_scores() -%}
    {%- if is_building() -%}
        {% do kept_table('score_context_seen', 'select * from ' ~ ref('silver__score_context'), schema='landing') %}
        {% do remember_build(['account_daily'], seeds=['score_signals', 'score_components', 'score_bands'], settings=var('health_weight_set')) %}
        {% do drop_step_tables(['score_days_rebuilt']) %}
    {%- endif -%}
{%- endmacro %}

{# From which day on each account's scores are made again. #}
{% macro score_days_to_rebuild(plan) -%}
    with context_changed as (
        select min(date_day) as rebuild_from from (
            (select * from {{ ref('silver__score_context') }} except select * from landing.score_context_seen)
            union all
            (select * from landing.score_context_seen except select * from {{ ref('silver__score_context') }})
        ) as differing
        cross join {{ ref('silver__as_of') }} as build
        where date_day >= {{ first_kept_day('build.as_of') }}
    )

    select
        customer_id,
        min(rebuild_from) as rebuild_from
    from (
        {%- if plan.now['account_daily'] > plan.seen['account_daily'] %}
        select customer_id, rebuild_from
        from landing.account_days_rebuilt
        union all
        {%- endif %}
        select stored.customer_id, context_changed.rebuild_from
        from (select distinct customer_id from {{ ref('silver__account_steps') }}) as stored
        cross join context_changed
        where context_changed.rebuild_from is not null
    ) as days_to_build
    group by customer_id
{%- endmacro %}

{# The first of these days, as text; a day that never comes if there is none. #}
{% macro first_day_to_rebuild(plan) -%}
    {%- if is_building() and plan.part -%}
        {%- set first -%}
            select cast(coalesce(min(rebuild_from), date '9999-12-31') as {{ dbt.type_string() }}) from ({{ score_days_to_rebuild(plan) }}) as days_to_rebuild
        {%- endset -%}
        {{ return(run_query(first).columns[0].values()[0]) }}
    {%- endif -%}
    {{ return('9999-12-31') }}
{%- endmacro %}
