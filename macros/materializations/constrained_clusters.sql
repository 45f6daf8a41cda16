{#
    A table of record_key, component_key, cluster_key (the smallest record_key of the cluster), anchor_record_key, is_contested, build_number.

    The model gives, for the components that are to be worked out, rows of kind 'node' (record_key_a, record_key_b = component, precedence),
    whether it `is_contested`) and 'pair' (two records of a contested component: the weight of the evidence that they are one, in bits, null if there
    is none; whether they `must_not` be one; whether somebody decided that they are: `is_merge`).

    A component that is not contested is one cluster. Any other is put together again from single records by average linkage: the two clusters
    whose pairs weigh most on average are joined first, as long as that is `least_weight` bits and no pair must not be one. A pair that nothing is known of
    weighs `absent_weight`. Done in rounds: two clusters that are each other's best are joined at once, which for average linkage gives the same as
    one after the other (Murtagh and Contreras 2012, reciprocal nearest neighbours).
    Then whole clusters are joined of which somebody decided that two records are one. Where that is barred, because others of them must not be one,
    the component is put together once more, beginning with the decided pairs: the records named are one, and the others go where they belong.
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
    {% do drop_step_tables(['clusters_input', 'clusters_outdated', 'clusters_numbers', 'clusters_labels', 'clusters_sizes', 'clusters_pairs', 'clusters_open', 'clusters_best', 'clusters_merges', 'clusters_barred']) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}

{# clusters_numbers and clusters_labels: the records of contested components by number, and the smallest number of the cluster of each. #}
{% macro cluster_contested_components(least_weight) -%}
    {%- set numbers -%}
        select
            nodes.record_key_a as record_key,
            nodes.record_key_b as component_key,
            row_number() over (order by nodes.record_key_a) as node
        from clusters_input as nodes
        where nodes.kind = 'node' and nodes.is_contested
    {%- endset -%}
    {%- set barred -%}
        select distinct component_key from clusters_pairs where merges > 0
    {%- endset -%}
    {%- set begun_again -%}
        select
            labels.node,
            case when barred.component_key is null then labels.label else labels.node end as label
        from clusters_labels as labels
        inner join clusters_numbers as numbers on labels.node = numbers.node
        left join clusters_barred as barred on numbers.component_key = barred.component_key
    {%- endset -%}
    {%- set evidence = 'averaged.average >= 1000 * ' ~ least_weight -%}
    {% do step_table('clusters_numbers', numbers) %}
    {% do step_table('clusters_labels', 'select node, node as label from clusters_numbers') %}
    {% do step_table('clusters_pairs', pairs_of_clusters()) %}
    {% do join_clusters(evidence) %}
    {% if number_from("select count(*) from clusters_input where kind = 'pair' and is_merge") > 0 %}
        {% do step_table('clusters_pairs', pairs_of_clusters()) %}
        {% do join_clusters('averaged.merges > 0') %}
        {% do step_table('clusters_pairs', pairs_of_clusters()) %}
        {% do step_table('clusters_barred', barred) %}
        {% do step_table('clusters_labels', begun_again) %}
        {% do step_table('clusters_pairs', pairs_of_clusters('clusters_barred')) %}
        {% do join_clusters(evidence) %}
    {% endif %}
{%- endmacro %}

{# What lies between clusters. Weights are counted in thousandths of a bit: whole numbers add up to the same in any order.
   Between records of the components in `decided_first` a decision outweighs all evidence. #}
{% macro pairs_of_clusters(decided_first=none) -%}
    select
        least(label_a.label, label_b.label) as a,
        greatest(label_a.label, label_b.label) as b,
        one.component_key,
        cast(sum({% if decided_first %}case when pairs.is_merge then 1000000000 else coalesce(round(1000 * pairs.weight), 0) end{% else %}coalesce(round(1000 * pairs.weight), 0){% endif %}) as bigint) as weight,
        cast(sum(case when pairs.weight is null{% if decided_first %} and not pairs.is_merge{% endif %} then 0 else 1 end) as bigint) as known,
        max(case when pairs.must_not then 1 else 0 end) as must_not,
        cast(sum(case when pairs.is_merge then 1 else 0 end) as bigint) as merges
    from clusters_input as pairs
    inner join clusters_numbers as one on pairs.record_key_a = one.record_key
    inner join clusters_numbers as other on pairs.record_key_b = other.record_key
    inner join clusters_labels as label_a on one.node = label_a.node
    inner join clusters_labels as label_b on other.node = label_b.node
    {% if decided_first %}
    inner join {{ decided_first }} as decided on one.component_key = decided.component_key
    {% endif %}
    where pairs.kind = 'pair' and label_a.label != label_b.label
    group by least(label_a.label, label_b.label), greatest(label_a.label, label_b.label), one.component_key
{%- endmacro %}

{# Joins clusters in clusters_labels, the best pairs first, as long as one fulfils the condition. #}
{% macro join_clusters(condition) -%}
    {%- set state = namespace(converged=false) -%}
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
                pairs.merges,
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
        where {{ condition }}
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
                pairs.must_not,
                pairs.merges
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
            max(must_not) as must_not,
            cast(sum(merges) as bigint) as merges
        from moved
        where a != b
        group by least(a, b), greatest(a, b), component_key
    {%- endset -%}
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
