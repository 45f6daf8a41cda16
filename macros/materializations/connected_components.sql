{#
    A table of record_key, component_key (the smallest record_key of the component), fingerprint, build_number.

    The model gives what there is: rows of kind 'node' (record_key_a, fingerprint), 'link' (record_key_a, record_key_b, fingerprint, strength), which
    joins two nodes, and others of two nodes, which join nothing but whose change makes their components new as well;
    `strength` is a number that belongs to the fingerprint.
    The table remembers the fingerprints of its nodes, and identity.<model>_ties those of the pairs. The next run compares them, and works
    out again only the components that something new, changed or gone belongs to; their rows get the next build_number.
    A model that knows what has changed says so by the macro that its config names as `changes`: it gives a plan whose `part` is true, and a
    pre-hook has filled the step table components_touched with the nodes of which anything is new or changed. Then nothing is compared.
#}
{% materialization connected_components, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set ties = api.Relation.create(database=this.database, schema='identity', identifier=this.identifier ~ '_ties', type='table') -%}
    {%- set known_ties = load_cached_relation(ties) or adapter.get_relation(ties.database, ties.schema, ties.identifier) -%}
    {%- set anew = existing is none or known_ties is none or should_full_refresh() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set changes_are_known = not anew and config.get('changes') and context[config.get('changes')]().part -%}
    {%- set build_number = 1 + (number_from('select max(build_number) from ' ~ existing) if existing is not none else 0) -%}
    {% if anew %}
        {% do step_table('components_input', sql) %}
        {% do step_table('components_outdated', "select record_key_a as record_key from components_input where kind = 'node'") %}
    {% else %}
        {% if changes_are_known %}
            {% do find_partners_of_touched_nodes(existing, sql) %}
        {% else %}
            {% do find_touched_nodes(existing, ties, sql) %}
        {% endif %}
        {% do find_outdated_components(existing) %}
        {% do step_table('components_input', 'select given.* from (' ~ sql ~ ') as given where given.record_key_a in (select record_key from components_outdated)') %}
    {% endif %}

    {% if not anew and number_from('select count(*) from components_outdated') == 0 %}
        {% call statement('main') -%}
            select 1
        {%- endcall %}
    {% else %}
        {% do label_components() %}
        {%- set fresh -%}
            select
                nodes.record_key_a as record_key,
                coalesce(smallest.record_key, nodes.record_key_a) as component_key,
                nodes.fingerprint,
                cast({{ build_number }} as bigint) as build_number
            from components_input as nodes
            left join components_numbers as numbers on nodes.record_key_a = numbers.record_key
            left join components_labels as labels on numbers.node = labels.node
            left join components_numbers as smallest on labels.label = smallest.node
            where nodes.kind = 'node' and nodes.record_key_a in (select record_key from components_outdated)
        {%- endset -%}
        {%- set fresh_ties -%}
            select kind, record_key_a, record_key_b, fingerprint, strength, record_key_a as record_key
            from components_input
            where kind != 'node' and record_key_a in (select record_key from components_outdated)
        {%- endset -%}
        {% if anew %}
            {% for relation, rows in [(existing, none), (known_ties, none)] if relation is not none %}
                {% do adapter.drop_relation(relation) %}
            {% endfor %}
            {% do run_query('create table ' ~ ties ~ ' as ' ~ fresh_ties) %}
            {% call statement('main') -%}
                {{ create_table_as(False, target_relation, fresh) }}
            {%- endcall %}
        {% else %}
            {% do replace_rows(ties, 'record_key', 'components_outdated', fresh_ties) %}
            {% do replace_rows(target_relation, 'record_key', 'components_outdated', fresh) %}
            {% call statement('main') -%}
                select 1
            {%- endcall %}
        {% endif %}
    {% endif %}
    {% do drop_step_tables(['components_input', 'components_outdated', 'components_new_nodes', 'components_new_ties', 'components_touched', 'components_numbers', 'components_edges', 'components_labels', 'components_parents']) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{# The first value of a query as a whole number; 0 for none. #}
{% macro number_from(sql) -%}
    {{ return((run_query(sql).columns[0].values()[0] or 0) | int) }}
{%- endmacro %}

{# To components_touched come the nodes that a pair of now joins with what was touched, and those that are gone. #}
{% macro find_partners_of_touched_nodes(existing, sql) -%}
    {%- set partners -%}
        select record_key from components_touched
        union
        select pairs.record_key_a
        from ({{ sql }}) as pairs
        inner join components_touched as touched on pairs.record_key_b = touched.record_key
        where pairs.kind = 'link'
        union
        select pairs.record_key_b
        from ({{ sql }}) as pairs
        inner join components_touched as touched on pairs.record_key_a = touched.record_key
        where pairs.kind = 'link'
    {%- endset -%}
    {%- set gone -%}
        select record_key from components_touched
        union
        select stored.record_key
        from {{ existing }} as stored
        left join (select record_key_a from ({{ sql }}) as given where kind = 'node') as nodes on stored.record_key = nodes.record_key_a
        where nodes.record_key_a is null
    {%- endset -%}
    {%- set unaccounted_for -%}
        select
            (select count(*) from {{ existing }})
            + (select count(*) from components_touched where record_key not in (select record_key from {{ existing }}))
            - (select count(*) from ({{ sql }}) as given where kind = 'node')
    {%- endset -%}
    {% do step_table('components_touched', partners) %}
    {% if number_from(unaccounted_for) != 0 %}
        {% do step_table('components_touched', gone) %}
    {% endif %}
{%- endmacro %}

{# components_touched: nodes that are new, changed or gone, and those of new, changed or vanished pairs. #}
{% macro find_touched_nodes(existing, ties, sql) -%}
    {# What is new or changed is looked for among what is there now; what has gone only if the counts do not add up. #}
    {%- set new_nodes -%}
        select nodes.record_key_a as record_key
        from ({{ sql }}) as nodes
        where
            nodes.kind = 'node'
            and not exists (
                select 1
                from {{ existing }} as stored
                where stored.record_key = nodes.record_key_a and stored.fingerprint = nodes.fingerprint
            )
    {%- endset -%}
    {%- set new_ties -%}
        select pairs.record_key_a, pairs.record_key_b
        from ({{ sql }}) as pairs
        where
            pairs.kind != 'node'
            and not exists (
                select 1
                from {{ ties }} as stored
                where
                    stored.record_key_a = pairs.record_key_a and stored.record_key_b = pairs.record_key_b
                    and stored.kind = pairs.kind and stored.fingerprint = pairs.fingerprint and stored.strength = pairs.strength
            )
    {%- endset -%}
    {% do step_table('components_new_nodes', new_nodes) %}
    {% do step_table('components_new_ties', new_ties) %}
    {%- set unchanged_nodes -%}
        select (select count(*) from ({{ sql }}) as given where kind = 'node') - (select count(*) from components_new_nodes) - (select count(*) from {{ existing }})
    {%- endset -%}
    {%- set unchanged_ties -%}
        select (select count(*) from ({{ sql }}) as given where kind != 'node') - (select count(*) from components_new_ties) - (select count(*) from {{ ties }})
    {%- endset -%}
    {%- set touched -%}
        select record_key from components_new_nodes
        union
        select record_key_a from components_new_ties
        union
        select record_key_b from components_new_ties
        {%- if number_from(unchanged_nodes) != 0 %}
        union
        select stored.record_key
        from {{ existing }} as stored
        where not exists (
            select 1
            from ({{ sql }}) as nodes
            where nodes.kind = 'node' and nodes.record_key_a = stored.record_key
        )
        {%- endif %}
        {%- if number_from(unchanged_ties) != 0 %}
        {%- for end in ['record_key_a', 'record_key_b'] %}
        union
        select stored.{{ end }}
        from {{ ties }} as stored
        where not exists (
            select 1
            from ({{ sql }}) as pairs
            where
                stored.record_key_a = pairs.record_key_a and stored.record_key_b = pairs.record_key_b
                and stored.kind = pairs.kind and stored.fingerprint = pairs.fingerprint and stored.strength = pairs.strength
        )
        {%- endfor %}
        {%- endif %}
    {%- endset -%}
    {% do step_table('components_touched', touched) %}
{%- endmacro %}

{# components_outdated: nodes of components to which a touched node belongs. #}
{% macro find_outdated_components(existing) -%}
    {%- set outdated -%}
        select record_key from components_touched
        union
        select stored.record_key
        from {{ existing }} as stored
        where stored.component_key in (
            select member.component_key
            from {{ existing }} as member
            inner join components_touched as touched on member.record_key = touched.record_key
        )
    {%- endset -%}
    {% do step_table('components_outdated', outdated) %}
{%- endmacro %}

{#
    components_labels: for every node of components_numbers the smallest node it is connected with, by links of components_input between
    nodes of components_outdated. Numbers follow the order of record keys.

    In every round each vertex hooks on to its smallest neighbour, whole chains of hooks are followed to their end by pointer jumping, and
    the graph is drawn together to what is left of it. It ends when no edge is left.
#}
{% macro label_components(most_rounds=100) -%}
    {%- set state = namespace(converged=false) -%}
    {%- set numbers -%}
        with linked as (
            select record_key_a, record_key_b
            from components_input
            where kind = 'link' and record_key_a in (select record_key from components_outdated)
        )

        select
            record_key,
            row_number() over (order by record_key) as node
        from (select record_key_a as record_key from linked union select record_key_b from linked) as ends
        where record_key in (select record_key_a from components_input where kind = 'node')
    {%- endset -%}
    {%- set edges -%}
        select distinct
            one.node as a,
            other.node as b
        from components_input as links
        inner join components_numbers as one on links.record_key_a = one.record_key
        inner join components_numbers as other on links.record_key_b = other.record_key
        where links.kind = 'link' and one.node != other.node
    {%- endset -%}
    {% do step_table('components_numbers', numbers) %}
    {% do step_table('components_edges', edges) %}
    {% do step_table('components_labels', 'select node, node as label from components_numbers') %}
    {% for round in range(most_rounds) %}
        {% if number_from('select count(*) from components_edges') == 0 %}
            {% set state.converged = true %}
            {% break %}
        {% endif %}
        {%- set parents -%}
            select vertex, least(vertex, min(neighbour)) as parent, true as has_moved
            from (select a as vertex, b as neighbour from components_edges union all select b, a from components_edges) as ends
            group by vertex
        {%- endset -%}
        {%- set jumped -%}
            select below.vertex, above.parent, above.parent != below.parent as has_moved
            from components_parents as below
            inner join components_parents as above on below.parent = above.vertex
        {%- endset -%}
        {% do step_table('components_parents', parents) %}
        {% for jump in range(64) %}
            {% do step_table('components_parents', jumped) %}
            {% if number_from('select count(*) from components_parents where has_moved') == 0 %}
                {% break %}
            {% endif %}
        {% endfor %}
        {%- set labels -%}
            select labels.node, coalesce(parents.parent, labels.label) as label
            from components_labels as labels
            left join components_parents as parents on labels.label = parents.vertex
        {%- endset -%}
        {%- set contracted -%}
            select distinct one.parent as a, other.parent as b
            from components_edges as edges
            inner join components_parents as one on edges.a = one.vertex
            inner join components_parents as other on edges.b = other.vertex
            where one.parent != other.parent
        {%- endset -%}
        {% do step_table('components_labels', labels) %}
        {% do step_table('components_edges', contracted) %}
    {% endfor %}
    {% if not state.converged and number_from('select count(*) from components_edges') > 0 %}
        {{ stop("The connected components of " ~ this ~ " have not converged after " ~ most_rounds ~ " rounds.") }}
    {% endif %}
{%- endmacro %}
