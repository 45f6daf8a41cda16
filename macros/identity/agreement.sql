{# How far two values agree, in grades: 3 the same, 2 similar, 1 unknown (one side has none), 0 doubtful, -1 clearly different.
   identity_rules asks for grades by these words; what of it is a contradiction stands at the end. #}

{# Two names as keys. Similar: an initial, the beginning of the other, or a slip or two of the pen by length. #}
{% macro name_grade(one, other) -%}
    case
        when {{ one }} is null or {{ other }} is null then 1
        when {{ one }} = {{ other }} then 3
        when length({{ one }}) = 1 or length({{ other }}) = 1 then case when left({{ one }}, 1) = left({{ other }}, 1) then 2 else 0 end
        when least(length({{ one }}), length({{ other }})) >= 3 and ({{ one }} like {{ other }} || '%' or {{ other }} like {{ one }} || '%') then 2
        when least(length({{ one }}), length({{ other }})) >= 4 and levenshtein({{ one }}, {{ other }}) <= 1 then 2
        when least(length({{ one }}), length({{ other }})) >= 6 and levenshtein({{ one }}, {{ other }}) <= 2 then 2
        when levenshtein({{ one }}, {{ other }}) * 2 <= greatest(length({{ one }}), length({{ other }})) then 0
        else -1
    end
{%- endmacro %}

{# The given names of two records: also a nickname, the middle name, or names in another order. #}
{% macro given_name_grade(one, other, is_nickname) -%}
    case
        when {{ one }}.given_name_key = {{ other }}.given_name_key then 3
        when {{ is_swapped(one, other) }} then 2
        when {{ is_nickname }} then 2
        when {{ one }}.given_name_key = {{ other }}.middle_name_key or {{ one }}.middle_name_key = {{ other }}.given_name_key then 2
        else {{ name_grade(one ~ '.given_name_key', other ~ '.given_name_key') }}
    end
{%- endmacro %}

{% macro family_name_grade(one, other) -%}
    case
        when {{ is_swapped(one, other) }} then 2
        else {{ name_grade(one ~ '.family_name_key', other ~ '.family_name_key') }}
    end
{%- endmacro %}

{# Given and family name the wrong way round; "Lopez Maria Ana" for Maria Ana Lopez, with or without her middle name. #}
{% macro is_swapped(one, other) -%}
    (
        {{ one }}.given_name_key = {{ other }}.family_name_key
        and ({{ one }}.family_name_key = {{ other }}.given_name_key or {{ one }}.middle_name_key = {{ other }}.given_name_key)
        or {{ one }}.family_name_key = {{ other }}.given_name_key and {{ other }}.middle_name_key = {{ one }}.given_name_key
    )
{%- endmacro %}

{# Two birth dates as eight digits. Similar: one digit, two neighbouring digits, or day and month changed places. Doubtful: two digits, or
   the first of January, which stands for an unknown day. #}
{% macro birth_date_grade(one, other) -%}
    case
        when {{ one }} is null or {{ other }} is null then 1
        when {{ one }} = {{ other }} then 3
        when levenshtein({{ one }}, {{ other }}) <= 1 then 2
        when substr({{ one }}, 1, 4) || substr({{ one }}, 7, 2) || substr({{ one }}, 5, 2) = {{ other }} then 2
        {%- for place in range(1, 8) %}
        when substr({{ one }}, 1, {{ place - 1 }}) || substr({{ one }}, {{ place + 1 }}, 1) || substr({{ one }}, {{ place }}, 1) || substr({{ one }}, {{ place + 2 }}) = {{ other }} then 2
        {%- endfor %}
        when levenshtein({{ one }}, {{ other }}) = 2 then 0
        when left({{ one }}, 4) = left({{ other }}, 4) and ({{ one }} like '%0101' or {{ other }} like '%0101') then 0
        else -1
    end
{%- endmacro %}

{# Two national ids: a slip of the pen is no contradiction. #}
{% macro national_id_grade(one, other) -%}
    case
        when {{ one }} is null or {{ other }} is null then 1
        when {{ one }} = {{ other }} then 3
        when levenshtein({{ one }}, {{ other }}) <= 2 then 0
        else -1
    end
{%- endmacro %}

{# Two name suffixes, which tell apart those of one name in a family. #}
{% macro name_suffix_grade(one, other) -%}
    case
        when {{ one }} is null or {{ other }} is null then 1
        when {{ one }} = {{ other }} then 3
        else -1
    end
{%- endmacro %}

{# Parts of the address that agree (0 to 3): postcode, street with house number, town. #}
{% macro places_agreeing(one, other) -%}
    (
        case when {{ one }}.postcode_key = {{ other }}.postcode_key then 1 else 0 end
        + case
            when {{ one }}.street_key = {{ other }}.street_key and coalesce({{ one }}.house_number_key = {{ other }}.house_number_key, true) then 1
            else 0
        end
        + case when {{ one }}.city_key = {{ other }}.city_key then 1 else 0 end
    )
{%- endmacro %}

{# All grades of two records, as columns. #}
{% macro grades(one, other, is_nickname) -%}
    {{ given_name_grade(one, other, is_nickname) }} as given_name_grade,
    {{ family_name_grade(one, other) }} as family_name_grade,
    {{ birth_date_grade(one ~ '.birth_digits', other ~ '.birth_digits') }} as birth_date_grade,
    {{ national_id_grade(one ~ '.national_id_key', other ~ '.national_id_key') }} as national_id_grade,
    {{ name_suffix_grade(one ~ '.name_suffix_key', other ~ '.name_suffix_key') }} as name_suffix_grade,
    {{ places_agreeing(one, other) }} as places
{%- endmacro %}

{# The word for a grade, and the grade for a word. #}
{% macro grade_word(grade) -%}
    case {{ grade }} when 3 then 'same' when 2 then 'similar' when 1 then 'unknown' when 0 then 'doubtful' else 'different' end
{%- endmacro %}

{% macro grade_of(word) -%}
    case {{ word }} when 'same' then 3 when 'similar' then 2 when 'unknown' then 1 when 'doubtful' then 0 else -1 end
{%- endmacro %}

{# What counts as a contradiction, over the columns of `grades`: names or suffixes that clearly differ are none under one national id, nor is a
   birth date under one national id and given name, nor a national id where name and birth date are the same. #}
{% macro given_names_contradict() -%}
    (given_name_grade < 0 and national_id_grade < 3)
{%- endmacro %}

{% macro name_suffixes_contradict() -%}
    (name_suffix_grade < 0 and national_id_grade < 3)
{%- endmacro %}

{% macro birth_dates_contradict() -%}
    (birth_date_grade < 0 and not (national_id_grade = 3 and given_name_grade >= 2))
{%- endmacro %}

{% macro national_ids_contradict() -%}
    (national_id_grade < 0 and not (given_name_grade >= 2 and family_name_grade >= 2 and birth_date_grade = 3))
{%- endmacro %}
