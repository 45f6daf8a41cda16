{# How silver.account_daily is brought up to date in parts: see build_plan. #}

{% macro plan_account_daily() -%}
    {%- set plan = build_plan([]) -%}
    {%- if plan.part and adapter.get_relation(this.database, 'landing', 'account_steps_seen') is none -%}
        {%- do plan.update({'part': false}) -%}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}

{# The first day that is kept, as seen from as_of. #}
{% macro first_kept_day(as_of) -%}
    cast({{ dbt.dateadd('day', -1 * var('history_days'), 'cast(' ~ as_of ~ ' as date)') }} as date)
{%- endmacro %}

{#
    An account's days are made again from the first day whose steps are others than those of the last build, and at any rate from the day after
    the last build's last. The day before it stays and says where the levels stand.
#}
{% macro begin_account_daily() -%}
    {%- set plan = plan_account_daily() -%}
    {% do begin_build(plan) %}
    {%- if is_building() and plan.part -%}
        {%- set columns -%}
            customer_id, date_day, known_on, active_on
            {%- for window in account_windows() %}, {{ window.level }}{% endfor -%}
        {%- endset -%}
        {%- set changed -%}
            select customer_id, date_day from (
                select {{ columns }} from {{ ref('silver__account_steps') }}
                except
                select {{ columns }} from landing.account_steps_seen
            ) as fresh
            union all
            select customer_id, date_day from (
                select {{ columns }} from landing.account_steps_seen
                except
                select {{ columns }} from {{ ref('silver__account_steps') }}
            ) as outdated
        {%- endset -%}
        {% do step_table('account_steps_changed', changed) %}
        {%- set rebuilt -%}
            select
                customer_id,
                min(rebuild_from) as rebuild_from
            from (
                select customer_id, date_day as rebuild_from from account_steps_changed
                union all
                select customer_id, cast({{ dbt.dateadd('day', 1, "coalesce(max(date_day), date '1970-01-01')") }} as date)
                from {{ this }}
                group by customer_id
            ) as days_to_build
            group by customer_id
        {%- endset -%}
        {% do kept_table('account_days_rebuilt', rebuilt, schema='landing') %}
        {%- set outdated -%}
            delete from {{ this }}
            where
                date_day < (select {{ first_kept_day('build.as_of') }} from {{ ref('silver__as_of') }} as build)
                or date_day > (select cast(build.as_of as date) from {{ ref('silver__as_of') }} as build)
                or exists (
                    select 1
                    from landing.account_days_rebuilt as rebuilt
                    where rebuilt.customer_id = {{ this }}.customer_id and rebuilt.rebuild_from <= {{ this }}.date_day
                )
        {%- endset -%}
        {% do run_query(outdated) %}
        {%- set before -%}
            select stored.*
            from {{ this }} as stored
            inner join landing.account_days_rebuilt as rebuilt
                on
                    stored.customer_id = rebuilt.customer_id
                    and stored.date_day = {{ dbt.dateadd('day', -1, 'rebuilt.rebuild_from') }}
        {%- endset -%}
        {% do step_table('account_days_before', before) %}
    {%- endif -%}
{%- endmacro %}

{# Remembers the steps that the levels are the sums of, and which days are new to whoever reads them. #}
{% macro end_account_daily() -%}
    {%- if is_building() -%}
        {%- if not plan_account_daily().part -%}
            {% do kept_table('account_days_rebuilt', 'select customer_id, min(date_day) as rebuild_from from ' ~ this ~ ' group by customer_id', schema='landing') %}
        {%- endif -%}
        {% do kept_table('account_steps_seen', 'select * from ' ~ ref('silver__account_steps'), schema='landing') %}
        {% do remember_build([]) %}
        {% do drop_step_tables(['account_steps_changed', 'account_days_before']) %}
    {%- endif -%}
{%- endmacro %}
