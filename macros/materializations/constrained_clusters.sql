{#
    A table of record_key, component_key, cluster_key (the smallest record_key of the cluster), anchor_record_key, is_contested, build_number.

    The model gives, for the components that are to be worked out, rows of kind 'node' (record_key_a, record_key_b = component, precedence),
    'link' (record_key_a, record_key_b and how strong it is) and 'conflict' (record_key_a, record_key_b: never in one cluster).

    A component without conflicts is one cluster. Any other is put together again from single records, strongest link first; a link that
    would bring two records in conflict together is left out. Done in rounds: links that are the strongest of both their clusters are
    independent of each other and are taken at once, which gives the same as one after the other.
    The anchor is the member with the smallest precedence (see the macro of that name).
#}
{% materialization constrained_clusters, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set anew = existing is none or should_full_refresh() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do step_table('clusters_input', sql) %}
    {% if anew or number_from("select count(*) from clusters_input where kind = 'node'") > 0 %}
        {% do cluster_contested_components() %}
        {%- set fresh -%}
            with placed as (
                select
                    nodes.record_key_a as record_key,
                    nodes.record_key_b as component_key,
                    coalesce(smallest.record_key, nodes.record_key_b) as cluster_key,
                    smallest.record_key is not null as is_contested,
                    nodes.precedence,
                    nodes.build_number
                from clusters_input as nodes
                left join clusters_numbers as numbers on nodes.record_key_a = numbers.record_key
                left join clusters_labels as labels on numbers.node = labels.node
                left join clusters_numbers as smallest on labels.label = smallest.node
                where nodes.kind = 'node'
            ),

            first_come as (
                select cluster_key, min(precedence) as precedence
                from placed
                group by cluster_key
            )

            select
                placed.record_key,
                placed.component_key,
                placed.cluster_key,
                substr(first_come.precedence, 39) as anchor_record_key,
                placed.is_contested,
                placed.build_number
            from placed
            inner join first_come on placed.cluster_key = first_come.cluster_key
        {%- endset -%}
        {% if anew %}
            {% if existing is not none %}
                {% do adapter.drop_relation(existing) %}
            {% endif %}
            {% call statement('main') -%}
                {{ create_table_as(False, target_relation, fresh) }}
            {%- endcall %}
        {% else %}
            {% do step_table('clusters_outdated', "select record_key_a as record_key from clusters_input where kind = 'node'") %}
            {% do replace_rows(target_relation, 'record_key', 'clusters_outdated', fresh) %}
            {% call statement('main') -%}
                select 1
            {%- endcall %}
        {% endif %}
    {% else %}
        {% call statement('main') -%}
            select 1
        {%- endcall %}
    {% endif %}
    {% do drop_step_tables(['clusters_input', 'clusters_outdated', 'clusters_numbers', 'clusters_labels', 'clusters_links', 'clusters_conflicts', 'clusters_open', 'clusters_best', 'clusters_merges']) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{# clusters_numbers and clusters_labels: the records of contested components by number, and the smallest number of the cluster of each. #}
{% macro cluster_contested_components() -%}
    {%- set state = namespace(converged=false) -%}
    {%- set numbers -%}
        select
            nodes.record_key_a as record_key,
            row_number() over (order by nodes.record_key_a) as node
        from clusters_input as nodes
        where
            nodes.kind = 'node'
            and nodes.record_key_b in (
                select ends.record_key_b
                from clusters_input as ends
                inner join clusters_input as conflicts on ends.record_key_a = conflicts.record_key_a
                where ends.kind = 'node' and conflicts.kind = 'conflict'
            )
    {%- endset -%}
    {# Strength is one rank for all links, so that no two are equally strong. #}
    {%- set links -%}
        select
            one.node as a,
            other.node as b,
            row_number() over (
                order by
                    links.is_manual desc, links.match_probability desc, links.match_weight desc, links.agreeing_links desc,
                    md5(links.record_key_a || ' ' || links.record_key_b), links.record_key_a, links.record_key_b
            ) as strength_rank
        from clusters_input as links
        inner join clusters_numbers as one on links.record_key_a = one.record_key
        inner join clusters_numbers as other on links.record_key_b = other.record_key
        where links.kind = 'link'
    {%- endset -%}
    {%- set conflicts -%}
        select distinct
            least(one.node, other.node) as a,
            greatest(one.node, other.node) as b
        from clusters_input as conflicts
        inner join clusters_numbers as one on conflicts.record_key_a = one.record_key
        inner join clusters_numbers as other on conflicts.record_key_b = other.record_key
        where conflicts.kind = 'conflict'
    {%- endset -%}
    {# Links that may still be taken: between two clusters that are not in conflict; between the same two, the strongest. #}
    {%- set open -%}
        select
            links.a,
            links.b,
            min(links.strength_rank) as strength_rank
        from (select least(a, b) as a, greatest(a, b) as b, strength_rank from clusters_links where a != b) as links
        left join clusters_conflicts as conflicts on links.a = conflicts.a and links.b = conflicts.b
        where conflicts.a is null
        group by links.a, links.b
    {%- endset -%}
    {%- set best -%}
        select vertex, min(strength_rank) as strength_rank
        from (select a as vertex, strength_rank from clusters_open union all select b, strength_rank from clusters_open) as ends
        group by vertex
    {%- endset -%}
    {%- set merges -%}
        select open_links.a as kept, open_links.b as merged
        from clusters_open as open_links
        inner join clusters_best as one on open_links.a = one.vertex and open_links.strength_rank = one.strength_rank
        inner join clusters_best as other on open_links.b = other.vertex and open_links.strength_rank = other.strength_rank
    {%- endset -%}
    {%- set labels -%}
        select labels.node, coalesce(merges.kept, labels.label) as label
        from clusters_labels as labels
        left join clusters_merges as merges on labels.label = merges.merged
    {%- endset -%}
    {%- set merged_links -%}
        select coalesce(one.kept, links.a) as a, coalesce(other.kept, links.b) as b, links.strength_rank
        from clusters_open as links
        left join clusters_merges as one on links.a = one.merged
        left join clusters_merges as other on links.b = other.merged
    {%- endset -%}
    {%- set merged_conflicts -%}
        select distinct
            least(coalesce(one.kept, conflicts.a), coalesce(other.kept, conflicts.b)) as a,
            greatest(coalesce(one.kept, conflicts.a), coalesce(other.kept, conflicts.b)) as b
        from clusters_conflicts as conflicts
        left join clusters_merges as one on conflicts.a = one.merged
        left join clusters_merges as other on conflicts.b = other.merged
    {%- endset -%}
    {% do step_table('clusters_numbers', numbers) %}
    {% do step_table('clusters_labels', 'select node, node as label from clusters_numbers') %}
    {% do step_table('clusters_links', links) %}
    {% do step_table('clusters_conflicts', conflicts) %}
    {# The strongest open link is always taken, so there are fewer rounds than records. #}
    {% for round in range(number_from('select count(*) from clusters_numbers') + 1) %}
        {% do step_table('clusters_open', open) %}
        {% if number_from('select count(*) from clusters_open') == 0 %}
            {% set state.converged = true %}
            {% break %}
        {% endif %}
        {% do step_table('clusters_best', best) %}
        {% do step_table('clusters_merges', merges) %}
        {% do step_table('clusters_labels', labels) %}
        {% do step_table('clusters_links', merged_links) %}
        {% do step_table('clusters_conflicts', merged_conflicts) %}
    {% endfor %}
    {% if not state.converged %}
        {{ stop("The clusters of " ~ this ~ " have not converged.") }}
    {% endif %}
{%- endmacro %}
