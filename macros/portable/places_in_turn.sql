{# One row per stretch that counts, of stretches of a group that may overlap: the first, then each that begins after the one before it has ended
   (a later place than `last_place`, and a later time than `last_at` where that is not null). In the select list of a query with a group by.
   Which stretch counts hangs on the one before it, so this is a fold over the stretches of the group in their order. #}
{% macro places_in_turn(place, begins_at, last_place, last_at) -%}
    {{ return(adapter.dispatch('places_in_turn', 'customer_analytics')(place, begins_at, last_place, last_at)) }}
{%- endmacro %}

{% macro default__places_in_turn(place, begins_at, last_place, last_at) -%}
    unnest(list_reduce(
        list(
            {'begins_at': {{ begins_at }}, 'last_place': {{ last_place }}, 'last_at': {{ last_at }}, 'chosen': [{{ place }}]}
            order by {{ place }}
        ),
        lambda taken, stretch: case
            when
                stretch['chosen'][1] > taken['last_place']
                and (taken['last_at'] is null or stretch['begins_at'] > taken['last_at'])
                then {
                    'begins_at': stretch['begins_at'], 'last_place': stretch['last_place'], 'last_at': stretch['last_at'],
                    'chosen': list_concat(taken['chosen'], stretch['chosen'])
                }
            else taken
        end
    )['chosen'])
{%- endmacro %}

{% macro spark__places_in_turn(place, begins_at, last_place, last_at) -%}
    explode(aggregate(
        array_sort(collect_list(struct({{ place }} as place, {{ begins_at }} as begins_at, {{ last_place }} as last_place, {{ last_at }} as last_at))),
        struct(cast(-1 as bigint) as last_place, cast(null as timestamp) as last_at, cast(array() as array<bigint>) as chosen),
        (taken, stretch) -> if(
            stretch.place > taken.last_place and (taken.last_at is null or stretch.begins_at > taken.last_at),
            struct(stretch.last_place as last_place, stretch.last_at as last_at, concat(taken.chosen, array(stretch.place)) as chosen),
            taken
        ),
        taken -> taken.chosen
    ))
{%- endmacro %}
