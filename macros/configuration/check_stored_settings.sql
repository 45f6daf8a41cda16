{# Incremental tables hold results of the settings they were computed with: a change of one asks for a rebuild, said before it starts. #}
{% macro check_stored_settings() -%}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% do run_query("create table if not exists landing.build_settings (name varchar, setting varchar)") %}
        {% set current = {'mappings': run_query("select md5(coalesce(string_agg(contract || '.' || relation || '.' || column_name || '=' || expression, ',' order by contract, relation, column_name), '')) from landing.mapped_columns").columns[0].values()[0]} %}
        {% for name, rule in variable_rules().items() if rule.incremental %}
            {% do current.update({name: var(name) | sort | join(', ') if rule.kind == 'list' else var(name) | string}) %}
        {% endfor %}
        {% set stored = {} %}
        {% for row in run_query("select name, setting from landing.build_settings").rows %}
            {% do stored.update({row[0]: row[1]}) %}
        {% endfor %}
        {% if flags.FULL_REFRESH or not stored %}
            {% if build_part() in ['', 'first'] and not (stored and is_part_of_all()) %}
                {# Until a rebuild with other settings is through, some tables are of the old ones and some of the new. #}
                {% set other = stored and stored != current %}
                {% do run_query("delete from landing.build_settings") %}
                {% for name, setting in current.items() %}
                    {% do run_query("insert into landing.build_settings values ('" ~ name ~ "', '" ~ setting ~ "')") %}
                {% endfor %}
                {% if other %}
                    {% do run_query("insert into landing.build_settings values ('unfinished_rebuild', 'true')") %}
                {% endif %}
            {% endif %}
        {% elif stored.get('unfinished_rebuild') %}
            {{ stop("The last rebuild did not come to its end, so stored tables may be of two minds: run once with --full-refresh.") }}
        {% else %}
            {% for name, setting in current.items() if stored.get(name) != setting %}
                {% if name == 'mappings' %}
                    {{ stop("The mappings in mappings/ have changed since the warehouse was built: run once with --full-refresh.") }}
                {% endif %}
                {{ stop("Variable '" ~ name ~ "' was " ~ (stored.get(name) if stored.get(name) != 'None' else 'empty') ~ " when the warehouse was built and is now " ~ (setting if setting != 'None' else 'empty') ~ ": run once with --full-refresh, or set it back.") }}
            {% endfor %}
        {% endif %}
    {% endif %}
{%- endmacro %}

{# Whether only a part is built, by a selection of somebody's own. The parts of a run are none: together they build everything. #}
{% macro is_part_of_all() -%}
    {# An orchestrator that builds everything says so with fqn:*. #}
    {% set named = invocation_args_dict.get('select') | default([], true) | reject('equalto', 'fqn:*') | list
        + invocation_args_dict.get('exclude') | default([], true) | list %}
    {{ return(build_part() == '' and named | length > 0) }}
{%- endmacro %}

{# At the end of a run: a rebuild of which no model failed is through. A later part is built only if nothing failed in those before. #}
{% macro settle_rebuild(results) -%}
    {% if execute and flags.WHICH in ['run', 'build'] and flags.FULL_REFRESH and build_part() in ['', 'last'] and not is_part_of_all() %}
        {% set undone = results | selectattr('node.resource_type', 'in', ['model', 'seed']) | rejectattr('status', 'equalto', 'success') | list %}
        {% if not undone %}
            {% do run_query("delete from landing.build_settings where name = 'unfinished_rebuild'") %}
        {% endif %}
    {% endif %}
{%- endmacro %}
