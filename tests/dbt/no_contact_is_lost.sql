-- Wrong if a contact, product, complaint or tie up to as_of is missing in silver or stands there more than once, whoever it belongs to.
with counted as (
    select 'customer_interactions' as place, count(*) as rows_before, 0 as rows_after
    from {{ ref('bronze__customer_interactions') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where bronze.occurred_at <= build.as_of
    union all
    select 'complaints_feedback', count(*), 0
    from {{ ref('bronze__complaints_feedback') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where bronze.opened_at <= build.as_of
    union all
    select 'support_tickets', count(*), 0
    from {{ ref('silver__support_tickets') }}
    union all
    select 'survey_responses', count(*), 0
    from {{ ref('silver__survey_responses') }}
    union all
    select 'sessions', count(*), 0
    from {{ ref('silver__account_sessions') }}
    where user_id is not null
    union all
    select 'product_ownership', count(*), 0
    from {{ ref('bronze__product_ownership') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where bronze.opened_at <= build.as_of
    union all
    select 'customer_relationships', 2 * count(*), 0
    from {{ ref('bronze__customer_relationships') }} as bronze
    cross join {{ ref('silver__as_of') }} as build
    where bronze.started_at is null or bronze.started_at <= build.as_of
    union all
    select origin, 0, count(*)
    from {{ ref('silver__interactions') }}
    group by origin
    union all
    select 'product_ownership', 0, count(*)
    from {{ ref('silver__product_holdings') }}
    union all
    select 'customer_relationships', 0, count(*)
    from {{ ref('silver__relationships') }}
)

select
    place,
    sum(rows_before) as rows_before,
    sum(rows_after) as rows_after
from counted
group by place
having sum(rows_before) != sum(rows_after)
