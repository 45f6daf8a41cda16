{#
    A table of record_key, component_key, cluster_key (the smallest record_key of the cluster), anchor_record_key, is_contested, build_number.

    The model gives, for the components that are to be worked out, rows of kind 'node' (record_key_a, record_key_b = component, precedence),
    whether it `is_contested`) and 'pair' (two records of a contested component: the weight of the evidence that they are one, in bits, or that
    they `must_not` be one).

    A component that is not contested is one cluster. Any other is put together again from single records by average linkage: the two clusters
    whose pairs weigh most on average are joined first, as long as that is `least_weight` bits and no pair must not be one. A pair that nothing is known of
    weighs `absent_weight`. Done in rounds: two clusters that are each other's best are joined at once, which for average linkage gives the same as
    one after the other (Murtagh and Contreras 2012, reciprocal nearest neighbours).
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
        {% do cluster_contested_components(config.require('least_weight')) %}
        {%- set fresh -%}
            with placed as (
                select
                    nodes.record_key_a as record_key,
                    nodes.record_key_b as component_key,
                    coalesce(smallest.record_key, nodes.record_key_b) as cluster_key,
                    nodes.is_contested,
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
    {% do drop_step_tables(['clusters_input', 'clusters_outdated', 'clusters_numbers', 'clusters_labels', 'clusters_sizes', 'clusters_pairs', 'clusters_open', 'clusters_best', 'clusters_merges']) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{# clusters_numbers and clusters_labels: the records of contested components by number, and the smallest number of the cluster of each.
   Weights are counted in thousandths of a bit: whole numbers add up to the same in any order. #}
{% macro cluster_contested_components(least_weight) -%}
    {%- set state = namespace(converged=false) -%}
    {%- set numbers -%}
        select
            nodes.record_key_a as record_key,
            nodes.record_key_b as component_key,
            row_number() over (order by nodes.record_key_a) as node
        from clusters_input as nodes
        where nodes.kind = 'node' and nodes.is_contested
    {%- endset -%}
    {%- set pairs -%}
        select
            least(one.node, other.node) as a,
            greatest(one.node, other.node) as b,
            one.component_key,
            cast(round(1000 * pairs.weight) as bigint) as weight,
            cast(1 as bigint) as known,
            case when pairs.must_not then 1 else 0 end as must_not
        from clusters_input as pairs
        inner join clusters_numbers as one on pairs.record_key_a = one.record_key
        inner join clusters_numbers as other on pairs.record_key_b = other.record_key
        where pairs.kind = 'pair'
    {%- endset -%}
    {%- set sizes -%}
        select label, cast(count(*) as bigint) as records
        from clusters_labels
        group by label
    {%- endset -%}
    {# Two clusters that may be joined; of equally good ones, the hash of their first records decides. #}
    {%- set open -%}
        with averaged as (
            select
                pairs.a,
                pairs.b,
                pairs.component_key,
                cast(pairs.weight + (one.records * other.records - pairs.known) * absent.weight as double) / (one.records * other.records) as average
            from clusters_pairs as pairs
            inner join clusters_sizes as one on pairs.a = one.label
            inner join clusters_sizes as other on pairs.b = other.label
            cross join (select cast(round(1000 * max(absent_weight)) as bigint) as weight from clusters_input where kind = 'node') as absent
            where pairs.must_not = 0
        )

        select
            averaged.a,
            averaged.b,
            averaged.component_key,
            row_number() over (order by averaged.average desc, md5(one.record_key || ' ' || other.record_key), averaged.a, averaged.b) as place
        from averaged
        inner join clusters_numbers as one on averaged.a = one.node
        inner join clusters_numbers as other on averaged.b = other.node
        where averaged.average >= 1000 * {{ least_weight }}
    {%- endset -%}
    {%- set best -%}
        select vertex, min(place) as place
        from (select a as vertex, place from clusters_open union all select b, place from clusters_open) as ends
        group by vertex
    {%- endset -%}
    {%- set merges -%}
        select open_pairs.a as kept, open_pairs.b as merged
        from clusters_open as open_pairs
        inner join clusters_best as one on open_pairs.a = one.vertex and open_pairs.place = one.place
        inner join clusters_best as other on open_pairs.b = other.vertex and open_pairs.place = other.place
    {%- endset -%}
    {%- set labels -%}
        select labels.node, coalesce(merges.kept, labels.label) as label
        from clusters_labels as labels
        left join clusters_merges as merges on labels.label = merges.merged
    {%- endset -%}
    {# Only where something was joined can more be joined. #}
    {%- set merged_pairs -%}
        with moved as (
            select
                coalesce(one.kept, pairs.a) as a,
                coalesce(other.kept, pairs.b) as b,
                pairs.component_key,
                pairs.weight,
                pairs.known,
                pairs.must_not
            from clusters_pairs as pairs
            left join clusters_merges as one on pairs.a = one.merged
            left join clusters_merges as other on pairs.b = other.merged
            where pairs.component_key in (select component_key from clusters_open)
        )

        select
            least(a, b) as a,
            greatest(a, b) as b,
            component_key,
            cast(sum(weight) as bigint) as weight,
            cast(sum(known) as bigint) as known,
            max(must_not) as must_not
        from moved
        where a != b
        group by least(a, b), greatest(a, b), component_key
    {%- endset -%}
    {% do step_table('clusters_numbers', numbers) %}
    {% do step_table('clusters_labels', 'select node, node as label from clusters_numbers') %}
    {% do step_table('clusters_pairs', pairs) %}
    {# The best pair of all is always joined, so there are fewer rounds than records. #}
    {% for round in range(number_from('select count(*) from clusters_numbers') + 1) %}
        {% do step_table('clusters_sizes', sizes) %}
        {% do step_table('clusters_open', open) %}
        {% if number_from('select count(*) from clusters_open') == 0 %}
            {% set state.converged = true %}
            {% break %}
        {% endif %}
        {% do step_table('clusters_best', best) %}
        {% do step_table('clusters_merges', merges) %}
        {% do step_table('clusters_labels', labels) %}
        {% do step_table('clusters_pairs', merged_pairs) %}
    {% endfor %}
    {% if not state.converged %}
        {{ stop("The clusters of " ~ this ~ " have not converged.") }}
    {% endif %}
{%- endmacro %}
