{# The model has as many rows as the one it is made from: a join neither dropped nor multiplied any. #}
{% test equal_count(model, compare_to) %}
with counted as (
    select
        (select count(*) from {{ model }}) as rows_here,
        (select count(*) from {{ compare_to }}) as rows_there
)

select *
from counted
where rows_here != rows_there
{% endtest %}
