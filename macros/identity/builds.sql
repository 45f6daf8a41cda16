{#
    Models that are brought up to date in parts remember in identity.builds the number of their last build, the last build that made them
    anew, which builds of the models before them they have seen (one row each, under `upstream`), and a fingerprint of the seeds they read.
    What they replaced or forgot lies in tables of the schema identity until their next build.

    build_plan says how a model is to be built now: `part` (only what the models before it have changed) or not, the number of this build,
    and per model before it the build that was `seen` and the one that is there `now`. Everything is made anew if a model before was, a
    seed or one of the `settings` (a text) has changed, a build of one of `steps` was missed (it keeps what it replaced for one build only), or more than a quarter of the
    records is new, which is quicker at once.
#}
{% macro build_plan(upstreams, seeds=[], steps=[], records=none, settings='') -%}
    {%- set plan = {'part': is_kept(), 'number': 1, 'seen': {}, 'now': {}} -%}
    {%- for name in upstreams %}
        {%- do plan.seen.update({name: 0}) -%}
        {%- do plan.now.update({name: 0}) -%}
    {%- endfor %}
    {%- set builds = adapter.get_relation(this.database, 'identity', 'builds') if execute and this else none -%}
    {%- if builds is none -%}
        {%- do plan.update({'part': false}) -%}
        {{ return(plan) }}
    {%- endif -%}
    {%- set state = namespace(known=0, anew=false, fingerprint='') -%}
    {%- for row in run_query("select model, coalesce(upstream, ''), build_number, anew_number, fingerprint from " ~ builds).rows -%}
        {%- if row[0] == this.identifier and row[1] == '' -%}
            {%- do plan.update({'number': row[2] | int + 1}) -%}
            {%- set state.fingerprint = row[4] -%}
        {%- elif row[0] == this.identifier and row[1] in upstreams -%}
            {%- do plan.seen.update({row[1]: row[2] | int}) -%}
            {%- set state.known = state.known + 1 -%}
        {%- endif -%}
        {%- if row[0] in upstreams and row[1] == '' -%}
            {%- do plan.now.update({row[0]: row[2] | int, row[0] ~ ' anew': row[3] | int}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in upstreams if plan.now.get(name ~ ' anew', 0) > plan.seen[name] or (name in steps and plan.now[name] > plan.seen[name] + 1) -%}
        {%- set state.anew = true -%}
    {%- endfor -%}
    {%- if state.anew or state.known < upstreams | length -%}
        {%- do plan.update({'part': false}) -%}
    {%- endif -%}
    {%- if plan.part and (seeds or settings) and fingerprint_of(seeds) ~ settings != state.fingerprint -%}
        {%- do plan.update({'part': false}) -%}
    {%- endif -%}
    {%- if plan.part and records is not none -%}
        {%- set fresh = 'select count(*) from ' ~ records ~ ' where build_number > ' ~ plan.seen['source_records'] -%}
        {%- if number_from(fresh) * 4 > number_from('select count(*) from ' ~ records) -%}
            {%- do plan.update({'part': false}) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}

{# Whether models remember their builds here: a part of the project by itself need not. #}
{% macro keeps_builds() -%}
    {{ return(adapter.get_relation(this.database, 'identity', 'builds') is not none) }}
{%- endmacro %}

{# Whether rows of the last build are there and stay; is_incremental() knows dbt's own materialisation only. #}
{% macro is_kept() -%}
    {%- set relation = load_cached_relation(this) if execute and this else none -%}
    {{ return(relation is not none and relation.type == 'table' and not should_full_refresh()) }}
{%- endmacro %}

{# Before a build: what is to be made anew is emptied, and known as such to remember_build. #}
{% macro begin_build(plan) -%}
    {%- if is_building() and not plan.part -%}
        {%- if keeps_builds() -%}
            {%- do run_query("delete from identity.builds where model = '" ~ this.identifier ~ "' and upstream != ''") -%}
        {%- endif -%}
        {%- if is_incremental() -%}
            {%- do run_query('delete from ' ~ this) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# After a build. Of a table of `rows_of` (name: relation), the largest build_number of its rows counts as what was seen. #}
{% macro remember_build(upstreams, seeds=[], rows_of={}, settings='') -%}
    {%- if is_building() and keeps_builds() -%}
        {%- set builds = "identity.builds" -%}
        {%- set name = this.identifier -%}
        {%- set number = 1 + number_from("select max(build_number) from " ~ builds ~ " where model = '" ~ name ~ "' and upstream = ''") -%}
        {%- set was_part = number_from("select count(*) from " ~ builds ~ " where model = '" ~ name ~ "' and upstream != ''") > 0 -%}
        {%- set anew = number_from("select max(anew_number) from " ~ builds ~ " where model = '" ~ name ~ "' and upstream = ''") if was_part else number -%}
        {%- set rows -%}
            select '{{ name }}' as model, '' as upstream, cast({{ number }} as bigint) as build_number, cast({{ anew }} as bigint) as anew_number, '{{ fingerprint_of(seeds) ~ settings }}' as fingerprint
            union all
            -- A build that makes all anew forgets this row, so that one that does not is known even of a model without others before it.
            select '{{ name }}', 'itself', cast({{ number }} as bigint), 0, ''
            {%- for upstream in upstreams %}
            union all
            select '{{ name }}', '{{ upstream }}', coalesce((select max(known.build_number) from {{ builds }} as known where known.model = '{{ upstream }}' and known.upstream = ''), 0), 0, ''
            {%- endfor %}
            {%- for upstream, relation in rows_of.items() %}
            union all
            select '{{ name }}', '{{ upstream }}', coalesce((select max(build_number) from {{ relation }}), 0), 0, ''
            {%- endfor %}
        {%- endset -%}
        {%- do step_table('builds_next', rows) -%}
        {%- do replace_rows(builds, 'model', 'builds_next', 'select * from builds_next') -%}
        {%- do drop_step_tables(['builds_next']) -%}
    {%- endif -%}
{%- endmacro %}

{# One text that tells whether any row of some seeds has changed. #}
{% macro fingerprint_of(seeds) -%}
    {%- set found = [] -%}
    {%- for seed in seeds -%}
        {%- set columns = adapter.get_columns_in_relation(ref(seed)) | map(attribute='name') -%}
        {%- set row -%}
            select {% for column in columns %}coalesce(cast({{ column }} as {{ dbt.type_string() }}), '-') || '|'{{ ' || ' if not loop.last }}{% endfor %} as row_text from {{ ref(seed) }}
        {%- endset -%}
        {%- do found.append(run_query("select md5(coalesce(" ~ joined_text('row_text', ' ', 'row_text') ~ ", '')) from (" ~ row ~ ') as seed_rows').columns[0].values()[0]) -%}
    {%- endfor -%}
    {{ return(found | join(' ')) }}
{%- endmacro %}

{# A table that stays until the next build of the model that keeps it, made anew from a query. #}
{% macro kept_table(name, sql, schema='identity') -%}
    {%- do run_query('drop table if exists ' ~ schema ~ '.' ~ name) -%}
    {%- do run_query('create table ' ~ schema ~ '.' ~ name ~ ' as ' ~ sql) -%}
{%- endmacro %}

{# Whether tables are being made; hooks are looked at by other commands as well. #}
{% macro is_building() -%}
    {{ return(execute and flags.WHICH in ['run', 'build']) }}
{%- endmacro %}
